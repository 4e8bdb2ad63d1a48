// --view bytes: an annotated hex dump. One line per field with offset, bytes, name, value and meaning; bits are drawn if a
// field is not a whole number of bytes.

import { oneLine } from '../../text.js'
import { decodeAgain } from '../decode.js'
import type { Field } from '../fields.js'
import type { Packet } from '../packet.js'
import type { Violation } from '../rules.js'
import {
  arrowBytes,
  type FieldsOptions,
  FieldsView,
  faultText,
  headline,
  plainHeadline,
} from './fields-view.js'
import { hexPairs, padding } from './text.js'
import type { ConnectionFacts, TextSink } from './view.js'
import { leastRoom, wrapped } from './wrap.js'

/** Groups without a heading: their first field, the Property Length, serves as one. */
const namesItself: ReadonlySet<string> = new Set(['properties', 'will_properties'])

const offsetWidth = 6

/** Column widths. */
interface Layout {
  readonly bytesPerLine: number
  /** Bytes shown of a long field. */
  readonly folded: number
  readonly hexWidth: number
  readonly nameWidth: number
  /** Width of name, value and meaning together; infinite if nothing is wrapped. */
  readonly room: number
}

function layoutOf(columns: number | undefined): Layout {
  const bytesPerLine = columns === undefined ? 8 : columns >= 120 ? 16 : columns >= 64 ? 8 : 4
  const hexWidth = bytesPerLine * 3 + (bytesPerLine === 4 ? 2 : 1) // a byte with its bits takes 14
  const room =
    columns === undefined ? Number.POSITIVE_INFINITY : Math.max(leastRoom, columns - offsetWidth - hexWidth)
  const nameWidth = room >= 44 ? 26 : 0
  return { bytesPerLine, folded: Math.max(16, bytesPerLine * 2), hexWidth, nameWidth, room }
}

export class BytesView extends FieldsView {
  readonly #layout: Layout
  readonly #fullHint: string
  #text = ''
  /** Cache of indented names by depth and name, without and with padding to the column width. */
  readonly #names: Map<string, readonly [name: string, column: string]>[] = []
  /** Cache of drawn bits, padded to the column width. */
  readonly #drawings = new Map<number, string>()
  /** Cache of the lines of the Fixed Header, which are the same in many packets; by `headerKey`. */
  readonly #headerLines = new Map<number, HeaderLine>()
  /** Wrapped rows of the current field that are not written yet. */
  #waiting: string[] = []

  constructor(sink: TextSink, options: FieldsOptions = {}) {
    super(sink, options)
    this.#fullHint = options.withoutFull ? '' : '(--full shows them)'
    this.#layout = layoutOf(options.columns)
  }

  packet(packet: Packet, connection: ConnectionFacts): void {
    const fields = this.fields
    decodeAgain(fields, packet)
    const violations = packet.violations
    if (this.colours) this.#text = `${headline(packet, connection, this.paint)}\n`
    else {
      const arrow = arrowBytes[packet.direction]
      this.sink.range(arrow, 0, arrow.length)
      this.#text = `${plainHeadline(packet, connection)}\n`
    }
    const first = fields.items
    for (let i = 0; i < fields.count; i++) {
      const field = first[i]!
      if (field.kind === 'group' && !field.whole) this.#groupLine(field)
      else if (field.start < fixedHeaderBits && !this.colours) this.#headerField(field, packet)
      else this.#field(field, packet)
      if (field.whole) while (i + 1 < fields.count && first[i + 1]!.depth > field.depth) i++
      if (violations.length > 0)
        this.#faults(violations, field, i + 1 < fields.count ? first[i + 1] : undefined)
    }
    for (const line of packet.decoded?.lines ?? []) this.#text += `${this.#indent}${oneLine(line)}\n`
    this.sink.text(`${this.#text}\n`)
  }

  /** Spaces up to the name column. */
  get #indent(): string {
    return padding(offsetWidth + this.#layout.hexWidth)
  }

  #groupLine(field: Field): void {
    if (namesItself.has(field.name)) return
    this.#text += `${this.#indent}${padding(field.depth * 2)}${field.name}\n`
  }

  #field(field: Field, packet: Packet): void {
    const at = field.start >> 3
    const value = this.valueOf(field, packet)
    const { meaning } = field
    const [name, column] = this.#nameOf(field)
    let label = name
    if (meaning === '') label = value === '' ? name : column + value
    else label = value === '' ? column + meaning : `${column}${value}  ${meaning}`
    const first = this.#begin(label)
    if (field.kind === 'bits') this.#line(offsetText(at), this.#bits(field, packet), first, packet)
    else if (field.kind === 'missing')
      this.#line(offsetText(at), padding(this.#layout.hexWidth), first, packet)
    else return this.#rows(field, first, packet)
    if (this.#waiting.length > 0) this.#finish(packet)
  }

  /** A field of one byte or less in the first two bytes: its line is the same wherever these bits are. */
  #headerField(field: Field, packet: Packet): void {
    const { name, kind, depth, meaning } = field
    if (field.length > 8 || (kind !== 'bits' && kind !== 'number')) return this.#field(field, packet)
    const key = headerKey(field, packet)
    const known = this.#headerLines.get(key)
    if (known?.name === name && known.meaning === meaning && known.depth === depth) {
      this.#text += known.text
      return
    }
    const before = this.#text
    this.#text = ''
    this.#field(field, packet)
    this.#headerLines.set(key, { name, meaning, depth, text: this.#text })
    this.#text = before + this.#text
  }

  #nameOf({ depth, name }: Field): readonly [string, string] {
    const indent = Math.min(depth, 4)
    const known = (this.#names[indent] ??= new Map()).get(name)
    if (known !== undefined) return known
    const text = padding(indent * 2) + name
    const made = [text, text + padding(Math.max(this.#layout.nameWidth - text.length, 1))] as const
    this.#names[indent]!.set(name, made)
    return made
  }

  /** `32  0011 ....`: the byte, for its first field only, and the bits of the field at their position. */
  #bits(field: Field, packet: Packet): string {
    const byte = packet.bytes[packet.start + (field.start >> 3)]!
    const from = field.start & 7
    const key = (byte << 8) | (from << 4) | field.length
    const known = this.#drawings.get(key)
    if (known !== undefined) return known
    const drawn = bitsText(byte, from, field.length).padEnd(this.#layout.hexWidth)
    this.#drawings.set(key, drawn)
    return drawn
  }

  /** Wraps a label and returns its first row; the others go to `#waiting`. */
  #begin(label: string): string {
    const { room, nameWidth } = this.#layout
    if (room === Number.POSITIVE_INFINITY) return label
    const [first = '', ...others] = wrapped(label, room, nameWidth === 0 ? 2 : nameWidth)
    this.#waiting = others
    return first
  }

  /** Writes the waiting rows, without bytes. */
  #finish(packet: Packet): void {
    for (const row of this.#waiting) this.#line(noOffset, padding(this.#layout.hexWidth), row, packet)
    this.#waiting = []
  }

  #rows(field: Field, first: string, packet: Packet): void {
    const { bytesPerLine, folded, hexWidth } = this.#layout
    const hidden = this.hides(field)
    const start = field.start >> 3
    const end = start + (field.length >> 3)
    const all = this.full || end - start <= folded * 1.5
    const shown = all ? end : start + folded
    const origin = packet.start
    let label = first
    for (let at = start; at < shown || at === start; at += bytesPerLine) {
      const stop = Math.min(at + bytesPerLine, shown)
      let hex = ''
      for (let i = at; i < stop; i++)
        hex += hidden && i >= field.content ? '** ' : spaced[packet.bytes[origin + i]!]!
      this.#line(offsetText(at), hex + padding(hexWidth - hex.length), label, packet)
      label = this.#waiting.shift() ?? ''
    }
    if (label !== '') this.#waiting.unshift(label)
    if (this.#waiting.length > 0) this.#finish(packet)
    if (all) return
    const more = `... ${end - shown} more bytes `
    this.#line(noOffset, more + padding(hexWidth - more.length), this.#fullHint, packet)
  }

  /** Writes a line of three columns; `offset` and `hex` are padded to their widths. */
  #line(offset: string, hex: string, label: string, packet: Packet): void {
    if (!this.colours) {
      this.#text += label === '' ? `${(offset + hex).trimEnd()}\n` : `${offset}${hex}${label}\n`
      return
    }
    const paint = packet.direction === 'c2s' ? this.paint.c2s : this.paint.s2c
    const offsetPart = offset === noOffset ? offset : `${this.paint.faint(offset.trimEnd())}  `
    const shown = hex.trimEnd()
    const space = label === '' ? '' : padding(hex.length - shown.length)
    this.#text += `${offsetPart}${shown === '' ? '' : paint(shown)}${space}${label}\n`
  }

  /** Writes the violations of this field: those from its first byte up to the next field. */
  #faults(violations: readonly Violation[], field: Field, next: Field | undefined): void {
    const from = field.start >> 3
    const to = next === undefined ? Number.POSITIVE_INFINITY : next.start >> 3
    for (const violation of violations) {
      if (violation.offset < from || violation.offset >= to) continue
      this.#text += `${padding(6)}${this.paint.found[violation.severity](faultText(violation))}\n`
    }
  }
}

/** The first byte, and a Remaining Length of one byte. */
const fixedHeaderBits = 16

interface HeaderLine {
  readonly name: string
  readonly meaning: string
  readonly depth: number
  readonly text: string
}

/** The position of a field in the first two bytes, and the byte that it is in: at most 2 * 8 * 8 * 256 keys. */
function headerKey({ start, length }: Field, { bytes, start: origin }: Packet): number {
  return (((start << 4) | length) << 8) | bytes[origin + (start >> 3)]!
}

const noOffset = padding(offsetWidth)
const offsets: string[] = []

/** An offset of at least four hexadecimal digits, and two spaces. */
function offsetText(at: number): string {
  if (at >= 4096) return `${at.toString(16).padStart(4, '0')}  `
  return (offsets[at] ??= `${at.toString(16).padStart(4, '0')}  `)
}

const spaced = hexPairs.map((pair) => `${pair} `)

function bitsText(byte: number, from: number, length: number): string {
  let drawn = from === 0 ? `${hexPairs[byte]}  ` : '    '
  for (let bit = 0; bit < 8; bit++) {
    if (bit === 4) drawn += ' '
    drawn += bit < from || bit >= from + length ? '.' : (byte >> (7 - bit)) & 1
  }
  return drawn
}
