// One attempt to connect, within its time: dial, and what follows until the server has accepted.
import type { Duplex } from 'node:stream'
import { MqttxError } from '../errors.js'
import { open } from '../transport/open.js'
import { connectTimeout } from './failures.js'
import type { ConnectOptions } from './options.js'

/**
 * @param begin is given the connected stream, and a signal for when the time is over or `abort` says so
 * @throws ConnectionError, or what `begin` throws
 */
export async function attempt(
  options: ConnectOptions,
  begin: (stream: Duplex, signal: AbortSignal) => Promise<void>,
  abort: AbortSignal,
): Promise<void> {
  const { endpoint, connectTimeoutMs } = options
  const limit = new AbortController()
  const { signal } = limit
  const giveUp = () => limit.abort(abort.reason)
  let late = false
  const deadline = setTimeout(() => {
    late = true
    limit.abort()
  }, connectTimeoutMs)
  if (abort.aborted) giveUp()
  abort.addEventListener('abort', giveUp)
  try {
    await begin(await open(endpoint, signal), signal)
  } catch (error) {
    throw late && !(error instanceof MqttxError) ? connectTimeout(options) : error
  } finally {
    clearTimeout(deadline)
    abort.removeEventListener('abort', giveUp)
  }
}
