// The topics of `mqttx top`: a tree of topic levels that counts messages. It has no clock: the caller passes the time.
import { NodeIndex } from './node-index.js'
import { Nodes, others, root } from './nodes.js'

/** A topic has at most so many levels here; the last one holds the rest of a longer one. */
const deepest = 128
const slash = 0x2f

export interface TreeLimits {
  readonly topics: number
  /** Topics and levels together. */
  readonly nodes: number
  /** Bytes of the names of all levels. */
  readonly nameBytes: number
}

/** Just under a power of two of nodes: from there on the index would double. */
export const defaultLimits: TreeLimits = { topics: 1_000_000, nodes: 2_097_000, nameBytes: 64 * 1024 * 1024 }

export interface TreeOptions {
  readonly limits?: TreeLimits
  /** Any 32 bits: makes collisions of hashes unpredictable. */
  readonly seed: number
  /** RETAIN is what the publisher has set (MQTT 5.0, 3.8.3.1), not only a mark of stored messages. */
  readonly retainAsPublished: boolean
  /** A topic without a message for so many milliseconds is silent; undefined: twice its longest pause. */
  readonly silentMs?: number | undefined
}

export class TopicTree {
  readonly nodes: Nodes
  readonly #mostTopics: number
  readonly #retainAsPublished: boolean
  readonly #index: NodeIndex
  #stored = 0
  #overflowed = false

  constructor({ limits = defaultLimits, seed, retainAsPublished, silentMs }: TreeOptions) {
    this.nodes = new Nodes(limits.nodes, limits.nameBytes, silentMs)
    this.#mostTopics = limits.topics
    this.#retainAsPublished = retainAsPublished
    this.#index = new NodeIndex(seed)
  }

  get topics(): number {
    return this.nodes.topicsOf(root)
  }

  /** Retained messages that the server had stored; no figure counts them. */
  get stored(): number {
    return this.#stored
  }

  /** There are topics without a node of their own. */
  get overflowed(): boolean {
    return this.#overflowed
  }

  /**
   * Counts a message whose Topic Name is `bytes` from `start` to `end`, as `weight` messages.
   * @param size bytes of the payload
   * @param timeMs since the start or the last `reset`; never less than before
   */
  add(
    bytes: Uint8Array,
    start: number,
    end: number,
    size: number,
    qos: number,
    retain: boolean,
    weight: number,
    timeMs: number,
  ): void {
    const { nodes } = this
    const before = nodes.end
    const node = this.#topicOf(bytes, start, end)
    if (retain && node !== others) nodes.setRetained(node, size > 0 || !this.#retainAsPublished)
    if (retain && (node >= before || !this.#retainAsPublished)) {
      this.#stored++
      nodes.markQos(node, qos)
    } else nodes.count(node, size, qos, weight, timeMs)
  }

  /** Forgets all messages; topics, their retained marks and what the view has set stay. Times begin at 0 again. */
  reset(): void {
    this.nodes.clear()
    this.#stored = 0
  }

  /** The node of a topic, made if there is room; otherwise `others`. */
  #topicOf(bytes: Uint8Array, start: number, end: number): number {
    const { nodes } = this
    const index = this.#index
    const hash = index.finished(index.extended(index.start, bytes, start, end), true)
    for (let probe = 0; probe < NodeIndex.probes; probe++) {
      const node = index.slots[index.slot(hash, probe)]!
      if (node === 0) return this.#make(bytes, start, end)
      if (nodes.hash(node) === hash && nodes.isTopic(node) && this.#isTopic(node, bytes, start, end))
        return node
    }
    return this.#overflow()
  }

  /** True if the levels from the root to `topic`, with `/` between them, are `bytes` from `start` to `end`. */
  #isTopic(topic: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { nodes } = this
    let position = end
    for (let at = topic; ; ) {
      position -= nodes.nameLength(at)
      if (position < start || !nodes.isNamed(at, bytes, position)) return false
      at = nodes.parent(at)
      if (at === root) return position === start
      if (--position < start || bytes[position] !== slash) return false
    }
  }

  /** The child of `parent` that is a level with this name; 0 if there is none. */
  #levelOf(parent: number, bytes: Uint8Array, start: number, end: number, hash: number): number {
    const { nodes } = this
    for (let probe = 0; probe < NodeIndex.probes; probe++) {
      const node = this.#index.slots[this.#index.slot(hash, probe)]!
      if (node === 0) return 0
      if (nodes.hash(node) !== hash || nodes.parent(node) !== parent || nodes.isTopic(node)) continue
      if (nodes.nameLength(node) === end - start && nodes.isNamed(node, bytes, start)) return node
    }
    return 0
  }

  /** Makes the missing levels and the topic. */
  #make(bytes: Uint8Array, start: number, end: number): number {
    const index = this.#index
    let { start: state } = index
    let parent = root
    let begin = start // of the next level
    const slashes: number[] = [] // after the levels that are missing
    for (let at = start, level = 1; at < end && level < deepest; at++) {
      if (bytes[at] !== slash) continue
      level++
      if (slashes.length === 0) {
        const here = index.extended(state, bytes, begin, at)
        const found = this.#levelOf(parent, bytes, begin, at, index.finished(here, false))
        if (found > 0) {
          parent = found
          begin = at + 1
          state = index.extended(here, bytes, at, begin)
          continue
        }
      }
      slashes.push(at)
    }
    const hasRoom = this.topics < this.#mostTopics && this.nodes.hasRoom(slashes.length + 1, end - begin)
    if (!hasRoom) return this.#overflow()
    for (const at of slashes) {
      state = index.extended(state, bytes, begin, at)
      parent = this.#insert(bytes, begin, at, index.finished(state, false), parent, false)
      if (parent < 0) return this.#overflow()
      state = index.extended(state, bytes, at, at + 1)
      begin = at + 1
    }
    const hash = index.finished(index.extended(state, bytes, begin, end), true)
    const topic = this.#insert(bytes, begin, end, hash, parent, true)
    return topic < 0 ? this.#overflow() : topic
  }

  #overflow(): number {
    this.#overflowed = true
    return others
  }

  /** A new node, named `bytes` from `begin` to `end`; -1 if the index has no place for it. */
  #insert(
    bytes: Uint8Array,
    begin: number,
    end: number,
    hash: number,
    parent: number,
    isTopic: boolean,
  ): number {
    const { nodes } = this
    if (!this.#index.add(nodes.end, hash, (node) => nodes.hash(node))) return -1
    return nodes.append(bytes, begin, end, hash, parent, isTopic)
  }
}
