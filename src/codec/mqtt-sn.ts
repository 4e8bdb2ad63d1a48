// MQTT-SN 1.2: one datagram to a message and back, by the table of layouts.

import { Buffer } from 'node:buffer'
import { ExitCode, MqttxError } from '../errors.js'
import { count } from '../text.js'
import type { SnFault, SnFilter, SnMessage, SnQos, SnTopic } from './mqtt-sn-messages.js'
import { type SnField, type SnType, snLayouts } from './mqtt-sn-names.js'
import { utf8Fault } from './utf8.js'

/** All members that a message of any type may have, while it is taken apart or put together. */
interface Parts {
  type: SnType
  dup: boolean
  qos: SnQos
  retain: boolean
  will: boolean
  cleanSession: boolean
  clientId: string
  data: Uint8Array
  duration: number | undefined
  gatewayAddress: Uint8Array
  gatewayId: number
  message: Uint8Array
  messageId: number
  name: string
  nodeId: Uint8Array
  protocolId: number
  radius: number
  returnCode: number
  topic: SnFilter
  topicId: number
  willTopic: string
}

/** The largest datagram of UDP over IPv4, in bytes; MQTT-SN itself goes to 65,535. */
export const maxDatagram = 65_507

const reservedType = 3
const shortTopic = 2
const longHeader = 4

const layouts: (readonly SnField[] | undefined)[] = []
const types: SnType[] = []
const codes = new Map<SnType, number>()
for (const [code, type, fields] of snLayouts) {
  layouts[code] = fields
  types[code] = type
  codes.set(type, code)
}

/** Decodes one datagram. Byte ranges are views of `bytes`. Never throws. */
export function decodeMessage(bytes: Uint8Array): SnMessage | SnFault {
  const reader = new Reader(bytes)
  return reader.message()
}

class Reader {
  readonly #bytes: Buffer
  #at = 0
  #end = 0
  #topicIdType = 0
  #fault: string | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  message(): SnMessage | SnFault {
    const bytes = this.#bytes
    const header = bytes[0] === 1 ? longHeader : 2
    if (bytes.length < header) return { fault: `a message of ${count(bytes.length, 'byte')} is too short` }
    const length = header === longHeader ? bytes.readUInt16BE(1) : bytes[0]!
    const code = bytes[header - 1]!
    const type = types[code]
    if (type === undefined) return { fault: `the message type 0x${hex(code)} is reserved` }
    const whole = type !== 'forwarded'
    if (length < header || (whole ? length !== bytes.length : length > bytes.length))
      return {
        fault: `the Length field says ${count(length, 'byte')}, the datagram has ${bytes.length}`,
      }
    this.#at = header
    this.#end = length
    const parts: Partial<Parts> = { type }
    for (const field of layouts[code]!) {
      this.#read(field, parts)
      if (this.#fault !== undefined) return { fault: `${type.toUpperCase()}: ${this.#fault}` }
    }
    if (this.#at < length)
      return { fault: `${type.toUpperCase()}: ${count(length - this.#at, 'byte')} too many` }
    if (!whole) parts.message = bytes.subarray(length)
    return parts as SnMessage
  }

  #read(field: SnField, parts: Partial<Parts>): void {
    switch (field) {
      case 'optionalFlags':
        if (this.#at === this.#end) {
          parts.qos = 0
          parts.retain = false
          return
        }
        this.#flags(parts)
        // An empty message has no flags (5.4.7).
        if (this.#at === this.#end) this.#fault = 'Flags without a topic'
        return
      case 'flags':
        return this.#flags(parts)
      case 'optionalDuration':
        parts.duration = this.#at === this.#end ? undefined : this.#two()
        return
      case 'duration':
      case 'messageId':
      case 'topicId':
        parts[field] = this.#two()
        return
      case 'gatewayId':
      case 'protocolId':
      case 'radius':
      case 'returnCode':
        parts[field] = this.#one()
        return
      case 'control':
        parts.radius = this.#one() & 3
        return
      case 'clientId':
      case 'willTopic':
        parts[field] = this.#text(this.#end)
        return
      case 'topicName':
        parts.name = this.#text(this.#end)
        return
      case 'gatewayAddress':
      case 'nodeId':
      case 'data':
        parts[field] = this.#rest()
        return
      case 'willMessage':
        parts.data = this.#rest()
        return
      case 'topic':
        parts.topic = this.#topic()
        return
      case 'topicNameOrId':
        parts.topic = this.#topicIdType === 0 ? { kind: 'name', name: this.#text(this.#end) } : this.#topic()
    }
  }

  /** The members that the type has; the other bits are not used (5.3.4). */
  #flags(parts: Partial<Parts>): void {
    const flags = this.#one()
    const type = parts.type
    if (type === 'connect') {
      parts.will = (flags & 0x08) !== 0
      parts.cleanSession = (flags & 0x04) !== 0
      return
    }
    const qos = (flags >> 5) & 3
    parts.qos = qos === 3 ? -1 : (qos as SnQos)
    if (type === 'suback') return
    if (type !== 'willtopic' && type !== 'willtopicupd') {
      parts.dup = (flags & 0x80) !== 0
      this.#topicIdType = flags & 3
      if (this.#topicIdType === reservedType) this.#fault = 'the TopicIdType 3 is reserved'
      if (type !== 'publish') return
    }
    parts.retain = (flags & 0x10) !== 0
  }

  #topic(): SnTopic {
    if (this.#topicIdType === shortTopic) return { kind: 'short', name: this.#text(this.#at + 2) }
    return { kind: this.#topicIdType === 1 ? 'predefined' : 'normal', id: this.#two() }
  }

  #text(end: number): string {
    const start = this.#at
    this.#at = end
    if (end > this.#end) this.#fault = 'too short'
    else if (utf8Fault(this.#bytes, start, end) !== undefined) this.#fault = 'a text is not valid UTF-8'
    else return this.#bytes.toString('utf8', start, end)
    return ''
  }

  #rest(): Buffer {
    const start = this.#at
    this.#at = this.#end
    return this.#bytes.subarray(start, this.#end)
  }

  #one(): number {
    if (this.#at + 1 > this.#end) this.#fault = 'too short'
    return this.#bytes[this.#at++] ?? 0
  }

  #two(): number {
    return (this.#one() << 8) | this.#one()
  }
}

function hex(code: number): string {
  return code.toString(16).padStart(2, '0')
}

/**
 * Encodes a message. Throws an MqttxError if it is longer than what a datagram carries. Numbers must be in range, and the
 * name of a short topic two octets long (`isShortTopic`).
 */
export function encodeMessage(message: SnMessage): Buffer {
  const parts = message as Partial<Parts> & { readonly type: SnType }
  const code = codes.get(parts.type)!
  const fields = layouts[code]!
  let body = 0
  for (const field of fields) body += sizeOf(field, parts)
  const header = body + 2 > 255 ? longHeader : 2
  const inner = parts.type === 'forwarded' ? parts.message!.length : 0
  const length = header + body
  checkSize(length + inner)
  const bytes = Buffer.allocUnsafe(length + inner)
  let at = 0
  if (header === longHeader) {
    bytes[0] = 1
    at = bytes.writeUInt16BE(length, 1)
  } else bytes[at++] = length
  bytes[at++] = code
  for (const field of fields) at = write(bytes, at, field, parts)
  if (inner > 0) bytes.set(parts.message!, length)
  return bytes
}

function checkSize(length: number): void {
  if (length <= maxDatagram) return
  throw new MqttxError(
    `An MQTT-SN message of ${length} bytes is larger than a datagram (${maxDatagram} bytes)`,
    {
      exitCode: ExitCode.tooLarge,
    },
  )
}

/** True if `name` is a short topic name: two octets of UTF-8 (3.3). */
export function isShortTopic(name: string): boolean {
  return name.length <= 2 && Buffer.byteLength(name) === 2
}

function sizeOf(field: SnField, parts: Partial<Parts>): number {
  switch (field) {
    case 'optionalFlags':
      return parts.willTopic === '' ? 0 : 1
    case 'control':
    case 'flags':
    case 'gatewayId':
    case 'protocolId':
    case 'radius':
    case 'returnCode':
      return 1
    case 'duration':
    case 'messageId':
    case 'topic':
    case 'topicId':
      return 2
    case 'optionalDuration':
      return parts.duration === undefined ? 0 : 2
    case 'clientId':
    case 'willTopic':
      return Buffer.byteLength(parts[field]!)
    case 'topicName':
      return Buffer.byteLength(parts.name!)
    case 'gatewayAddress':
    case 'nodeId':
    case 'data':
      return parts[field]!.length
    case 'willMessage':
      return parts.data!.length
    case 'topicNameOrId': {
      const topic = parts.topic!
      return topic.kind === 'name' ? Buffer.byteLength(topic.name) : 2
    }
  }
}

/** Writes a field, and returns the offset after it. */
function write(bytes: Buffer, at: number, field: SnField, parts: Partial<Parts>): number {
  switch (field) {
    case 'optionalFlags':
      return parts.willTopic === '' ? at : bytes.writeUInt8(flagsOf(parts), at)
    case 'flags':
      return bytes.writeUInt8(flagsOf(parts), at)
    case 'gatewayId':
    case 'protocolId':
    case 'radius':
    case 'returnCode':
      return bytes.writeUInt8(parts[field]!, at)
    case 'control':
      return bytes.writeUInt8(parts.radius!, at)
    case 'duration':
    case 'messageId':
    case 'topicId':
      return bytes.writeUInt16BE(parts[field]!, at)
    case 'optionalDuration':
      return parts.duration === undefined ? at : bytes.writeUInt16BE(parts.duration, at)
    case 'clientId':
    case 'willTopic':
      return at + bytes.write(parts[field]!, at)
    case 'topicName':
      return at + bytes.write(parts.name!, at)
    case 'gatewayAddress':
    case 'nodeId':
    case 'data':
      bytes.set(parts[field]!, at)
      return at + parts[field]!.length
    case 'willMessage':
      bytes.set(parts.data!, at)
      return at + parts.data!.length
    case 'topic':
    case 'topicNameOrId': {
      const topic = parts.topic!
      return 'id' in topic ? bytes.writeUInt16BE(topic.id, at) : at + bytes.write(topic.name, at)
    }
  }
}

const topicIdTypes = { normal: 0, name: 0, predefined: 1, short: shortTopic } as const

function flagsOf(parts: Partial<Parts>): number {
  return (
    (parts.dup === true ? 0x80 : 0) |
    (((parts.qos ?? 0) & 3) << 5) |
    (parts.retain === true ? 0x10 : 0) |
    (parts.will === true ? 0x08 : 0) |
    (parts.cleanSession === true ? 0x04 : 0) |
    (parts.topic === undefined ? 0 : topicIdTypes[parts.topic.kind])
  )
}
