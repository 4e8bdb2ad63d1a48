// The clients of a run: how they are connected one after the other at the rate that was asked for, and connected again.
import type { MqttxError } from '../../errors.js'
import { type BenchConnection, reasonOf } from './client.js'
import type { Member } from './member.js'
import type { Publisher } from './publisher.js'
import { type Cast, idleClient, publisher, requester, responder, subscriber } from './roles.js'
import type { Subscriber } from './subscriber.js'

const atOnce = 64 // connections under way where no rate is given: the queue of a listener has room for so many
const answerMs = 10_000

export class Crew {
  readonly #cast: Cast
  readonly connections: BenchConnection[] = []
  readonly publishers: Publisher[] = []
  readonly subscribers: Subscriber[] = []
  /** Connections that have not ended for good. */
  alive = 0
  /** With rr: those that answer requests and have not ended for good. */
  readonly #responders = new Set<Member>()

  constructor(cast: Cast) {
    this.#cast = cast
  }

  /** True where nothing can arrive any more: no connection is left, or with rr nobody who answers. */
  get dead(): boolean {
    return this.alive === 0 || (this.#cast.plan.mode === 'rr' && this.#responders.size === 0)
  }

  listen(clients: readonly number[]): Promise<Member[]> {
    return this.#connectAll(clients, (index) => subscriber(this.#cast, index))
  }

  publish(clients: readonly number[]): Promise<Member[]> {
    return this.#connectAll(clients, (index) => publisher(this.#cast, index))
  }

  idle(clients: readonly number[]): Promise<Member[]> {
    return this.#connectAll(clients, (index) => idleClient(this.#cast, index))
  }

  request(clients: readonly number[]): Promise<Member[]> {
    return this.#connectAll(clients, (index) => requester(this.#cast, index))
  }

  /** `count` responders share the requests of `clients`. */
  async respond(clients: readonly number[], count: number): Promise<void> {
    const numbers = Array.from({ length: Math.min(count, clients.length) }, (_, index) => index)
    const own = (index: number) => clients.filter((_, place) => place % numbers.length === index)
    await this.#connectAll(numbers, (index) => {
      const member = responder(this.#cast, index, own(index))
      this.#responders.add(member)
      return member
    })
  }

  /** Ends the connection of a client and makes a new one; false: that was not possible. */
  async renew(member: Member, due: number): Promise<boolean> {
    const { plan, clock, tally } = this.#cast
    if (member.publisher !== undefined) await this.#inTime(member.publisher.pause())
    const answered = member.answered?.()
    let began = clock.now()
    try {
      await member.renew(() => {
        began = clock.now()
      })
    } catch (error) {
      this.#lost(member, error as MqttxError)
      return false
    }
    tally.connect.record(clock.now() - began)
    if (plan.mode === 'conn') tally.done(clock.now(), due, began)
    this.#watch(member)
    const inTime = answered === undefined || (await this.#inTime(answered))
    if (!inTime) tally.fail('SUBSCRIBE not answered')
    member.publisher?.resume()
    return inTime
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close().catch(() => {})))
  }

  async #connectAll(clients: readonly number[], make: (index: number) => Member): Promise<Member[]> {
    const { plan, clock, waiter } = this.#cast
    const { connectRate, shard } = plan
    const start = clock.now()
    const under = new Set<Promise<void>>()
    const members: Member[] = []
    for (const [place, index] of clients.entries()) {
      const slot = place * shard.of + shard.index
      const due = connectRate === undefined ? undefined : start + (slot * 1000) / connectRate
      if (due !== undefined && due > clock.now()) await waiter.until(due)
      while (connectRate === undefined && under.size >= atOnce) await Promise.race(under)
      if (waiter.interrupted) break
      const member = make(index)
      members.push(member)
      const connecting: Promise<void> = this.#connect(member, due).finally(() => under.delete(connecting))
      under.add(connecting)
    }
    await Promise.all(under)
    return members
  }

  async #connect(member: Member, due: number | undefined): Promise<void> {
    const { plan, clock, tally } = this.#cast
    const began = clock.now()
    this.#enter(member)
    const answered = member.answered?.()
    try {
      await member.connection.connect()
    } catch (error) {
      tally.fail(reasonOf(error as MqttxError))
      this.#responders.delete(member)
      member.publisher?.lost()
      return
    }
    tally.counts.connected++
    this.alive++
    tally.connect.record(clock.now() - began)
    if (plan.mode === 'conn') tally.done(clock.now(), due ?? began, began)
    this.#watch(member)
    if (answered !== undefined && !(await this.#inTime(answered))) tally.fail('SUBSCRIBE not answered')
  }

  #enter({ connection, publisher, subscriber }: Member): void {
    this.connections.push(connection)
    if (publisher !== undefined) this.publishers.push(publisher)
    if (subscriber !== undefined) this.subscribers.push(subscriber)
  }

  #watch(member: Member): void {
    member.connection.ended().catch((error: MqttxError) => this.#lost(member, error))
  }

  #lost(member: Member, error: MqttxError): void {
    this.alive--
    this.#responders.delete(member)
    member.down(error)
    this.#cast.tally.fail(reasonOf(error))
    member.publisher?.lost()
    this.#cast.waiter.wake()
  }

  /** False: it has taken too long. */
  #inTime(answered: Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      const off = this.#cast.clock.after(answerMs, () => resolve(false))
      void answered.then(() => {
        off()
        resolve(true)
      })
    })
  }
}
