// What the server's CONNACK forbids (MQTT 5.0, 3.2.2.3): found out before a packet is sent that it would refuse.
import type { IConnackPacket } from 'mqtt-packet'
import { type PublishTemplate, publishSize } from '../codec/publish.js'
import { ExitCode, MqttxError } from '../errors.js'
import type { SubscribeOptions } from './events.js'

export class ServerLimits {
  readonly #maximumQoS: number
  readonly #retain: boolean
  readonly #maximumPacketSize: number
  readonly #topicAliasMaximum: number
  readonly #wildcards: boolean
  readonly #shared: boolean
  readonly #identifiers: boolean

  /** Without CONNACK properties, as before MQTT 5, nothing is forbidden but Topic Aliases. */
  constructor(properties: NonNullable<IConnackPacket['properties']> = {}) {
    this.#maximumQoS = Number(properties.maximumQoS ?? 2)
    this.#retain = properties.retainAvailable ?? true
    this.#maximumPacketSize = properties.maximumPacketSize ?? Number.POSITIVE_INFINITY
    this.#topicAliasMaximum = properties.topicAliasMaximum ?? 0
    this.#wildcards = properties.wildcardSubscriptionAvailable ?? true
    this.#shared = properties.sharedSubscriptionAvailable ?? true
    this.#identifiers = properties.subscriptionIdentifiersAvailable ?? true
  }

  /** The PUBLISH that cannot be sent, and why; for a payload of `length` bytes. */
  refusesPublish(template: PublishTemplate, length: number): MqttxError | undefined {
    if (template.qos > this.#maximumQoS) {
      return refused('Message QoS not supported on broker, try a lower QoS.', ExitCode.qos, {
        hint: `the server's Maximum QoS is ${this.#maximumQoS}`,
      })
    }
    if (template.retain && !this.#retain) {
      return refused('The server does not keep retained messages (0x9a Retain not supported).', 0x9a)
    }
    if (template.alias > this.#topicAliasMaximum) {
      return refused(`Topic Alias ${template.alias} is not accepted (0x94 Topic Alias invalid).`, 0x94, {
        hint: `the server's Topic Alias Maximum is ${this.#topicAliasMaximum}`,
      })
    }
    if (publishSize(template, length) <= this.#maximumPacketSize) return undefined
    return refused('Message payload is too large.', ExitCode.packetTooLarge, {
      hint: `the server's Maximum Packet Size is ${this.#maximumPacketSize} bytes`,
    })
  }

  /** The SUBSCRIBE that cannot be sent, and why. */
  refusesSubscribe(filters: readonly string[], options: SubscribeOptions): MqttxError | undefined {
    const wildcard = filters.find((filter) => /[+#]/.test(filter))
    if (!this.#wildcards && wildcard !== undefined) {
      return refused(
        `The server has no wildcards: '${wildcard}' (0xa2 Wildcard Subscriptions not supported).`,
        0xa2,
      )
    }
    const shared = filters.find((filter) => filter.startsWith('$share/'))
    if (!this.#shared && shared !== undefined) {
      return refused(`The server has no shared subscriptions: '${shared}' (0x9e).`, 0x9e)
    }
    if (!this.#identifiers && options.properties?.subscriptionIdentifier !== undefined) {
      return refused('The server has no Subscription Identifiers (0xa1).', 0xa1)
    }
    return undefined
  }
}

function refused(message: string, exitCode: number, details: { hint?: string } = {}): MqttxError {
  return new MqttxError(message, { exitCode, ...details })
}
