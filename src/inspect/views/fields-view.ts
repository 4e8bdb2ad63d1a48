// Base of the views that show fields: lines about connections, hidden secrets, and the headline of a packet.

import { count, quoted } from '../../text.js'
import { type Field, Fields } from '../fields.js'
import { protocolName } from '../names.js'
import type { Packet } from '../packet.js'
import type { Violation } from '../rules.js'
import { secrets } from '../secrets.js'
import { encoded } from './byte-writer.js'
import { frameOf, frameText, timeOfDay, typeName } from './text.js'
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

export interface FieldsOptions {
  readonly paint?: Paint
  /** Do not shorten long fields. */
  readonly full?: boolean
  /** The command has no --full to point to. */
  readonly withoutFull?: boolean
  readonly showSecrets?: boolean
  /** Width of the terminal; undefined if the output is not a terminal. */
  readonly columns?: number | undefined
}

export abstract class FieldsView implements View {
  protected readonly sink: TextSink
  protected readonly paint: Paint
  protected readonly colours: boolean
  protected readonly full: boolean
  protected readonly fields = new Fields()
  readonly #showSecrets: boolean

  constructor(sink: TextSink, { paint = plainPaint, full = false, showSecrets = false }: FieldsOptions = {}) {
    this.sink = sink
    this.paint = paint
    this.colours = paint !== plainPaint
    this.full = full
    this.#showSecrets = showSecrets
  }

  abstract packet(packet: Packet, connection: ConnectionFacts): void

  opened(connection: ConnectionFacts): void {
    this.sink.text(`${this.paint.faint(openedText(connection))}\n\n`)
  }

  skipped({ number }: ConnectionFacts, skipped: Skipped): void {
    this.sink.text(`${this.paint.found.warning(skippedText(number, skipped))}\n\n`)
  }

  closed({ number, transport }: ConnectionFacts, how: string, late: readonly LateViolation[]): void {
    for (const violation of late)
      this.sink.text(`${this.paint.found[violation.severity](lateText(number, violation))}\n`)
    if (transport !== 'raw') this.sink.text(`${this.paint.faint(`connection ${number} ${how}`)}\n\n`)
  }

  protected hides({ name }: Field): boolean {
    return !this.#showSecrets && secrets.has(name)
  }

  protected valueOf(field: Field, packet: Packet): string {
    return this.hides(field) ? '(hidden, --show-secrets)' : valueText(field, packet, this.full)
  }
}

export function faultText({ severity, id, message, rule }: Violation): string {
  return `${severity === 'info' ? '.' : '!'} ${severity} [${id}] ${message} (${rule.key})`
}

export function lateText(connection: number, violation: LateViolation): string {
  const of = violation.packet > 0 ? ` by #${violation.packet}` : ''
  return `connection ${connection}${of}: ${faultText(violation)}`
}

export function openedText(connection: ConnectionFacts): string {
  const { number, transport, client, server, version, versionFrom } = connection
  const from = versionFrom === 'connect' ? '' : ` (${versionFrom})`
  const start = connection.sawStart ? '' : ', joined in mid-stream'
  const between = transport === 'raw' ? 'a byte stream' : `${transport} ${client} -> ${server}`
  const protocol = `${protocolName(version)}${version === 1 ? '' : from}`
  const preamble = connection.preamble === undefined ? '' : `, after ${connection.preamble}`
  return `connection ${number}: ${between}, ${protocol}${start}${preamble}`
}

export function skippedText(connection: number, { direction, offset, length, why }: Skipped): string {
  const size = length === undefined ? 'an unknown number of bytes' : count(length, 'byte')
  return `connection ${connection} ${direction}: ${size} at offset ${offset} not decoded: ${why}`
}

const arrows = { c2s: '→', s2c: '←' } as const

export function headline(packet: Packet, facts: ConnectionFacts, paint: Paint): string {
  const { direction } = packet
  const type = `${arrows[direction]} ${typeName(packet)}`
  const coloured = direction === 'c2s' ? paint.c2s(type) : paint.s2c(type)
  return coloured + topicText(packet) + paint.faint(placeText(packet, facts))
}

/** The arrow of a headline as bytes: in the string it would make V8 use two bytes for each character. */
export const arrowBytes = { c2s: encoded(arrows.c2s), s2c: encoded(arrows.s2c) } as const

/** A headline after its arrow, without colours. */
export function plainHeadline(packet: Packet, facts: ConnectionFacts): string {
  return ` ${typeName(packet)}${topicText(packet)}${placeText(packet, facts)}`
}

function topicText({ topic }: Packet): string {
  return topic === undefined ? '' : ` ${quoted(topic)}`
}

function placeText(packet: Packet, facts: ConnectionFacts): string {
  const { direction, number, connection, offset, length } = packet
  let place = ''
  if (number !== 0) {
    const frame = frameText(frameOf(packet, facts))
    const time = timeOfDay(packet)
    place = `  #${number}`
    if (frame !== '') place += `  ${frame}`
    if (time !== '') place += `  ${time}`
    place += `  connection ${connection}`
  }
  const missing = packet.holes.length === 0 ? '' : `, ${missingText(packet)}`
  return `${place}  ${direction}  offset ${offset}, ${count(length, 'byte')}${missing}`
}

/** The number of missing bytes of a packet with holes. */
export function missingText({ missing }: Packet): string {
  return `${count(missing, 'byte')} not captured`
}
