// One line on the terminal that tells how the run is going; it goes away when the run is over.
import type { Writable } from 'node:stream'
import { number, percent } from './figures.js'
import type { Snapshot } from './snapshot.js'

const everyMs = 250
const spanMs = 1000 // of the rate that is shown
const clear = '\r\u001b[K'
const most = 24 // characters of the bar

export interface LiveSettings {
  readonly stream: Writable
  /** Characters of a line. */
  columns(): number
  /** Milliseconds on the clock of the snapshots. */
  now(): number
  /** The whole of the work: milliseconds, or messages where it is not the time that ends it. */
  readonly goal: { readonly ms: number } | { readonly messages: number }
  /** Connections to be made. */
  readonly clients: number
  /** Plain ASCII. */
  readonly ascii: boolean
  /** Colours what has failed. */
  readonly paint: (text: string) => string
}

/** What is drawn of a snapshot: without colours, so that its length is known. */
export interface LiveFigures {
  readonly snapshot: Snapshot
  /** 0 to 1. */
  readonly done: number
  /** Messages a second lately. */
  readonly rate: number
  readonly columns: number
  readonly ascii: boolean
}

export class Live {
  readonly #settings: LiveSettings
  readonly #timer: NodeJS.Timeout
  readonly #past: { time: number; done: number }[] = []
  #look: (() => Snapshot | undefined) | undefined

  constructor(settings: LiveSettings) {
    this.#settings = settings
    this.#timer = setInterval(() => this.#draw(), everyMs)
    this.#timer.unref()
  }

  /** A run begins, of which `look` tells; returns what ends it. */
  readonly watch = (look: () => Snapshot | undefined): (() => void) => {
    this.#look = look
    this.#past.length = 0
    return () => {
      this.#look = undefined
      this.#settings.stream.write(clear)
    }
  }

  /** Makes room for a line of somebody else. */
  clear(): void {
    this.#settings.stream.write(clear)
  }

  end(): void {
    clearInterval(this.#timer)
    this.clear()
  }

  #draw(): void {
    const snapshot = this.#look?.()
    if (snapshot === undefined) return
    const { stream, columns, now, ascii, paint } = this.#settings
    const rate = this.#rate(now(), doneOf(snapshot))
    const text = liveLine({ snapshot, done: this.#done(snapshot), rate, columns: columns(), ascii })
    stream.write(`${clear}${text.replace(/failed .*$/, paint)}`)
  }

  #done({ phase, start, counts, clients }: Snapshot): number {
    const { goal, now, clients: all } = this.#settings
    if (phase === 'connecting') return Math.min(1, clients / all)
    const done =
      'ms' in goal ? (now() - start) / goal.ms : Math.max(counts.sent, counts.received) / goal.messages
    return Math.min(1, Math.max(0, done))
  }

  #rate(time: number, done: number): number {
    this.#past.push({ time, done })
    while (this.#past.length > 2 && this.#past[1]!.time <= time - spanMs) this.#past.shift()
    const first = this.#past[0]!
    return time > first.time ? Math.max(0, ((done - first.done) * 1000) / (time - first.time)) : 0
  }
}

function doneOf({ counts }: Snapshot): number {
  return counts.received || counts.acked || counts.sent || counts.connected
}

/** `running ####---- 50 %  1,000/s  p50 0.5 p99 2.1 max 7.0 ms  in flight 20` */
export function liveLine({ snapshot, done, rate, columns, ascii }: LiveFigures): string {
  const { phase, counts, clients, inFlight, backlog, latency } = snapshot
  const head = phase === 'connecting' ? `connecting: ${number(clients)}` : phase
  const parts = [`${number(Math.round(rate))}/s`]
  if (latency.count > 0) {
    const times = [50, 99, 100].map((percentile) => latency.at(percentile).toFixed(1))
    parts.push(`p50 ${times[0]} p99 ${times[1]} max ${times[2]} ms`)
  }
  parts.push(`in flight ${number(inFlight)}`)
  if (backlog > 0) parts.push(`backlog ${number(backlog)}`)
  if (counts.disconnected > 0) parts.push(`disconnected ${number(counts.disconnected)}`)
  const failed = Object.values(snapshot.failed).reduce((sum, count) => sum + count, 0)
  if (failed > 0) parts.push(`failed ${number(failed)}`)
  const tail = `${percent(done).padStart(5)}  ${parts.join('  ')}`
  const room = Math.min(most, columns - 1 - head.length - 2 - tail.length)
  const line = room < 4 ? `${head} ${tail}` : `${head} ${bar(done, room, ascii)} ${tail}`
  return line.slice(0, Math.max(0, columns - 1))
}

function bar(done: number, length: number, ascii: boolean): string {
  const full = Math.round(done * length)
  const [on, off] = ascii ? ['#', '-'] : ['█', '░']
  return on!.repeat(full) + off!.repeat(length - full)
}
