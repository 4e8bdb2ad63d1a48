// The line on the terminal that shows a run in progress; it is erased at the end.
import type { Writable } from 'node:stream'
import { formatNumber, formatPercent } from '../number-format.js'
import type { Snapshot } from './snapshot.js'

const intervalMs = 250
const rateWindowMs = 1000
const eraseLine = '\r\u001b[K'
const longestBar = 24 // characters
const shortestBar = 4 // with less room, no bar is drawn

export interface LiveLineSettings {
  readonly stream: Writable
  /** Width of the terminal in character cells. */
  columns(): number
  /** Milliseconds on the clock of the snapshots. */
  now(): number
  /** What ends the run: the length of the measurement in milliseconds, or a number of messages. */
  readonly goal: { readonly ms: number } | { readonly messages: number }
  /** Connections to be made. */
  readonly clients: number
  /** Draw with ASCII characters only. */
  readonly ascii: boolean
  /** Colours "failed" and the number after it. */
  readonly paint: (text: string) => string
}

/** What the line is made from. */
export interface LiveFigures {
  readonly snapshot: Snapshot
  /** Progress of the current phase, 0 to 1. */
  readonly done: number
  /** Messages per second during the last second; connections per second before the first message. */
  readonly rate: number
  /** Width of the terminal in character cells. */
  readonly columns: number
  readonly ascii: boolean
}

export class LiveLine {
  readonly #settings: LiveLineSettings
  readonly #timer: NodeJS.Timeout
  /** Counts of the last `rateWindowMs`, the oldest first. */
  readonly #samples: { time: number; total: number }[] = []
  #look: (() => Snapshot | undefined) | undefined

  constructor(settings: LiveLineSettings) {
    this.#settings = settings
    this.#timer = setInterval(() => this.#draw(), intervalMs)
    this.#timer.unref()
  }

  /** Draws what `look` returns, four times a second. The returned function stops that and erases the line. */
  readonly watch = (look: () => Snapshot | undefined): (() => void) => {
    this.#look = look
    this.#samples.length = 0
    return () => {
      this.#look = undefined
      this.clear()
    }
  }

  /** Erases the line. To be called before anything else is printed on the terminal. */
  clear(): void {
    this.#settings.stream.write(eraseLine)
  }

  /** Erases the line and stops drawing for good. */
  end(): void {
    clearInterval(this.#timer)
    this.clear()
  }

  #draw(): void {
    const snapshot = this.#look?.()
    if (snapshot === undefined) return
    const { stream, columns, now, ascii, paint } = this.#settings
    const rate = this.#rate(now(), totalOf(snapshot))
    const done = this.#progress(snapshot)
    const text = formatLiveLine({ snapshot, done, rate, columns: columns(), ascii })
    stream.write(`${eraseLine}${text.replace(/failed [\d,]+/, paint)}`)
  }

  /** Progress of the current phase, 0 to 1. */
  #progress({ phase, start, counts, clients }: Snapshot): number {
    const { goal, now, clients: expected } = this.#settings
    if (phase === 'connecting') return Math.min(1, clients / expected)
    const done =
      'ms' in goal ? (now() - start) / goal.ms : Math.max(counts.sent, counts.received) / goal.messages
    return Math.min(1, Math.max(0, done)) // negative before the measurement begins
  }

  /** Increase of `total` per second, measured over the last `rateWindowMs`. */
  #rate(time: number, total: number): number {
    const samples = this.#samples
    samples.push({ time, total })
    while (samples.length > 2 && samples[1]!.time <= time - rateWindowMs) samples.shift()
    const oldest = samples[0]!
    return time > oldest.time ? Math.max(0, ((total - oldest.total) * 1000) / (time - oldest.time)) : 0
  }
}

/** What the rate counts: received, else acknowledged, else sent messages; before the first, connections. */
function totalOf({ counts }: Snapshot): number {
  return counts.received || counts.acked || counts.sent || counts.connected
}

/**
 * `running ####---- 50 %  1,000/s  failed 2  p50 0.5 p99 2.1 max 7.0 ms  in flight 20`, shorter than `columns`
 * characters. Figures at the end are left out if there is no room.
 */
export function formatLiveLine({ snapshot, done, rate, columns, ascii }: LiveFigures): string {
  const { phase, clients } = snapshot
  const head = phase === 'connecting' ? `connecting: ${formatNumber(clients)}` : phase
  let tail = ` ${formatPercent(done).padStart(5)}`
  const room = columns - 1 - head.length
  for (const part of liveParts(snapshot, rate)) {
    if (tail.length + 2 + part.length > room) break
    tail += `  ${part}`
  }
  const length = Math.min(longestBar, room - tail.length - 1)
  const line = length < shortestBar ? head + tail : `${head} ${bar(done, length, ascii)}${tail}`
  return line.slice(0, Math.max(0, columns - 1))
}

/** The figures after the percentage, the most important first. */
function liveParts({ counts, failed, inFlight, backlog, latency }: Snapshot, rate: number): string[] {
  const parts = [`${formatNumber(Math.round(rate))}/s`]
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0)
  if (failures > 0) parts.push(`failed ${formatNumber(failures)}`)
  if (counts.disconnected > 0) parts.push(`disconnected ${formatNumber(counts.disconnected)}`)
  if (backlog > 0) parts.push(`backlog ${formatNumber(backlog)}`)
  if (latency.count > 0) {
    const times = [50, 99, 100].map((percentile) => latency.at(percentile).toFixed(1))
    parts.push(`p50 ${times[0]} p99 ${times[1]} max ${times[2]} ms`)
  }
  parts.push(`in flight ${formatNumber(inFlight)}`)
  return parts
}

function bar(done: number, length: number, ascii: boolean): string {
  const full = Math.round(done * length)
  const [on, off] = ascii ? ['#', '-'] : ['█', '░']
  return on!.repeat(full) + off!.repeat(length - full)
}
