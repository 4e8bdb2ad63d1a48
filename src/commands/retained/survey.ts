// Lists the retained messages that match the Topic Filters of the command line, then reads them.
//
// The list is made at QoS 0: mosquitto drops retained messages at QoS 1 and 2 beyond its queue (max_queued_messages, 1,000 by
// default) without a word, but sends all at QoS 0. A message has its own QoS only at QoS 2, so it is read a second time, in
// batches of topics that fit such a queue.
import type { Publish } from '../../codec/publish.js'
import type { ConnectOptions } from '../../connection/options.js'
import { allDenied, readSuback } from '../subscriptions.js'
import { type ReaderEvents, type ReaderSettings, RetainedReader } from './reader.js'
import { type TopicState, TopicTable, topicState } from './topic-table.js'

/** Topics that are read at once, and their bytes. */
const batchTopics = 500
const batchBytes = 32 * 1024
/** Topics that were not sent are read again in batches so many times smaller. */
const smaller = 8

type SurveyEvents = Omit<ReaderEvents, 'retained'>

export class Survey {
  readonly reader: RetainedReader
  readonly table = new TopicTable()
  readonly #settings: ReaderSettings
  #onRetained: (message: Publish) => void = () => {}
  /** The Topic Filters that the server has granted. */
  #granted: readonly string[] = []
  #awaiting = 0
  #status = 0
  #saidQos = false

  constructor(options: ConnectOptions, settings: ReaderSettings, events: SurveyEvents = {}) {
    this.#settings = settings
    this.reader = new RetainedReader(options, settings, {
      ...events,
      retained: (message) => this.#onRetained(message),
    })
  }

  /** The first Reason Code with which the server refused a subscription; 0: none. */
  get status(): number {
    return this.#status
  }

  /**
   * Calls `each` with every topic that has a retained message, once.
   * @param keep false: the table is not filled, and a topic that two Topic Filters match may come twice
   * @throws MqttxError if all Topic Filters are refused, or there are too many topics; what has ended the connection
   */
  async list(keep: boolean, each: (topic: string) => void = () => {}): Promise<void> {
    const { filters, diagnostics } = this.#settings
    this.#onRetained = ({ topic }) => {
      if (!keep || this.table.add(topic)) each(topic)
    }
    const { codes, reason } = await this.reader.ask(filters, 0)
    this.#onRetained = () => {}
    const { refused, all } = readSuback(codes, { topics: filters, qos: 0 }, diagnostics.warn)
    if (all) throw allDenied(refused, reason)
    this.#status = refused
    this.#granted = filters.filter((_, index) => codes[index]! < 0x80)
  }

  /**
   * Calls `each` with the message of every listed topic that still has one.
   * @throws what has ended the connection, and what `each` throws
   */
  async read(each: (message: Publish) => void): Promise<void> {
    if (this.table.size <= batchTopics) {
      await this.#readBatch([...this.table.in(topicState.listed)], this.#granted, each)
      return
    }
    const listed = this.table.in(topicState.listed)
    for (let batch = take(listed); batch.length > 0; batch = take(listed))
      await this.#readBatch(batch, batch, each)
  }

  /** Reads the messages of `topics`, which `filters` match. */
  async #readBatch(
    topics: readonly string[],
    filters: readonly string[],
    each: (message: Publish) => void,
  ): Promise<void> {
    if (topics.length === 0) return
    for (const topic of topics) this.table.set(topic, topicState.awaited)
    await this.#ask(topics, filters, 2, (message) => {
      this.table.set(message.topic, topicState.read)
      each(message)
    })
    const missing = topics.filter((topic) => this.table.stateOf(topic) === topicState.awaited)
    if (missing.length > 0) await this.#readMissing(missing, topics.length, each)
  }

  /** At QoS 0 nothing is dropped: a topic that is not sent then has no message any more. */
  async #readMissing(
    topics: readonly string[],
    tried: number,
    each: (message: Publish) => void,
  ): Promise<void> {
    const present = new Set<string>()
    for (let at = 0; at < topics.length; at += batchTopics) {
      const some = topics.slice(at, at + batchTopics)
      await this.#ask(some, some, 0, ({ topic }) => void present.add(topic))
    }
    for (const topic of topics) {
      if (this.table.stateOf(topic) !== topicState.awaited) continue
      if (!present.has(topic)) this.table.set(topic, topicState.gone)
      else if (tried === 1) this.table.set(topic, topicState.unread)
    }
    if (tried === 1) return
    const size = Math.max(1, Math.floor(tried / smaller))
    const again = topics.filter((topic) => this.table.stateOf(topic) === topicState.awaited)
    for (let at = 0; at < again.length; at += size) {
      const batch = again.slice(at, at + size)
      await this.#readBatch(batch, batch, each)
    }
  }

  /** The topics of `among` that have a retained message now. */
  async present(among: TopicState): Promise<string[]> {
    const found: string[] = []
    this.#onRetained = ({ topic }) => {
      if (this.table.stateOf(topic) === among) found.push(topic)
    }
    await this.reader.ask(this.#granted, 0)
    this.#onRetained = () => {}
    return found
  }

  /** Subscribes to `filters` until all of `topics` have been received, or the server has sent what it has. */
  async #ask(
    topics: readonly string[],
    filters: readonly string[],
    qos: 0 | 2,
    each: (message: Publish) => void,
  ): Promise<void> {
    const counted = new Set<string>()
    this.#awaiting = topics.length
    this.#onRetained = (message) => {
      const { topic } = message
      const state = this.table.stateOf(topic)
      const isAwaited = state === topicState.awaited
      if (!(isAwaited || state === topicState.changed) || counted.has(topic)) return
      counted.add(topic)
      this.#awaiting--
      if (isAwaited) each(message)
    }
    const { codes } = await this.reader.ask(filters, qos, () => this.#awaiting <= 0)
    this.#onRetained = () => {}
    this.#look(filters, codes, qos)
    const extra = filters.filter((filter) => !this.#granted.includes(filter))
    if (extra.length > 0) await this.reader.forget(extra)
  }

  #look(filters: readonly string[], codes: readonly number[], qos: number): void {
    const { warn } = this.#settings.diagnostics
    filters.forEach((filter, index) => {
      const code = codes[index] ?? 0x80
      if (code < 0x80) return
      this.#status ||= code
      if (this.table.stateOf(filter) === topicState.awaited) this.table.set(filter, topicState.unread)
    })
    if (this.#saidQos || !codes.some((code) => code < qos)) return
    this.#saidQos = true
    warn(
      `The server grants QoS ${Math.min(...codes)} at most: a message with a higher QoS is shown with this one.`,
    )
  }
}

/** The next batch; at least one topic, if there is one. */
function take(topics: Iterator<string>): string[] {
  const batch: string[] = []
  for (let bytes = 0; batch.length < batchTopics && bytes < batchBytes; ) {
    const { value, done } = topics.next()
    if (done === true) break
    batch.push(value)
    bytes += value.length
  }
  return batch
}
