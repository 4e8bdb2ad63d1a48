// Connects through a SOCKS5 proxy (RFC 1928, 1929), which resolves the target's name. The only importer of socks.
import type { Socket } from 'node:net'
import { SocksClient } from 'socks'
import { ExitCode, MqttxError } from '../errors.js'
import { shown } from '../text.js'
import type { DialOptions } from './dial.js'
import { during } from './during.js'
import { addressText, type ProxyServer, type TcpAddress } from './endpoint.js'
import { dialProxy, ProxyFailures } from './proxy-failures.js'
import { step } from './steps.js'

const longestName = 255 // its length is one byte
const noTimeoutMs = 2 ** 31 - 1 // the signal limits the time

/** @throws MqttxError, or ConnectionError if it can be retried, with the statuses of proxy-failures.ts */
export async function throughProxy(
  proxy: ProxyServer,
  target: TcpAddress,
  options: DialOptions,
): Promise<Socket> {
  const { host, port, login } = proxy
  if (Buffer.byteLength(target.host) > longestName) {
    throw new MqttxError('Proxy error: the name of the server is too long for SOCKS5', {
      exitCode: ExitCode.proxy,
    })
  }
  const socket = await dialProxy(proxy, target, options)
  const failed = (error: Error): never => {
    throw refused(error, new ProxyFailures(proxy, target))
  }
  const exchange = () =>
    SocksClient.createConnection({
      proxy: { host, port, type: 5, ...(login && { userId: login.user, password: login.password }) },
      command: 'connect',
      destination: { host: target.host, port: target.port },
      existing_socket: socket,
      timeout: noTimeoutMs,
    }).catch(failed)
  await step(options.steps, { name: 'proxy', target: addressText(target) }, () =>
    during(options.signal, socket, exchange()),
  )
  return socket
}

/** Replies of the proxy (RFC 1928, 6) by the last word of the package's message. */
const replies: Readonly<Record<string, string>> = {
  NetworkUnreachable: 'the network is unreachable',
  HostUnreachable: 'the host is unreachable',
  ConnectionRefused: 'the connection was refused',
  TTLExpired: 'the connection timed out',
}

function refused(error: Error, failures: ProxyFailures): MqttxError {
  const { message } = error
  if (message.endsWith('NotAllowed')) return failures.refusedTarget(error)
  if (/Authentication failed|no accepted authentication/.test(message)) return failures.refusedLogin(error)
  const reply = replies[/\w+$/.exec(message)?.[0] ?? '']
  if (reply !== undefined) return failures.unreachable(reply, error)
  const reason = message === 'Socket closed' ? 'it closed the connection' : shown(message)
  return failures.other(reason, 'is it a SOCKS5 proxy?', error)
}
