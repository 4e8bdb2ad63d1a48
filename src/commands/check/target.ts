// The server of the command line as the target of exchanges.
import type { Target } from '../../check/lab.js'
import { bareStream } from '../../connection/bare-stream.js'
import type { ConnectOptions } from '../../connection/options.js'

/** `patienceMs`: how long an answer may take. `root`: the first levels of all topics, if not `mqttx-check`. */
export function targetOf(options: ConnectOptions, patienceMs: number, root?: string): Target {
  const { username, password } = options
  const dial = () => bareStream(options)
  return { dial, username, password, patienceMs, ...(root !== undefined && { root }) }
}
