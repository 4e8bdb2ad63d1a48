// --timeout: the end of a publisher that takes too long.
import type { Connection } from '../../connection/connection.js'
import { ExitCode, MqttxError } from '../../errors.js'

/** Ends `connection` after so many seconds; the returned function calls that off. */
export function deadline(connection: Connection, seconds: number | undefined): () => void {
  if (seconds === undefined) return () => {}
  const timer = setTimeout(() => {
    connection.abort(new MqttxError('Timed out', { exitCode: ExitCode.timeout, prefix: '' }))
  }, seconds * 1000)
  return () => clearTimeout(timer)
}
