// The clients of a run: connects them at --connect-rate, reconnects them for --churn, tracks which are alive.
import type { MqttxError } from '../../errors.js'
import type { BenchClient } from './client.js'
import type { BenchConnection } from './connection.js'
import {
  type ClientContext,
  createIdleClient,
  createPublisher,
  createRequester,
  createResponder,
  createSubscriber,
} from './create-client.js'
import { failureName } from './failures.js'
import type { BenchPublisher } from './publisher.js'
import type { BenchSubscriber } from './subscriber.js'

const maxConnecting = 64 // without --connect-rate; fits the listen queue of a server
const acknowledgementMs = 10_000

export class ClientPool {
  readonly #context: ClientContext
  readonly connections: BenchConnection[] = []
  readonly publishers: BenchPublisher[] = []
  readonly subscribers: BenchSubscriber[] = []
  /** Connections that have not ended for good. */
  alive = 0
  /** rr: responders whose connection has not ended for good. */
  readonly #responders = new Set<BenchClient>()

  constructor(context: ClientContext) {
    this.#context = context
  }

  /** True if nothing more can arrive: no connection is left, or with rr no responder. */
  get dead(): boolean {
    return this.alive === 0 || (this.#context.plan.mode === 'rr' && this.#responders.size === 0)
  }

  connectSubscribers(indexes: readonly number[]): Promise<BenchClient[]> {
    return this.#connectAll(indexes, (index) => createSubscriber(this.#context, index))
  }

  connectPublishers(indexes: readonly number[]): Promise<BenchClient[]> {
    return this.#connectAll(indexes, (index) => createPublisher(this.#context, index))
  }

  connectIdle(indexes: readonly number[]): Promise<BenchClient[]> {
    return this.#connectAll(indexes, (index) => createIdleClient(this.#context, index))
  }

  connectRequesters(indexes: readonly number[]): Promise<BenchClient[]> {
    return this.#connectAll(indexes, (index) => createRequester(this.#context, index))
  }

  /** `count` responders share the requests of `requesters`. */
  async connectResponders(requesters: readonly number[], count: number): Promise<void> {
    const indexes = Array.from({ length: Math.min(count, requesters.length) }, (_, index) => index)
    const shareOf = (index: number) => requesters.filter((_, place) => place % indexes.length === index)
    await this.#connectAll(indexes, (index) => {
      const client = createResponder(this.#context, index, shareOf(index))
      this.#responders.add(client)
      return client
    })
  }

  /**
   * Ends the connection of a client and makes a new one; false: that failed.
   * @param due intended time, on the clock
   */
  async reconnect(client: BenchClient, due: number): Promise<boolean> {
    const { plan, clock, stats } = this.#context
    if (client.publisher !== undefined) {
      const ended = client.connection.ended().catch(() => {})
      await this.#acknowledged(client.publisher.pause(), ended)
    }
    const subscribed = client.subscribed?.()
    let began = clock.now()
    try {
      await client.reconnect(() => {
        began = clock.now()
      })
    } catch (error) {
      this.#lost(client, error as MqttxError)
      return false
    }
    stats.connect.record(clock.now() - began)
    if (plan.mode === 'conn') stats.done(clock.now(), due, began)
    const succeeded = await this.#subscribed(subscribed, this.#watch(client))
    client.publisher?.resume()
    return succeeded
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close().catch(() => {})))
  }

  async #connectAll(
    indexes: readonly number[],
    create: (index: number) => BenchClient,
  ): Promise<BenchClient[]> {
    const { plan, clock, waiter } = this.#context
    const { connectRate, shard } = plan
    const start = clock.now()
    const connecting = new Set<Promise<void>>()
    const clients: BenchClient[] = []
    for (const [place, index] of indexes.entries()) {
      const slot = place * shard.of + shard.index
      const due = connectRate === undefined ? undefined : start + (slot * 1000) / connectRate
      if (due !== undefined && due > clock.now()) await waiter.until(due)
      while (connectRate === undefined && connecting.size >= maxConnecting) await Promise.race(connecting)
      if (waiter.interrupted) break
      const client = create(index)
      clients.push(client)
      const attempt: Promise<void> = this.#connect(client, due).finally(() => connecting.delete(attempt))
      connecting.add(attempt)
    }
    await Promise.all(connecting)
    return clients
  }

  async #connect(client: BenchClient, due: number | undefined): Promise<void> {
    const { plan, clock, stats } = this.#context
    const began = clock.now()
    this.#add(client)
    const subscribed = client.subscribed?.()
    try {
      await client.connection.connect()
    } catch (error) {
      stats.fail(failureName(error as MqttxError))
      this.#responders.delete(client)
      client.publisher?.lost()
      return
    }
    stats.counts.connected++
    this.alive++
    stats.connect.record(clock.now() - began)
    if (plan.mode === 'conn') stats.done(clock.now(), due ?? began, began)
    await this.#subscribed(subscribed, this.#watch(client))
  }

  #add({ connection, publisher, subscriber }: BenchClient): void {
    this.connections.push(connection)
    if (publisher !== undefined) this.publishers.push(publisher)
    if (subscriber !== undefined) this.subscribers.push(subscriber)
  }

  /** Resolves when the connection has ended; counts it if it was lost. */
  #watch(client: BenchClient): Promise<void> {
    return client.connection.ended().catch((error: MqttxError) => this.#lost(client, error))
  }

  #lost(client: BenchClient, error: MqttxError): void {
    this.alive--
    this.#responders.delete(client)
    client.down(error)
    this.#context.stats.fail(failureName(error))
    client.publisher?.lost()
    this.#context.waiter.wake()
  }

  /** Waits until the SUBSCRIBE packets of a connection are acknowledged; false: they are not. */
  async #subscribed(subscribed: Promise<void> | undefined, ended: Promise<void>): Promise<boolean> {
    if (subscribed === undefined) return true
    const outcome = await this.#acknowledged(subscribed, ended)
    if (outcome === 'timeout') this.#context.stats.fail('SUBSCRIBE not answered')
    return outcome === 'acknowledged'
  }

  #acknowledged(
    acknowledged: Promise<void>,
    ended: Promise<void>,
  ): Promise<'acknowledged' | 'ended' | 'timeout'> {
    return new Promise((resolve) => {
      const cancel = this.#context.clock.after(acknowledgementMs, () => resolve('timeout'))
      const settle = (outcome: 'acknowledged' | 'ended') => () => {
        cancel()
        resolve(outcome)
      }
      void acknowledged.then(settle('acknowledged'))
      void ended.then(settle('ended'))
    })
  }
}
