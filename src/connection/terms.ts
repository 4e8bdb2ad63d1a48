// The terms of one network connection: what CONNACK has allowed, and the Topic Aliases of both sides, which end with it.
import type { Publish, PublishTemplate } from '../codec/publish.js'
import type { MqttxError } from '../errors.js'
import { TopicAliases } from '../session/topic-alias.js'
import type { Accepted } from './connect-packet.js'
import type { SubscribeOptions } from './events.js'
import type { ConnectOptions } from './options.js'
import { type PublishRefused, ServerLimits } from './server-limits.js'

export class Terms {
  /** Seconds of Keep Alive in force, 0 for none. */
  readonly keepAlive: number
  /** The Session Expiry Interval in force: with one, a reconnect asks for the Session. */
  readonly sessionExpiry: number
  /** PUBLISH packets at QoS 1 and 2 that the server takes at once. */
  readonly receiveMaximum: number
  readonly #limits: ServerLimits
  /** Before MQTT 5 nothing can be forbidden: the hot path does not ask then. */
  readonly #limited: boolean
  /** The Topic Name that each Topic Alias stands for at the server. */
  #aliased: Map<number, string> | undefined
  readonly #serverAliases: TopicAliases

  constructor({ properties }: Accepted, options: ConnectOptions) {
    const asked = options.properties.connect ?? {}
    this.keepAlive = properties.serverKeepAlive ?? options.keepAlive
    this.sessionExpiry =
      properties.sessionExpiryInterval ?? Number(asked.sessionExpiryInterval ?? options.sessionExpiry)
    this.receiveMaximum = properties.receiveMaximum ?? 65_535
    this.#limits = new ServerLimits(properties)
    this.#limited = options.version === 5
    this.#serverAliases = new TopicAliases(Number(asked.topicAliasMaximum ?? 0))
  }

  /**
   * The form in which a PUBLISH goes out: with a Topic Alias, the Topic Name goes out once.
   * @throws MqttxError when the server has said that it would not take it
   */
  wire(template: PublishTemplate, length: number): PublishTemplate {
    if (this.#limited) {
      const refusal = this.#limits.refusesPublish(template, length)
      if (refusal !== undefined) throw refusal
    }
    const { short, alias, topic } = template
    if (short === undefined) return template
    this.#aliased ??= new Map()
    if (this.#aliased.get(alias) === topic) return short
    this.#aliased.set(alias, topic)
    return template
  }

  /**
   * The form in which a PUBLISH goes out again, on a connection of other terms: with the Topic Name, and without a
   * Topic Alias that is not accepted any more. Or why it cannot be sent at all.
   */
  again(template: PublishTemplate, length: number): PublishTemplate | PublishRefused {
    const { plain } = template
    const allowed = plain !== undefined && !this.#limits.accepts(template.alias) ? plain : template
    const refusal = this.#limited ? this.#limits.refusesPublish(allowed, length) : undefined
    if (refusal !== undefined) return refusal
    if (allowed.alias > 0) (this.#aliased ??= new Map()).set(allowed.alias, allowed.topic)
    return allowed
  }

  /** @throws MqttxError when the server has said that it cannot */
  checkSubscribe(filters: readonly string[], options: SubscribeOptions): void {
    const refusal = this.#limits.refusesSubscribe(filters, options)
    if (refusal !== undefined) throw refusal
  }

  /** Why a packet of `size` bytes cannot be sent. */
  refusesSize(size: number): MqttxError | undefined {
    return this.#limits.refusesSize(size)
  }

  /**
   * Gives a received PUBLISH the topic that its Topic Alias stands for.
   * @throws ProtocolError 0x94 or 0x82 for an alias that may not be
   */
  resolve(publish: Publish): void {
    const alias = publish.properties?.topicAlias
    if (alias !== undefined) publish.topic = this.#serverAliases.resolve(alias, publish.topic)
  }
}
