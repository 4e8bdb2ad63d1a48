// Limits from the properties of CONNECT and CONNACK, and Topic Aliases (MQTT 5.0, 3.1.2.11, 3.2.2.3, 3.3.2.3.4).
import { connect, publish, subscribe } from '../names.js'
import type { Direction, Packet } from '../packet.js'
import { propertyId } from '../properties.js'
import { type ConnectionState, report } from './state.js'

export class LimitChecks {
  readonly #state: ConnectionState
  readonly #aliases: Partial<Record<Direction, Map<number, string>>> = {}

  constructor(state: ConnectionState) {
    this.#state = state
  }

  packet(packet: Packet): void {
    if (packet.version !== 5) return
    const { direction, length, type } = packet
    const { sure, limits } = this.#state
    const most = limits[direction].maximumPacketSize
    if (sure && length > most && type !== connect) {
      const detail = `${length} bytes, Maximum Packet Size is ${most}`
      report(packet, direction === 'c2s' ? 'packet-too-large-c2s' : 'packet-too-large-s2c', detail, 1)
    }
    if (type === publish) this.#publish(packet)
    else if (type === subscribe && sure) this.#subscribe(packet)
  }

  #publish(packet: Packet): void {
    const { direction, topicAlias } = packet
    if (topicAlias > 0) this.#alias(packet)
    if (direction !== 'c2s') return
    if (packet.properties?.has(propertyId.subscriptionIdentifier) === true)
      report(packet, 'c2s-subscription-id')
    if (!this.#state.sure) return
    const qos = Number(this.#state.connackProperty(propertyId.maximumQos) ?? 2)
    if (packet.qos > qos) report(packet, 'max-qos', `QoS ${packet.qos}, Maximum QoS is ${qos}`)
    if (packet.retain && this.#state.connackProperty(propertyId.retainAvailable) === 0)
      report(packet, 'retain-unavailable')
  }

  #alias(packet: Packet): void {
    const { direction, topicAlias, topic } = packet
    const { sure, whole, limits } = this.#state
    const most = limits[direction].topicAliasMaximum
    if (sure && topicAlias > most) {
      const detail = `Topic Alias ${topicAlias}, Topic Alias Maximum is ${most}`
      report(packet, direction === 'c2s' ? 'alias-too-big-c2s' : 'alias-too-big-s2c', detail)
    }
    this.#aliases[direction] ??= new Map()
    const aliases = this.#aliases[direction]
    if (topic !== '') return void aliases.set(topicAlias, topic ?? '')
    const known = aliases.get(topicAlias)
    if (known !== undefined) packet.topic = known
    else if (whole)
      report(packet, 'alias-unknown', `Topic Alias ${topicAlias} was never set on this connection`)
  }

  #subscribe(packet: Packet): void {
    const state = this.#state
    const noWildcards = state.connackProperty(propertyId.wildcardAvailable) === 0
    const noShared = state.connackProperty(propertyId.sharedAvailable) === 0
    for (const { filter, offset } of packet.subscriptions ?? []) {
      if (noWildcards && /[+#]/.test(filter))
        report(packet, 'feature-unavailable', 'the server does not support wildcards', offset)
      if (noShared && filter.startsWith('$share/')) {
        report(packet, 'feature-unavailable', 'the server does not support Shared Subscriptions', offset)
      }
    }
    const noIdentifiers = state.connackProperty(propertyId.subscriptionIdentifiersAvailable) === 0
    if (noIdentifiers && packet.properties?.has(propertyId.subscriptionIdentifier) === true) {
      report(packet, 'feature-unavailable', 'the server does not support Subscription Identifiers')
    }
  }
}
