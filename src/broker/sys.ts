// Publishes the counters under $SYS/broker: retained, so that a subscriber sees them at once, and when they change.
import { getHeapStatistics } from 'node:v8'
import type { Peers } from './peers.js'
import { Loads, sysTopics } from './statistics.js'
import type { Store } from './store.js'

/** How often: often enough to watch, seldom enough not to be most of what is counted. */
const intervalMs = 5000

export interface SysSources {
  readonly peers: Peers
  readonly store: Store
  readonly version: string
  now(): number
  publish(topic: string, value: string, done: () => void): void
}

export class Sys {
  readonly #sources: SysSources
  readonly #loads: Loads
  readonly #started: number
  readonly #last = new Map<string, string>()
  readonly #timer: NodeJS.Timeout
  /** Publishes that a subscriber has not taken. Nothing is added to them: a subscriber may have stopped reading. */
  #pending = 0

  constructor(sources: SysSources) {
    this.#sources = sources
    this.#started = sources.now()
    this.#loads = new Loads(sources.peers.totals(), this.#started)
    this.#timer = setInterval(() => this.#tick(), intervalMs)
    this.refresh()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  refresh(): void {
    if (this.#pending > 0) return
    for (const [topic, value] of this.#topics()) {
      if (this.#last.get(topic) === value) continue
      this.#last.set(topic, value)
      this.#pending++
      this.#sources.publish(`$SYS/broker/${topic}`, value, () => {
        this.#pending--
      })
    }
  }

  #tick(): void {
    this.#loads.update(this.#sources.peers.totals(), this.#sources.now())
    this.refresh()
  }

  *#topics(): Generator<[topic: string, value: string]> {
    const { peers, store, version, now } = this.#sources
    const connected = [...peers.connected()]
    const absent = [...store.sessions.values()].filter(({ clientId }) => peers.named(clientId) === undefined)
    const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
    yield* sysTopics(peers.totals(), {
      version,
      uptimeSeconds: Math.floor((now() - this.#started) / 1000),
      connected: connected.length,
      disconnected: absent.length,
      maximum: peers.maximum,
      retained: store.retainedCount,
      subscriptions: sum([...connected, ...absent].map(({ subscriptions }) => subscriptions.size)),
      stored: store.retainedCount + sum([...store.sessions.values()].map((session) => session.queued)),
      heapUsed: getHeapStatistics().used_heap_size, // process.memoryUsage() needs a file descriptor
    })
    yield* this.#loads.topics()
  }
}
