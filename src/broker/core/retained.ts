// Retained messages (MQTT 5.0, 3.3.1.3): a tree like that of subscriptions, walked in steps, so that a subscription to
// many of them does not delay other clients.

import { Timer, type Timers } from '../../session/timers.js'
import type { Message } from './message.js'
import { messageOverhead } from './queue.js'

interface Node {
  readonly parent: Node | undefined
  readonly level: string
  readonly children: Map<string, Node>
  message: Message | undefined
  /** Set if the message expires. */
  timer: Timer | undefined
}

/** Bytes that a node of the tree costs, about as much as a message. */
const nodeCost = 200

/** The retained messages that are still to be sent for a new subscription. */
export interface RetainedCursor {
  /** One step through the tree each; most yield no message. */
  readonly messages: Iterator<Message | undefined>
  /** A message that was found and not yet sent. */
  held: Message | undefined
}

export class Retained {
  readonly #root = emptyNode(undefined, '')
  readonly #most: number
  readonly #timers: Timers
  #bytes = 0
  #count = 0

  /** `most`: the limit in bytes for all messages, overhead included. */
  constructor(most: number, timers: Timers) {
    this.#most = most
    this.#timers = timers
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Replaces the message of its topic; one without a payload only removes it [MQTT-3.3.1-6].
   * @returns false if there is no room: the topic has no retained message then, since the older one is not its last
   */
  store(message: Message): boolean {
    const { topic } = message
    const empty = message.end === message.start
    const node = this.#find(topic)
    if (node !== undefined) this.#clear(node)
    const room = this.#bytes + costOf(message) <= this.#most
    if (empty || !room) {
      if (node !== undefined) this.#prune(node)
      return empty
    }
    message.keep(true)
    const place = node ?? this.#node(topic)
    place.message = message
    this.#bytes += costOf(message)
    this.#count++
    if (message.expires < Number.POSITIVE_INFINITY) {
      place.timer = new Timer(() => this.#expire(place))
      this.#timers.set(place.timer, message.expires + 1)
    }
    return true
  }

  get(topic: string): Message | undefined {
    return this.#find(topic)?.message
  }

  /** Walks the topics that `filter` matches. Each step costs about the same, with a message or without. */
  *matching(filter: string): Generator<Message | undefined> {
    const levels = filter.split('/')
    yield* walk(this.#root, levels, 0)
  }

  #expire(node: Node): void {
    this.#clear(node)
    this.#prune(node)
  }

  #clear(node: Node): void {
    if (node.timer !== undefined) this.#timers.clear(node.timer)
    node.timer = undefined
    if (node.message === undefined) return
    this.#bytes -= costOf(node.message)
    this.#count--
    node.message = undefined
  }

  #find(topic: string): Node | undefined {
    let node: Node | undefined = this.#root
    for (const level of topic.split('/')) {
      node = node.children.get(level)
      if (node === undefined) return undefined
    }
    return node
  }

  #node(topic: string): Node {
    let node = this.#root
    for (const level of topic.split('/')) {
      let child = node.children.get(level)
      if (child === undefined) node.children.set(level, (child = emptyNode(node, level)))
      node = child
    }
    return node
  }

  #prune(node: Node): void {
    for (let at = node; at.parent !== undefined; at = at.parent) {
      if (at.message !== undefined || at.children.size > 0) return
      at.parent.children.delete(at.level)
    }
  }
}

function emptyNode(parent: Node | undefined, level: string): Node {
  return { parent, level, children: new Map(), message: undefined, timer: undefined }
}

function costOf({ size, topic }: Message): number {
  let levels = 1
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++
  return size + messageOverhead + nodeCost * levels
}

function* walk(node: Node, levels: readonly string[], depth: number): Generator<Message | undefined> {
  const level = levels[depth]
  const hidden = (child: Node): boolean => node.parent === undefined && child.level.startsWith('$') // [MQTT-4.7.2-1]
  if (level === undefined) {
    yield node.message
  } else if (level === '#') {
    yield node.message // `a/#` matches `a` too
    for (const child of node.children.values()) if (!hidden(child)) yield* walk(child, levels, depth)
  } else if (level === '+') {
    yield undefined
    for (const child of node.children.values()) if (!hidden(child)) yield* walk(child, levels, depth + 1)
  } else {
    const child = node.children.get(level)
    if (child !== undefined) yield* walk(child, levels, depth + 1)
  }
}
