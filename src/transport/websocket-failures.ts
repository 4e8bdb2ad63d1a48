// Why there is no WebSocket: in the reference's words and with its status, then the cause.
import type { IncomingMessage } from 'node:http'
import { ConnectionError, ExitCode, MqttxError } from '../errors.js'
import type { WebSocketSettings } from './endpoint.js'

/** The server speaks HTTP, and says no. */
export function answered(
  { statusCode, statusMessage }: IncomingMessage,
  { path }: WebSocketSettings,
): MqttxError {
  const answer = `${statusCode} ${statusMessage ?? ''}`.trim()
  const hints: Readonly<Record<number, string>> = {
    401: "the server wants a login of its own: --ws-header 'Authorization: ...'",
    403: "the server wants a login of its own: --ws-header 'Authorization: ...'",
    404: `is ${path} the right --ws-path?`,
  }
  const hint = hints[statusCode ?? 0] ?? 'is it a WebSocket port, and the right --ws-path?'
  const message = `The connection was lost: the server answered the WebSocket upgrade with ${answer}`
  return new MqttxError(message, { exitCode: ExitCode.connectionLost, hint })
}

/** There is no answer, or one that nobody can take. */
export function notUpgraded(error: Error): MqttxError {
  const { message } = error
  const exitCode = ExitCode.connectionLost
  if (message.includes('subprotocol')) {
    const hint = 'is there MQTT behind this port and this --ws-path?'
    return new MqttxError(`The connection was lost: ${message}, where mqtt is needed [MQTT-6.0.0-3]`, {
      exitCode,
      hint,
    })
  }
  const code = 'code' in error ? String(error.code) : ''
  const reason = whyNot(code) ?? `no WebSocket upgrade: ${message}`
  const hint = 'is it a WebSocket port?'
  return new ConnectionError(`The connection was lost: ${reason}`, { exitCode, hint, cause: error })
}

function whyNot(code: string): string | undefined {
  if (code.startsWith('HPE_')) return 'the answer to the WebSocket upgrade is not HTTP'
  return code === 'ECONNRESET' ? 'the server closed it instead of the WebSocket upgrade' : undefined
}
