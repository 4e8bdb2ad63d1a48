// A way through a SOCKS5 proxy (RFC 1928, 1929), which looks up the target's name itself. The only importer of socks.
import type { Socket } from 'node:net'
import { SocksClient } from 'socks'
import { ConnectionError, ExitCode, MqttxError } from '../errors.js'
import { dial } from './dial.js'
import { during } from './during.js'
import { addressText, type SocksProxy, type TcpAddress } from './endpoint.js'

const longestName = 255 // its length has one byte
const foreverMs = 2 ** 31 - 1 // the signal knows when it is enough

/** @throws ConnectionError with the reference's statuses: 1 no proxy there, 4 no way to the target, 16 something else */
export async function throughProxy(
  proxy: SocksProxy,
  target: TcpAddress,
  { noDelay, signal }: { noDelay: boolean; signal: AbortSignal },
): Promise<Socket> {
  const { host, port, login } = proxy
  if (Buffer.byteLength(target.host) > longestName) {
    throw new MqttxError('Proxy error: the name of the server is too long for SOCKS5', {
      exitCode: ExitCode.proxy,
    })
  }
  const socket = await dial({ host, port, localAddress: target.localAddress }, { noDelay, signal }).catch(
    (error: unknown) => {
      throw unreachable(error)
    },
  )
  const talk = SocksClient.createConnection({
    proxy: { host, port, type: 5, ...(login && { userId: login.user, password: login.password }) },
    command: 'connect',
    destination: { host: target.host, port: target.port },
    existing_socket: socket,
    timeout: foreverMs,
  })
  const failed = (error: Error): never => {
    throw refused(error, addressText({ host, port }), addressText(target))
  }
  await during(signal, socket, talk.catch(failed))
  return socket
}

function unreachable(error: unknown): unknown {
  if (!(error instanceof ConnectionError)) return error
  const { code, prefix } = error
  const hint = 'this is the address of --proxy: is the proxy running?'
  return new ConnectionError(error.message, { code, prefix, hint, cause: error })
}

/** What the proxy said no to, by the last word of the package's message, which is SOCKS' own name for it. */
const replies: Readonly<Record<string, string>> = {
  NetworkUnreachable: 'the network is unreachable',
  HostUnreachable: 'the host is unreachable',
  ConnectionRefused: 'the connection was refused',
  TTLExpired: 'the connection timed out',
}

function refused(error: Error, proxy: string, target: string): MqttxError {
  const { message } = error
  if (/Authentication failed|no accepted authentication|NotAllowed$/.test(message)) {
    const text = message.endsWith('NotAllowed') ? `a connection to ${target}` : 'the login'
    return new MqttxError(`Authorisation failed: the proxy ${proxy} refused ${text}`, {
      exitCode: ExitCode.auth,
      hint: 'the login of the proxy stands in --proxy socks5h://USER:PW@HOST:PORT',
      cause: error,
    })
  }
  const reply = replies[/\w+$/.exec(message)?.[0] ?? '']
  if (reply !== undefined) {
    return new ConnectionError(
      `The client is not currently connected: the proxy ${proxy} cannot reach ${target}: ${reply}`,
      { exitCode: ExitCode.notConnected, cause: error },
    )
  }
  const reason = message === 'Socket closed' ? 'it closed the connection' : message
  return new ConnectionError(`Proxy error: ${proxy}: ${reason}`, {
    exitCode: ExitCode.proxy,
    hint: 'is it a SOCKS5 proxy?',
    cause: error,
  })
}
