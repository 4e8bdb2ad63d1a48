// Where a view goes: standard output, or on a terminal a pager before it.
import type { Host, Signal } from '../../host.js'
import { Output } from '../../io/output.js'
import { Pager, pagerCommand } from '../../io/pager.js'
import { say } from '../../io/say.js'
import { taken } from '../../io/signals.js'
import { isTerminal } from '../../io/terminal.js'
import { count } from '../../text.js'
import { checkInput, isFile, isFileStream } from './input.js'

/** Notes that wait for the pager to end. */
const mostNotes = 1000

export class Screen {
  readonly output: Output
  readonly #host: Host
  readonly #pager: Pager | undefined
  readonly #notes: string[] = []
  /** Notes that there was no room for. */
  #dropped = 0
  #read = false

  constructor(host: Host, pager: Pager | undefined) {
    this.#host = host
    this.#pager = pager
    this.output = new Output(pager ?? host.stdout)
  }

  /** For standard error. It waits while the pager has the terminal. */
  note(text: string): void {
    if (this.#pager === undefined || !isTerminal(this.#host.stderr)) say(this.#host.stderr, text)
    else if (this.#notes.length < mostNotes) this.#notes.push(text)
    else this.#dropped++
  }

  /**
   * A signal has come; `stop` ends the reading. A pager has got SIGINT too, and goes on: it is waited for, however often
   * that comes.
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

  /** Waits until all is written. The signals that come after it are the pager's. */
  async finish(): Promise<void> {
    await this.output.finish()
    this.#read = true
    await this.close()
  }

  /** Waits until the pager has ended. */
  async close(): Promise<void> {
    await this.#pager?.close()
    for (const text of this.#notes.splice(0)) say(this.#host.stderr, text)
    if (this.#dropped > 0) say(this.#host.stderr, `(${count(this.#dropped, 'more note')} not shown)`)
    this.#dropped = 0
  }
}

/**
 * A pager is for what ends: standard input that is no file, and other pipes, may be a capture that goes on, which is shown
 * as it comes.
 * @throws what reading a file would throw: better before the pager has the terminal
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
