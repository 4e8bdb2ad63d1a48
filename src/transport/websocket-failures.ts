// The errors of a WebSocket upgrade, and whether they can be retried.
import type { IncomingMessage } from 'node:http'
import { ConnectionError } from '../errors.js'
import { shown } from '../text.js'
import type { WebSocketSettings } from './endpoint.js'

/** The server has closed the WebSocket with an error code (RFC 6455, 7.4.1). */
export class WebSocketClosed extends Error {
  constructor(code: number, reason: string) {
    super(`the server closed the WebSocket: ${shown(`${code} ${reason}`.trim())}`)
  }
}

/** Temporary statuses below 500: Request Timeout, Too Early, Too Many Requests. */
const temporary = new Set([408, 425, 429])
const redirects = new Set([301, 302, 303, 307, 308])

/**
 * The server answered the upgrade with an HTTP status. 5xx is retried, as a proxy sends 502 or 503 while its backend
 * restarts. After a connection that worked, all statuses are.
 */
export function answered(response: IncomingMessage, settings: WebSocketSettings): ConnectionError {
  const { statusCode = 0, statusMessage = '' } = response
  const message = `Unable to connect (the server answered the WebSocket upgrade with ${shown(`${statusCode} ${statusMessage}`.trim())}).`
  return new ConnectionError(message, {
    prefix: '',
    hint: hintFor(statusCode, response, settings),
    onlyReconnect: statusCode < 500 && !temporary.has(statusCode),
  })
}

function hintFor(status: number, { headers }: IncomingMessage, { path }: WebSocketSettings): string {
  if (redirects.has(status) && headers.location !== undefined) {
    return `it redirects to ${shown(headers.location)}: use that address (-L, with ws:// or wss://)`
  }
  if (status === 401 || status === 403) {
    return "the WebSocket server requires a login: --ws-header 'Authorization: ...'"
  }
  if (status === 404) return `is ${path} the right --ws-path?`
  if (status >= 500)
    return 'the server, or the backend of a proxy, is not ready: try again later, or use --retry'
  return 'is it a WebSocket port, and the right --ws-path?'
}

/** The upgrade had no answer, or an invalid one. */
export function notUpgraded(error: Error): ConnectionError {
  const { message } = error
  if (message.includes('subprotocol')) {
    const text = `Unable to connect (${message}, expected mqtt [MQTT-6.0.0-3]).`
    const hint = 'does this port speak MQTT at this --ws-path?'
    return new ConnectionError(text, { prefix: '', hint, onlyReconnect: true, cause: error })
  }
  const code = 'code' in error ? String(error.code) : ''
  const reason = whyNot(code) ?? `no WebSocket upgrade: ${message}`
  const hint = 'is it a WebSocket port?'
  return new ConnectionError(`Unable to connect (${reason}).`, { prefix: '', hint, cause: error })
}

function whyNot(code: string): string | undefined {
  if (code === 'HPE_HEADER_OVERFLOW')
    return 'the answer to the WebSocket upgrade has more than 64 KiB of headers'
  if (code.startsWith('HPE_')) return 'the answer to the WebSocket upgrade is not HTTP'
  return code === 'ECONNRESET' ? 'the server closed the connection during the WebSocket upgrade' : undefined
}
