// Brokers that break the statements of src/check/statements/flow.ts.
import type { Between, Breaking } from '../rig.js'
import { fromClients } from './tools.js'

/** Takes a Receive Maximum of `from` for one more. */
const oneMore = (from: number): Breaking =>
  fromClients('connect', (packet) =>
    packet.properties?.receiveMaximum === from
      ? { ...packet, properties: { ...packet.properties, receiveMaximum: from + 1 } }
      : packet,
  )

/** Keeps back packets of these types while Receive Maximum messages are in flight to the client. */
const keepingBack =
  (...types: number[]): Breaking =>
  ({ toClient, toServer }: Between) => {
    let maximum = Number.POSITIVE_INFINITY
    let inFlight = 0
    return {
      fromClient({ packet, bytes }) {
        if (packet?.cmd === 'connect') maximum = packet.properties?.receiveMaximum ?? maximum
        if (packet?.cmd === 'puback' || packet?.cmd === 'pubcomp') inFlight--
        toServer(bytes)
      },
      fromServer({ type, packet, bytes }) {
        if (packet?.cmd === 'publish' && packet.qos > 0) inFlight++
        if (inFlight < maximum || !types.includes(type)) toClient(bytes)
      },
    }
  }

export const flow: Record<string, Breaking> = {
  'MQTT-3.3.4-7 in 5': fromClients('publish', (packet, { between, seen }) => {
    if (packet.qos < 2) return packet
    seen.add(packet.messageId)
    if (seen.size <= 20) return packet
    between.toClient({ cmd: 'pubrec', messageId: packet.messageId! })
    return undefined
  }),
  'MQTT-3.3.4-9 in 5': oneMore(3),
  'MQTT-3.3.4-10 in 5': keepingBack(9),
  'MQTT-4.9-a in 5': fromClients('pubrec', (packet) => (packet.reasonCode! >= 0x80 ? undefined : packet)),
  'MQTT-4.9-b in 5': fromClients('connect', (packet, { between: { memory } }) => {
    const { receiveMaximum } = packet.properties ?? {}
    if (receiveMaximum === undefined) return packet
    const earlier = memory.get(packet.clientId) as number | undefined
    memory.set(packet.clientId, earlier ?? receiveMaximum)
    return { ...packet, properties: { ...packet.properties, receiveMaximum: earlier ?? receiveMaximum } }
  }),
  'MQTT-4.9.0-1 in 5': keepingBack(3),
  'MQTT-4.9.0-2 in 5': oneMore(1),
  'MQTT-4.9.0-3 in 5': keepingBack(4, 11),
}
