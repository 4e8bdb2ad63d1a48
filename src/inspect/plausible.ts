// Tests whether the bytes at a position could be a Control Packet, without creating strings or fields. The search for a
// packet boundary calls this for every byte, so the work is bounded for any input.
import { isUtf8 } from 'node:buffer'
import { afterInteger, incomplete, integerAt, tooLong } from '../codec/variable-byte-integer.js'
import * as names from './names.js'
import { type Property, properties } from './properties.js'

/** Bytes of a text, and entries of a list, that are examined. */
const mostOfText = 1024
const mostEntries = 64

/** Returned if no packet of the version begins at the position. */
export const none = -1

/** True if a Fixed Header may begin with byte `first`: type and flags (MQTT 5.0, 2.1). */
export function hasLegalFlags(first: number): boolean {
  const type = first >> 4
  if (type === names.publish) return (first & 6) !== 6 && (first & 14) !== 8
  return type !== 0 && (first & 15) === names.fixedFlags(type)
}

/**
 * The end of the packet at `at`, or `none` if no packet of `version` begins there. Only bytes before `limit` are present: a
 * result beyond it means that the packet is incomplete and plausible so far.
 */
export function packetAt(bytes: Uint8Array, at: number, limit: number, version: number): number {
  const first = bytes[at]!
  if (!hasLegalFlags(first)) return none
  const length = integerAt(bytes, at + 1, limit)
  if (length < 0) return length === incomplete ? limit + 1 : none
  const body = afterInteger(bytes, at + 1)
  const end = body + length
  // Most positions are rejected here: the Topic Name would be longer than the packet.
  if (
    first >> 4 === names.publish &&
    body + 2 <= limit &&
    (bytes[body]! << 8) + bytes[body + 1]! + 2 > length
  ) {
    return none
  }
  reader.bytes = bytes
  reader.at = body
  reader.end = end
  reader.limit = Math.min(end, limit)
  reader.state = 'reading'
  readBody(first, version)
  return reader.fits(end) ? end : none
}

class Reader {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  /** End of the packet, or of its properties while they are read. */
  end = 0
  /** End of the bytes that are present. */
  limit = 0
  /** 'short': the bytes present were all read without a contradiction. */
  state: 'reading' | 'short' | 'contradicted' = 'reading'

  /** True if the bytes read are consistent with a packet that ends at `end`. */
  fits(end: number): boolean {
    return this.state === 'short' || (this.state === 'reading' && this.at === end)
  }

  get isOver(): boolean {
    return this.state !== 'reading'
  }

  get left(): number {
    return this.end - this.at
  }

  /** Rejects the packet unless `condition` holds. */
  must(condition: boolean): void {
    if (!condition) this.state = 'contradicted'
  }

  number(size: number): number {
    if (!this.#has(size)) return 0
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + this.bytes[this.at + i]!
    this.at += size
    return value
  }

  variable(): number {
    if (this.isOver) return 0
    const value = integerAt(this.bytes, this.at, this.limit)
    if (value === tooLong) return this.#contradict()
    if (value !== incomplete) this.at = afterInteger(this.bytes, this.at)
    else this.#has(this.limit - this.at + 1)
    return Math.max(value, 0)
  }

  identifier(): void {
    const identifier = this.number(2)
    if (!this.isOver) this.must(identifier > 0)
  }

  /** Skips a two-byte length and that many bytes; returns the length. */
  prefixed(): number {
    const length = this.number(2)
    if (this.isOver) return 0
    if (length > this.end - this.at) return this.#contradict()
    this.at += length
    if (this.at > this.limit) this.state = 'short'
    return length
  }

  /** A UTF-8 Encoded String without control characters, and with `isTopic` without wildcards. Returns its length. */
  text(isTopic = false): number {
    const start = this.at + 2
    const length = this.prefixed()
    const there = Math.min(start + length, this.limit)
    const end = Math.min(there, start + mostOfText)
    if (this.state === 'contradicted') return 0
    let isAscii = true
    for (let i = start; i < end; i++) {
      const byte = this.bytes[i]!
      if (byte < 0x20 || byte === 0x7f || byte > 0xf4) return this.#contradict()
      if (isTopic && (byte === 0x2b || byte === 0x23)) return this.#contradict()
      if (byte >= 0x80) isAscii = false
    }
    if (!isAscii && end === start + length) this.must(isUtf8(this.bytes.subarray(start, end)))
    return length
  }

  #has(size: number): boolean {
    if (this.state !== 'reading') return false
    if (this.at + size > this.end) this.state = 'contradicted'
    else if (this.at + size > this.limit) this.state = 'short'
    return this.state === 'reading'
  }

  #contradict(): 0 {
    this.state = 'contradicted'
    return 0
  }
}

const reader = new Reader()

function readBody(first: number, version: number): void {
  const type = first >> 4
  switch (type) {
    case names.connect:
      return readConnect()
    case names.connack:
      return readConnack(version)
    case names.publish:
      return readPublish(first, version)
    case names.puback:
    case names.pubrec:
    case names.pubrel:
    case names.pubcomp:
      reader.identifier()
      return readOptionalCode(type, version)
    case names.subscribe:
    case names.unsubscribe:
      return readFilters(type, version)
    case names.suback:
    case names.unsuback:
      return readCodes(type, version)
    case names.disconnect:
      return readOptionalCode(type, version)
    case names.auth:
      reader.must(version === 5)
      return readOptionalCode(type, version)
  }
}

/** MQTT 5.0, 3.1. The Protocol Name is enough to recognise a CONNECT. */
function readConnect(): void {
  const start = reader.at + 2
  const length = reader.text()
  if (reader.isOver) return
  const name = String.fromCharCode(...reader.bytes.subarray(start, start + Math.min(length, 6)))
  reader.must((name === 'MQTT' && length === 4) || (name === 'MQIsdp' && length === 6))
  reader.at = reader.end
  if (reader.at > reader.limit && !reader.isOver) reader.state = 'short'
}

function readConnack(version: number): void {
  const flags = reader.number(1)
  const code = reader.number(1)
  if (reader.isOver) return
  reader.must(flags <= 1 && (version === 5 ? names.isAllowedCode(names.connack, code) : code <= 5))
  if (version === 5) readProperties(names.connack)
}

function readPublish(first: number, version: number): void {
  const length = reader.text(true)
  if (reader.isOver) return
  if ((first & 6) !== 0) reader.identifier()
  // An empty Topic Name needs a Topic Alias.
  if (length === 0 && (version < 5 || reader.left < 4)) reader.must(false)
  if (version === 5) readProperties(names.publish)
  if (reader.isOver) return
  reader.at = reader.end
  if (reader.at > reader.limit) reader.state = 'short'
}

/** Optional Reason Code and properties. */
function readOptionalCode(type: number, version: number): void {
  if (version < 5 || reader.left === 0) return
  const code = reader.number(1)
  if (reader.isOver) return
  reader.must(names.isAllowedCode(type, code))
  if (reader.left > 0) readProperties(type)
}

function readFilters(type: number, version: number): void {
  reader.identifier()
  if (version === 5) readProperties(type)
  if (!reader.isOver) reader.must(reader.left > 0)
  for (let i = 0; i < mostEntries && !reader.isOver && reader.left > 0; i++) {
    const length = reader.text()
    if (reader.isOver) continue
    reader.must(length > 0)
    if (type === names.unsubscribe || reader.isOver) continue
    const options = reader.number(1)
    if (reader.isOver) continue
    reader.must(
      (options & 3) !== 3 &&
        (version === 5 ? (options & 0xc0) === 0 && (options & 0x30) !== 0x30 : options < 3),
    )
  }
  passRest()
}

function readCodes(type: number, version: number): void {
  reader.identifier()
  if (version < 5 && type === names.unsuback) return
  if (version === 5) readProperties(type)
  if (!reader.isOver) reader.must(reader.left > 0)
  for (let i = 0; i < mostEntries && !reader.isOver && reader.left > 0; i++) {
    const code = reader.number(1)
    if (reader.isOver) continue
    reader.must(version === 5 ? names.isAllowedCode(type, code) : code < 3 || code === 0x80)
  }
  passRest()
}

/** Skips the entries of a long list that are not examined. */
function passRest(): void {
  if (reader.isOver) return
  reader.at = reader.end
  if (reader.at > reader.limit) reader.state = 'short'
}

/** MQTT 5.0, 2.2.2. */
function readProperties(type: number): void {
  const length = reader.variable()
  if (reader.isOver) return
  const { end, limit } = reader
  if (length > end - reader.at) return reader.must(false)
  const inner = reader.at + length
  reader.end = inner
  reader.limit = Math.min(inner, limit)
  for (let i = 0; i < mostEntries && !reader.isOver && reader.left > 0; i++) {
    const property = properties.get(reader.number(1))
    if (reader.isOver) break
    if (property === undefined || !property.packets.includes(type)) return reader.must(false)
    readValue(property)
  }
  passRest()
  reader.end = end
  reader.limit = limit
}

const sizes: Readonly<Record<string, number>> = { byte: 1, 'two byte integer': 2, 'four byte integer': 4 }

function readValue({ type, least, most }: Property): void {
  let value = least
  if (type === 'binary data') reader.prefixed()
  else if (type === 'variable byte integer') value = reader.variable()
  else if (type in sizes) value = reader.number(sizes[type]!)
  else {
    reader.text()
    if (type === 'utf-8 string pair') reader.text()
  }
  if (!reader.isOver) reader.must(value >= least && value <= most)
}
