// Reads a packet bit by bit and writes down each range with its name, value and meaning. It knows nothing of columns
// or colours. Whatever the bytes, the leaves tile the packet: every bit belongs to exactly one.
import type { Names } from './names.js'
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
  #captured = 0
  #length = 0

  /** `length` is what the Fixed Header says; bytes beyond `end` were not captured. */
  reset(bytes: Uint8Array, origin: number, end: number, length: number): void {
    this.bytes = bytes
    this.origin = origin
    this.#captured = end - origin
    this.#length = length
    this.limit = length
    this.count = 0
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

  /** What is left up to the limit, captured or not. */
  rest(name: string, kind: FieldKind): Field {
    const end = Math.min(Math.max(this.#captured, this.at), this.limit)
    const field = this.#add(name, kind, this.at * 8, (end - this.at) * 8)
    field.content = this.at
    this.at = end
    if (end < this.limit) {
      const missing = this.#add(`${name}_not_captured`, 'missing', end * 8, (this.limit - end) * 8)
      missing.meaning = `${this.limit - end} bytes were not captured`
      this.at = this.limit
    }
    return field
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

  /** Says that the last field, or what is at `offset`, breaks a rule. */
  wrong(key: RuleKey, detail?: string, offset = this.count === 0 ? 0 : this.last.start >> 3): void {
    const found = violation(key, this.version, offset, detail)
    if (found !== undefined) this.violations.push(found)
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
    if (this.at < this.#length) this.rest('undecoded', 'undecoded')
  }

  #closeGroups(): void {
    const here = this.at * 8 + this.#bit
    for (let i = 0, depth = 0; i < this.count && depth < this.#depth; i++) {
      const field = this.items[i]!
      if (field.kind !== 'group') continue
      if (field.start + field.length < here && this.#isOpen(i)) {
        field.length = here - field.start
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
      if (this.at + size <= this.#captured) return
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
