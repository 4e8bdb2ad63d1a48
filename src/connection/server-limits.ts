// The limits of CONNACK (MQTT 5.0, 3.2.2.3), checked before a packet is sent that the server would refuse.
import type { IConnackPacket } from 'mqtt-packet'
import { type PublishTemplate, publishSize } from '../codec/publish.js'
import { ExitCode, MqttxError } from '../errors.js'
import type { SubscribeOptions } from './events.js'

/** The server would refuse a PUBLISH with `reasonCode`; it is not sent. */
export class PublishRefused extends MqttxError {
  override readonly reasonCode: number

  constructor(message: string, reasonCode: number, details: { exitCode?: number; hint?: string } = {}) {
    super(message, { exitCode: reasonCode, ...details })
    this.reasonCode = reasonCode
  }
}

export class ServerLimits {
  readonly #maximumQoS: number
  readonly #retain: boolean
  readonly #maximumPacketSize: number
  readonly #topicAliasMaximum: number
  readonly #wildcards: boolean
  readonly #shared: boolean
  readonly #identifiers: boolean

  /** Without CONNACK properties, as before MQTT 5, there is no limit, and no Topic Alias is accepted. */
  constructor(properties: NonNullable<IConnackPacket['properties']> = {}) {
    this.#maximumQoS = Number(properties.maximumQoS ?? 2)
    this.#retain = properties.retainAvailable ?? true
    this.#maximumPacketSize = properties.maximumPacketSize ?? Number.POSITIVE_INFINITY
    this.#topicAliasMaximum = properties.topicAliasMaximum ?? 0
    this.#wildcards = properties.wildcardSubscriptionAvailable ?? true
    this.#shared = properties.sharedSubscriptionAvailable ?? true
    this.#identifiers = properties.subscriptionIdentifiersAvailable ?? true
  }

  /** True if the server accepts the Topic Alias; 0 is none. */
  accepts(alias: number): boolean {
    return alias <= this.#topicAliasMaximum
  }

  /** The error for a PUBLISH with a payload of `length` bytes that the server would refuse. */
  refusesPublish(template: PublishTemplate, length: number): PublishRefused | undefined {
    if (template.qos > this.#maximumQoS) {
      return new PublishRefused('Message QoS not supported on broker, try a lower QoS.', 0x9b, {
        exitCode: ExitCode.qos,
        hint: `the server's Maximum QoS is ${this.#maximumQoS}`,
      })
    }
    if (template.retain && !this.#retain) {
      return new PublishRefused(
        'The server does not support retained messages (0x9a Retain not supported).',
        0x9a,
      )
    }
    if (!this.accepts(template.alias)) {
      const message = `Topic Alias ${template.alias} is not accepted (0x94 Topic Alias invalid).`
      return new PublishRefused(message, 0x94, {
        hint: `the server's Topic Alias Maximum is ${this.#topicAliasMaximum}`,
      })
    }
    if (publishSize(template, length) <= this.#maximumPacketSize) return undefined
    return new PublishRefused('Message payload is too large.', 0x95, {
      exitCode: ExitCode.packetTooLarge,
      hint: `the server's Maximum Packet Size is ${this.#maximumPacketSize} bytes`,
    })
  }

  /** The error for a packet, not a PUBLISH, of `size` bytes that is too large for the server [MQTT-3.2.2-15]. */
  refusesSize(size: number): MqttxError | undefined {
    if (size <= this.#maximumPacketSize) return undefined
    return refused('Packet larger than supported by the server.', ExitCode.packetTooLarge, {
      hint: `it has ${size} bytes, the server's Maximum Packet Size is ${this.#maximumPacketSize}: use fewer topics`,
    })
  }

  /** The error for a SUBSCRIBE that the server would refuse. */
  refusesSubscribe(filters: readonly string[], options: SubscribeOptions): MqttxError | undefined {
    const wildcard = filters.find((filter) => /[+#]/.test(filter))
    if (!this.#wildcards && wildcard !== undefined) {
      return refused(
        `The server does not support wildcards: '${wildcard}' (0xa2 Wildcard Subscriptions not supported).`,
        0xa2,
      )
    }
    const shared = filters.find((filter) => filter.startsWith('$share/'))
    if (!this.#shared && shared !== undefined) {
      return refused(`The server does not support shared subscriptions: '${shared}' (0x9e).`, 0x9e)
    }
    if (!this.#identifiers && options.properties?.subscriptionIdentifier !== undefined) {
      return refused('The server does not support Subscription Identifiers (0xa1).', 0xa1)
    }
    return undefined
  }
}

function refused(message: string, exitCode: number, details: { hint?: string } = {}): MqttxError {
  return new MqttxError(message, { exitCode, ...(exitCode >= 0x80 && { reasonCode: exitCode }), ...details })
}
