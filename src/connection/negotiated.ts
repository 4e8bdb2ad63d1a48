// What CONNECT and CONNACK have agreed on for one network connection, and the Topic Aliases that end with it.
import type { Publish, PublishTemplate } from '../codec/publish.js'
import type { MqttxError } from '../errors.js'
import { TopicAliases } from '../session/topic-alias.js'
import type { Accepted } from './connect-packet.js'
import type { SubscribeOptions } from './events.js'
import type { ConnectOptions } from './options.js'
import { type PublishRefused, ServerLimits } from './server-limits.js'

export class Negotiated {
  /** Keep Alive in force, in seconds; 0: off. */
  readonly keepAlive: number
  /** Session Expiry Interval in force, in seconds. If it is not 0, a reconnect resumes the Session. */
  readonly sessionExpiry: number
  /** Receive Maximum of the server: PUBLISH packets at QoS 1 and 2 that it takes before it acknowledges one. */
  readonly receiveMaximum: number
  readonly #limits: ServerLimits
  /** Before MQTT 5 there are no limits, and the hot path skips the check. */
  readonly #limited: boolean
  /** Topic Name by the Topic Alias that we have set at the server. */
  #ownAliases: Map<number, string> | undefined
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
   * The form in which a PUBLISH is sent first: without the Topic Name if the server knows its Topic Alias.
   * @throws PublishRefused when the server would refuse it
   */
  firstForm(template: PublishTemplate, length: number): PublishTemplate {
    if (this.#limited) {
      const refusal = this.#limits.refusesPublish(template, length)
      if (refusal !== undefined) throw refusal
    }
    const { short, alias, topic } = template
    if (short === undefined) return template
    this.#ownAliases ??= new Map()
    if (this.#ownAliases.get(alias) === topic) return short
    this.#ownAliases.set(alias, topic)
    return template
  }

  /**
   * The form in which a PUBLISH is sent again on a later connection: with the Topic Name, and without a Topic Alias
   * that this server does not accept. PublishRefused if the server would refuse it.
   */
  repeatedForm(template: PublishTemplate, length: number): PublishTemplate | PublishRefused {
    const { plain } = template
    const allowed = plain !== undefined && !this.#limits.accepts(template.alias) ? plain : template
    const refusal = this.#limited ? this.#limits.refusesPublish(allowed, length) : undefined
    if (refusal !== undefined) return refusal
    if (allowed.alias > 0) (this.#ownAliases ??= new Map()).set(allowed.alias, allowed.topic)
    return allowed
  }

  /** @throws MqttxError when the server does not support what the SUBSCRIBE asks for */
  checkSubscribe(filters: readonly string[], options: SubscribeOptions): void {
    const refusal = this.#limits.refusesSubscribe(filters, options)
    if (refusal !== undefined) throw refusal
  }

  /** The error for a packet of `size` bytes that is too large for the server; undefined if it is not. */
  refusesSize(size: number): MqttxError | undefined {
    return this.#limits.refusesSize(size)
  }

  /**
   * Sets the topic of a received PUBLISH that has a Topic Alias.
   * @throws ProtocolError 0x94 or 0x82 for an invalid alias
   */
  resolve(publish: Publish): void {
    const alias = publish.properties?.topicAlias
    if (alias !== undefined) publish.topic = this.#serverAliases.resolve(alias, publish.topic)
  }
}
