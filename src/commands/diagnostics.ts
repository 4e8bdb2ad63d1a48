// What networked commands print on stderr besides errors: warnings, reconnects, and packets with -d.
import { Trace } from '../connection/trace.js'
import { clause, type MqttxError } from '../errors.js'
import type { Host } from '../host.js'
import { progress } from '../io/progress.js'
import { say } from '../io/say.js'

export interface Diagnostics {
  /** Prints a warning; does nothing with --quiet. */
  warn(text: string): void
  /** Warns why the connection was lost and in how many seconds the next attempt starts. */
  retrying(error: MqttxError, delayMs: number): void
  /** Returns `work`; until it settles, a terminal shows `text` with a spinner, unless --quiet or -d is given. */
  waiting<T>(text: string, work: Promise<T>): Promise<T>
  /** Prints packets; undefined without -d. */
  readonly trace: Trace | undefined
}

export function createDiagnostics(
  args: { quiet: boolean; debug: boolean },
  host: Pick<Host, 'stderr'>,
): Diagnostics {
  const print = (line: string) => say(host.stderr, line)
  const warn = args.quiet ? () => {} : (text: string) => print(`Warning: ${text}`)
  return {
    warn,
    retrying(error, delayMs) {
      const hint = error.hint === undefined ? '' : `: ${error.hint}`
      warn(`${clause(error)}${hint}; reconnecting in ${(delayMs / 1000).toFixed(1)} s`)
    },
    async waiting(text, work) {
      if (args.quiet || args.debug) return work
      const spinner = progress(() => host.stderr, text)
      return work.finally(() => spinner.stop())
    },
    trace: args.debug ? new Trace(print) : undefined,
  }
}
