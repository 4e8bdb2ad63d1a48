// The errors of TLS: mosquitto's text, the cause, and a hint.
import { ConnectionError, type ErrorDetails, MqttxError } from '../errors.js'
import { type Address, addressText, type TlsSettings } from './endpoint.js'

/** By OpenSSL's name of an alert from the server or of a local error. */
const alerts: readonly (readonly [code: RegExp, cause: string, hint?: string])[] = [
  [/CERTIFICATE_REQUIRED/, 'The server requires a client certificate', 'use --cert and --key'],
  [
    /ALERT_UNKNOWN_CA/,
    'The server rejected the client certificate: it does not know its CA',
    'is --cert the certificate that the server expects?',
  ],
  [/ALERT_CERTIFICATE_EXPIRED/, 'The server rejected the client certificate: it has expired'],
  [/ALERT_CERTIFICATE_REVOKED/, 'The server rejected the client certificate: it was revoked'],
  [
    /ALERT_(BAD|UNSUPPORTED)_CERTIFICATE|ALERT_CERTIFICATE_UNKNOWN|ALERT_ACCESS_DENIED/,
    'The server rejected the client certificate',
    "the server's log has the reason",
  ],
  [/UNKNOWN_PSK_IDENTITY/, 'The server does not know the PSK identity', 'is --psk-identity right?'],
  [/NO_APPLICATION_PROTOCOL/, 'The server does not support the protocol of --tls-alpn'],
  [/UNRECOGNIZED_NAME/, 'The server does not serve this host name (SNI)'],
  [
    /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|WRONG_SSL_VERSION|VERSION_TOO_LOW/,
    'The server does not support our versions of TLS',
    'try another --tls-version; versions below TLS 1.2 are not secure',
  ],
  [
    /DECRYPT_ERROR|ALERT_BAD_RECORD_MAC|DECRYPTION_FAILED/,
    'The keys of server and client do not match',
    'with --psk: is it the key of --psk-identity?',
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE|RECORD_LAYER|BAD_RECORD_TYPE/,
    'The server does not speak TLS on this port',
    'is there another port for TLS, usually 8883? Without TLS use mqtt:// and no --cafile',
  ],
]

/** The cause of a TLS error, during the handshake or later; undefined for other errors. */
export function tlsCause(error: Error): { cause: string; hint?: string | undefined } | undefined {
  const code = codeOf(error)
  if (!code.startsWith('ERR_SSL_')) return undefined
  const known = alerts.find(([pattern]) => pattern.test(code))
  if (known !== undefined) return { cause: known[1], hint: known[2] }
  return { cause: code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', ' ') }
}

type ErrorClass = new (message: string, details: ErrorDetails) => MqttxError

/** Mosquitto prints this text without `Error: `; status 1. */
export function tlsError(
  Kind: ErrorClass,
  { cause, hint }: { cause: string; hint?: string | undefined },
  error?: unknown,
): MqttxError {
  const text = `Unable to connect (A TLS error occurred). ${cause}.`
  return new Kind(text, { hint, prefix: '', cause: error })
}

export function handshakeFailure(error: Error, settings: TlsSettings, address: Address): MqttxError {
  const code = codeOf(error)
  if (/HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY|NO_SHARED_CIPHER/.test(code)) {
    return tlsError(MqttxError, refused(settings), error)
  }
  const known = tlsCause(error)
  if (known !== undefined) return tlsError(MqttxError, known, error)
  const where = addressText(address)
  const cause = `The server (${where}) closed the connection during the handshake`
  const hint =
    settings.psk === undefined ? 'is it a port for TLS?' : 'does it know the key, is it a port for TLS-PSK?'
  return tlsError(ConnectionError, { cause, hint }, error)
}

/** An alert without a specific reason. */
function refused({ psk, hasCertificate }: TlsSettings): { cause: string; hint: string } {
  const cause = 'The server refused the handshake'
  if (psk !== undefined) return { cause, hint: 'does it support --psk and one of the --ciphers?' }
  const certificate = hasCertificate ? '' : 'it requires a client certificate (--cert, --key), or '
  return { cause, hint: `${certificate}it has no cipher in common with us (--ciphers)` }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : ''
}
