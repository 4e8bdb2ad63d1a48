// Requests that got no answer: counted, named by their lines, and never a success.
import { ExitCode, MqttxError } from '../../errors.js'
import { LineList } from '../line-list.js'

const shown = 10 // requests with a warning of their own

export class Unanswered {
  readonly #warn: (text: string) => void
  readonly #lines = new LineList()
  #status = 0

  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  get count(): number {
    return this.#lines.count
  }

  /** The request of `line` gets no answer any more; `status` is what tells a script why. */
  note(line: number, why: string, status: number): void {
    this.#status ||= status
    if (this.count < shown) this.#warn(`Line ${line}: ${why}`)
    this.#lines.add(line)
  }

  /** `2 of 7 requests had no answer: lines 3, 5` */
  text(requests: number): string {
    const lines = this.count === 1 ? 'line' : 'lines'
    return `${this.count} of ${requests} requests had no answer: ${lines} ${this.#lines.text}`
  }

  /** @throws MqttxError where there is one, with the status of the first */
  check(requests: number, hint: string | undefined): void {
    if (this.count === 0) return
    throw new MqttxError(this.text(requests), { exitCode: this.#status || ExitCode.timeout, hint })
  }
}
