// Why there is no WebSocket: the answer of the server, and whether another attempt may help.
import type { IncomingMessage } from 'node:http'
import { ConnectionError } from '../errors.js'
import { shown } from '../text.js'
import type { WebSocketSettings } from './endpoint.js'

/** The server has closed the WebSocket with a code that says more than that it is over (RFC 6455, 7.4.1). */
export class WebSocketClosed extends Error {
  constructor(code: number, reason: string) {
    super(`the server closed the WebSocket: ${shown(`${code} ${reason}`.trim())}`)
  }
}

/** Statuses below 500 that pass: Request Timeout, Too Early, Too Many Requests. */
const passing = new Set([408, 425, 429])
const redirects = new Set([301, 302, 303, 307, 308])

/**
 * The server speaks HTTP, and says no. A proxy whose backend restarts says 502 or 503; after a connection that worked,
 * 401 and 404 are as likely to pass.
 */
export function answered(response: IncomingMessage, settings: WebSocketSettings): ConnectionError {
  const { statusCode = 0, statusMessage = '' } = response
  const message = `Unable to connect (the server answered the WebSocket upgrade with ${shown(`${statusCode} ${statusMessage}`.trim())}).`
  return new ConnectionError(message, {
    prefix: '',
    hint: hintFor(statusCode, response, settings),
    onlyReconnect: statusCode < 500 && !passing.has(statusCode),
  })
}

function hintFor(status: number, { headers }: IncomingMessage, { path }: WebSocketSettings): string {
  if (redirects.has(status) && headers.location !== undefined) {
    return `it sends us to ${shown(headers.location)}: give that address (-L, with ws:// or wss://)`
  }
  if (status === 401 || status === 403) {
    return "the server wants a login of its own: --ws-header 'Authorization: ...'"
  }
  if (status === 404) return `is ${path} the right --ws-path?`
  if (status >= 500)
    return 'the server, or the one that a proxy asks, is not ready: try again later, or --retry'
  return 'is it a WebSocket port, and the right --ws-path?'
}

/** There is no answer, or one that cannot be used. */
export function notUpgraded(error: Error): ConnectionError {
  const { message } = error
  if (message.includes('subprotocol')) {
    const text = `Unable to connect (${message}, where mqtt is needed [MQTT-6.0.0-3]).`
    const hint = 'is there MQTT behind this port and this --ws-path?'
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
  return code === 'ECONNRESET' ? 'the server closed it instead of the WebSocket upgrade' : undefined
}
