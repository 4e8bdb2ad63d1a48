// Connects to a proxy, and makes the errors of both kinds of proxies with mosquitto's texts and statuses: 1 no proxy,
// 4 target unreachable, 11 not allowed, 16 other.
import type { Socket } from 'node:net'
import { ConnectionError, ExitCode, MqttxError } from '../errors.js'
import { zoneHint } from '../io/zone.js'
import { type DialOptions, dial } from './dial.js'
import { addressText, type ProxyServer, type TcpAddress } from './endpoint.js'

/** A connection to the proxy. @throws ConnectionError if it cannot be reached */
export async function dialProxy(
  { host, port }: ProxyServer,
  { localAddress }: TcpAddress,
  options: DialOptions,
): Promise<Socket> {
  try {
    return await dial({ host, port, localAddress }, options)
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error
    const { code, prefix } = error
    const hint = zoneHint(host) ?? 'this is the address of --proxy: is the proxy running?'
    throw new ConnectionError(error.message, { code, prefix, hint, cause: error })
  }
}

/** The errors for one proxy and one target. */
export class ProxyFailures {
  readonly #proxy: string
  readonly #target: string
  readonly #scheme: string

  constructor(proxy: ProxyServer, target: TcpAddress) {
    this.#proxy = addressText(proxy)
    this.#target = addressText(target)
    this.#scheme = proxy.scheme
  }

  refusedLogin(cause?: Error): MqttxError {
    return this.#notAllowed('the login', cause)
  }

  refusedTarget(cause?: Error): MqttxError {
    return this.#notAllowed(`a connection to ${this.#target}`, cause)
  }

  /** @param reason must be safe to show */
  unreachable(reason: string, cause?: Error): ConnectionError {
    const text = `the proxy ${this.#proxy} cannot reach ${this.#target}: ${reason}`
    return new ConnectionError(`The client is not currently connected: ${text}`, {
      exitCode: ExitCode.notConnected,
      cause,
    })
  }

  /** @param reason must be safe to show */
  other(reason: string, hint: string, cause?: Error): ConnectionError {
    const exitCode = ExitCode.proxy
    return new ConnectionError(`Proxy error: ${this.#proxy}: ${reason}`, { exitCode, hint, cause })
  }

  #notAllowed(what: string, cause: Error | undefined): MqttxError {
    return new MqttxError(`Authorisation failed: the proxy ${this.#proxy} refused ${what}`, {
      exitCode: ExitCode.auth,
      hint: `give the login of the proxy in --proxy ${this.#scheme}://USER:PW@HOST:PORT`,
      cause,
    })
  }
}
