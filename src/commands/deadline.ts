// A time limit (-W) that ends the connection.
import type { ClientConnection } from '../connection/client-connection.js'
import { ExitCode, MqttxError } from '../errors.js'

/** Aborts `connection` after `seconds`; the returned function cancels the timer. */
export function deadline(connection: ClientConnection, seconds: number | undefined): () => void {
  if (seconds === undefined) return () => {}
  const timer = setTimeout(() => connection.abort(timedOut()), seconds * 1000)
  return () => clearTimeout(timer)
}

/** The error of -W, with mosquitto's text. */
export function timedOut(): MqttxError {
  return new MqttxError('Timed out', { exitCode: ExitCode.timeout, prefix: '' })
}
