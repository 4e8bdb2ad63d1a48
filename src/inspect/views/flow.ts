// --view flow: each connection as a ladder diagram, with the duration of each QoS 1 and 2 exchange and messages that were
// never acknowledged.
import { type Instant, nanosBetween } from '../../capture/stream.js'
import { quoted } from '../../text.js'
import { displayWidth, fitted, padded } from '../../width.js'
import { protocolName, puback, pubcomp, publish, pubrec } from '../names.js'
import type { Direction, Packet } from '../packet.js'
import { faultText, lateText, missingText, skippedText } from './fields-view.js'
import { codeText, publishText } from './line.js'
import { snFlagsText, snPublish, snText } from './mqtt-sn.js'
import { durationText, frameOf, frameText, padding, timeOfDay, typeName } from './text.js'
import {
  type ConnectionFacts,
  type LateViolation,
  notFollowed,
  type Paint,
  plainPaint,
  type Skipped,
  type TextSink,
  type View,
} from './view.js'

/** Width of the lane between client and server without a terminal, and the smallest on a terminal. */
const laneWidth = 56
const leastLane = 24
/** Longest label, in columns. */
const longestLabel = 200
/** Rows kept for a connection; beyond that they are shown before it ends, and continued later. */
const mostRows = 2000
/** Rows kept for all connections. */
const mostOfAll = 50_000
const mostNamed = 20

interface Begun extends Instant {
  readonly number: number
  readonly label: string
}

interface Row {
  /** Time, packet number and frame; '' for a remark about the row above. */
  readonly place: string
  /** The packet; '' for a remark about the row above. */
  readonly label: string
  readonly direction: Direction
  /** Text to the right of the lane, or the remark. */
  readonly text: string
}

interface Ladder {
  readonly rows: Row[]
  readonly open: Record<Direction, Map<number, Begun>>
  continued: boolean
}

export class FlowView implements View {
  readonly #sink: TextSink
  readonly #paint: Paint
  readonly #ladders = new Map<number, Ladder>()
  #rows = 0

  readonly #columns: number | undefined

  /** `columns`: width of the terminal, undefined if there is none. */
  constructor(sink: TextSink, paint: Paint = plainPaint, columns?: number) {
    this.#sink = sink
    this.#paint = paint
    this.#columns = columns
  }

  packet(packet: Packet, connection: ConnectionFacts): void {
    const ladder = this.#ladderOf(connection)
    const { direction, violations } = packet
    const parts = [timeOfDay(packet), `#${packet.number}`, frameText(frameOf(packet, connection))]
    const place = parts.filter((part) => part !== '').join(' ')
    this.#add(ladder, { place, label: label(packet), direction, text: this.#outcome(packet, ladder) })
    for (const violation of violations) {
      this.#remark(ladder, this.#paint.found[violation.severity](faultText(violation)))
    }
    if (ladder.rows.length > mostRows || this.#rows > mostOfAll) this.#show(ladder, connection)
  }

  skipped(connection: ConnectionFacts, skipped: Skipped): void {
    const text = skippedText(connection.number, skipped)
    this.#remark(this.#ladderOf(connection), this.#paint.found.warning(text))
  }

  closed(connection: ConnectionFacts, how: string, late: readonly LateViolation[]): void {
    const ladder = this.#ladders.get(connection.number)
    if (ladder === undefined) return
    this.#show(ladder, connection)
    this.#ladders.delete(connection.number)
    let text = `  ${this.#paint.faint(how)}\n`
    if (how !== notFollowed)
      for (const direction of ['c2s', 's2c'] as const) text += this.#unfinished(ladder.open[direction])
    for (const violation of late)
      text += `  ${this.#paint.found[violation.severity](lateText(connection.number, violation))}\n`
    this.#sink.text(`${text}\n`)
  }

  #unfinished(open: ReadonlyMap<number, Begun>): string {
    let text = ''
    let named = 0
    for (const { number, label } of open.values()) {
      if (named++ === mostNamed) return `${text}  and ${open.size - mostNamed} more were never acknowledged\n`
      text += `  ${this.#paint.found.warning(`never acknowledged: #${number} ${label}`)}\n`
    }
    return text
  }

  /** Text on the right: the packet that is answered, or the end of an exchange. */
  #outcome(packet: Packet, ladder: Ladder): string {
    const { direction, packetIdentifier: id, number, second, nanos } = packet
    const step = stepOf(packet)
    const theirs = ladder.open[direction === 'c2s' ? 's2c' : 'c2s']
    if (step === 'begins' && !ladder.open[direction].has(id)) {
      ladder.open[direction].set(id, { number, second, nanos, label: label(packet) })
    }
    if (step === 'done' || step === 'refused') {
      const begun = theirs.get(id)
      theirs.delete(id)
      if (begun !== undefined) return `m${id} ${step}: #${begun.number}${took(begun, packet)}`
    }
    if (packet.answers === 0) return ''
    return packet.roundTrip < 0
      ? `to #${packet.answers}`
      : `to #${packet.answers}, ${durationText(packet.roundTrip)}`
  }

  #ladderOf({ number }: ConnectionFacts): Ladder {
    const known = this.#ladders.get(number)
    if (known !== undefined) return known
    const ladder = { rows: [], open: { c2s: new Map(), s2c: new Map() }, continued: false }
    this.#ladders.set(number, ladder)
    return ladder
  }

  #remark(ladder: Ladder, text: string): void {
    this.#add(ladder, { place: '', label: '', direction: 'c2s', text })
  }

  #add(ladder: Ladder, row: Row): void {
    ladder.rows.push(row)
    this.#rows++
  }

  #show(ladder: Ladder, connection: ConnectionFacts): void {
    const { number, client, server, clientId, version, preamble } = connection
    const who = clientId === undefined ? '' : ` ${quoted(clientId)}`
    const between = client === '' ? '' : ` ${client} → ${server}`
    const more = ladder.continued ? ', continued' : preamble === undefined ? '' : `, after ${preamble}`
    const text = `connection ${number}${who}${between}, ${protocolName(version)}${more}\n${this.#drawn(ladder.rows)}`
    this.#rows -= ladder.rows.length
    ladder.rows.length = 0
    ladder.continued = true
    this.#sink.text(text)
  }

  /** Draws the rows. On a narrow terminal, times and numbers are above the lanes instead of before them. */
  #drawn(rows: readonly Row[]): string {
    const columns = this.#columns
    const before = 3 + Math.max(0, ...rows.map(({ place }) => displayWidth(place)))
    const isStacked = columns !== undefined && columns < before + leastLane
    const room = columns === undefined ? Number.POSITIVE_INFINITY : columns - (isStacked ? 0 : before)
    const lane = columns === undefined ? laneWidth : laneOf(rows, room)
    const blank = isStacked ? '' : `${padding(before - 3)} │ `
    let text = isStacked ? `client${padding(lane - 10)}` : `${padding(before - 2)}client${padding(lane - 8)}`
    text += 'server\n'
    for (const row of rows) {
      if (row.label === '') {
        text += `${blank}${row.text}\n`
        continue
      }
      text += isStacked ? `${row.place}\n` : `${padded(row.place, before - 3)} │ `
      const isBeside = row.text === '' || lane + 3 + displayWidth(row.text) <= room
      text += `${this.#rung(row, lane)} │ ${isBeside ? row.text : ''}`.trimEnd()
      text += isBeside ? '\n' : `\n${blank}${row.text}\n`
    }
    return text
  }

  /** The arrow with its label, padded to the lane width. */
  #rung({ label, direction }: Row, lane: number): string {
    const text = fitted(label, lane - 8)
    const line = '─'.repeat(lane - 5 - displayWidth(text))
    return direction === 'c2s' ? this.#paint.c2s(`${text} ${line}→`) : this.#paint.s2c(`←${line} ${text}`)
  }
}

/** What a packet is to the exchange of a message at QoS 1 or 2. */
function stepOf({
  protocol,
  type,
  packetIdentifier,
  reasonCode,
}: Packet): 'begins' | 'done' | 'refused' | undefined {
  const types = protocol === 'mqtt' ? typesOfMqtt : typesOfSn
  if (type === types.publish) return packetIdentifier > 0 ? 'begins' : undefined
  // MQTT-SN refuses with PUBACK at any QoS.
  const mayRefuse = protocol === 'mqtt' ? type === types.pubrec && reasonCode >= 0x80 : type === types.puback
  if (mayRefuse && reasonCode > 0) return 'refused'
  return type === types.puback || type === types.pubcomp ? 'done' : undefined
}

const typesOfMqtt = { publish, puback, pubrec, pubcomp }
const typesOfSn = { publish: snPublish, puback: 0x0d, pubrec: 0x0f, pubcomp: 0x0e }

/** Lane width for the longest label, limited to the available width. */
function laneOf(rows: readonly Row[], room: number): number {
  const longest = Math.max(0, ...rows.map(({ label }) => displayWidth(label)))
  return Math.max(leastLane, Math.min(longest + 8, room - 2))
}

function took(from: Instant, to: Instant): string {
  return from.second < 0 || to.second < 0 ? '' : ` in ${durationText(nanosBetween(from, to))}`
}

/** The label of a packet, shortened, so that the size of a row is bounded. */
function label(packet: Packet): string {
  return fitted(wholeLabel(packet), longestLabel)
}

function wholeLabel(packet: Packet): string {
  if (packet.type === publish && packet.protocol === 'mqtt') return publishText(packet)
  if (packet.protocol === 'mqtt-sn') return snLabel(packet)
  const identifier = packet.packetIdentifier > 0 ? ` m${packet.packetIdentifier}` : ''
  const who = packet.connect === undefined ? '' : ` ${quoted(packet.connect.clientId)}`
  const filters = (packet.subscriptions ?? [])
    .slice(0, longestLabel)
    .map(({ filter }) => ` ${quoted(filter)}`)
    .join('')
  const missing = packet.holes.length === 0 ? '' : ` (${missingText(packet)})`
  return `${typeName(packet)}${identifier}${who}${filters}${codeText(packet)}${missing}`
}

function snLabel(packet: Packet): string {
  const flags = packet.type === snPublish ? snFlagsText(packet) : ''
  const identifier = packet.packetIdentifier > 0 ? ` m${packet.packetIdentifier}` : ''
  const missing = packet.holes.length === 0 ? '' : ` (${missingText(packet)})`
  return `${typeName(packet)}${flags}${identifier}${snText(packet)}${missing}`
}
