// The error for a stream that closed before we closed it.
import { ConnectionError, ExitCode, MqttxError } from '../errors.js'
import { tlsCause, tlsError } from '../transport/tls-failures.js'
import { connectionLost } from './failures.js'

/** The connection when it closed. */
export interface ClosedStream {
  /** The server has sent something. */
  readonly answered: boolean
  readonly encrypted: boolean
  readonly webSocket: boolean
}

/**
 * With TLS 1.3 a server that rejects our certificate, or requires one, says so after the handshake: a TLS error before
 * the server's first packet is still a failure to connect.
 */
export function unexpectedClose(error: Error | undefined, stream: ClosedStream): MqttxError {
  const { answered, encrypted, webSocket } = stream
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
    ? 'does it require a client certificate (--cert, --key)?'
    : 'is it a port for TLS (mqtts:// in -L, --cafile or --tls-use-os-certs) or for WebSocket (--ws)?'
  return connectionLost(`${reason} instead of answering: ${guess}`, error)
}

const refusedOverWebSocket = 'does it require a login, another --ws-path, or another --ws-header?'

function reasonOf(error: Error | undefined): string {
  if (error === undefined) return 'the server closed the connection'
  const code = 'code' in error ? error.code : undefined
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the server reset the connection'
  return error.message
}
