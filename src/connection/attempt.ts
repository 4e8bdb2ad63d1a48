// One attempt to connect, within the connect timeout: reload renewed secrets, open the stream, CONNECT to CONNACK.
import type { Duplex } from 'node:stream'
import { ConnectionError, MqttxError } from '../errors.js'
import { during } from '../transport/during.js'
import { open } from '../transport/open.js'
import { connectTimeout } from './failures.js'
import type { ConnectOptions } from './options.js'

export interface Attempt {
  /** There was an attempt before. */
  readonly again: boolean
  /** Does CONNECT to CONNACK on `stream`. `signal` is aborted at the timeout or with `abort`. */
  begin(stream: Duplex, options: ConnectOptions, signal: AbortSignal): Promise<void>
}

/** @throws ConnectionError, or what `begin` throws */
export async function attempt(
  options: ConnectOptions,
  { again, begin }: Attempt,
  abort: AbortSignal,
): Promise<void> {
  const limit = new AbortController()
  const { signal } = limit
  const giveUp = () => limit.abort(abort.reason)
  let late = false
  let isOpen = false
  const deadline = setTimeout(() => {
    late = true
    limit.abort()
  }, options.connectTimeoutMs)
  options.endpoint.steps?.attempt()
  if (abort.aborted) giveUp()
  abort.addEventListener('abort', giveUp)
  try {
    const current = again ? await renewed(options, signal) : options
    const stream = current.openStream?.() ?? (await open(current.endpoint, signal))
    isOpen = true
    await begin(stream, current, signal)
  } catch (error) {
    throw late && !(error instanceof MqttxError) ? connectTimeout(options, isOpen) : error
  } finally {
    clearTimeout(deadline)
    abort.removeEventListener('abort', giveUp)
  }
}

/**
 * The options with the current password, certificate and key.
 * @throws ConnectionError if one cannot be read, as the next attempt may succeed
 */
async function renewed(options: ConnectOptions, signal: AbortSignal): Promise<ConnectOptions> {
  if (options.renew === undefined) return options
  try {
    const { password, tls } = await during(signal, undefined, options.renew(signal))
    return { ...options, password, endpoint: { ...options.endpoint, tls } }
  } catch (error) {
    if (!(error instanceof MqttxError)) throw error
    const { message, exitCode, hint } = error
    throw new ConnectionError(message, { exitCode, hint, cause: error })
  }
}
