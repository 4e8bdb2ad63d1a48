// Reads a packet and records each bit range as a field with name, value and meaning, independent of any view. For any
// input, the leaf fields tile the packet: every bit belongs to exactly one.
import { afterInteger, incomplete, integerAt, tooLong } from '../codec/variable-byte-integer.js'
import type { Names } from './names.js'
import { type Hole, noHoles } from './packet.js'
import { type RuleKey, type Violation, violation } from './rules.js'
import { faultOf, stringAt } from './utf8.js'

export type FieldKind = 'group' | 'bits' | 'number' | 'text' | 'binary' | 'payload' | 'undecoded' | 'missing'

/** A range of a packet. Fields are reused for the next packet; copy one to keep it. */
export interface Field {
  name: string
  kind: FieldKind
  /** In bits, from the start of the packet. */
  start: number
  length: number
  /** Number of groups around it. The children of a group follow it. */
  depth: number
  /** Start of the content in bytes, after the length prefix of texts and binary data. */
  content: number
  value: number | string | undefined
  /** The meaning of the value; may be ''. */
  meaning: string
  /** A group that views show as one field: a property with its identifier. */
  whole: boolean
  /** May occur several times; a list in JSON. */
  repeated: boolean
}

/** Thrown when decoding cannot continue; `Fields.attempt` catches it and makes a field of the remaining bytes. */
class Undecodable extends Error {}
const undecodable = new Undecodable()

/** Fields of a packet that are kept individually: a packet can have as many fields as bytes. */
const mostFields = 5000
/** Violations kept for a packet. */
const mostViolations = 1000
const andMore = ' (more violations of this packet are left out)'

export class Fields {
  /** The first `count` are the fields of the current packet, each group before its children. */
  readonly items: Field[] = []
  count = 0
  bytes: Uint8Array = new Uint8Array(0)
  /** Index of the packet in `bytes`. */
  origin = 0
  version = 4
  violations: Violation[] = []
  /** Read position, and end of the structure being read, both in bytes from the start of the packet. */
  at = 0
  limit = 0
  #bit = 0
  #depth = 0
  /** Name of the field that could not be read because bytes were not captured; '' if none. */
  unread = ''
  /** Index of the property whose end was not captured or exceeds a limit; -1 if none. */
  interrupted = -1
  /** Name of the secret that undecodable bytes may contain, under which they are hidden; '' if none. */
  secret = ''
  /** End of the captured bytes, and end of those before the first hole, from the start of the packet. */
  #captured = 0
  #readable = 0
  #holes: readonly Hole[] = noHoles
  #length = 0
  /** Index of the field that replaces those not kept; -1 if none. */
  #folded = -1

  /** Starts a packet. `length` is the length by its Fixed Header; bytes after `end` and in `holes` were not captured. */
  reset(
    bytes: Uint8Array,
    origin: number,
    end: number,
    length: number,
    holes: readonly Hole[] = noHoles,
  ): void {
    this.bytes = bytes
    this.origin = origin
    this.#captured = end - origin
    this.#readable = holes.length === 0 ? end - origin : Math.min(end - origin, holes[0]!.offset)
    this.#holes = holes
    this.unread = ''
    this.interrupted = -1
    this.secret = ''
    this.#length = length
    this.limit = length
    this.count = 0
    this.#folded = -1
    this.at = 0
    this.#bit = 0
    this.#depth = 0
    this.violations = []
  }

  get left(): number {
    return this.limit - this.at
  }

  /** The last field read. */
  get last(): Field {
    return this.items[this.count - 1]!
  }

  /** Reads the next `size` bits of the current byte. */
  bits(name: string, size: number, names?: Names): number {
    if (this.#bit === 0) this.#need(name, 1)
    const value = (this.bytes[this.origin + this.at]! >> (8 - this.#bit - size)) & ((1 << size) - 1)
    const field = this.#add(name, 'bits', this.at * 8 + this.#bit, size)
    field.value = value
    if (names !== undefined) field.meaning = names(value)
    this.#bit += size
    if (this.#bit === 8) {
      this.#bit = 0
      this.at++
    }
    return value
  }

  flag(name: string): boolean {
    return this.bits(name, 1) === 1
  }

  /** A big-endian integer of `size` bytes. */
  integer(name: string, size: 1 | 2 | 3 | 4, names?: Names): number {
    this.#need(name, size)
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + this.bytes[this.origin + this.at + i]!
    const field = this.#add(name, 'number', this.at * 8, size * 8)
    field.value = value
    if (names !== undefined) field.meaning = names(value)
    this.at += size
    return value
  }

  /** A Variable Byte Integer (MQTT 5.0, 1.5.5). */
  variable(name: string): number {
    const start = this.origin + this.at
    const present = Math.min(this.limit, this.#readable)
    const value = integerAt(this.bytes, start, this.origin + present)
    if (value === tooLong) this.#refuse('remlen-5-bytes', `${name} has more than four bytes`)
    if (value === incomplete) this.#need(name, present - this.at + 1)
    const size = afterInteger(this.bytes, start) - start
    const field = this.#add(name, 'number', this.at * 8, size * 8)
    field.value = value
    if (size > 1 && value < 128 ** (size - 1)) this.report('vbi-not-minimal')
    this.at += size
    return value
  }

  /** A UTF-8 Encoded String (MQTT 5.0, 1.5.4). `broken` is the rule that ill-formed UTF-8 breaks. */
  text(name: string, broken: RuleKey = 'utf8-ill-formed'): string {
    const field = this.#prefixed(name, 'text')
    const end = this.at + this.origin
    const value = stringAt(this.bytes, field.content + this.origin, end)
    field.value = value
    const fault = faultOf(this.bytes, field.content + this.origin, end, value)
    if (fault === 'utf8-ill-formed') this.report(broken)
    else if (fault !== undefined) this.report(fault)
    return value
  }

  /** Binary Data with its length (MQTT 5.0, 1.5.6). */
  binary(name: string): Field {
    return this.#prefixed(name, 'binary')
  }

  /** The next byte, which belongs to field `name`, without consuming it. */
  peek(name: string): number {
    this.#need(name, 1)
    return this.bytes[this.origin + this.at]!
  }

  /** The bytes up to the limit: one field, or if not all were captured, a field for each part and each gap. */
  rest(name: string, kind: FieldKind): Field {
    const first = this.count
    if (this.limit <= this.#readable) this.#part(name, kind, this.limit)
    else this.#parts(name, kind)
    return this.items[first]!
  }

  #parts(name: string, kind: FieldKind): void {
    if (kind === 'payload' && this.#readable < this.#captured) this.unread = name
    const there = Math.min(this.#captured, this.limit)
    for (const { offset, length } of this.#holes) {
      const end = Math.min(offset + length, this.limit)
      if (end <= this.at || offset >= this.limit) continue
      if (kind === 'payload') this.unread = name
      if (offset > this.at) this.#part(name, kind, offset)
      this.#missing(end)
    }
    if (this.at < there) this.#part(name, kind, there)
    if (this.at < this.limit) this.#missing(this.limit)
  }

  #part(name: string, kind: FieldKind, end: number): void {
    const field = this.#add(name, kind, this.at * 8, (end - this.at) * 8)
    field.content = this.at
    if (kind === 'payload') field.meaning = 'binary'
    this.at = end
  }

  #missing(end: number): void {
    const length = end - this.at
    const field = this.#add('missing', 'missing', this.at * 8, length * 8)
    field.value = length
    field.meaning = length === 1 ? 'byte was not captured' : 'bytes were not captured'
    this.at = end
  }

  /** Opens a group; `end` closes it. */
  begin(name: string): Field {
    const field = this.#add(name, 'group', this.at * 8 + this.#bit, 0)
    this.#depth++
    return field
  }

  end(group: Field): void {
    group.length = this.at * 8 + this.#bit - group.start
    this.#depth = group.depth
  }

  /**
   * In a packet with very many fields, drops the fields from `index` on, an element of a list. Consecutive dropped elements
   * are replaced by one field. `secret`: the name of a secret among them.
   */
  fold(index: number, secret = ''): void {
    if (index < mostFields) return
    const end = this.at * 8
    if (this.#folded !== index - 1) {
      this.#folded = index
      const field = this.items[index]!
      field.name = 'more_fields'
      field.kind = 'undecoded'
      field.value = undefined
      field.meaning = 'checked, but not listed individually'
      field.whole = false
      field.repeated = false
      field.content = field.start >> 3
    }
    const folded = this.items[this.#folded]!
    if (secret !== '') folded.name = secret
    folded.length = end - folded.start
    this.count = this.#folded + 1
  }

  /** Reports that the last field, or the byte at `offset`, breaks a rule. */
  report(key: RuleKey, detail?: string, offset = this.count === 0 ? 0 : this.last.start >> 3): void {
    const found = violation(key, this.version, offset, detail)
    if (found === undefined) return
    if (this.violations.length < mostViolations) this.violations.push(found)
    else this.#leaveOut()
  }

  /** Adds, once, a remark that more violations were found than are kept. */
  #leaveOut(): void {
    const last = this.violations.pop()!
    const message = last.message.endsWith(andMore) ? last.message : last.message + andMore
    this.violations.push({ ...last, message })
  }

  /** Runs a decoder; if it cannot continue, the remaining bytes become the field `undecoded`. */
  attempt(decode: () => void): void {
    try {
      decode()
    } catch (error) {
      if (error !== undecodable) throw error
    }
    this.limit = this.#length
    this.#closeGroups()
    if (this.#bit > 0) this.bits('undecoded', 8 - this.#bit)
    if (this.at >= this.#length) return
    this.rest(this.unread === '' || this.secret === '' ? 'undecoded' : this.secret, 'undecoded')
  }

  #closeGroups(): void {
    const here = this.at * 8 + this.#bit
    for (let i = 0, depth = 0; i < this.count && depth < this.#depth; i++) {
      const field = this.items[i]!
      if (field.kind !== 'group') continue
      if (field.start + field.length < here && this.#isOpen(i)) {
        field.length = here - field.start
        if (field.whole) this.interrupted = i
        depth = field.depth + 1
      }
    }
    this.#depth = 0
  }

  /** True if no field of the same or a smaller depth follows the group. */
  #isOpen(index: number): boolean {
    const { depth } = this.items[index]!
    for (let i = index + 1; i < this.count; i++) if (this.items[i]!.depth <= depth) return false
    return depth < this.#depth
  }

  #prefixed(name: string, kind: FieldKind): Field {
    this.#need(name, 2)
    const from = this.origin + this.at
    const length = (this.bytes[from]! << 8) | this.bytes[from + 1]!
    this.#need(name, 2 + length)
    const field = this.#add(name, kind, this.at * 8, (2 + length) * 8)
    field.content = this.at + 2
    this.at += 2 + length
    return field
  }

  #need(name: string, size: number): void {
    if (this.at + size <= this.limit) {
      if (this.at + size <= this.#readable) return
      this.unread = name
      throw undecodable // not captured, no violation
    }
    this.#refuse('field-overrun', `${name} runs past the end of the packet or property`)
  }

  #refuse(key: RuleKey, detail: string): never {
    const found = violation(key, this.version, this.at, detail)
    if (found !== undefined) this.violations.push(found)
    throw undecodable
  }

  #add(name: string, kind: FieldKind, start: number, length: number): Field {
    const index = this.count++
    const field = this.items[index]
    if (field === undefined) {
      this.items.push({ name, kind, start, length, depth: this.#depth, ...blank })
      return this.items[index]!
    }
    field.name = name
    field.kind = kind
    field.start = start
    field.length = length
    field.depth = this.#depth
    field.content = 0
    field.value = undefined
    field.meaning = ''
    field.whole = false
    field.repeated = false
    return field
  }
}

const blank = { content: 0, value: undefined, meaning: '', whole: false, repeated: false }
