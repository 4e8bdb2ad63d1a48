// Publishes the counters under $SYS/broker: retained, so that a subscriber sees them at once, and when they change.
import { getHeapStatistics } from 'node:v8'
import type { Broker } from './core/broker.js'
import { Loads, sysTopics } from './statistics.js'

/** How often: often enough to watch, seldom enough not to be most of what is counted. */
const intervalMs = 5000

export interface SysSources {
  readonly core: Broker
  readonly version: string
  now(): number
  publish(topic: string, value: string): void
}

export class Sys {
  readonly #sources: SysSources
  readonly #loads: Loads
  readonly #started: number
  readonly #last = new Map<string, string>()
  readonly #timer: NodeJS.Timeout

  constructor(sources: SysSources) {
    this.#sources = sources
    this.#started = sources.now()
    this.#loads = new Loads(sources.core.counters, this.#started)
    this.#timer = setInterval(() => this.#tick(), intervalMs)
    this.refresh()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  refresh(): void {
    for (const [topic, value] of this.#topics()) {
      if (this.#last.get(topic) === value) continue
      this.#last.set(topic, value)
      this.#sources.publish(`$SYS/broker/${topic}`, value)
    }
  }

  #tick(): void {
    this.#loads.update(this.#sources.core.counters, this.#sources.now())
    this.refresh()
  }

  *#topics(): Generator<[topic: string, value: string]> {
    const { core, version, now } = this.#sources
    const { sessions, retained, subscriptions, counters } = core
    let queued = 0
    for (const session of sessions.all()) queued += session.queued
    yield* sysTopics(counters, {
      version,
      uptimeSeconds: Math.floor((now() - this.#started) / 1000),
      connected: sessions.connected,
      disconnected: sessions.size - sessions.connected,
      maximum: sessions.maximum,
      retained: retained.count,
      subscriptions: subscriptions.size,
      stored: retained.count + queued,
      heapUsed: getHeapStatistics().used_heap_size, // process.memoryUsage() needs a file descriptor
    })
    yield* this.#loads.topics()
  }
}
