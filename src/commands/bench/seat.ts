// The place of a client whose connection is ended and made again now and then: others keep the place, not the connection.
import type { PublishTemplate } from '../../codec/publish.js'
import type { SubscribeOptions } from '../../connection/events.js'
import type { BenchConnection } from './client.js'

export class Seat implements BenchConnection {
  readonly #make: () => BenchConnection
  #connection: BenchConnection
  #lostBefore = 0
  /** Settles when the new connection is there; undefined: nothing is being renewed. */
  #renewal: Promise<void> | undefined

  constructor(make: () => BenchConnection) {
    this.#make = make
    this.#connection = make()
  }

  get ready(): boolean {
    return this.#renewal === undefined && this.#connection.ready
  }

  get inFlight(): number {
    return this.#connection.inFlight
  }

  get lastMessageId(): number {
    return this.#connection.lastMessageId
  }

  get lost(): number {
    return this.#lostBefore + this.#connection.lost
  }

  /**
   * DISCONNECT, then a new connection of the same client; `dialling` is called between the two.
   * @throws MqttxError when there is no new one
   */
  renew(dialling: () => void): Promise<void> {
    const renewal = this.#replace(dialling)
    this.#renewal = renewal
    return renewal.finally(() => {
      this.#renewal = undefined
    })
  }

  connect(): Promise<void> {
    return this.#connection.connect()
  }

  publish(template: PublishTemplate, payload: Uint8Array): boolean {
    return this.#connection.publish(template, payload)
  }

  flush(): void {
    this.#connection.flush()
  }

  /** @throws MqttxError when the connection has ended for good */
  async drain(): Promise<void> {
    while (!this.ready) {
      await this.#renewal
      if (this.#renewal === undefined) await this.#connection.drain()
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

  async #replace(dialling: () => void): Promise<void> {
    await this.#connection.close().catch(() => {}) // what it did not take is counted as lost, or not acknowledged
    this.#lostBefore += this.#connection.lost
    this.#connection = this.#make()
    dialling()
    await this.#connection.connect()
  }
}
