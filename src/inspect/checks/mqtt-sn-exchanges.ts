// Requests of MQTT-SN in one direction, and their answers: which are outstanding, sent again, or acknowledged.
import { type Instant, nanosBetween } from '../../capture/stream.js'
import { contentHash } from '../content-hash.js'
import type { Packet } from '../packet.js'
import { report } from './state.js'

type Kind = 'publish' | 'register' | 'subscribe'

/** What is kept of a message that was sent. */
export interface Sent extends Instant {
  readonly number: number
  /** The time in seconds; negative if unknown. */
  readonly seconds: number
  readonly dup: boolean
}

interface Exchange {
  readonly kind: Kind
  readonly type: number
  readonly id: number
  readonly qos: number
  /** Number of its first message. */
  readonly number: number
  /** Of the message without its Flags. */
  readonly hash: number
  /** Topic id, or the two characters of a short topic name. */
  readonly topicId: number
  /** How often the request was captured. */
  copies: number
  /** The last message of the side that asked. */
  last: Sent
  /** QoS 2: the last PUBREC or PUBREL that was captured. */
  stage: 'sent' | 'received' | 'released'
  received: Sent | undefined
  /** The next request of this kind, sent before this one was answered. */
  overtakenBy: Sent | undefined
}

/** What is known of the client when a message is judged. */
export interface Evidence {
  /** CONNECT and an accepting CONNACK were captured. */
  readonly connected: boolean
  /** The session began with that CONNECT: no message of an earlier one is sent again. */
  readonly clean: boolean
  /** All messages that passed here are known. */
  readonly lossless: boolean
}

const [register, regack, publish, puback, pubcomp, pubrec, pubrel] = [
  0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10,
]
const [subscribe, suback, unsubscribe, unsuback] = [0x12, 0x13, 0x14, 0x15]

const kinds: Readonly<Record<number, Kind>> = {
  ...{ [publish]: 'publish', [puback]: 'publish', [pubrec]: 'publish', [pubrel]: 'publish' },
  ...{ [pubcomp]: 'publish', [register]: 'register', [regack]: 'register' },
  ...{ [subscribe]: 'subscribe', [unsubscribe]: 'subscribe' },
  ...{ [suback]: 'subscribe', [unsuback]: 'subscribe' },
}

/** Exchanges kept of one direction; acknowledged requests that are remembered. */
const [mostOpen, mostRecent] = [32, 64]
/** T_retry of the standard, with tolerance, in seconds (7.2). */
const [leastRetry, mostRetry] = [9.5, 16]
/** Copies of a datagram that the network makes arrive within this time, in seconds. */
const networkCopy = 1
/** Sooner after an answer, in seconds, nothing can have been sent, lost and sent again. */
const soonest = 0.2
/** A request is given up by the next one if it is older, in seconds. */
const oldest = 5
/** Messages in a row that begin with DUP: more than a lossy capture explains. */
const manyDups = 3

export class SnExchanges {
  readonly #isClient: boolean
  /** The oldest first. */
  readonly #open: Exchange[] = []
  /** Kind and MsgId of requests that have been answered, the oldest first. */
  readonly #recent: string[] = []
  /** When the last exchange ended, in seconds; negative if unknown. */
  #ended = -1
  #lastId = -1
  /** Whether new requests get the MsgId of the last one, or another. */
  #reuses = false
  #changes = false
  #dups = 0

  /** `isClient`: the requests are those of the client. */
  constructor(isClient: boolean) {
    this.#isClient = isClient
  }

  /** The client has connected, at a time in seconds: what was outstanding begins anew. */
  begin(time: number): void {
    for (const { kind, id } of this.#open) this.#remember(kind, id)
    this.#open.length = 0
    this.#dups = 0
    this.#ended = time
  }

  /** True if the request was captured before. */
  isKnown({ type, packetIdentifier }: Packet): boolean {
    const kind = kinds[type]
    return kind !== undefined && packetIdentifier > 0 && this.#isKnown(kind, packetIdentifier)
  }

  #isKnown(kind: Kind, id: number): boolean {
    return this.#find(kind, id) !== undefined || this.#recent.includes(`${kind} ${id}`)
  }

  #find(kind: Kind, id: number): Exchange | undefined {
    return this.#open.find((exchange) => exchange.kind === kind && exchange.id === id)
  }

  /** A message of the side that asks. */
  request(packet: Packet, evidence: Evidence): void {
    const { type, packetIdentifier: id, qos } = packet
    if (id === 0) return
    if (type === pubrel) return this.#release(packet)
    const kind = type === publish && (qos === 0 || qos === 3) ? undefined : kinds[type]
    if (kind === undefined || !isRequest(type)) return
    const known = this.#find(kind, id)
    const hash = hashOf(packet)
    if (known !== undefined && known.type === type && known.qos === qos && known.hash === hash)
      return this.#again(known, packet)
    this.#begin(packet, { kind, hash, known, evidence })
  }

  #begin(
    packet: Packet,
    {
      kind,
      hash,
      known,
      evidence,
    }: { kind: Kind; hash: number; known: Exchange | undefined; evidence: Evidence },
  ): void {
    const { type, packetIdentifier: id, qos, number } = packet
    if (known !== undefined) this.#open.splice(this.#open.indexOf(known), 1)
    if (type === publish) this.#first(packet, evidence)
    if (this.#isClient && evidence.connected) this.#overtake(kind, packet)
    if (id === this.#lastId) this.#reuses = true
    else if (this.#lastId >= 0) this.#changes = true
    this.#lastId = id
    if (this.#open.length >= mostOpen) this.#open.shift()
    this.#open.push({
      ...{ kind, type, id, qos, number, hash, topicId: topicIdOf(packet), copies: 1, last: sent(packet) },
      ...{ stage: 'sent', received: undefined, overtakenBy: undefined },
    })
  }

  /** DUP of a PUBLISH that was not captured before. */
  #first(packet: Packet, { connected, clean }: Evidence): void {
    if (!packet.dup) {
      this.#dups = 0
      return
    }
    // Its acknowledgement got lost after it was captured.
    if (this.#isKnown('publish', packet.packetIdentifier)) return
    this.#dups++
    if (!connected || !clean) return
    const isBusy = this.#open.some(({ kind }) => kind === 'publish')
    const since = this.#ended < 0 || packet.second < 0 ? -1 : packet.seconds - this.#ended
    const isTooSoon = !isBusy && since >= 0 && since < soonest
    if (isTooSoon || this.#dups >= manyDups) report(packet, 'sn-dup-first')
  }

  #overtake(kind: Kind, packet: Packet): void {
    for (const open of this.#open) {
      if (open.kind !== kind || open.overtakenBy !== undefined || open.copies > 1) continue
      const age = packet.second < 0 ? 0 : packet.seconds - open.last.seconds
      if (age >= 0 && age < oldest) open.overtakenBy = sent(packet)
    }
  }

  #again(exchange: Exchange, packet: Packet): void {
    const { last } = exchange
    const elapsed = packet.second < 0 ? 0 : packet.seconds - last.seconds
    if (elapsed < 0) return
    const isCopy = elapsed < networkCopy && packet.dup === last.dup
    const isNoReuse = (this.#changes && !this.#reuses) || exchange.copies > 1
    if (packet.type === publish && !packet.dup && !isCopy && isNoReuse) report(packet, 'sn-dup-missing')
    exchange.copies++
    exchange.last = sent(packet)
    if (isCopy || packet.second < 0 || (elapsed >= leastRetry && elapsed <= mostRetry)) return
    report(packet, 'sn-retry-time', `sent again after ${elapsed.toFixed(1)} s; T_retry is 10 to 15 s`)
  }

  #release(packet: Packet): void {
    const exchange = this.#find('publish', packet.packetIdentifier)
    if (exchange === undefined) return this.#remember('publish', packet.packetIdentifier)
    if (exchange.stage !== 'released' && exchange.received !== undefined) setAnswer(packet, exchange.received)
    exchange.stage = 'released'
    exchange.last = sent(packet)
  }

  /** A message of the other side. */
  answer(packet: Packet, evidence: Evidence): void {
    const { type, packetIdentifier: id } = packet
    const kind = kinds[type]
    if (kind === undefined || isRequest(type) || type === pubrel || id === 0) return
    const exchange = this.#find(kind, id)
    if (exchange === undefined) return this.#unknown(packet, kind, evidence)
    this.#matched(exchange, packet)
  }

  #unknown(packet: Packet, kind: Kind, { connected, lossless }: Evidence): void {
    const id = packet.packetIdentifier
    const isKnown = this.#isKnown(kind, id)
    this.#remember(kind, id)
    if (isKnown || !connected) return
    // If its request is missing in the capture, two were outstanding.
    const isSure = lossless || this.#open.some((open) => open.kind === kind && open.copies === 1)
    report(packet, isSure ? 'sn-ack-unknown' : 'sn-ack-uncaptured')
  }

  #matched(exchange: Exchange, packet: Packet): void {
    const { type, reasonCode } = packet
    const { last, overtakenBy, number } = exchange
    const expected = this.#expected(exchange, type, reasonCode)
    if (expected !== undefined) {
      report(packet, 'sn-ack-type', expected)
      return
    }
    setAnswer(packet, last)
    const elapsed = packet.second < 0 ? 0 : packet.seconds - last.seconds
    if (this.#isClient && elapsed > mostRetry)
      report(packet, 'sn-late-answer', `the answer to #${last.number} came after ${elapsed.toFixed(1)} s`)
    if (overtakenBy !== undefined) {
      exchange.overtakenBy = undefined
      if (packet.second < 0 || packet.seconds > overtakenBy.seconds)
        report(packet, 'sn-one-outstanding', `#${overtakenBy.number} was sent before #${number} was answered`)
    }
    this.#checkTopic(exchange, packet)
    if (type === pubrec) {
      if (exchange.stage === 'sent') exchange.stage = 'received'
      exchange.received = sent(packet)
      return
    }
    this.#open.splice(this.#open.indexOf(exchange), 1)
    this.#remember(exchange.kind, exchange.id)
    this.#ended = packet.seconds
  }

  /** Undefined if the answer fits; why it does not. */
  #expected({ kind, type, qos, number, stage }: Exchange, answer: number, code: number): string | undefined {
    const request = `#${number}`
    if (kind === 'publish') {
      // A PUBACK refuses at any QoS.
      if (answer === puback && qos === 2 && code === 0) return `${request} has QoS 2: it needs PUBREC`
      if (answer !== puback && qos === 1) return `${request} has QoS 1: it needs PUBACK`
      if (answer === pubcomp && stage === 'sent') return `no PUBREC and PUBREL of ${request} came before`
    }
    if (type === subscribe && answer === unsuback) return `${request} is a SUBSCRIBE: it needs SUBACK`
    if (type === unsubscribe && answer === suback) return `${request} is an UNSUBSCRIBE: it needs UNSUBACK`
    return undefined
  }

  /** PUBACK (5.4.13), and REGACK to a gateway (5.4.11). */
  #checkTopic({ type, topicId, number }: Exchange, packet: Packet): void {
    const isRegack = type === register && !this.#isClient
    if (!(isRegack || packet.type === puback) || packet.reasonCode !== 0 || packet.topicAlias === topicId)
      return
    report(packet, 'sn-ack-topic', `topic id ${packet.topicAlias}; #${number} has ${topicId}`, 2)
  }

  #remember(kind: Kind, id: number): void {
    const key = `${kind} ${id}`
    if (this.#recent.includes(key)) return
    if (this.#recent.length >= mostRecent) this.#recent.shift()
    this.#recent.push(key)
  }
}

function isRequest(type: number): boolean {
  return type === publish || type === register || type === subscribe || type === unsubscribe
}

/** The two bytes that an acknowledgement repeats. */
function topicIdOf({ type, bytes, body, end, topicAlias }: Packet): number {
  if (type !== publish) return topicAlias
  return body + 2 < end ? (bytes[body + 1]! << 8) | bytes[body + 2]! : 0
}

/** Flags, which have DUP, are left out. */
function hashOf({ type, bytes, body, end }: Packet): number {
  return contentHash(bytes, type === register ? body : Math.min(body + 1, end), end)
}

export function sent({ number, second, nanos, seconds, dup }: Packet): Sent {
  return { number, second, nanos, seconds, dup }
}

/** Notes that `packet` is the answer to `request`, and how long it took. */
export function setAnswer(packet: Packet, request: Sent): void {
  packet.answers = request.number
  if (request.second >= 0 && packet.second >= 0)
    packet.roundTrip = Math.max(-1, nanosBetween(request, packet))
}
