// A run from the first CONNECT to the last acknowledgement, in one thread: connects the clients, offers the work at its
// times, waits for what is under way, and closes.
import { Churn } from './churn.js'
import type { Clock, Dial } from './client.js'
import { Crew } from './crew.js'
import type { Member } from './member.js'
import type { EnginePlan } from './plan.js'
import type { Publisher } from './publisher.js'
import type { Snapshot } from './snapshot.js'
import { Tally } from './tally.js'
import { TopicChoice } from './topics.js'
import { Waiter } from './waiter.js'
import { membersOf, Workload } from './workload.js'

export interface Surroundings {
  readonly dial: Dial
  readonly clock: Clock
  /** Everybody is connected: resolves to the time of the start, on the clock. */
  start(): Promise<number>
}

export interface EngineResult {
  readonly tally: Tally
  /**
   * The window that the rate is of, in milliseconds: from the start of what counts to the end of the offering, or to
   * the last acknowledgement where a number of messages was asked for.
   */
  readonly elapsedMs: number
  /** From the end of that window to the last acknowledgement or message, in milliseconds. */
  readonly drainMs: number
  /** What it took to connect everybody. */
  readonly connectMs: number
  readonly stoppedEarly: boolean
  /** Messages from hosts whose clock cannot be compared with ours. */
  readonly foreign: number
}

const settleMs = 10_000 // what is under way at the end has so long
const quietMs = 1000 // and a subscriber that hears nothing for so long has heard all

export class Engine {
  readonly tally = new Tally()
  readonly #plan: EnginePlan
  readonly #around: Surroundings
  readonly #workload: Workload
  readonly #waiter: Waiter
  readonly #crew: Crew
  #phase: Snapshot['phase'] = 'connecting'
  /** When what counts begins; in conn it is the waiting. */
  #start = 0

  constructor(plan: EnginePlan, around: Surroundings) {
    const { clock, dial } = around
    this.#plan = plan
    this.#around = around
    this.#workload = new Workload(plan)
    this.#waiter = new Waiter(clock)
    const choice = plan.topics === undefined ? undefined : new TopicChoice(plan.topics)
    this.#crew = new Crew({
      topics: { choice, kept: new Map() },
      ...{ plan, workload: this.#workload, tally: this.tally, clock, dial, waiter: this.#waiter },
    })
  }

  /** Offers nothing more; `run` waits for what is under way. */
  stop(): void {
    this.#waiter.interrupt()
  }

  /** How it stands now; counts and times are those that go on changing. */
  look(): Snapshot {
    const { counts, failed, disconnects, latency } = this.tally
    const { connections, publishers, alive } = this.#crew
    let [inFlight, backlog] = [0, 0]
    for (const connection of connections) inFlight += connection.inFlight
    if (this.#workload.open) for (const publisher of publishers) backlog += publisher.backlog
    return {
      phase: this.#phase,
      start: this.#start,
      ...{ counts, failed, disconnects, latency, inFlight, backlog, clients: alive },
    }
  }

  /** @throws MqttxError when the server does not take what is to be sent; all connections are closed then */
  async run(): Promise<EngineResult> {
    try {
      return await this.#run()
    } catch (error) {
      for (const connection of this.#crew.connections) connection.destroy()
      throw error
    }
  }

  async #run(): Promise<EngineResult> {
    const { mode } = this.#plan
    const { leadMs } = this.#workload
    const { clock } = this.#around
    this.#start = clock.now()
    this.tally.start = this.#start
    const members = await this.#connect()
    const connectMs = clock.now() - this.tally.start
    const start = await this.#around.start()
    this.#phase = 'running'
    this.#start = start + leadMs
    if (mode !== 'conn') this.tally.start = this.#start
    const churn = this.#churn(members)
    const churning = churn?.run(start + leadMs)
    await this.#work(start).finally(() => churn?.stop())
    this.#phase = 'ending'
    let elapsedMs = Math.max(0, clock.now() - this.#start)
    const timed = this.#plan.count === undefined
    if (timed) this.tally.endWindow()
    const stoppedEarly = this.#waiter.interrupted
    await churning
    await this.#settle()
    this.#count()
    await this.#crew.close()
    const foreign = this.#crew.subscribers.reduce((sum, subscriber) => sum + subscriber.foreign, 0)
    const lastMs = this.tally.lastDone - this.#start
    if (!timed) elapsedMs = Math.max(elapsedMs, lastMs)
    const drainMs = Math.max(0, lastMs - elapsedMs)
    return { tally: this.tally, elapsedMs, drainMs, connectMs, stoppedEarly, foreign }
  }

  /** Connects everybody; those that --clients counts are returned. */
  async #connect(): Promise<Member[]> {
    const { mode, subscribers, shard } = this.#plan
    const crew = this.#crew
    const clients = this.#workload.clients()
    switch (mode) {
      case 'sub':
        return crew.listen(membersOf(subscribers, shard))
      case 'conn':
        return crew.idle(clients)
      case 'rr':
        await crew.respond(clients, subscribers)
        return crew.request(clients)
      case 'pubsub':
        await crew.listen(Array.from({ length: subscribers }, (_, index) => index))
        return crew.publish(clients)
      case 'pub':
        return crew.publish(clients)
      default:
        return mode satisfies never
    }
  }

  #churn(members: readonly Member[]): Churn | undefined {
    const { churn: rate, clients } = this.#plan
    if (rate === undefined) return undefined
    const { clock } = this.#around
    const renew = (member: Member, due: number) => this.#crew.renew(member, due)
    return new Churn({ clock, tally: this.tally, clients, rate, members, renew })
  }

  async #work(start: number): Promise<void> {
    const { mode, durationMs, count } = this.#plan
    const { leadMs } = this.#workload
    const crew = this.#crew
    const { publishers } = crew
    const end = start + leadMs + durationMs
    for (const publisher of publishers) publisher.begin(start, start + leadMs)
    if (mode === 'sub' || mode === 'conn') {
      const wanted = (mode === 'sub' ? count : undefined) ?? Number.POSITIVE_INFINITY
      const { counts } = this.tally
      return this.#waiter.until(end, { enough: () => crew.dead || counts.received >= wanted })
    }
    await this.#waiter.until(start)
    if (this.#waiter.interrupted) return
    if (this.#workload.open) return this.#offer(start)
    for (const publisher of publishers) publisher.offerAll(this.#workload.quota(publisher.index))
    for (const publisher of publishers) publisher.flush()
    await this.#waiter.until(end, { enough: () => crew.dead || this.#idle() })
    for (const publisher of publishers) publisher.stop()
  }

  /** The open loop: each message is offered at its time, whatever has become of those before. */
  async #offer(start: number): Promise<void> {
    const { clock } = this.#around
    const { publishers } = this.#crew
    const touched = new Set<Publisher>()
    const flush = () => {
      for (const publisher of touched) publisher.flush()
      touched.clear()
    }
    const rounds = Math.ceil(this.#workload.end / this.#plan.clients)
    let now = clock.now()
    for (let turn = 0; turn < rounds; turn++) {
      for (const publisher of publishers) {
        if (turn >= this.#workload.quota(publisher.index)) continue
        const time = start + this.#workload.intended(publisher.index, turn)
        if (time > now && time > (now = clock.now())) {
          flush()
          await this.#waiter.until(time)
          now = clock.now()
        }
        if (this.#waiter.interrupted || this.#crew.dead) return flush()
        publisher.offer()
        touched.add(publisher)
      }
    }
    flush()
    const end = start + this.#workload.leadMs + this.#plan.durationMs
    if (this.#plan.count === undefined) await this.#waiter.until(end)
  }

  #idle(): boolean {
    return this.#crew.publishers.every((publisher) => publisher.idle)
  }

  /** Waits for what is under way. */
  async #settle(): Promise<void> {
    const { clock } = this.#around
    const { publishers, subscribers } = this.#crew
    const end = clock.now() + settleMs
    await this.#waiter.until(end, { enough: () => this.#crew.dead || this.#idle(), patient: true })
    for (const publisher of publishers) {
      publisher.stop()
      publisher.finish()
    }
    const { mode } = this.#plan
    if (mode !== 'pubsub' && mode !== 'rr') return
    const { counts } = this.tally
    const expected = counts.sent * (mode === 'rr' ? 1 : subscribers.length)
    const enough = () => counts.received >= expected
    for (let heard = -1; heard < counts.received && !enough() && clock.now() < end; ) {
      heard = counts.received
      await this.#waiter.until(Math.min(end, clock.now() + quietMs), { enough, patient: true })
    }
  }

  /** What the ledgers have found, and what went down with connections at QoS 0. */
  #count(): void {
    const { publishers, subscribers, connections } = this.#crew
    const { counts } = this.tally
    const sent = new Map(publishers.map((publisher) => [publisher.index, publisher.sent]))
    for (const { ledger, publisher } of subscribers) {
      const heard = publisher === undefined ? sent : new Map([[publisher, sent.get(publisher) ?? 0]])
      const { lost, duplicated, reordered } = ledger.findings(this.#plan.mode === 'sub' ? undefined : heard)
      counts.lost += lost
      counts.duplicated += duplicated
      counts.reordered += reordered
    }
    if (this.#plan.mode === 'pub') for (const connection of connections) counts.lost += connection.lost
    counts.expected = counts.offered * (this.#plan.mode === 'pubsub' ? subscribers.length : 1)
  }
}
