// --view stats: connections, packets by type, topics, rate, acknowledgement times, retransmitted bytes and broken rules. Memory
// use is independent of the size of the capture.

import { type Instant, nanosBetween } from '../../capture/stream.js'
import { count, quoted } from '../../text.js'
import { displayWidth, fitted, padded } from '../../width.js'
import { boundedKey } from '../content-hash.js'
import { publish } from '../names.js'
import type { Packet } from '../packet.js'
import { Histogram } from './histogram.js'
import { snPublish } from './mqtt-sn.js'
import { dateText, durationText, timeOfDay, typeName } from './text.js'
import type { ConnectionFacts, LateViolation, Skipped, TextSink, View } from './view.js'

const mostTopics = 20_000
const topicsShown = 10

interface TypeTally {
  readonly name: string
  c2s: number
  s2c: number
  bytes: number
  readonly roundTrips: Histogram
}

interface Tally {
  packets: number
  bytes: number
}

export class StatsView implements View {
  readonly #sink: TextSink
  /** By packet type, MQTT-SN from 16. */
  readonly #types: (TypeTally | undefined)[] = []
  readonly #topics = new Map<string, Tally>()
  readonly #otherTopics: Tally = { packets: 0, bytes: 0 }
  readonly #rules = new Map<string, number>()
  #connections = 0
  #packets = 0
  #bytes = 0
  #skipped = 0
  #retransmitted = 0
  #first: Instant | undefined
  #last: Instant | undefined

  readonly #columns: number

  /** `columns`: width of the terminal; by default nothing is cut. */
  constructor(sink: TextSink, columns = Number.POSITIVE_INFINITY) {
    this.#sink = sink
    this.#columns = columns
  }

  opened(): void {
    this.#connections++
  }

  packet(packet: Packet): void {
    const { direction, length, last, violations } = packet
    this.#packets++
    this.#bytes += length
    const tally = this.#tallyOf(packet)
    if (direction === 'c2s') tally.c2s++
    else tally.s2c++
    tally.bytes += length
    if (last !== undefined && last.second >= 0) {
      this.#first ??= last
      this.#last = last
    }
    if (direction === 'c2s' && isPublish(packet)) this.#topic(packet)
    if (packet.roundTrip >= 0) tally.roundTrips.add(packet.roundTrip)
    for (const { rule } of violations) this.#rule(rule.key)
  }

  skipped(_connection: ConnectionFacts, { length }: Skipped): void {
    this.#skipped += length ?? 0
  }

  closed(_connection: ConnectionFacts, _how: string, late: readonly LateViolation[]): void {
    for (const { rule } of late) this.#rule(rule.key)
  }

  retransmitted(_connection: ConnectionFacts, bytes: number): void {
    this.#retransmitted += bytes
  }

  end(): void {
    if (this.#packets === 0) return
    const parts = [
      this.#totals(),
      this.#typeTable(),
      this.#topicTable(),
      this.#roundTripTable(),
      this.#ruleTable(),
    ]
    this.#sink.text(`${parts.filter((part) => part !== '').join('\n')}`)
  }

  #topic({ topic, length, sn, topicAlias }: Packet): void {
    const key = boundedKey(topic ?? (sn === undefined ? '' : `topic id ${topicAlias}`))
    let tally = this.#topics.get(key)
    if (tally === undefined) {
      if (this.#topics.size >= mostTopics) tally = this.#otherTopics
      else this.#topics.set(key, (tally = { packets: 0, bytes: 0 }))
    }
    tally.packets++
    tally.bytes += length
  }

  #tallyOf(packet: Packet): TypeTally {
    const index = packet.protocol === 'mqtt' ? packet.type : 16 + packet.type
    const known = this.#types[index]
    if (known !== undefined) return known
    const tally = { name: typeName(packet), c2s: 0, s2c: 0, bytes: 0, roundTrips: new Histogram() }
    this.#types[index] = tally
    return tally
  }

  get #tallies(): TypeTally[] {
    return this.#types.filter((tally) => tally !== undefined)
  }

  #rule(key: string): void {
    this.#rules.set(key, (this.#rules.get(key) ?? 0) + 1)
  }

  #totals(): string {
    const skipped = this.#skipped === 0 ? '' : `${count(this.#skipped, 'byte')} not decoded\n`
    const again =
      this.#retransmitted === 0 ? '' : `${count(this.#retransmitted, 'byte')} retransmitted by TCP\n`
    const all = `${count(this.#connections, 'connection')}, ${count(this.#packets, 'packet')}, ${count(this.#bytes, 'byte')}`
    return `${this.#span()}${all}\n${skipped}${again}`
  }

  /** Capture times of the first and the last packet, and the packet rate. */
  #span(): string {
    const [first, last] = [this.#first, this.#last]
    if (first === undefined || last === undefined) return ''
    const nanos = nanosBetween(first, last)
    const rate = nanos > 0 ? `, ${Math.round(this.#packets / (nanos / 1e9))} packets/s` : ''
    const [begins, ends] = [dateText(first), dateText(last)]
    const until = `${begins === ends ? '' : `${ends} `}${timeOfDay(last)}`
    return `${begins} ${timeOfDay(first)} to ${until} UTC, ${durationText(nanos)}${rate}\n`
  }

  #typeTable(): string {
    const rows = this.#tallies.map(({ name, c2s, s2c, bytes }) => [
      name,
      String(c2s),
      String(s2c),
      String(bytes),
    ])
    return table([['packets', 'from client', 'from server', 'bytes'], ...rows], this.#columns)
  }

  #topicTable(): string {
    if (this.#topics.size === 0) return ''
    const all = [...this.#topics]
    const rows = all.sort(([, a], [, b]) => b.packets - a.packets || b.bytes - a.bytes).slice(0, topicsShown)
    const more = all.length - rows.length + (this.#otherTopics.packets > 0 ? 1 : 0)
    const shown = rows.map(([topic, { packets, bytes }]) => [quoted(topic), String(packets), String(bytes)])
    return `${table([['topics published', 'messages', 'bytes'], ...shown], this.#columns)}${more > 0 ? `  and ${more} more\n` : ''}`
  }

  #roundTripTable(): string {
    const answered = this.#tallies.filter(({ roundTrips }) => roundTrips.count > 0)
    if (answered.length === 0) return ''
    const rows = answered.map(({ name, roundTrips: histogram }) => {
      const at = [50, 90, 99, 100].map((percent) => durationText(histogram.percentile(percent)))
      return [name, String(histogram.count), ...at]
    })
    return table([['answers', 'count', 'median', '90 %', '99 %', 'longest'], ...rows], this.#columns)
  }

  #ruleTable(): string {
    if (this.#rules.size === 0) return ''
    const rows = [...this.#rules].sort(([, a], [, b]) => b - a)
    return table(
      [['rules broken', 'times'], ...rows.map(([key, times]) => [key, String(times)])],
      this.#columns,
    )
  }
}

function isPublish({ protocol, type }: Packet): boolean {
  return type === (protocol === 'mqtt' ? publish : snPublish)
}

/** Smallest width of the first column. */
const leastName = 12

/** A table whose first column is left-aligned, and cut if the table is too wide; the others are right-aligned. */
function table(rows: readonly (readonly string[])[], columns: number): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => displayWidth(row[column]!))))
  const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 0)
  const first = Math.min(widths[0]!, Math.max(leastName, columns - others))
  return rows
    .map(([name = '', ...cells]) => {
      const rest = cells.map((cell, i) => `  ${cell.padStart(widths[i + 1]!)}`).join('')
      return `${padded(fitted(name, first), first)}${rest}`.trimEnd()
    })
    .map((line) => `${line}\n`)
    .join('')
}
