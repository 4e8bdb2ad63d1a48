// Brokers that break the statements of src/check/statements/session.ts.
import type { Breaking } from '../rig.js'
import { bytesFromClients } from './bytes.js'
import { answer, both, message, payloadOf, request } from './changes.js'
import { inBoth } from './tools.js'

/** Changes messages on connections that go on with a session. */
const afterResumption =
  (change: Parameters<typeof answer<'publish'>>[1]): Breaking =>
  (between) => {
    let isResumed = false
    const connack = answer('connack', ({ sessionPresent }) => {
      isResumed = sessionPresent
      return undefined
    })(between)
    const publish = answer('publish', (packet, context) => (isResumed ? change(packet, context) : undefined))(
      between,
    )
    return {
      fromServer: (passing) =>
        passing.packet?.cmd === 'connack' ? connack.fromServer!(passing) : publish.fromServer!(passing),
    }
  }

const losesQoS2 = answer('publish', (packet) => (payloadOf(packet) === 'QoS 2' ? false : undefined))

/** Sends no messages after what `forgets` has seen from the client. */
const forgetting =
  (forgets: (passing: { type: number; expiry: number | undefined }, forget: () => void) => void): Breaking =>
  (between) => {
    let isForgotten = false
    return {
      fromClient({ type, bytes, packet }) {
        const expiry = packet?.cmd === 'connect' ? packet.properties?.sessionExpiryInterval : undefined
        forgets({ type, expiry }, () => (isForgotten = true))
        between.toServer(bytes)
      },
      fromServer({ bytes, packet }) {
        if (!(isForgotten && packet?.cmd === 'publish')) between.toClient(bytes)
      },
    }
  }

export const session: Record<string, Breaking> = {
  'MQTT-4.1.0-1 in 4': losesQoS2,
  'MQTT-4.1.0-b in 5': losesQoS2,
  'MQTT-4.1.0-2 in 4': forgetting(({ type }, forget) => type === 12 && forget()),
  // A second after CONNECT, not after the connection.
  'MQTT-4.1.0-1 in 5': forgetting(({ expiry }, forget) => expiry === 1 && setTimeout(forget, 1000)),
  'MQTT-4.1.0-2 in 5': request('connect', (packet) =>
    packet.properties?.sessionExpiryInterval === 1
      ? { ...packet, properties: { sessionExpiryInterval: 100 } }
      : undefined,
  ),
  'MQTT-4.1.0-a in 5': afterResumption((packet) => (payloadOf(packet) === 'a' ? false : undefined)),
  ...inBoth(
    '4.1.0-c',
    request('publish', (packet, { toServer }) => {
      if (packet.dup) toServer(message(packet.topic, { payload: packet.payload }))
      return undefined
    }),
  ),
  'MQTT-4.1.0-d in 5': afterResumption(({ properties, ...packet }) =>
    properties?.subscriptionIdentifier === undefined ? undefined : packet,
  ),
  'MQTT-4.1.0-e in 5': both(
    bytesFromClients(({ packet }, { memory, number, toServer }) => {
      if (packet?.cmd === 'publish' && packet.retain) memory.set(`retained ${number}`, packet.topic)
      const topic = memory.get(`retained ${number}`) as string | undefined
      if (packet?.cmd === 'disconnect' && topic !== undefined) toServer(message(topic, { retain: true }))
      return undefined
    }),
    () => ({}),
  ),
}
