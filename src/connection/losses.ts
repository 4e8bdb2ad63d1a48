// What a stream that ended without our wish says about the server at its other end.
import { ConnectionError, ExitCode, MqttxError } from '../errors.js'
import { tlsCause, tlsError } from '../transport/tls-failures.js'
import { connectionLost } from './failures.js'

/** What was known of the connection when it ended. */
export interface Ended {
  /** The server has sent something. */
  readonly answered: boolean
  readonly encrypted: boolean
  readonly webSocket: boolean
}

/**
 * Servers that find fault with our certificate, or want one, tell us so after the handshake of TLS 1.3: until their
 * first answer that is still a failure to connect.
 */
export function lossOf(error: Error | undefined, ended: Ended): MqttxError {
  const { answered, encrypted, webSocket } = ended
  if (error instanceof MqttxError) return error
  const tls = error === undefined ? undefined : tlsCause(error)
  if (tls !== undefined && !answered) return tlsError(MqttxError, tls, error)
  if (tls !== undefined) {
    const details = { exitCode: ExitCode.tls, hint: tls.hint, cause: error }
    return new ConnectionError(`A TLS error occurred: ${tls.cause}`, details)
  }
  const reason = reasonOf(error)
  if (answered) return connectionLost(reason, error)
  if (webSocket) return connectionLost(`${reason} instead of answering: ${refusedOverWebSocket}`, error)
  const guess = encrypted
    ? 'does it want a client certificate (--cert, --key)?'
    : 'is it a port for TLS (mqtts:// in -L, --cafile or --tls-use-os-certs) or for WebSocket (--ws)?'
  return connectionLost(`${reason} instead of answering: ${guess}`, error)
}

const refusedOverWebSocket = 'does it want a login, another --ws-path, or another --ws-header?'

function reasonOf(error: Error | undefined): string {
  if (error === undefined) return 'the server closed the connection'
  const code = 'code' in error ? error.code : undefined
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the server broke off the connection'
  return error.message
}
