// The other side of a request: sends the payload back, to the Response Topic and with the Correlation Data of MQTT 5.
import { type Publish, type PublishTemplate, publishSize } from '../../codec/publish.js'
import type { BenchConnection } from './client.js'
import { readStamp } from './stamp.js'
import type { Tally } from './tally.js'
import type { Shard } from './workload.js'

export interface ResponderSettings {
  readonly tally: Tally
  /** Requests of others are not answered. */
  readonly run: number
  readonly shard: Shard
  /** How the request of this client is answered; a text says why it cannot be. */
  template(request: Publish, client: number): PublishTemplate | string
  /** The server does not take a response: the run ends with this error. */
  failed(error: unknown): void
}

interface Response {
  readonly template: PublishTemplate
  readonly payload: Buffer
}

/** Responses that wait for the server: how many, and the bytes of their packets if there is more than one. */
const most = 65_536
const mostBytes = 64 * 1024 * 1024

export class Responder {
  readonly #connection: BenchConnection
  readonly #settings: ResponderSettings
  #waiting: Response[] = []
  #bytes = 0
  #draining = false

  constructor(connection: BenchConnection, settings: ResponderSettings) {
    this.#connection = connection
    this.#settings = settings
  }

  message(request: Publish): void {
    const { tally, run, shard } = this.#settings
    const stamp = readStamp(request.bytes, request.payloadStart, request.payloadEnd)
    if (stamp?.run !== run || stamp.client % shard.of !== shard.index) return
    const template = this.#settings.template(request, stamp.client)
    if (typeof template === 'string') return tally.fail(template)
    const size = publishSize(template, request.payloadEnd - request.payloadStart)
    const full = this.#waiting.length > 0 && this.#bytes + size > mostBytes
    if (full || this.#waiting.length >= most) {
      return tally.fail('response dropped: too many wait for the server')
    }
    this.#waiting.push({ template, payload: Buffer.from(request.payload) })
    this.#bytes += size
  }

  /** Sends what it can; the connection writes it at the end of the chunk. */
  answer(): void {
    let sent = 0
    try {
      for (const { template, payload } of this.#waiting) {
        if (!this.#connection.ready) break
        this.#connection.publish(template, payload)
        this.#bytes -= publishSize(template, payload.length)
        sent++
      }
    } catch (error) {
      this.#waiting = []
      this.#bytes = 0
      return this.#settings.failed(error)
    }
    this.#waiting = this.#waiting.slice(sent)
    if (this.#waiting.length > 0) void this.#drain()
  }

  async #drain(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    await this.#connection.drain().catch(() => {}) // that it has ended is counted elsewhere
    this.#draining = false
    if (!this.#connection.ready) return
    this.answer()
    this.#connection.flush()
  }
}
