// The terms of one network connection: what CONNACK has allowed, and the Topic Aliases of both sides, which end with it.
import type { Publish, PublishTemplate } from '../codec/publish.js'
import { TopicAliases } from '../session/topic-alias.js'
import type { Accepted } from './connect-packet.js'
import type { SubscribeOptions } from './events.js'
import type { ConnectOptions } from './options.js'
import { ServerLimits } from './server-limits.js'

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
  #aliased: Set<PublishTemplate> | undefined
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
    const { short } = template
    if (short === undefined) return template
    this.#aliased ??= new Set()
    if (this.#aliased.has(template)) return short
    this.#aliased.add(template)
    return template
  }

  /** @throws MqttxError when the server has said that it cannot */
  checkSubscribe(filters: readonly string[], options: SubscribeOptions): void {
    const refusal = this.#limits.refusesSubscribe(filters, options)
    if (refusal !== undefined) throw refusal
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
