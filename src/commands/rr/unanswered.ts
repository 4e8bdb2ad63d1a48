// Counts requests without an answer and lists their lines.
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

  /** The request of `line` gets no answer; `status` is the exit status for this reason. */
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

  /** @throws MqttxError if there is any, with the status of the first */
  check(requests: number, hint: string | undefined): void {
    if (this.count === 0) return
    throw new MqttxError(this.text(requests), { exitCode: this.#status || ExitCode.timeout, hint })
  }
}
