// pub -W: ends the connection after a time.
import type { Connection } from '../connection/connection.js'
import { ExitCode, MqttxError } from '../errors.js'

/** Aborts `connection` after `seconds`; the returned function cancels the timer. */
export function deadline(connection: Connection, seconds: number | undefined): () => void {
  if (seconds === undefined) return () => {}
  const timer = setTimeout(() => {
    connection.abort(new MqttxError('Timed out', { exitCode: ExitCode.timeout, prefix: '' }))
  }, seconds * 1000)
  return () => clearTimeout(timer)
}
