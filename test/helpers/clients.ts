// One interface for our clients and mosquitto's.
import type { Broker, Peer } from './peers.js'
import { type Outcome, type Running, type RunOptions, start, startMqttx } from './run.js'
import { tap } from './tap.js'

export type Client = 'mqttx' | 'mosquitto'

/** Publisher and subscriber in both combinations of ours and mosquitto's. */
export const directions = [
  { publisher: 'mqttx', subscriber: 'mosquitto', needs: ['mosquitto_sub'] },
  { publisher: 'mosquitto', subscriber: 'mqttx', needs: ['mosquitto_pub'] },
] as const satisfies readonly { publisher: Client; subscriber: Client; needs: readonly Peer[] }[]

/** Starts a subscriber and returns once the broker has acknowledged its subscription. */
export async function subscriber(
  client: Client,
  to: Broker,
  args: readonly string[],
  options?: RunOptions,
): Promise<Running> {
  const relay = await tap(to.port)
  const all = [...relay.at, ...args]
  const running =
    client === 'mqttx' ? startMqttx(['sub', ...all], options) : start('mosquitto_sub', all, options)
  await relay.subscribed()
  return running
}

/** Runs a publisher to its end. */
export function publish(
  client: Client,
  to: Broker,
  args: readonly string[],
  options?: RunOptions,
): Promise<Outcome> {
  const all = [...to.at, ...args]
  const running =
    client === 'mqttx' ? startMqttx(['pub', ...all], options) : start('mosquitto_pub', all, options)
  return running.ended
}
