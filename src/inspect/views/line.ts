// --view line: one line per packet, as tcpdump does. Uses the decoded values of the packet, not its fields.

import type { Origin } from '../../capture/stream.js'
import { quoted } from '../../text.js'
import { connack, publish, reasonCodeNames, returnCodeName } from '../names.js'
import type { Packet } from '../packet.js'
import { ByteWriter, encoded, putAscii, putBytes, putNumber, textOf } from './byte-writer.js'
import { faultText, lateText, missingText, openedText, skippedText } from './fields-view.js'
import { snFlagsText, snPublish, snText } from './mqtt-sn.js'
import { frameOf, ofFile, putDuration, putTimeOfDay, typeName } from './text.js'
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
  readonly #out: ByteWriter
  readonly #paint: Paint

  constructor(sink: TextSink, paint: Paint = plainPaint) {
    this.#out = new ByteWriter(sink)
    this.#paint = paint
  }

  opened(connection: ConnectionFacts): void {
    this.#add(this.#paint.faint(openedText(connection)))
  }

  skipped({ number }: ConnectionFacts, skipped: Skipped): void {
    this.#add(this.#paint.found.warning(skippedText(number, skipped)))
  }

  closed({ number, transport }: ConnectionFacts, how: string, late: readonly LateViolation[]): void {
    for (const violation of late)
      this.#add(this.#paint.found[violation.severity](lateText(number, violation)))
    if (transport !== 'raw') this.#add(this.#paint.faint(`connection ${number} ${how}`))
  }

  packet(packet: Packet, connection: ConnectionFacts): void {
    const frame = frameOf(packet, connection)
    if (this.#paint === plainPaint) putLine(this.#out, packet, frame)
    else {
      const line = textOf((out) => putLine(out, packet, frame))
      this.#out.text(packet.direction === 'c2s' ? this.#paint.c2s(line) : this.#paint.s2c(line))
    }
    this.#out.ascii('\n')
    if (packet.violations.length > 0) this.#violations(packet)
  }

  flush(): void {
    this.#out.flush()
  }

  end(): void {
    this.flush()
  }

  #violations({ violations }: Packet): void {
    for (const violation of violations)
      this.#add(`  ${this.#paint.found[violation.severity](faultText(violation))}`)
  }

  #add(line: string): void {
    this.#out.text(line)
    this.#out.ascii('\n')
  }
}

function putLine(out: ByteWriter, packet: Packet, frame: Origin | undefined): void {
  const { bytes } = out
  const { packetIdentifier } = packet
  let at = out.reserve(room)
  if (packet.second >= 0) {
    at = putTimeOfDay(bytes, at, packet)
    bytes[at++] = space
  }
  bytes[at++] = hash
  at = putNumber(bytes, at, packet.number)
  bytes[at++] = space
  at = putNumber(bytes, at, packet.connection)
  at = putBytes(bytes, at, kindOf(packet))
  if (packetIdentifier > 0) {
    bytes[at++] = space
    bytes[at++] = letterM
    at = putNumber(bytes, at, packetIdentifier)
  }
  out.commit(at)
  if (packet.holes.length > 0) out.text(cutText(packet))
  else if (packet.type === publish && packet.protocol === 'mqtt') putMessage(out, packet)
  else {
    const detail = detailText(packet)
    if (detail !== '') out.text(detail)
    if (packet.answers > 0) putAnswer(out, packet)
  }
  if (frame !== undefined && frame.record > 0) putFrame(out, frame)
}

/** The frame number at the end of the line, so that the other columns keep their positions. */
function putFrame(out: ByteWriter, { record, file }: Origin): void {
  const { bytes } = out
  let at = putBytes(bytes, out.reserve(room), texts.frame)
  at = putNumber(bytes, at, record)
  if (file !== undefined) at = putBytes(bytes, at, fileText(file))
  out.commit(at)
}

let lastFile = ''
let lastFileText = encoded('')

/** ` of b.pcap`; cached. */
function fileText(file: string): Uint8Array {
  if (file !== lastFile) {
    lastFile = file
    lastFileText = encoded(ofFile(file))
  }
  return lastFileText
}

/** Upper bound of the bytes written at a time for numbers, fixed texts and the file name. */
const room = 500
const space = 32
const hash = 35
const letterM = 109
const quote = 34
const comma = 44
const closingParenthesis = 41
const texts = {
  frame: encoded(' frame '),
  answers: encoded(' (to #'),
  byte: encoded(' byte'),
  bytes: encoded(' bytes'),
}

/** Preallocated: V8 would turn a sparse array into a hash table. */
const kinds = new Array<Uint8Array | undefined>(256 * 64).fill(undefined)

/** The arrow, and the type and flags of a packet. */
function kindOf(packet: Packet): Uint8Array {
  const { direction, protocol, type, flags } = packet
  const isMqtt = protocol === 'mqtt'
  const index = (type * 16 + flags) * 4 + (isMqtt ? 0 : 2) + (direction === 'c2s' ? 0 : 1)
  const known = kinds[index]
  if (known !== undefined) return known
  const arrow = direction === 'c2s' ? '->' : '<-'
  const name = isMqtt && type === publish ? publishFlags[flags] : typeName(packet)
  const kind = encoded(` ${arrow} ${name}${isSnPublish(packet) ? snFlagsText(packet) : ''}`)
  kinds[index] = kind
  return kind
}

function isSnPublish({ protocol, type }: Packet): boolean {
  return protocol === 'mqtt-sn' && type === snPublish
}

const publishFlags = Array.from({ length: 16 }, (_, flags) => {
  return `PUBLISH q${(flags >> 1) & 3}${flags & 8 ? ' dup' : ''}${flags & 1 ? ' retain' : ''}`
})

export function publishText(packet: Packet): string {
  const { flags, packetIdentifier, holes } = packet
  const identifier = packetIdentifier > 0 ? ` m${packetIdentifier}` : ''
  const message = holes.length > 0 ? cutText(packet) : textOf((out) => putMessage(out, packet))
  return publishFlags[flags] + identifier + message
}

/** Details of a packet with missing bytes, and their number. */
export function cutText(packet: Packet): string {
  const { type, topic, payload } = packet
  let text = ''
  if (type !== publish) text = detailText(packet)
  else if (payload >= 0) text = textOf((out) => putMessage(out, packet))
  else if (topic !== undefined) text = ` ${quoted(topic)}`
  return `${text} (${missingText(packet)})`
}

function putMessage(out: ByteWriter, packet: Packet): void {
  const { topic = '', topicAlias, payload, start, length } = packet
  let at = out.reserve(2)
  out.bytes[at++] = space
  out.bytes[at++] = quote
  out.commit(at)
  if (!out.plainText(topic)) out.text(quoted(topic).slice(1, -1))
  const { bytes } = out
  at = out.reserve(room)
  if (topicAlias > 0) {
    at = putAscii(bytes, at, '" alias ')
    at = putNumber(bytes, at, topicAlias)
    bytes[at++] = space
  } else {
    bytes[at++] = quote
    bytes[at++] = space
  }
  const size = payload < 0 ? 0 : length - (payload - start)
  at = putNumber(bytes, at, size)
  out.commit(putBytes(bytes, at, size === 1 ? texts.byte : texts.bytes))
}

/** Details of packets other than PUBLISH. */
function detailText(packet: Packet): string {
  if (packet.protocol === 'mqtt-sn') return snText(packet)
  const { connect, subscriptions, codes, version, type } = packet
  let text = ''
  if (connect !== undefined) {
    text += ` ${quoted(connect.clientId)} keep alive ${connect.keepAlive} s`
    if (connect.cleanStart) text += version === 5 ? ' clean start' : ' clean session'
    if (connect.willTopic !== undefined) text += ` will ${quoted(connect.willTopic)}`
  }
  if (type === connack) text += packet.sessionPresent ? ' session present' : ''
  text += codeText(packet)
  if (subscriptions !== undefined) text += listed(subscriptions, ({ filter }) => quoted(filter))
  if (codes !== undefined) text += listed(codes, (code) => `0x${code.toString(16).padStart(2, '0')}`)
  return text
}

/** Elements of a list that are shown in a line. */
const mostListed = 1000

function listed<T>(all: readonly T[], shown: (one: T) => string): string {
  const texts = all.slice(0, mostListed).map((one) => ` ${shown(one)}`)
  return texts.join('') + (all.length > mostListed ? ` and ${all.length - mostListed} more` : '')
}

function putAnswer(out: ByteWriter, { answers, roundTrip }: Packet): void {
  const { bytes } = out
  let at = putBytes(bytes, out.reserve(room), texts.answers)
  at = putNumber(bytes, at, answers)
  if (roundTrip >= 0) {
    bytes[at++] = comma
    bytes[at++] = space
    at = putDuration(bytes, at, roundTrip)
  }
  bytes[at++] = closingParenthesis
  out.commit(at)
}

/** A Reason Code or Return Code with its name; '' for success, except in CONNACK. */
export function codeText({ reasonCode, type, version }: Packet): string {
  if (reasonCode === 0 && type !== connack) return ''
  const name = version === 5 ? reasonCodeNames[type]! : returnCodeName
  return ` 0x${reasonCode.toString(16).padStart(2, '0')} ${name(reasonCode)}`
}
