// Each connection as a ladder: who sent what to whom, and for QoS 1 and 2 when the exchange that a PUBLISH began was
// over, how long it took, and what was never acknowledged.
import { type Instant, nanosBetween } from '../../capture/stream.js'
import { quoted } from '../../text.js'
import { protocolName, puback, pubcomp, publish, pubrec } from '../names.js'
import type { Direction, Packet } from '../packet.js'
import { faultText, lateText, missingText, skippedText } from './fields-view.js'
import { codeText, publishText } from './line.js'
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

const laneWidth = 56
/** Rows of a connection that are kept until it ends; then what there is of it is shown, and more later. */
const mostRows = 2000
/** Rows of all connections. */
const mostOfAll = 50_000
const mostNamed = 20

interface Begun extends Instant {
  readonly number: number
  readonly label: string
}

interface Row {
  /** When, which packet, in which frame; '' for what is said of the row above. */
  readonly place: string
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

  constructor(sink: TextSink, paint: Paint = plainPaint) {
    this.#sink = sink
    this.#paint = paint
  }

  packet(packet: Packet, connection: ConnectionFacts): void {
    const ladder = this.#ladderOf(connection)
    const paint = packet.direction === 'c2s' ? this.#paint.c2s : this.#paint.s2c
    const parts = [timeOfDay(packet), `#${packet.number}`, frameText(frameOf(packet, connection))]
    const place = parts.filter((part) => part !== '').join(' ')
    this.#add(ladder, place, `${paint(rung(packet))} │ ${this.#outcome(packet, ladder)}`.trimEnd())
    for (const violation of packet.violations)
      this.#add(ladder, '', this.#paint.found[violation.severity](faultText(violation)))
    if (ladder.rows.length > mostRows || this.#rows > mostOfAll) this.#show(ladder, connection)
  }

  skipped(connection: ConnectionFacts, skipped: Skipped): void {
    const text = skippedText(connection.number, skipped)
    this.#add(this.#ladderOf(connection), '', this.#paint.found.warning(text))
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

  /** What the right side says: the packet that is answered, or that an exchange is over. */
  #outcome(packet: Packet, ladder: Ladder): string {
    const { type, direction, packetIdentifier: id, number, second, nanos, protocol } = packet
    if (protocol !== 'mqtt') return ''
    const theirs = ladder.open[direction === 'c2s' ? 's2c' : 'c2s']
    if (type === publish && id > 0 && !ladder.open[direction].has(id)) {
      ladder.open[direction].set(id, { number, second, nanos, label: publishText(packet) })
    }
    const refused = type === pubrec && packet.reasonCode >= 0x80
    if (type === puback || type === pubcomp || refused) {
      const begun = theirs.get(id)
      theirs.delete(id)
      if (begun !== undefined)
        return `m${id} ${refused ? 'refused' : 'done'}: #${begun.number}${took(begun, packet)}`
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

  #add(ladder: Ladder, place: string, text: string): void {
    ladder.rows.push({ place, text })
    this.#rows++
  }

  #show(ladder: Ladder, connection: ConnectionFacts): void {
    const { number, client, server, clientId, version, preamble } = connection
    const who = clientId === undefined ? '' : ` ${quoted(clientId)}`
    const between = client === '' ? '' : ` ${client} → ${server}`
    const more = ladder.continued ? ', continued' : preamble === undefined ? '' : `, after ${preamble}`
    const width = Math.max(0, ...ladder.rows.map(({ place }) => place.length))
    const lanes = `${padding(width + 1)}client${padding(laneWidth - 8)}server`
    const rows = ladder.rows.map(({ place, text }) => `${place}${padding(width - place.length)} │ ${text}`)
    const text = `connection ${number}${who}${between}, ${protocolName(version)}${more}\n${lanes}\n${rows.join('\n')}\n`
    this.#rows -= ladder.rows.length
    ladder.rows.length = 0
    ladder.continued = true
    this.#sink.text(text)
  }
}

function took(from: Instant, to: Instant): string {
  return from.second < 0 || to.second < 0 ? '' : ` in ${durationText(nanosBetween(from, to))}`
}

/** The arrow and what it carries, always as wide. */
function rung(packet: Packet): string {
  const words = label(packet)
  const text = words.length > laneWidth - 8 ? `${words.slice(0, laneWidth - 11)}...` : words
  const line = '─'.repeat(laneWidth - 5 - text.length)
  return packet.direction === 'c2s' ? `${text} ${line}→` : `←${line} ${text}`
}

function label(packet: Packet): string {
  if (packet.type === publish && packet.protocol === 'mqtt') return publishText(packet)
  const identifier = packet.packetIdentifier > 0 ? ` m${packet.packetIdentifier}` : ''
  const who = packet.connect === undefined ? '' : ` ${quoted(packet.connect.clientId)}`
  const filters = (packet.subscriptions ?? []).map(({ filter }) => ` ${quoted(filter)}`).join('')
  const missing = packet.holes.length === 0 ? '' : ` (${missingText(packet)})`
  const code = packet.protocol === 'mqtt' ? codeText(packet) : ''
  return `${typeName(packet)}${identifier}${who}${filters}${code}${missing}`
}
