// Encodes and decodes PUBLISH (MQTT 3.1.1, 3.3; MQTT 5.0, 3.3). This is the hot path: no object for each byte range.
import type { IPublishPacket } from 'mqtt-packet'
import { ProtocolError } from '../errors.js'
import { type Batch, copy } from './batch.js'
import { maxRemainingLength, remainingLengthSize } from './framing.js'
import { utf8Fault } from './utf8.js'
import { afterInteger, incomplete, integerAt, putInteger, tooLong } from './variable-byte-integer.js'

export type QoS = 0 | 1 | 2
export type ProtocolVersion = 3 | 4 | 5
export type PublishProperties = NonNullable<IPublishPacket['properties']>

/** The fields that all PUBLISH packets of one kind share, encoded once. */
export interface PublishTemplate {
  /** Topic Name as text, for messages; `head` has its bytes. */
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
  /** Length and bytes of the Topic Name. */
  readonly head: Buffer
  /** Property Length and properties; empty below MQTT 5. */
  readonly properties: Buffer
  /** The Topic Alias in the properties; 0: none. */
  readonly alias: number
  /** The same without the Topic Name, when the server knows the alias. */
  readonly short: PublishTemplate | undefined
  /** The same without the alias, for a server that does not accept it. */
  readonly plain: PublishTemplate | undefined
}

/** A PUBLISH that can be encoded again: `payload` from `start` to `end`. */
export interface Outgoing {
  readonly template: PublishTemplate
  readonly payload: Uint8Array
  readonly start: number
  readonly end: number
}

/** @throws ProtocolError when the Topic Name has more than 65,535 bytes [MQTT-1.5.4] */
export function publishTemplate(
  topic: string,
  options: { qos: QoS; retain: boolean; properties: Buffer },
): PublishTemplate {
  const length = Buffer.byteLength(topic)
  if (length > 65_535) throw new ProtocolError('Topic Name is longer than 65,535 bytes', 0x90)
  const head = Buffer.allocUnsafe(2 + length)
  head.writeUInt16BE(length)
  head.write(topic, 2)
  return { topic, head, alias: 0, short: undefined, plain: undefined, ...options }
}

/** Adds the short form, with an empty Topic Name (3.3.2.3.4). `template` has the alias in its properties, `plain` not. */
export function aliasedTemplate(
  template: PublishTemplate,
  alias: number,
  plain: PublishTemplate,
): PublishTemplate {
  const short = { ...template, topic: '(null)', head: Buffer.alloc(2), alias }
  return { ...template, alias, short, plain }
}

/** The largest payload in bytes for this template. */
export function maxPayload(template: PublishTemplate): number {
  return maxRemainingLength - template.head.length - template.properties.length - (template.qos > 0 ? 2 : 0)
}

/** The size of the packet with a payload of `length` bytes. */
export function publishSize(template: PublishTemplate, length: number): number {
  const body = template.head.length + template.properties.length + (template.qos > 0 ? 2 : 0) + length
  return 1 + remainingLengthSize(body) + body
}

/**
 * Appends a PUBLISH with `payload` from `start` to `end`, which the caller has checked with `maxPayload()`. `messageId`
 * (1..65535) is ignored at QoS 0. Arguments instead of an object: this is called a million times a second.
 */
export function encodePublish(
  batch: Batch,
  template: PublishTemplate,
  messageId: number,
  dup: boolean,
  payload: Uint8Array,
  start: number,
  end: number,
): void {
  const { head, properties, qos } = template
  const fixed = head.length + properties.length + (qos > 0 ? 2 : 0)
  batch.reserve(5 + fixed)
  const { buffer } = batch
  let at = batch.offset
  buffer[at++] = 0x30 | (dup ? 8 : 0) | (qos << 1) | (template.retain ? 1 : 0)
  at = putInteger(buffer, at, fixed + end - start)
  copy(head, 0, head.length, buffer, at)
  at += head.length
  if (qos > 0) {
    buffer[at++] = messageId >> 8
    buffer[at++] = messageId & 0xff
  }
  if (properties.length > 0) {
    copy(properties, 0, properties.length, buffer, at)
    at += properties.length
  }
  batch.offset = at
  batch.append(payload, start, end)
}

/** A received PUBLISH: ranges of the received chunk. Copy what must outlive the handler. */
export class Publish {
  readonly qos: QoS
  readonly retain: boolean
  readonly dup: boolean
  /** 0 at QoS 0. */
  readonly messageId: number
  readonly bytes: Buffer
  readonly topicStart: number
  readonly topicEnd: number
  readonly payloadStart: number
  readonly payloadEnd: number
  /** MQTT 5 properties; undefined if there are none. */
  properties: PublishProperties | undefined = undefined
  #topic: string | undefined = undefined

  /** Called by `decodePublish` only. The arguments are in the order of the encoding. */
  constructor(
    header: number,
    bytes: Buffer,
    topicStart: number,
    topicEnd: number,
    messageId: number,
    payloadStart: number,
    payloadEnd: number,
  ) {
    this.qos = ((header >> 1) & 3) as QoS
    this.retain = (header & 1) !== 0
    this.dup = (header & 8) !== 0
    this.bytes = bytes
    this.topicStart = topicStart
    this.topicEnd = topicEnd
    this.messageId = messageId
    this.payloadStart = payloadStart
    this.payloadEnd = payloadEnd
  }

  /** The Topic Name. The receiver sets it if the packet has only a Topic Alias. */
  get topic(): string {
    this.#topic ??= this.bytes.toString('utf8', this.topicStart, this.topicEnd)
    return this.#topic
  }

  set topic(topic: string) {
    this.#topic = topic
  }

  get payload(): Buffer {
    return this.bytes.subarray(this.payloadStart, this.payloadEnd)
  }
}

/**
 * Decodes and checks the PUBLISH whose body is `bytes` from `start` to `end`. `propertiesOf` decodes the properties of
 * MQTT 5, from the Property Length to `payloadStart`; it is called if there are any.
 * @throws ProtocolError 0x81 for a malformed packet, 0x82 for a protocol error, 0x90 for an invalid Topic Name
 */
export function decodePublish(
  header: number,
  bytes: Buffer,
  start: number,
  end: number,
  propertiesOf?: (bytes: Buffer, start: number, payloadStart: number) => PublishProperties | undefined,
): Publish {
  const qos = (header >> 1) & 3
  if (qos === 3) throw new ProtocolError('Malformed packet: PUBLISH with QoS 3 [MQTT-3.3.1-4]', 0x81)
  if (qos === 0 && (header & 8) !== 0) {
    throw new ProtocolError('Malformed packet: PUBLISH with DUP at QoS 0 [MQTT-3.3.1-2]', 0x81)
  }
  if (end - start < 2) throw truncated('Topic Name')
  const topicStart = start + 2
  const topicEnd = topicStart + ((bytes[start]! << 8) | bytes[start + 1]!)
  if (topicEnd > end) throw truncated('Topic Name')
  checkTopic(bytes, topicStart, topicEnd)
  let position = topicEnd
  let messageId = 0
  if (qos > 0) {
    if (position + 2 > end) throw truncated('Packet Identifier')
    messageId = (bytes[position]! << 8) | bytes[position + 1]!
    if (messageId === 0) throw new ProtocolError('PUBLISH with Packet Identifier 0 [MQTT-2.2.1-3]', 0x82)
    position += 2
  }
  if (propertiesOf === undefined) {
    if (topicStart === topicEnd) throw emptyTopic()
    return new Publish(header, bytes, topicStart, topicEnd, messageId, position, end)
  }
  const payloadStart = skipProperties(bytes, position, end)
  const publish = new Publish(header, bytes, topicStart, topicEnd, messageId, payloadStart, end)
  if (payloadStart > position + 1) publish.properties = propertiesOf(bytes, position, payloadStart)
  if (topicStart === topicEnd && publish.properties?.topicAlias === undefined) throw emptyTopic()
  return publish
}

/** The chunk of the last topic, and, from its second topic on, a view of it. */
let viewedBytes: Buffer | undefined
let view: DataView | undefined
/** Bytes. Larger chunks, which contain one large packet, are not kept alive. */
const largestViewed = 128 * 1024

/** UTF-8 [MQTT-3.3.2-1], no wildcards [MQTT-3.3.2-2] and no NUL [MQTT-1.5.4-2] in a Topic Name. */
function checkTopic(bytes: Buffer, start: number, end: number): void {
  if (bytes === viewedBytes) {
    view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (isPlain(view, start, end)) return
  } else {
    viewedBytes = bytes.length <= largestViewed ? bytes : undefined
    view = undefined
  }
  scanTopic(bytes, start, end)
}

/**
 * True only if every byte is ASCII above 0x2b, as in most topics. Checks four bytes at a time, the last four overlapping:
 * for a byte below 0x2c the subtraction sets a high bit.
 */
function isPlain(view: DataView, start: number, end: number): boolean {
  if (end - start < 4) return false
  let found = 0
  for (let i = start; i < end - 4; i += 4) {
    const word = view.getInt32(i)
    found |= word | (word - 0x2c2c2c2c)
  }
  const last = view.getInt32(end - 4)
  return ((found | last | (last - 0x2c2c2c2c)) & 0x80808080) === 0
}

function scanTopic(bytes: Buffer, start: number, end: number): void {
  let all = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    all |= byte
    if (byte > 0x2b || (byte !== 0x2b && byte !== 0x23 && byte !== 0)) continue
    if (byte !== 0) throw new ProtocolError('PUBLISH with a wildcard in its Topic Name [MQTT-3.3.2-2]', 0x90)
    throw new ProtocolError('Malformed packet: PUBLISH: Topic Name contains U+0000 [MQTT-1.5.4-2]', 0x81)
  }
  if (all >= 0x80 && utf8Fault(bytes, start, end) !== undefined)
    throw new ProtocolError('Malformed packet: PUBLISH: Topic Name is not UTF-8 [MQTT-1.5.4-1]', 0x81)
}

function emptyTopic(): ProtocolError {
  return new ProtocolError('PUBLISH with an empty Topic Name [MQTT-4.7.3-1]', 0x82)
}

/** The offset of the payload, after the Property Length (MQTT 5.0, 1.5.5) and the properties. */
function skipProperties(bytes: Buffer, position: number, end: number): number {
  const length = integerAt(bytes, position, end)
  if (length === incomplete) throw truncated('Property Length')
  if (length === tooLong)
    throw new ProtocolError('Malformed packet: Property Length has more than 4 bytes [MQTT-1.5.5-1]', 0x81)
  const payloadStart = afterInteger(bytes, position) + length
  if (payloadStart > end) throw truncated('properties')
  return payloadStart
}

function truncated(what: string): ProtocolError {
  return new ProtocolError(`Malformed packet: PUBLISH ends within its ${what}`, 0x81)
}
