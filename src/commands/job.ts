// A parsed command line, ready to run.
import type { Host } from '../host.js'

export interface Job {
  readonly wants: 'run'
  readonly quiet: boolean
  /** To be printed before it runs. */
  readonly warnings: readonly string[]
  /** @returns the exit status */
  run(host: Host): Promise<number>
}
