// --explain for a command that connects; explain.ts is loaded when it is given.
import type { ConnectOptions } from '../connection/options.js'
import type { Host } from '../host.js'
import type { ExplainArgs, Work } from './explain-args.js'

/**
 * Runs `work`, with an explanation on standard output instead of what it prints there if `args` ask for it.
 * @throws what `work` throws; the failure of standard output
 */
export async function withExplanation(
  args: ExplainArgs,
  options: ConnectOptions,
  host: Host,
  work: Work,
): Promise<number> {
  if (!args.explain) return work(options, host)
  const { explained } = await import('./explain.js')
  return explained(args, options, host, work)
}
