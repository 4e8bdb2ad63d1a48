// A run in one thread, from the first CONNECT to the last acknowledgement: connects the clients, offers messages at their
// intended times, waits for those in flight, and closes.

import type { Clock } from '../clock.js'
import { Waiter } from '../waiter.js'
import { Churn } from './churn.js'
import type { BenchClient } from './client.js'
import { ClientPool } from './client-pool.js'
import type { Dial } from './connection.js'
import type { RunPlan } from './plan.js'
import type { BenchPublisher } from './publisher.js'
import { RunStats } from './run-stats.js'
import type { Snapshot } from './snapshot.js'
import { TopicSelector } from './topics.js'
import { clientsOfShard, Workload } from './workload.js'

export interface EngineEnvironment {
  readonly dial: Dial
  readonly clock: Clock
  /** Called when all clients are connected; resolves to the start time, on the clock. */
  start(): Promise<number>
}

export interface EngineResult {
  readonly stats: RunStats
  /**
   * Length of the measurement window in milliseconds: from the end of the warm-up to the end of the load, or with
   * --count to the last acknowledgement.
   */
  readonly elapsedMs: number
  /** From the end of that window to the last acknowledgement or message, in milliseconds. */
  readonly drainMs: number
  /** How long connecting all clients took. */
  readonly connectMs: number
  readonly stoppedEarly: boolean
  /** Messages from other hosts, whose clock is not comparable. */
  readonly foreign: number
}

const settleMs = 10_000 // limit of the wait for messages in flight at the end
const quietMs = 1000 // without a message for this long, nothing more is expected

export class Engine {
  readonly stats = new RunStats()
  readonly #plan: RunPlan
  readonly #environment: EngineEnvironment
  readonly #workload: Workload
  readonly #waiter: Waiter
  readonly #pool: ClientPool
  #phase: Snapshot['phase'] = 'connecting'
  /** When the measurement begins, on the clock. */
  #start = 0

  constructor(plan: RunPlan, environment: EngineEnvironment) {
    const { clock, dial } = environment
    this.#plan = plan
    this.#environment = environment
    this.#workload = new Workload(plan)
    this.#waiter = new Waiter(clock)
    const selector = plan.topics === undefined ? undefined : new TopicSelector(plan.topics)
    this.#pool = new ClientPool({
      topics: { selector, cache: new Map() },
      ...{ plan, workload: this.#workload, stats: this.stats, clock, dial, waiter: this.#waiter },
    })
  }

  /** Ends the load; `run` still waits for messages in flight. */
  stop(): void {
    this.#waiter.interrupt()
  }

  /** The current state; its counts and histograms are live objects, not copies. */
  look(): Snapshot {
    const { counts, failed, disconnects, latency } = this.stats
    const { connections, publishers, alive } = this.#pool
    let [inFlight, backlog] = [0, 0]
    for (const connection of connections) inFlight += connection.inFlight
    if (this.#workload.open) for (const publisher of publishers) backlog += publisher.backlog
    return {
      phase: this.#phase,
      start: this.#start,
      ...{ counts, failed, disconnects, latency, inFlight, backlog, clients: alive },
    }
  }

  /** @throws MqttxError when a message exceeds the limits of the server; all connections are closed then */
  async run(): Promise<EngineResult> {
    try {
      return await this.#run()
    } catch (error) {
      for (const connection of this.#pool.connections) connection.destroy()
      throw error
    }
  }

  async #run(): Promise<EngineResult> {
    const { mode } = this.#plan
    const { leadMs } = this.#workload
    const { clock } = this.#environment
    this.#start = clock.now()
    this.stats.start = this.#start
    const clients = await this.#connect()
    const connectMs = clock.now() - this.stats.start
    const start = await this.#environment.start()
    this.#phase = 'running'
    this.#start = start + leadMs
    if (mode !== 'conn') this.stats.start = this.#start
    const churn = this.#churn(clients)
    const churning = churn?.run(start + leadMs)
    await this.#runLoad(start).finally(() => churn?.stop())
    this.#phase = 'ending'
    let elapsedMs = Math.max(0, clock.now() - this.#start)
    const timed = this.#plan.count === undefined
    if (timed) this.stats.endWindow()
    const stoppedEarly = this.#waiter.interrupted
    await churning
    await this.#settle()
    this.#countLosses()
    await this.#pool.close()
    const foreign = this.#pool.subscribers.reduce((sum, subscriber) => sum + subscriber.foreign, 0)
    const lastMs = this.stats.lastDone - this.#start
    if (!timed) elapsedMs = Math.max(elapsedMs, lastMs)
    const drainMs = Math.max(0, lastMs - elapsedMs)
    return { stats: this.stats, elapsedMs, drainMs, connectMs, stoppedEarly, foreign }
  }

  /** Connects all clients; returns those that --clients counts. */
  async #connect(): Promise<BenchClient[]> {
    const { mode, subscribers, shard } = this.#plan
    const pool = this.#pool
    const clients = this.#workload.clients()
    switch (mode) {
      case 'sub':
        return pool.connectSubscribers(clientsOfShard(subscribers, shard))
      case 'conn':
        return pool.connectIdle(clients)
      case 'rr':
        await pool.connectResponders(clients, subscribers)
        return pool.connectRequesters(clients)
      case 'pubsub':
        await pool.connectSubscribers(Array.from({ length: subscribers }, (_, index) => index))
        return pool.connectPublishers(clients)
      case 'pub':
        return pool.connectPublishers(clients)
      default:
        return mode satisfies never
    }
  }

  #churn(clients: readonly BenchClient[]): Churn | undefined {
    const { churn: rate, clients: total } = this.#plan
    if (rate === undefined) return undefined
    const { clock } = this.#environment
    const reconnect = (client: BenchClient, due: number) => this.#pool.reconnect(client, due)
    return new Churn({ clock, stats: this.stats, total, rate, clients, reconnect })
  }

  async #runLoad(start: number): Promise<void> {
    const { mode, durationMs, count } = this.#plan
    const { leadMs } = this.#workload
    const pool = this.#pool
    const { publishers } = pool
    const end = start + leadMs + durationMs
    for (const publisher of publishers) publisher.begin(start, start + leadMs)
    if (mode === 'sub' || mode === 'conn') {
      const wanted = (mode === 'sub' ? count : undefined) ?? Number.POSITIVE_INFINITY
      const { counts } = this.stats
      return this.#waiter.until(end, { condition: () => pool.dead || counts.received >= wanted })
    }
    await this.#waiter.until(start)
    if (this.#waiter.interrupted) return
    if (this.#workload.open) return this.#offer(start)
    for (const publisher of publishers) publisher.offerAll(this.#workload.quota(publisher.index))
    for (const publisher of publishers) publisher.flush()
    await this.#waiter.until(end, { condition: () => pool.dead || this.#idle() })
    for (const publisher of publishers) publisher.stop()
  }

  /** Open loop: offers each message at its intended time, whether or not earlier ones have completed. */
  async #offer(start: number): Promise<void> {
    const { clock } = this.#environment
    const { publishers } = this.#pool
    const unflushed = new Set<BenchPublisher>()
    const flush = () => {
      for (const publisher of unflushed) publisher.flush()
      unflushed.clear()
    }
    const rounds = Math.ceil(this.#workload.end / this.#plan.clients)
    let now = clock.now()
    for (let round = 0; round < rounds; round++) {
      for (const publisher of publishers) {
        if (round >= this.#workload.quota(publisher.index)) continue
        const time = start + this.#workload.intended(publisher.index, round)
        if (time > now && time > (now = clock.now())) {
          flush()
          await this.#waiter.until(time)
          now = clock.now()
        }
        if (this.#waiter.interrupted || this.#pool.dead) return flush()
        publisher.offer()
        unflushed.add(publisher)
      }
    }
    flush()
    const end = start + this.#workload.leadMs + this.#plan.durationMs
    if (this.#plan.count === undefined) await this.#waiter.until(end)
  }

  #idle(): boolean {
    return this.#pool.publishers.every((publisher) => publisher.idle)
  }

  /** Waits for messages in flight, at most `settleMs`. */
  async #settle(): Promise<void> {
    const { clock } = this.#environment
    const { publishers, subscribers } = this.#pool
    const end = clock.now() + settleMs
    await this.#waiter.until(end, { condition: () => this.#pool.dead || this.#idle(), uninterruptible: true })
    for (const publisher of publishers) {
      publisher.stop()
      publisher.finish()
    }
    const { mode } = this.#plan
    if (mode !== 'pubsub' && mode !== 'rr') return
    const { counts } = this.stats
    const expected = counts.sent * (mode === 'rr' ? 1 : subscribers.length)
    const condition = () => counts.received >= expected
    for (let before = -1; before < counts.received && !condition() && clock.now() < end; ) {
      before = counts.received
      await this.#waiter.until(Math.min(end, clock.now() + quietMs), { condition, uninterruptible: true })
    }
  }

  /** Counts losses, duplicates and reordering, and QoS 0 messages lost with their connection. */
  #countLosses(): void {
    const { publishers, subscribers, connections } = this.#pool
    const { counts } = this.stats
    const sent = new Map(publishers.map((publisher) => [publisher.index, publisher.sent]))
    for (const { sequences, publisher } of subscribers) {
      const sentToIt = publisher === undefined ? sent : new Map([[publisher, sent.get(publisher) ?? 0]])
      const { lost, duplicated, reordered } = sequences.totals(
        this.#plan.mode === 'sub' ? undefined : sentToIt,
      )
      counts.lost += lost
      counts.duplicated += duplicated
      counts.reordered += reordered
    }
    if (this.#plan.mode === 'pub') for (const connection of connections) counts.lost += connection.lost
    counts.expected = counts.offered * (this.#plan.mode === 'pubsub' ? subscribers.length : 1)
  }
}
