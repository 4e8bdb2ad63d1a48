// --password-command: reads the password from a command, such as that of a key ring.
import { MqttxError } from '../errors.js'
import type { Host } from '../host.js'
import { runCommand } from '../io/command.js'
import { firstLine } from './files.js'

/** The longest password, which is Binary Data (MQTT 5.0, 1.5.6), and a line end. */
const longest = 65_537

/**
 * The first line that a shell command prints. It inherits standard error and the terminal, and has no standard input.
 * @param timeoutMs time limit in milliseconds
 * @throws MqttxError if the command cannot be run, fails, or prints nothing
 */
export async function printedPassword(
  command: string,
  { env, stderr }: Host,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const ends = signal === undefined ? {} : { signal }
  const { output, failure } = await runCommand({
    ...{ line: command, env, stderr, longest, timeoutMs, group: false, firstLine: true },
    ...ends,
  })
  if (failure === undefined && output.length > 0) return firstLine(output)
  const what = failure === undefined ? 'printed nothing' : `failed: ${failure}`
  throw new MqttxError(`--password-command: the command ${what}.`, {
    hint: 'run it in a shell to see its output',
  })
}
