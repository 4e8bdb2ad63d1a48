// What rules ask of an MQTT-SN message: its type and topic, and of CONNECT the Client Identifier.
import { decodeMessage } from '../codec/mqtt-sn.js'
import type { SnMessage } from '../codec/mqtt-sn-messages.js'
import { snLayouts } from '../codec/mqtt-sn-names.js'
import type { Direction } from './fault-language.js'
import type { FaultedConnection } from './faults.js'

export interface DatagramHead {
  /** MsgType of the message, of that in a forwarder's encapsulation if there is one; `unknown` if it is reserved. */
  readonly type: number
  readonly topic: string | undefined
  /** Bytes of the encapsulation before the message. */
  readonly before: number
}

/** For datagrams without a MsgType of the standard; only rules for all types select them. */
const unknown = 31

/** Topics of a client that are followed; in characters. */
const [mostTopics, longestTopic] = [1000, 1000]

const known = new Set<number>(snLayouts.map(([code]) => code))
const forwarded = 0xfe

/** The topic ids of one client, as rules with a topic need them. */
export class FollowedTopics {
  readonly #names = new Map<number, string>()
  /** By direction of the request and MsgId. */
  readonly #asked = new Map<string, string>()

  /** The topic of a PUBLISH; learns from all other messages. */
  read(message: SnMessage, direction: Direction): string | undefined {
    switch (message.type) {
      case 'register':
        if (message.topicId > 0) keep(this.#names, message.topicId, message.name)
        keep(this.#asked, `${direction} ${message.messageId}`, message.name)
        return undefined
      case 'subscribe':
        if (message.topic.kind === 'name')
          keep(this.#asked, `${direction} ${message.messageId}`, message.topic.name)
        return undefined
      case 'regack':
      case 'suback': {
        const key = `${direction === 'c2s' ? 's2c' : 'c2s'} ${message.messageId}`
        const name = this.#asked.get(key)
        this.#asked.delete(key)
        if (name !== undefined && message.returnCode === 0 && message.topicId > 0)
          keep(this.#names, message.topicId, name)
        return undefined
      }
      case 'publish':
        if (message.topic.kind === 'short') return message.topic.name
        return message.topic.kind === 'normal' ? this.#names.get(message.topic.id) : undefined
      default:
        return undefined
    }
  }
}

/** Keeps an entry; the oldest goes if there are too many. */
function keep<Key>(map: Map<Key, string>, key: Key, text: string): void {
  map.delete(key)
  if (text.length > longestTopic) return
  if (map.size >= mostTopics) map.delete(map.keys().next().value!)
  map.set(key, text)
}

/** Sets the Client Identifier of `connection` at CONNECT, and at the PINGREQ of a client that sleeps. */
export function datagramHead(
  datagram: Uint8Array,
  direction: Direction,
  { connection, topics }: { connection: FaultedConnection; topics: FollowedTopics | undefined },
): DatagramHead {
  let message = decodeMessage(datagram)
  let before = 0
  if (message.type === 'forwarded') {
    before = datagram.length - message.message.length
    message = decodeMessage(message.message)
  }
  const type = typeOf(datagram, before)
  if (message.type === undefined) return { type, topic: undefined, before }
  if (message.type === 'connect' || (message.type === 'pingreq' && message.clientId !== ''))
    connection.clientId = message.clientId
  const topic = topics?.read(message, direction)
  return { type, topic, before }
}

/** By the MsgType alone: the rest of the message may be malformed. */
function typeOf(datagram: Uint8Array, start: number): number {
  const type = datagram[start + (datagram[start] === 1 ? 3 : 1)]
  return type === undefined || type === forwarded || !known.has(type) ? unknown : type
}
