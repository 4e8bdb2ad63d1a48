// A connection that --churn closes and replaces by a new one, while callers keep the same object.
import type { PublishTemplate } from '../../codec/publish.js'
import type { SubscribeOptions } from '../../connection/events.js'
import type { BenchConnection } from './connection.js'

export class ReplaceableConnection implements BenchConnection {
  readonly #make: () => BenchConnection
  #connection: BenchConnection
  /** Losses of the connections before the current one. */
  #lostBefore = 0
  /** Settles when the new connection is established; undefined: no replacement in progress. */
  #replacement: Promise<void> | undefined

  constructor(make: () => BenchConnection) {
    this.#make = make
    this.#connection = make()
  }

  get ready(): boolean {
    return this.#replacement === undefined && this.#connection.ready
  }

  get inFlight(): number {
    return this.#connection.inFlight
  }

  get lost(): number {
    return this.#lostBefore + this.#connection.lost
  }

  /**
   * DISCONNECT, then a new connection of the same client.
   * @param onConnecting called between the two
   * @throws MqttxError when the new connection fails
   */
  replace(onConnecting: () => void): Promise<void> {
    const replacement = this.#replace(onConnecting)
    this.#replacement = replacement
    return replacement.finally(() => {
      this.#replacement = undefined
    })
  }

  connect(): Promise<void> {
    return this.#connection.connect()
  }

  publish(template: PublishTemplate, payload: Uint8Array): number {
    return this.#connection.publish(template, payload)
  }

  flush(): void {
    this.#connection.flush()
  }

  /** @throws MqttxError when the connection has ended for good */
  async drain(): Promise<void> {
    while (!this.ready) {
      await this.#replacement
      if (this.#replacement === undefined) await this.#connection.drain()
    }
  }

  subscribe(filters: readonly string[], options: SubscribeOptions): void {
    this.#connection.subscribe(filters, options)
  }

  ended(): Promise<void> {
    return this.#connection.ended()
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  destroy(): void {
    this.#connection.destroy()
  }

  async #replace(onConnecting: () => void): Promise<void> {
    await this.#connection.close().catch(() => {}) // unsent messages are counted as lost or unacked
    this.#lostBefore += this.#connection.lost
    this.#connection = this.#make()
    onConnecting()
    await this.#connection.connect()
  }
}
