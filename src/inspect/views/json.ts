// --view json: one JSON object per packet and line, with its position in the capture and its fields under the names of the
// standard in snake case.

import { jsonOf } from '../../text.js'
import { decodeAgain } from '../decode.js'
import { type Field, Fields } from '../fields.js'
import type { Packet } from '../packet.js'
import type { Violation } from '../rules.js'
import { secrets } from '../secrets.js'
import { stringAt } from '../utf8.js'
import { ByteWriter, encoded, putAscii, putBytes, putNumber } from './byte-writer.js'
import { snPublish } from './mqtt-sn.js'
import { frameOf, hexOf, putSeconds, typeName } from './text.js'
import type { ConnectionFacts, LateViolation, Skipped, TextSink, View } from './view.js'

/** Fields left out because the object has their value under another name, or they only matter for the encoding. */
const hidden = ['packet_type', 'identifier', 'property_length', 'will_property_length']
/** Also left out for MQTT-SN. */
const hiddenOfSn = ['length', 'message_type']

/** How fields of one name are shown. */
interface Member {
  /** `,"name":` */
  readonly next: Uint8Array
  readonly isHidden: boolean
  readonly isHiddenOfSn: boolean
  readonly isSecret: boolean
}

const members = new Map<string, Member>()

function memberOf(name: string): Member {
  const known = members.get(name)
  if (known !== undefined) return known
  const member = {
    next: encoded(`,"${name}":`),
    isHidden: hidden.includes(name),
    isHiddenOfSn: hiddenOfSn.includes(name),
    isSecret: secrets.has(name),
  }
  members.set(name, member)
  return member
}

/** Preallocated: V8 would turn a sparse array into a hash table. */
const kinds = new Array<Uint8Array | undefined>(256 * 32).fill(undefined)
const keys = {
  time: encoded('{"time":"'),
  connection: encoded('","connection":'),
  packet: encoded(',"packet":'),
  length: encoded(',"length":'),
  frame: encoded(',"frame":'),
  record: encoded(',"record":'),
  fileOffset: encoded(',"file_offset":'),
}
/** Upper bound of the bytes written at a time for numbers and keys. */
const room = 500

/** The members that depend only on the packet type, version and direction. */
function kindOf(packet: Packet): Uint8Array {
  const { direction, protocol, version, type } = packet
  const isMqtt = protocol === 'mqtt'
  const index = ((type * 8 + version) * 2 + (direction === 'c2s' ? 0 : 1)) * 2 + (isMqtt ? 0 : 1)
  const known = kinds[index]
  if (known !== undefined) return known
  const of = isMqtt ? `,"version":${version}` : ''
  const name = typeName(packet)
  const kind = encoded(`,"direction":"${direction}","protocol":"${protocol}"${of},"type":"${name}","offset":`)
  kinds[index] = kind
  return kind
}

/** The members that depend only on the connection. */
interface ConnectionMembers {
  readonly clientId: string | undefined
  readonly addresses: Uint8Array
  readonly client: Uint8Array
}

export class JsonView implements View {
  readonly #out: ByteWriter
  readonly #withFields: boolean
  readonly #showSecrets: boolean
  readonly #fields = new Fields()
  /** By connection number, while it is open. */
  readonly #connections = new Map<number, ConnectionMembers>()

  constructor(sink: TextSink, { fields = false, showSecrets = false } = {}) {
    this.#out = new ByteWriter(sink)
    this.#withFields = fields
    this.#showSecrets = showSecrets
  }

  packet(packet: Packet, connection: ConnectionFacts): void {
    const out = this.#out
    const { answers, roundTrip } = packet
    decodeAgain(this.#fields, packet)
    this.#head(packet, connection)
    this.#members(packet)
    if (packet.topicAlias > 0) this.#resolved(packet)
    if (packet.decoded !== undefined) out.text(`,"${packet.decoded.name}":${jsonOf(packet.decoded.value)}`)
    if (answers > 0) {
      out.ascii(',"answers":')
      out.number(answers)
    }
    if (answers > 0 && roundTrip >= 0) {
      out.ascii(',"round_trip":"')
      const time = { second: Math.floor(roundTrip / 1e9), nanos: roundTrip % 1e9 }
      out.commit(putSeconds(out.bytes, out.reserve(room), time))
      out.ascii('"')
    }
    if (packet.violations.length > 0)
      out.text(`,"violations":[${packet.violations.map(violationJson).join()}]`)
    if (this.#withFields) this.#ranges(packet)
    out.ascii('}\n')
  }

  skipped({ number }: ConnectionFacts, { direction, offset, length, why }: Skipped): void {
    const size = length === undefined ? '' : `,"length":${length}`
    const place = `"connection":${number},"direction":"${direction}","type":"SKIPPED","offset":${offset}${size}`
    this.#out.text(`{${place},"message":${jsonOf(why)}}\n`)
  }

  closed({ number }: ConnectionFacts, how: string, late: readonly LateViolation[]): void {
    this.#connections.delete(number)
    if (late.length === 0) return
    const violations = late.map(
      (violation) => `${violationJson(violation).slice(0, -1)},"packet":${violation.packet}}`,
    )
    this.#out.text(
      `{"connection":${number},"type":"CLOSED","message":"${how}","violations":[${violations.join()}]}\n`,
    )
  }

  end(): void {
    this.flush()
  }

  flush(): void {
    this.#out.flush()
  }

  #head(packet: Packet, connection: ConnectionFacts): void {
    const out = this.#out
    const { bytes } = out
    const { first } = packet
    const frame = frameOf(packet, connection)
    let at = out.reserve(room)
    if (packet.second >= 0) {
      at = putBytes(bytes, at, keys.time)
      at = putSeconds(bytes, at, packet)
      at = putBytes(bytes, at, keys.connection)
    } else at = putAscii(bytes, at, '{"connection":')
    at = putNumber(bytes, at, packet.connection)
    at = putBytes(bytes, at, keys.packet)
    at = putNumber(bytes, at, packet.number)
    if (frame !== undefined) at = putNumber(bytes, putBytes(bytes, at, keys.frame), frame.record)
    at = putBytes(bytes, at, kindOf(packet))
    at = putNumber(bytes, at, packet.offset)
    at = putBytes(bytes, at, keys.length)
    at = putNumber(bytes, at, packet.length)
    if (first !== undefined) {
      at = putBytes(bytes, at, keys.record)
      at = putNumber(bytes, at, first.record)
      at = putBytes(bytes, at, keys.fileOffset)
      at = putNumber(bytes, at, first.fileOffset)
    }
    out.commit(at)
    if (frame?.file !== undefined) out.text(`,"file":${jsonOf(frame.file)}`)
    const { addresses, client } = this.#membersOf(connection)
    out.encoded(addresses)
    if (packet.connect === undefined) out.encoded(client)
  }

  #membersOf({ number, client, server, clientId, preamble }: ConnectionFacts): ConnectionMembers {
    const known = this.#connections.get(number)
    if (known !== undefined && known.clientId === clientId) return known
    const before = preamble === undefined ? '' : `,"preamble":${jsonOf(preamble)}`
    const addresses = client === '' ? '' : `,"client":${jsonOf(client)},"server":${jsonOf(server)}${before}`
    const name = clientId === undefined ? '' : `,"client_identifier":${jsonOf(clientId)}`
    const made = { clientId, addresses: encoded(addresses), client: encoded(name) }
    this.#connections.set(number, made)
    return made
  }

  #members(packet: Packet): void {
    const { items, count } = this.#fields
    const isSn = packet.protocol === 'mqtt-sn'
    const isCut = packet.holes.length > 0
    let prefix = ''
    for (let i = 0; i < count; i++) {
      const field = items[i]!
      const member = memberOf(field.name)
      if (member.isHidden || (isSn && member.isHiddenOfSn)) continue
      if (isCut && isRest(field)) continue
      if (isCut && i === this.#fields.interrupted) {
        this.#out.ascii(`,"${field.name}":null`)
        return this.#missing(packet)
      }
      if (field.kind === 'group' && !field.whole) {
        if (field.name === 'will_properties') prefix = 'will_'
        if (field.repeated) i = this.#list(i, packet)
        continue
      }
      // A CONNECT and its will can both have User Properties.
      if (field.repeated) i = this.#list(i, packet, prefix)
      else {
        this.#out.encoded(member.next)
        this.#value(field, packet, member)
        if (field.kind === 'payload' && field.meaning === 'binary')
          this.#out.ascii(',"payload_encoding":"hex"')
        if (field.whole) i = this.#after(i)
      }
    }
    if (!isCut) return
    const { unread } = this.#fields
    if (unread !== '') this.#out.ascii(`,"${unread}":null`)
    this.#missing(packet)
  }

  /** The topic of a Topic Alias or of a topic id, if the packet does not contain it. */
  #resolved(packet: Packet): void {
    const { topic, body, bytes, protocol } = packet
    if (protocol === 'mqtt-sn') {
      if (topic === undefined || packet.type !== snPublish) return
    } else if (topic === '' || bytes[body] !== 0 || bytes[body + 1] !== 0) return
    this.#out.ascii(',"resolved_topic":')
    this.#string(topic ?? '')
  }

  /** Number of bytes of the packet that were not captured. */
  #missing({ missing }: Packet): void {
    this.#out.ascii(',"missing":')
    this.#out.number(missing)
  }

  /** The index of the last field in the group at `index`. */
  #after(index: number): number {
    const { items, count } = this.#fields
    const { depth } = items[index]!
    let i = index
    while (i + 1 < count && items[i + 1]!.depth > depth) i++
    return i
  }

  /** Writes adjacent repeated fields of the same name as a list; returns the index of the last. */
  #list(index: number, packet: Packet, prefix = ''): number {
    const { items, count } = this.#fields
    const { name, depth } = items[index]!
    let last = index
    this.#out.ascii(`,"${prefix}${plural(name)}":`)
    for (let i = index; i < count; i = last + 1) {
      const field = items[i]!
      if (field.name !== name || field.depth !== depth || i === this.#fields.interrupted) break
      last = field.kind === 'group' ? this.#after(i) : i
      this.#out.ascii(i === index ? '[' : ',')
      this.#element(i, last, packet)
    }
    this.#out.ascii(']')
    return last
  }

  #element(index: number, last: number, packet: Packet): void {
    const { items } = this.#fields
    const field = items[index]!
    if (field.kind !== 'group' || field.value !== undefined) return this.#value(field, packet)
    let before = '{'
    for (let i = index + 1; i <= last; i++) {
      const inner = items[i]!
      if (inner.kind === 'group' || memberOf(inner.name).isHidden) continue
      this.#out.ascii(`${before}"${inner.name}":`)
      this.#value(inner, packet)
      before = ','
    }
    this.#out.ascii(before === '{' ? '{}' : '}')
  }

  #value(field: Field, packet: Packet, { isSecret } = memberOf(field.name)): void {
    const out = this.#out
    if (isSecret && !this.#showSecrets) return out.ascii('"(hidden)"')
    const { value, kind, content, meaning } = field
    if (typeof value === 'number') {
      if (kind !== 'bits' || field.length !== 1) return out.number(value)
      return out.ascii(value === 1 ? 'true' : 'false')
    }
    if (typeof value === 'string') return this.#string(value)
    const start = packet.start + (kind === 'undecoded' ? field.start >> 3 : content)
    const end = packet.start + ((field.start + field.length) >> 3)
    if (kind === 'payload' && meaning !== 'binary') return this.#payload(packet.bytes, start, end)
    out.ascii('"')
    out.ascii(hexOf(packet.bytes, start, end))
    out.ascii('"')
  }

  #string(text: string): void {
    const out = this.#out
    out.ascii('"')
    if (!out.plainText(text)) out.text(jsonOf(text).slice(1, -1))
    out.ascii('"')
  }

  #payload(bytes: Uint8Array, start: number, end: number): void {
    const out = this.#out
    out.ascii('"')
    if (!out.plainBytes(bytes, start, end)) out.text(jsonOf(stringAt(bytes, start, end)).slice(1, -1))
    out.ascii('"')
  }

  #ranges(packet: Packet): void {
    const { items, count } = this.#fields
    const out = this.#out
    let before = ',"fields":['
    for (let i = 0; i < count; i++) {
      const field = items[i]!
      if (field.kind === 'group') continue
      out.ascii(`${before}{"name":"${field.name}","bit":${field.start},"bits":${field.length},"value":`)
      if (field.kind === 'missing') out.ascii('null')
      else this.#value(field, packet)
      out.ascii('}')
      before = ','
    }
    out.ascii(before === ',' ? ']' : `${before}]`)
  }
}

/** True for a field that may be captured only in part, or is missing. */
function isRest({ kind }: Field): boolean {
  return kind === 'payload' || kind === 'undecoded' || kind === 'missing'
}

/** The plural of a field name. */
function plural(name: string): string {
  return name === 'user_property' ? 'user_properties' : `${name}s`
}

function violationJson({ id, severity, message, offset, rule }: Violation): string {
  return `{"id":"${id}","rule":"${rule.key}","severity":"${severity}","message":${jsonOf(message)},"offset":${offset}}`
}
