// A network connection to the server on which nothing was sent, for those who speak MQTT themselves.
import type { Duplex } from 'node:stream'
import { MqttxError } from '../errors.js'
import { open } from '../transport/open.js'
import { connectTimeout } from './failures.js'
import type { ConnectOptions } from './options.js'

/**
 * Through proxy, TLS and WebSocket as `options` say, within their connect timeout.
 * @throws MqttxError, or the reason of `signal`
 */
export async function bareStream(options: ConnectOptions, signal?: AbortSignal): Promise<Duplex> {
  const limit = new AbortController()
  const late = setTimeout(() => limit.abort(), options.connectTimeoutMs)
  const either = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal])
  try {
    return await open(options.endpoint, either)
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof MqttxError ? error : connectTimeout(options, false)
  } finally {
    clearTimeout(late)
  }
}
