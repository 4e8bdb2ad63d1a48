// The topics of a run with what has become of each.
import { MqttxError } from '../../errors.js'

/** Limit for all topics, in bytes; `overhead` is what an entry costs besides its name. */
const maxBytes = 256 * 1024 * 1024
const overhead = 100

export const topicState = {
  listed: 0,
  /** The server was asked for its message. */
  awaited: 1,
  read: 2,
  /** Its message had gone when it was asked for. */
  gone: 3,
  /** Published to after it was asked for: it is not removed. */
  changed: 4,
  /** The removal is not acknowledged. */
  sent: 5,
  removed: 6,
  refused: 7,
  /** Published to after its removal. */
  renewed: 9,
  /** Its message could not be read, although there is one. */
  unread: 8,
  /** `restore` could not publish to it: it is not removed. */
  unrestorable: 10,
} as const

export type TopicState = (typeof topicState)[keyof typeof topicState]

export class TopicTable {
  readonly #states = new Map<string, TopicState>()
  #bytes = 0
  readonly #limit: number

  constructor(limit = maxBytes) {
    this.#limit = limit
  }

  get size(): number {
    return this.#states.size
  }

  /**
   * Adds a topic as listed. Returns false if it is known.
   * @throws MqttxError if there are too many
   */
  add(topic: string): boolean {
    if (this.#states.has(topic)) return false
    this.#bytes += topic.length + overhead
    if (this.#bytes > this.#limit) {
      throw new MqttxError(`There are too many retained messages: more than ${this.size}.`, {
        hint: 'use several Topic Filters that match less, one after another',
      })
    }
    this.#states.set(topic, topicState.listed)
    return true
  }

  /** Undefined for a topic that was not listed. */
  stateOf(topic: string): TopicState | undefined {
    return this.#states.get(topic)
  }

  /** Sets the state of a topic that was added. */
  set(topic: string, state: TopicState): void {
    this.#states.set(topic, state)
  }

  /** The topics in a state, in the order in which they were added. States may be set meanwhile. */
  *in(state: TopicState): Generator<string> {
    for (const [topic, now] of this.#states) if (now === state) yield topic
  }

  count(state: TopicState): number {
    let count = 0
    for (const now of this.#states.values()) if (now === state) count++
    return count
  }
}
