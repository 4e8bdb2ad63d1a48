// The options of an explanation, and what is explained.
import type { ConnectOptions } from '../connection/options.js'
import type { Host } from '../host.js'

export interface ExplainArgs {
  readonly explain: boolean
  /** Connect: else the packets of an imaginary session are shown. */
  readonly connect: boolean
  readonly showSecrets: boolean
}

/** @returns the exit status */
export type Work = (options: ConnectOptions, host: Host) => Promise<number>
