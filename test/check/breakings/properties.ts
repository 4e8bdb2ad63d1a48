// Brokers that break the statements of src/check/statements/properties.ts.
import type { IPublishPacket, UserProperties } from 'mqtt-packet'
import type { Breaking } from '../rig.js'
import { ignoring, toClients } from './tools.js'

type Properties = NonNullable<IPublishPacket['properties']>

/** Delivers messages that have `key` with others instead. */
const delivering = (
  key: keyof Properties,
  change: (properties: Properties) => Properties | Properties[],
): Breaking =>
  toClients('publish', (packet) => {
    const { properties = {} } = packet
    if (properties[key] === undefined) return packet
    return [change(properties)].flat().map((changed) => ({ ...packet, properties: changed }))
  })

const without = (key: keyof Properties): Breaking =>
  delivering(key, ({ [key]: _, ...properties }) => properties)

/** Ignores packets with these bytes. */
const ignoringBytes = (...bytes: number[]): Breaking =>
  ignoring((packet) => packet[0]! >> 4 === 3 && packet.includes(Buffer.from(bytes)))

/** Passes on to subscribers what came with `key`, without regard to the broker. */
const passingOn = (key: keyof Properties): Breaking => {
  return ({ memory, toClient, toServer }) => ({
    fromClient({ packet, bytes }) {
      if (packet?.cmd === 'subscribe') memory.set(packet.subscriptions[0]!.topic, toClient)
      const forbidden = packet?.cmd === 'publish' && packet.properties?.[key] !== undefined
      const deliver = forbidden ? (memory.get(packet.topic) as typeof toClient | undefined) : toServer
      deliver?.(bytes)
    },
  })
}

const identifiersOf = ({ subscriptionIdentifier = [] }: Properties): number[] =>
  [subscriptionIdentifier].flat()

const twice = (...property: number[]): Breaking => ignoringBytes(...property, ...property)

export const publishProperties: Record<string, Breaking> = {
  'MQTT-3.3.2.3.2-a in 5': twice(1, 0),
  'MQTT-3.3.2.3.3-a in 5': twice(2, 0, 0, 0, 60),
  'MQTT-3.3.2.3.5-a in 5': twice(8, 0, 1, 97),
  'MQTT-3.3.2.3.6-a in 5': twice(9, 0, 1, 97),
  'MQTT-3.3.2.3.9-a in 5': twice(3, 0, 1, 97),
  'MQTT-3.3.2-4 in 5': without('payloadFormatIndicator'),
  'MQTT-3.3.2-13 in 5': ignoringBytes(8, 0, 2, 0xc3, 0x28),
  'MQTT-3.3.2-14 in 5': passingOn('responseTopic'),
  'MQTT-3.3.2-15 in 5': delivering('responseTopic', (properties) => ({
    ...properties,
    responseTopic: properties.responseTopic!.toLowerCase().replace('é', 'e'),
  })),
  'MQTT-3.3.2-16 in 5': delivering('correlationData', (properties) => ({
    ...properties,
    correlationData: Buffer.from(properties.correlationData!.toString()), // as if it were text
  })),
  'MQTT-3.3.2-17 in 5': delivering('userProperties', ({ userProperties, ...properties }) => ({
    ...properties,
    userProperties: { ...userProperties, a: 'é' }, // a repeated pair once
  })),
  'MQTT-3.3.2-18 in 5': delivering('userProperties', ({ userProperties, ...properties }) => ({
    ...properties,
    userProperties: userProperties as UserProperties, // grouped by name, as mqtt-packet writes them
  })),
  'MQTT-3.3.2-19 in 5': ignoringBytes(3, 0, 2, 0xc3, 0x28),
  'MQTT-3.3.2-20 in 5': without('contentType'),
  'MQTT-3.3.4-3 in 5': delivering('subscriptionIdentifier', ({ subscriptionIdentifier, ...properties }) =>
    [subscriptionIdentifier!].flat().length === 1
      ? properties
      : { ...properties, subscriptionIdentifier: subscriptionIdentifier! },
  ),
  'MQTT-3.3.4-4 in 5': delivering('subscriptionIdentifier', (properties) => ({
    ...properties,
    subscriptionIdentifier: identifiersOf(properties)[0]!,
  })),
  'MQTT-3.3.4-5 in 5': delivering('subscriptionIdentifier', (properties) => {
    const [first, ...more] = identifiersOf(properties)
    const copy = { ...properties, subscriptionIdentifier: first! }
    return more.length > 0 ? [copy, copy] : copy
  }),
  'MQTT-3.3.4-6 in 5': passingOn('subscriptionIdentifier'),
}
