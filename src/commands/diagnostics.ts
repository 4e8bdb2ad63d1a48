// What networked commands print on stderr besides errors: warnings, reconnects, and packets with -d.
import { Trace } from '../connection/trace.js'
import { clause, type MqttxError } from '../errors.js'
import type { Host } from '../host.js'
import { progress } from '../io/progress.js'
import { say } from '../io/say.js'
import { hasScreen } from '../io/terminal.js'

export interface Diagnostics {
  /** Does nothing with --quiet. */
  warn(text: string): void
  /** Reports why the connection was lost and when the next attempt starts. */
  retrying(error: MqttxError, delayMs: number): void
  /** Shows a spinner on a terminal until `work` settles; returns its result. */
  waiting<T>(text: string, work: Promise<T>): Promise<T>
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
      const why = error.hint === undefined ? '' : `: ${error.hint}`
      warn(`${clause(error)}${why}; reconnecting in ${(delayMs / 1000).toFixed(1)} s`)
    },
    async waiting(text, work) {
      if (args.quiet || args.debug || !hasScreen(host.stderr)) return work
      const shown = progress(host.stderr, text)
      return work.finally(() => shown.stop())
    },
    trace: args.debug ? new Trace(print) : undefined,
  }
}
