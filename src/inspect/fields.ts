// Reads a packet bit by bit and writes down each range with its name, value and meaning. It knows nothing of columns
// or colours. Whatever the bytes, the leaves tile the packet: every bit belongs to exactly one.
import type { Names } from './names.js'
import { type Hole, noHoles } from './packet.js'
import { type RuleKey, type Violation, violation } from './rules.js'
import { faultOf, stringAt } from './utf8.js'

export type FieldKind = 'group' | 'bits' | 'number' | 'text' | 'binary' | 'payload' | 'undecoded' | 'missing'

/** A range of a packet. Fields are used again for the next packet: who keeps one copies it. */
export interface Field {
  name: string
  kind: FieldKind
  /** In bits, from the beginning of the packet. */
  start: number
  length: number
  /** How many groups it is in. The children of a group follow it. */
  depth: number
  /** Where the content begins in bytes: behind the length prefix of texts and binary data. */
  content: number
  value: number | string | undefined
  /** What the value stands for; '' where there is no more to say. */
  meaning: string
  /** A group which is one thing to the reader: a property with its identifier. */
  whole: boolean
  /** One of several of the same name, in JSON a list. */
  repeated: boolean
}

/** Thrown where nothing more can be read; `Fields.attempt` catches it, and what is left becomes a field. */
class Undecodable extends Error {}
const undecodable = new Undecodable()

/** Fields of a packet that are kept one by one: a packet can have as many as it has bytes. */
const mostFields = 5000
/** Violations of a packet that are kept. */
const mostViolations = 1000
const andMore = ' (more violations of this packet are left out)'

export class Fields {
  /** The fields of the packet at hand are the first `count`, each group before what is in it. */
  readonly items: Field[] = []
  count = 0
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the packet begins in `bytes`. */
  origin = 0
  version = 4
  violations: Violation[] = []
  /** Both from the beginning of the packet; `limit` is the end of what holds the next field. */
  at = 0
  limit = 0
  #bit = 0
  #depth = 0
  /** The field that could not be read because bytes of it were not captured; '' where all could. */
  unread = ''
  /** Index of the property whose end was not captured or passes a limit; -1: there is none. */
  interrupted = -1
  /** The secret that may be in what is left when a field could not be read, so that it is hidden as such. */
  secret = ''
  /** Both from the beginning of the packet: the end of the bytes that are there, and of those without a hole. */
  #captured = 0
  #readable = 0
  #holes: readonly Hole[] = noHoles
  #length = 0
  /** Index of the field that stands for those that are not kept; -1: there is none. */
  #folded = -1

  /** `length` is what the Fixed Header says; the bytes beyond `end` and in `holes` are not there. */
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

  /** The field that was read last. */
  get last(): Field {
    return this.items[this.count - 1]!
  }

  /** Reads `size` bits of the byte at hand. */
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

  /** A whole number of `size` bytes, most significant first. */
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
    let value = 0
    let size = 0
    for (let byte = 128; byte >= 128; size++) {
      if (size === 4) this.#refuse('remlen-5-bytes', `${name} has more than four bytes`)
      this.#need(name, size + 1)
      byte = this.bytes[this.origin + this.at + size]!
      value += (byte & 0x7f) * 128 ** size
    }
    const field = this.#add(name, 'number', this.at * 8, size * 8)
    field.value = value
    if (size > 1 && value < 128 ** (size - 1)) this.wrong('vbi-not-minimal')
    this.at += size
    return value
  }

  /** A UTF-8 Encoded String (MQTT 5.0, 1.5.4). `broken` is the rule for one that is not UTF-8. */
  text(name: string, broken: RuleKey = 'utf8-ill-formed'): string {
    const field = this.#prefixed(name, 'text')
    const end = this.at + this.origin
    const value = stringAt(this.bytes, field.content + this.origin, end)
    field.value = value
    const fault = faultOf(this.bytes, field.content + this.origin, end, value)
    if (fault === 'utf8-ill-formed') this.wrong(broken)
    else if (fault !== undefined) this.wrong(fault)
    return value
  }

  /** Binary Data with its length (MQTT 5.0, 1.5.6). */
  binary(name: string): Field {
    return this.#prefixed(name, 'binary')
  }

  /** The byte at hand, which belongs to the field `name` and is not passed over. */
  peek(name: string): number {
    this.#need(name, 1)
    return this.bytes[this.origin + this.at]!
  }

  /** What is left up to the limit: one field where all of it was captured, otherwise its parts and what is missing. */
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
   * Of a packet with very many fields: what was read from the field at `index` on, one element of a list, is not kept. One
   * field stands for all such elements that follow one another. `secret`: the name of a secret that is among them.
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
      field.meaning = 'checked, and not listed one by one'
      field.whole = false
      field.repeated = false
      field.content = field.start >> 3
    }
    const folded = this.items[this.#folded]!
    if (secret !== '') folded.name = secret
    folded.length = end - folded.start
    this.count = this.#folded + 1
  }

  /** Says that the last field, or what is at `offset`, breaks a rule. */
  wrong(key: RuleKey, detail?: string, offset = this.count === 0 ? 0 : this.last.start >> 3): void {
    const found = violation(key, this.version, offset, detail)
    if (found === undefined) return
    if (this.violations.length < mostViolations) this.violations.push(found)
    else this.#leaveOut()
  }

  /** Says, once, that there are more violations than are kept. */
  #leaveOut(): void {
    const last = this.violations.pop()!
    const message = last.message.endsWith(andMore) ? last.message : last.message + andMore
    this.violations.push({ ...last, message })
  }

  /** Runs a decoder; where it cannot go on, what is left becomes the field `undecoded`. */
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

  /** Nothing of the same or a smaller depth follows an open group. */
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
      throw undecodable // not captured: nobody broke a rule
    }
    this.#refuse('field-overrun', `${name} passes the end of what holds it`)
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
