// Output of a view: standard output, or on a terminal a pager.
import type { Host, Signal } from '../../host.js'
import { Output } from '../../io/output.js'
import { Pager, pagerCommand } from '../../io/pager.js'
import { say } from '../../io/say.js'
import { taken } from '../../io/signals.js'
import { isTerminal } from '../../io/terminal.js'
import { count } from '../../text.js'
import { checkInput, isFile, isFileStream } from '../capture-input.js'

/** Notes kept until the pager exits. */
const mostNotes = 1000

export class Screen {
  readonly output: Output
  readonly #host: Host
  readonly #pager: Pager | undefined
  readonly #notes: string[] = []
  /** Number of notes beyond the limit. */
  #dropped = 0
  #read = false

  constructor(host: Host, pager: Pager | undefined) {
    this.#host = host
    this.#pager = pager
    this.output = new Output(pager ?? host.stdout)
  }

  /** Writes a note to standard error; delayed while the pager uses the terminal. */
  note(text: string): void {
    if (this.#pager === undefined || !isTerminal(this.#host.stderr)) say(this.#host.stderr, text)
    else if (this.#notes.length < mostNotes) this.#notes.push(text)
    else this.#dropped++
  }

  /**
   * Handles a signal; `stop` ends the reading. The pager receives SIGINT too and keeps running; it is waited for, however
   * often SIGINT comes.
   */
  onSignal(signal: Signal, stop: () => void): unknown {
    if (!this.#read) stop()
    if (this.#pager === undefined) return undefined
    if (signal === 'SIGINT') {
      if (!this.#read) this.#pager.interrupt()
      return taken
    }
    stop()
    this.#pager.kill()
    return undefined
  }

  /** Waits until all output is written and the pager has exited. SIGINT after the output is left to the pager. */
  async finish(): Promise<void> {
    await this.output.finish()
    this.#read = true
    await this.close()
  }

  /** Waits until the pager has exited, then writes the delayed notes. */
  async close(): Promise<void> {
    await this.#pager?.close()
    for (const text of this.#notes.splice(0)) say(this.#host.stderr, text)
    if (this.#dropped > 0) say(this.#host.stderr, `(${count(this.#dropped, 'more note')} not shown)`)
    this.#dropped = 0
  }
}

/**
 * The pager to use, undefined for none. Pipes may carry a live capture, which is shown without a pager as it arrives.
 * @throws MqttxError if a file cannot be read, before the pager takes the terminal
 */
export async function pagerFor(
  { files, noPager }: { files: readonly string[]; noPager: boolean },
  host: Host,
): Promise<Pager | undefined> {
  const { stdout, env } = host
  const command = pagerCommand(env)
  if (noPager || command === undefined || !isTerminal(stdout) || env.TERM === 'dumb') return undefined
  for (const file of files) {
    await checkInput(file)
    if (!(file === '-' ? isFileStream(host.stdin) : await isFile(file))) return undefined
  }
  return new Pager(command, env, stdout)
}
