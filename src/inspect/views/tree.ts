// The fields of each packet as a tree, each with its range in bits: what a debugger of decoders wants to see.
import { Fields } from '../fields.js'
import type { Packet } from '../packet.js'
import { decode } from '../render.js'
import { oneLine } from '../utf8.js'
import { faultText, headline, lateText, openedText, skippedText } from './bytes.js'
import { padding } from './text.js'
import { valueText } from './value.js'
import {
  type ConnectionFacts,
  type LateViolation,
  type Paint,
  plainPaint,
  type Skipped,
  type TextSink,
  type View,
} from './view.js'

export class TreeView implements View {
  readonly #sink: TextSink
  readonly #paint: Paint
  readonly #full: boolean
  readonly #showSecrets: boolean
  readonly #fields = new Fields()

  constructor(sink: TextSink, { paint = plainPaint, full = false, showSecrets = false } = {}) {
    this.#sink = sink
    this.#paint = paint
    this.#full = full
    this.#showSecrets = showSecrets
  }

  opened(connection: ConnectionFacts): void {
    this.#sink.text(`${this.#paint.faint(openedText(connection))}\n\n`)
  }

  skipped({ number }: ConnectionFacts, skipped: Skipped): void {
    this.#sink.text(`${this.#paint.fault(skippedText(number, skipped))}\n\n`)
  }

  closed({ number, transport }: ConnectionFacts, how: string, late: readonly LateViolation[]): void {
    for (const violation of late) this.#sink.text(`${this.#paint.fault(lateText(number, violation))}\n`)
    if (transport !== 'raw') this.#sink.text(`${this.#paint.faint(`connection ${number} ${how}`)}\n\n`)
  }

  packet(packet: Packet): void {
    const fields = this.#fields
    const violations = packet.violations
    decode(fields, packet)
    if (violations.length > 0) packet.violations = violations
    let text = `${headline(packet, this.#paint)}\n`
    for (let i = 0; i < fields.count; i++) {
      const field = fields.items[i]!
      const hidden = !this.#showSecrets && (field.name === 'password' || field.name === 'authentication_data')
      const value = hidden ? '(hidden, --show-secrets)' : valueText(field, packet, this.#full)
      const range = this.#paint.faint(`  ${place(field.start)}-${place(field.start + field.length)}`)
      const told = [field.name, value, field.meaning].filter((part) => part !== '').join(' ')
      text += `${padding(2 + field.depth * 2)}${told}${range}\n`
    }
    for (const line of packet.decoded?.lines ?? []) text += `    ${oneLine(line)}\n`
    for (const violation of packet.violations) {
      text += `  ${this.#paint.fault(`${faultText(violation)} at byte ${violation.offset}`)}\n`
    }
    this.#sink.text(`${text}\n`)
  }
}

/** Bytes, and bits behind a point where it is not a whole byte. */
function place(bits: number): string {
  return bits % 8 === 0 ? String(bits / 8) : `${Math.floor(bits / 8)}.${bits % 8}`
}
