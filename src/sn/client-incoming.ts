// What the gateway sends to a client: messages, and the registrations of their topics (MQTT-SN 1.2, 6.10).
import { SnCode, type SnMessage, type SnPublish } from '../codec/mqtt-sn-messages.js'
import { type SnClientSettings, type SnClientSink, topicIdOf } from './client-types.js'
import { markOf, ReleasedMessages } from './released.js'
import { namelessTopic } from './targets.js'
import { TopicTable } from './topics.js'

export class Incoming {
  readonly #settings: SnClientSettings
  readonly #sink: Pick<SnClientSink, 'message'>
  readonly #send: (message: SnMessage) => void
  /** Names of what the gateway publishes. */
  readonly #topics = new TopicTable()
  /** MsgIds of messages at QoS 2 that the gateway has not released, and a mark of each. */
  readonly #unreleased = new Map<number, number>()
  readonly #released: ReleasedMessages
  #acknowledgements: SnMessage[] = []
  isDelivering = true

  constructor(
    settings: SnClientSettings,
    sink: Pick<SnClientSink, 'message'>,
    send: (message: SnMessage) => void,
  ) {
    this.#settings = settings
    this.#sink = sink
    this.#send = send
    this.#released = new ReleasedMessages(settings.retryMs * (settings.retries + 1))
  }

  get unreleased(): number {
    return this.#unreleased.size
  }

  /** A new session has no registrations, and messages at QoS 2 that are new. */
  begin(): void {
    this.#topics.clear()
    this.#unreleased.clear()
    this.#released.clear()
  }

  /** SUBACK or REGACK has assigned an identifier. */
  assigned(id: number, name: string): void {
    this.#topics.set(id, name)
  }

  /** @returns true if an identifier was assigned */
  register({ topicId, messageId, name }: Extract<SnMessage, { type: 'register' }>): boolean {
    const isValid = topicId > 0 && name !== '' && !/[+#]/.test(name)
    if (isValid) this.#topics.set(topicId, name)
    const returnCode = isValid ? SnCode.accepted : SnCode.notSupported
    this.#send({ type: 'regack', topicId, messageId, returnCode })
    return isValid
  }

  publish(message: SnPublish, now: number): void {
    if (!this.isDelivering || message.qos === -1) return
    const { qos, messageId, topic: target, retain, dup, data } = message
    const topicId = topicIdOf(target)
    const topic = this.#nameOf(target)
    if (topic === undefined) {
      const returnCode = SnCode.invalidTopicId
      return this.#send({ type: 'puback', topicId, messageId, returnCode })
    }
    const isNew = qos !== 2 || this.#isNew(message, now)
    if (isNew) this.#sink.message({ topic, qos, retain, dup, messageId, data })
    if (qos === 1)
      this.#acknowledgements.push({ type: 'puback', topicId, messageId, returnCode: SnCode.accepted })
    else if (qos === 2) this.#acknowledgements.push({ type: 'pubrec', messageId })
  }

  /** Notes a message at QoS 2. @returns false if it was delivered before */
  #isNew(message: SnPublish, now: number): boolean {
    const { messageId } = message
    const mark = markOf(message)
    if (this.#unreleased.get(messageId) === mark) return false
    if (this.#released.has(messageId, mark, now)) return false
    this.#unreleased.set(messageId, mark)
    return true
  }

  release(messageId: number, now: number): void {
    const mark = this.#unreleased.get(messageId)
    if (mark !== undefined) this.#released.add(messageId, mark, now)
    this.#unreleased.delete(messageId)
    this.#send({ type: 'pubcomp', messageId })
  }

  /** Sends the acknowledgements of the messages that were delivered. */
  acknowledge(): void {
    if (this.#acknowledgements.length === 0) return
    const all = this.#acknowledgements
    this.#acknowledgements = []
    for (const message of all) this.#send(message)
  }

  /** The connection is lost. What was delivered stays known: the gateway of a kept session sends it again. */
  disconnected(): void {
    this.#acknowledgements = []
  }

  /** Drops acknowledgements that are not sent: the gateway will send the messages again. */
  discard(): void {
    for (const message of this.#acknowledgements)
      if (message.type === 'pubrec') this.#unreleased.delete(message.messageId)
    this.#acknowledgements = []
  }

  #nameOf(topic: SnPublish['topic']): string | undefined {
    if (topic.kind === 'short') return topic.name
    if (topic.kind === 'normal') return this.#topics.nameOf(topic.id)
    return this.#settings.predefined.nameOf(topic.id) ?? namelessTopic(topic.id)
  }
}
