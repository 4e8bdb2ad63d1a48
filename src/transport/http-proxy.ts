// Connects through an HTTP proxy: method CONNECT (RFC 9110, 9.3.6), with Basic authentication (RFC 7617).
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { MqttxError } from '../errors.js'
import { shown } from '../text.js'
import type { DialOptions } from './dial.js'
import { during } from './during.js'
import { addressText, type ProxyServer, type TcpAddress } from './endpoint.js'
import { dialProxy, ProxyFailures } from './proxy-failures.js'
import { step } from './steps.js'

/** Bytes of the header of a response. */
const longestHeader = 16 * 1024

/** @throws MqttxError, or ConnectionError if it can be retried, with the statuses of proxy-failures.ts */
export async function throughProxy(
  proxy: ProxyServer,
  target: TcpAddress,
  options: DialOptions,
): Promise<Socket> {
  const socket = await dialProxy(proxy, target, options)
  await step(options.steps, { name: 'proxy', target: addressText(target) }, () =>
    connectTo(target, { proxy, socket, signal: options.signal }),
  )
  return socket
}

/** Asks the proxy at the other end of `socket` to connect to `target`. */
async function connectTo(
  target: TcpAddress,
  { proxy, socket, signal }: { proxy: ProxyServer; socket: Socket; signal: AbortSignal },
): Promise<void> {
  const failures = new ProxyFailures(proxy, target)
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({
      createConnection: () => socket,
      method: 'CONNECT',
      path: addressText(target),
      headers: { Host: addressText(target), ...authorization(proxy) },
      maxHeaderSize: longestHeader,
    })
    asked.on('connect', (answer, _socket, first) => {
      if (first.length > 0) socket.unshift(first)
      resolve(answer)
    })
    asked.on('error', (error: NodeJS.ErrnoException) => reject(noAnswer(error, failures)))
    asked.end()
  })
  const checked = answered.then((answer) => {
    const failure = refusal(answer, failures)
    if (failure !== undefined) throw failure
  })
  await during(signal, socket, checked)
}

function authorization({ login }: ProxyServer): Record<string, string> {
  if (login === undefined) return {}
  const text = Buffer.from(`${login.user}:${login.password}`).toString('base64')
  return { 'Proxy-Authorization': `Basic ${text}` }
}

/** Undefined if the status is that of success (RFC 9110, 9.3.6). */
function refusal(
  { statusCode = 0, statusMessage = '' }: IncomingMessage,
  failures: ProxyFailures,
): MqttxError | undefined {
  const status = shown(`${statusCode} ${statusMessage}`.trim())
  if (statusCode >= 200 && statusCode < 300) return undefined
  if (statusCode === 407) return failures.refusedLogin()
  if (statusCode === 403 || statusCode === 405) return failures.refusedTarget()
  if (statusCode >= 502 && statusCode <= 504) return failures.unreachable(status)
  return failures.other(`it answered ${status}`, 'does it allow CONNECT to this port?')
}

function noAnswer(error: NodeJS.ErrnoException, failures: ProxyFailures): MqttxError {
  const { code = '', message } = error
  if (code === 'HPE_HEADER_OVERFLOW')
    return failures.other(`its answer has more than ${longestHeader} bytes of headers`, httpHint, error)
  if (code.startsWith('HPE_')) return failures.other('its answer is not HTTP', httpHint, error)
  const reason = message === 'socket hang up' ? 'it closed the connection' : shown(message)
  return failures.other(reason, httpHint, error)
}

const httpHint = 'is it an HTTP proxy?'
