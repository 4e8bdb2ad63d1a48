// One line for each packet, in tcpdump's manner: for grep. Written from the facts of a packet, without its fields.

import { isForwarded } from '../mqtt-sn-names.js'
import { connack, publish, reasonCodeNames, returnCodeName } from '../names.js'
import type { Packet } from '../packet.js'
import { quoted } from '../utf8.js'
import { faultText, lateText, openedText, skippedText } from './fields-view.js'
import { Ink, written } from './ink.js'
import { putDuration, putTimeOfDay, typeName } from './text.js'
import {
  type ConnectionFacts,
  type LateViolation,
  type Paint,
  plainPaint,
  type Skipped,
  type TextSink,
  type View,
} from './view.js'

export class LineView implements View {
  readonly #ink: Ink
  readonly #paint: Paint

  constructor(sink: TextSink, paint: Paint = plainPaint) {
    this.#ink = new Ink(sink)
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
    if (this.#paint === plainPaint) putLine(this.#ink, packet)
    else {
      const line = written((ink) => putLine(ink, packet))
      this.#ink.text(packet.direction === 'c2s' ? this.#paint.c2s(line) : this.#paint.s2c(line))
    }
    this.#ink.ascii('\n')
    if (packet.violations.length > 0) this.#violations(packet)
  }

  flush(): void {
    this.#ink.flush()
  }

  end(): void {
    this.flush()
  }

  #violations({ violations }: Packet): void {
    for (const violation of violations) this.#add(`  ${this.#paint.fault(faultText(violation))}`)
  }

  #add(line: string): void {
    this.#ink.text(line)
    this.#ink.ascii('\n')
  }
}

function putLine(ink: Ink, packet: Packet): void {
  if (packet.second >= 0) {
    putTimeOfDay(ink, packet)
    ink.ascii(' #')
  } else ink.ascii('#')
  ink.number(packet.number)
  ink.ascii(' ')
  ink.number(packet.connection)
  ink.ascii(packet.direction === 'c2s' ? ' -> ' : ' <- ')
  if (packet.type === publish && packet.protocol === 'mqtt') return putPublish(ink, packet)
  ink.ascii(typeName(packet))
  if (packet.packetIdentifier > 0) {
    ink.ascii(' m')
    ink.number(packet.packetIdentifier)
  }
  const detail = detailText(packet)
  if (detail !== '') ink.text(detail)
  if (packet.answers > 0) putAnswer(ink, packet)
}

const publishFlags = Array.from({ length: 16 }, (_, flags) => {
  return `PUBLISH q${(flags >> 1) & 3}${flags & 8 ? ' dup' : ''}${flags & 1 ? ' retain' : ''} `
})

export function publishText(packet: Packet): string {
  return written((ink) => putPublish(ink, packet))
}

function putPublish(ink: Ink, packet: Packet): void {
  const { flags, packetIdentifier, topic = '', topicAlias, payload, start, length } = packet
  ink.ascii(publishFlags[flags]!)
  if (packetIdentifier > 0) {
    ink.ascii('m')
    ink.number(packetIdentifier)
    ink.ascii(' ')
  }
  putQuoted(ink, topic)
  if (topicAlias > 0) {
    ink.ascii(' alias ')
    ink.number(topicAlias)
  }
  ink.ascii(' ')
  ink.number(payload < 0 ? 0 : length - (payload - start))
  ink.ascii(' bytes')
}

function putQuoted(ink: Ink, text: string): void {
  ink.ascii('"')
  if (!ink.plainText(text)) ink.text(quoted(text).slice(1, -1))
  ink.ascii('"')
}

/** What few packets have to tell. */
function detailText(packet: Packet): string {
  const { connect, subscriptions, codes, version, type } = packet
  let text = ''
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

function putAnswer(ink: Ink, { answers, roundTrip }: Packet): void {
  ink.ascii(' (to #')
  ink.number(answers)
  if (roundTrip >= 0) {
    ink.ascii(', ')
    putDuration(ink, roundTrip)
  }
  ink.ascii(')')
}

/** A code that says more than success. */
export function codeText({ reasonCode, type, version }: Packet): string {
  if (reasonCode === 0 && type !== connack) return ''
  const name = version === 5 ? reasonCodeNames[type]! : returnCodeName
  return ` 0x${reasonCode.toString(16).padStart(2, '0')} ${name(reasonCode)}`
}
