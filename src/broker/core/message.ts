// An Application Message in the broker: ranges of the received chunk, copied only if the message must be kept.
import { copy } from '../../codec/batch.js'
import type { Publish, QoS } from '../../codec/publish.js'
import { afterInteger } from '../../codec/variable-byte-integer.js'

const none = Buffer.alloc(0)

/** Short-lived copies share slabs, without a Buffer of their own each. */
const slabSize = 8192
let slab = none
let slabUsed = 0

/** The properties that are passed on (MQTT 5.0, 3.3.2.3), without their length and without Topic Alias. */
export interface PassedProperties {
  readonly block: Buffer
  /** Where the value of the Message Expiry Interval is in `block`; -1 if there is none. */
  readonly expiryAt: number
}

export const noProperties: PassedProperties = { block: none, expiryAt: -1 }

/** How the memory of a message is held. */
const lent = 0 // ranges of a chunk
const pooled = 1 // a copy in a slab that it shares with other short-lived ones
const own = 2 // a copy of its own

let lastSerial = 0

export class Message {
  /** A number that no other message has. */
  readonly serial = ++lastSerial
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
  /** Milliseconds; Infinity if the message does not expire. Compare with `>`: one with an interval of 0 is sent at once. */
  readonly expires: number
  /** The number of queues that hold it; see `Holding`. */
  holders = 0
  topicBytes: Buffer
  topicStart: number
  topicEnd: number
  bytes: Buffer
  start: number
  end: number
  properties: PassedProperties
  #held = lent

  /** The parts in the order of the wire. Positional, like `Publish`: there is one for each PUBLISH. */
  constructor(
    topic: string,
    qos: QoS,
    retain: boolean,
    topicBytes: Buffer,
    topicStart: number,
    topicEnd: number,
    bytes: Buffer,
    start: number,
    end: number,
    properties: PassedProperties,
    now: number,
  ) {
    this.topic = topic
    this.qos = qos
    this.retain = retain
    this.topicBytes = topicBytes
    this.topicStart = topicStart
    this.topicEnd = topicEnd
    this.bytes = bytes
    this.start = start
    this.end = end
    this.properties = properties
    const { block, expiryAt } = properties
    this.expires = expiryAt < 0 ? Number.POSITIVE_INFINITY : now + block.readUInt32BE(expiryAt) * 1000
  }

  /** Bytes of its topic, properties and payload. */
  get size(): number {
    return this.topicEnd - this.topicStart + this.properties.block.length + this.end - this.start
  }

  /**
   * Copies the ranges of a chunk. `lasting`: for a queue or a retained message, which must not keep the slab of
   * others alive.
   */
  keep(lasting: boolean): void {
    if (this.#held === own || (this.#held === pooled && !lasting)) return
    const { topicStart, topicEnd, start, end, properties } = this
    const topicLength = topicEnd - topicStart
    const { size } = this
    const pools = !lasting && size <= slabSize / 2
    if (pools && slabUsed + size > slab.length) {
      slab = Buffer.allocUnsafeSlow(slabSize)
      slabUsed = 0
    }
    const to = pools ? slab : Buffer.allocUnsafeSlow(size)
    const at = pools ? slabUsed : 0
    if (pools) slabUsed += size
    copy(this.topicBytes, topicStart, topicEnd, to, at)
    copy(this.bytes, start, end, to, at + topicLength)
    this.topicBytes = this.bytes = to
    this.topicStart = at
    this.topicEnd = this.start = at + topicLength
    this.end = this.start + end - start
    const { block, expiryAt } = properties
    if (block.length > 0) {
      copy(block, 0, block.length, to, this.end)
      this.properties = { block: to.subarray(this.end, this.end + block.length), expiryAt }
    }
    this.#held = lasting ? own : pooled
  }
}

/** The message of a received PUBLISH; `topic` is the Topic Name that its Topic Alias stands for, if it has one. */
export function messageOf(publish: Publish, topic: string, now: number): Message {
  const { bytes, topicStart, topicEnd, payloadStart, payloadEnd, qos, retain } = publish
  const from = topicEnd + (qos > 0 ? 2 : 0)
  const passed =
    publish.properties === undefined
      ? noProperties
      : passedOn(bytes.subarray(afterInteger(bytes, from), payloadStart))
  if (topicEnd > topicStart) {
    return new Message(
      topic,
      qos,
      retain,
      bytes,
      topicStart,
      topicEnd,
      bytes,
      payloadStart,
      payloadEnd,
      passed,
      now,
    )
  }
  const name = Buffer.from(topic)
  return new Message(topic, qos, retain, name, 0, name.length, bytes, payloadStart, payloadEnd, passed, now)
}

/** A message without a PUBLISH: a will, or one of the server. */
export function messageFrom(
  topic: string,
  payload: Buffer,
  options: { qos: QoS; retain: boolean; now: number; properties?: PassedProperties },
): Message {
  const { qos, retain, now, properties = noProperties } = options
  const name = Buffer.from(topic)
  return new Message(topic, qos, retain, name, 0, name.length, payload, 0, payload.length, properties, now)
}

const messageExpiryInterval = 0x02
const willDelayInterval = 0x18
const topicAlias = 0x23

/** Removes the properties that are not passed on: Topic Alias, Will Delay Interval. `block` has been checked. */
export function passedOn(block: Buffer): PassedProperties {
  const parts: Buffer[] = []
  let length = 0
  let from = 0
  let expiryAt = -1
  for (let at = 0; at < block.length; ) {
    const id = block[at]!
    const next = behindProperty(block, at)
    if (id === messageExpiryInterval) expiryAt = length + at + 1 - from
    if (id === topicAlias || id === willDelayInterval) {
      parts.push(block.subarray(from, at))
      length += at - from
      from = next
    }
    at = next
  }
  if (from === 0) return { block, expiryAt }
  parts.push(block.subarray(from))
  return { block: Buffer.concat(parts), expiryAt }
}

/** The end of the property that begins at `at`: one that a client may set in PUBLISH or a will. */
function behindProperty(block: Buffer, at: number): number {
  const text = (start: number): number => start + 2 + block.readUInt16BE(start)
  switch (block[at]) {
    case 0x01: // Payload Format Indicator
      return at + 2
    case messageExpiryInterval:
    case willDelayInterval:
      return at + 5
    case topicAlias:
      return at + 3
    case 0x26: // User Property
      return text(text(at + 1))
    default: // Content Type, Response Topic, Correlation Data
      return text(at + 1)
  }
}
