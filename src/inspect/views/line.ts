// One line for each packet, in tcpdump's manner: for grep. Written from the facts of a packet, without its fields.

import { isForwarded } from '../mqtt-sn-names.js'
import { connack, publish, reasonCodeNames, returnCodeName } from '../names.js'
import type { Packet } from '../packet.js'
import { quoted } from '../utf8.js'
import { faultText, lateText, openedText, skippedText } from './fields-view.js'
import { durationText, timeOfDay, typeName } from './text.js'
import {
  type ConnectionFacts,
  type LateViolation,
  type Paint,
  plainPaint,
  type Skipped,
  type TextSink,
  type View,
} from './view.js'

/** Lines are handed on together: a call for each would cost more than making it. */
const batchLength = 4096

export class LineView implements View {
  readonly #sink: TextSink
  readonly #paint: Paint
  #batch = ''

  constructor(sink: TextSink, paint: Paint = plainPaint) {
    this.#sink = sink
    this.#paint = paint
  }

  opened(connection: ConnectionFacts): void {
    this.#add(this.#paint.faint(openedText(connection)))
  }

  skipped({ number }: ConnectionFacts, skipped: Skipped): void {
    this.#add(this.#paint.fault(skippedText(number, skipped)))
  }

  closed({ number, transport }: ConnectionFacts, how: string, late: readonly LateViolation[]): void {
    for (const violation of late) this.#add(this.#paint.fault(lateText(number, violation)))
    if (transport !== 'raw') this.#add(this.#paint.faint(`connection ${number} ${how}`))
  }

  packet(packet: Packet): void {
    const line = lineOf(packet)
    if (this.#paint === plainPaint) this.#add(line)
    else this.#add(packet.direction === 'c2s' ? this.#paint.c2s(line) : this.#paint.s2c(line))
    if (packet.violations.length > 0) this.#violations(packet)
  }

  flush(): void {
    if (this.#batch !== '') this.#sink.text(this.#batch)
    this.#batch = ''
  }

  end(): void {
    this.flush()
  }

  #violations({ violations }: Packet): void {
    for (const violation of violations) this.#add(`  ${this.#paint.fault(faultText(violation))}`)
  }

  #add(line: string): void {
    this.#batch += line
    this.#batch += '\n'
    if (this.#batch.length > batchLength) this.flush()
  }
}

function lineOf(packet: Packet): string {
  const time = timeOfDay(packet.time)
  const arrow = packet.direction === 'c2s' ? ' -> ' : ' <- '
  const start = `${time === '' ? '' : `${time} `}#${packet.number} ${packet.connection}${arrow}`
  if (packet.type === publish && packet.protocol === 'mqtt') return start + publishText(packet)
  return `${start}${typeName(packet)}${detailText(packet)}${answerText(packet)}`
}

const publishFlags = Array.from({ length: 16 }, (_, flags) => {
  return `PUBLISH q${(flags >> 1) & 3}${flags & 8 ? ' dup' : ''}${flags & 1 ? ' retain' : ''} `
})

export function publishText(packet: Packet): string {
  const { flags, packetIdentifier, topic = '', topicAlias, payload, start, length } = packet
  const identifier = packetIdentifier > 0 ? `m${packetIdentifier} ` : ''
  const alias = topicAlias > 0 ? ` alias ${topicAlias}` : ''
  const size = payload < 0 ? 0 : length - (payload - start)
  return `${publishFlags[flags]}${identifier}${quoted(topic)}${alias} ${size} bytes`
}

function detailText(packet: Packet): string {
  const { packetIdentifier, connect, subscriptions, codes, version, type } = packet
  let text = packetIdentifier > 0 ? ` m${packetIdentifier}` : ''
  if (connect !== undefined) {
    text += ` ${quoted(connect.clientId)} keep alive ${connect.keepAlive} s`
    if (connect.cleanStart) text += version === 5 ? ' clean start' : ' clean session'
    if (connect.willTopic !== undefined) text += ` will ${quoted(connect.willTopic)}`
  }
  if (packet.protocol === 'mqtt-sn') {
    const topic = packet.topic === undefined ? '' : ` ${quoted(packet.topic)}`
    return `${text}${topic}${isForwarded(packet.bytes, packet.start) ? ' (forwarded)' : ''}`
  }
  if (type === connack) text += packet.sessionPresent ? ' session present' : ''
  text += codeText(packet)
  if (subscriptions !== undefined) for (const { filter } of subscriptions) text += ` ${quoted(filter)}`
  if (codes !== undefined) for (const code of codes) text += ` 0x${code.toString(16).padStart(2, '0')}`
  return text
}

function answerText({ answers, roundTrip }: Packet): string {
  if (answers === 0) return ''
  return roundTrip < 0 ? ` (to #${answers})` : ` (to #${answers}, ${durationText(roundTrip)})`
}

/** A code that says more than success. */
export function codeText({ reasonCode, type, version }: Packet): string {
  if (reasonCode === 0 && type !== connack) return ''
  const name = version === 5 ? reasonCodeNames[type]! : returnCodeName
  return ` 0x${reasonCode.toString(16).padStart(2, '0')} ${name(reasonCode)}`
}
