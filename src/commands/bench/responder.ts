// Answers requests (rr): sends the payload back to the Response Topic, with the Correlation Data.
import { type Publish, type PublishTemplate, publishSize } from '../../codec/publish.js'
import type { BenchConnection } from './connection.js'
import type { RunStats } from './run-stats.js'
import { readStamp } from './stamp.js'
import type { Shard } from './workload.js'

export interface ResponderSettings {
  readonly stats: RunStats
  /** Requests of other runs and shards are ignored. */
  readonly run: number
  readonly shard: Shard
  /** The template of the response to a request of `client`; a string is the reason why there is none. */
  template(request: Publish, client: number): PublishTemplate | string
  /** Called when a response exceeds the limits of the server: the run ends with this error. */
  failed(error: unknown): void
}

interface Response {
  readonly template: PublishTemplate
  readonly payload: Buffer
}

/** Limits of the queue of responses: number, and bytes of their packets (one response may be larger). */
const maxQueued = 65_536
const maxQueuedBytes = 64 * 1024 * 1024

export class BenchResponder {
  readonly #connection: BenchConnection
  readonly #settings: ResponderSettings
  #queue: Response[] = []
  #bytes = 0
  #draining = false

  constructor(connection: BenchConnection, settings: ResponderSettings) {
    this.#connection = connection
    this.#settings = settings
  }

  message(request: Publish): void {
    const { stats, run, shard } = this.#settings
    const stamp = readStamp(request.bytes, request.payloadStart, request.payloadEnd)
    if (stamp?.run !== run || stamp.client % shard.of !== shard.index) return
    const template = this.#settings.template(request, stamp.client)
    if (typeof template === 'string') return stats.fail(template)
    const size = publishSize(template, request.payloadEnd - request.payloadStart)
    const full = this.#queue.length > 0 && this.#bytes + size > maxQueuedBytes
    if (full || this.#queue.length >= maxQueued) {
      return stats.fail('response dropped: queue full')
    }
    this.#queue.push({ template, payload: Buffer.from(request.payload) })
    this.#bytes += size
  }

  /** Sends queued responses; the connection writes them at the end of the chunk. */
  answer(): void {
    let sent = 0
    try {
      for (const { template, payload } of this.#queue) {
        if (!this.#connection.ready) break
        this.#connection.publish(template, payload)
        this.#bytes -= publishSize(template, payload.length)
        sent++
      }
    } catch (error) {
      this.#queue = []
      this.#bytes = 0
      return this.#settings.failed(error)
    }
    this.#queue = this.#queue.slice(sent)
    if (this.#queue.length > 0) void this.#drain()
  }

  async #drain(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    await this.#connection.drain().catch(() => {}) // the end of the connection is counted elsewhere
    this.#draining = false
    if (!this.#connection.ready) return
    this.answer()
    this.#connection.flush()
  }
}
