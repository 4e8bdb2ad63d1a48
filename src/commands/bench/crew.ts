// The clients of a run: who they are, and how they are connected one after the other at the rate that was asked for.
import type { PublishTemplate, QoS } from '../../codec/publish.js'
import type { MqttxError } from '../../errors.js'
import { type BenchConnection, type Clock, codeText, type Dial, reasonOf } from './client.js'
import { Publisher } from './publisher.js'
import { Subscriber } from './subscriber.js'
import type { Tally } from './tally.js'
import type { Waiter } from './waiter.js'
import { changesByMessage, fillIn, filterOf, type Plan, type Workload } from './workload.js'

export type Mode = 'pub' | 'sub' | 'pubsub' | 'conn' | 'rr'

export interface EnginePlan extends Plan {
  readonly mode: Mode
  /** Subscribing clients: of each shard in pubsub, of the whole run in sub. */
  readonly subscribers: number
  readonly topic: string
  readonly qos: QoS
  /** New connections a second of the whole run; undefined: as fast as it goes. */
  readonly connectRate: number | undefined
  readonly payload: Buffer
  readonly stamped: boolean
  /** Tells runs apart that share a server. */
  readonly run: number
  readonly host: number
  clientId(kind: 'p' | 's' | 'c', index: number): string
  template(topic: string): PublishTemplate
}

export interface CrewSettings {
  readonly plan: EnginePlan
  readonly workload: Workload
  readonly tally: Tally
  readonly clock: Clock
  readonly dial: Dial
  readonly waiter: Waiter
}

interface Member {
  readonly connection: BenchConnection
  readonly publisher?: Publisher
  /** What must be answered after CONNACK. */
  readonly answered?: Promise<void>
}

const atOnce = 64 // connections under way where no rate is given: the queue of a listener has room for so many
const answerMs = 10_000

export class Crew {
  readonly #settings: CrewSettings
  readonly connections: BenchConnection[] = []
  readonly publishers: Publisher[] = []
  readonly subscribers: Subscriber[] = []
  /** Connections that have not ended for good. */
  alive = 0

  constructor(settings: CrewSettings) {
    this.#settings = settings
  }

  listen(clients: readonly number[]): Promise<void> {
    return this.#connectAll(clients, (index) => this.#subscriber(index))
  }

  publish(clients: readonly number[]): Promise<void> {
    return this.#connectAll(clients, (index) => this.#publisher(index))
  }

  idle(clients: readonly number[]): Promise<void> {
    const { plan, dial } = this.#settings
    return this.#connectAll(clients, (index) => ({
      connection: dial(plan.clientId('c', index), { retrying: this.#retrying }),
    }))
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close().catch(() => {})))
  }

  readonly #retrying = (error: MqttxError) => this.#settings.tally.disconnect(reasonOf(error))

  async #connectAll(clients: readonly number[], make: (index: number) => Member): Promise<void> {
    const { plan, clock, waiter } = this.#settings
    const { connectRate, shard } = plan
    const start = clock.now()
    const under = new Set<Promise<void>>()
    for (const [place, index] of clients.entries()) {
      const slot = place * shard.of + shard.index
      const due = connectRate === undefined ? undefined : start + (slot * 1000) / connectRate
      if (due !== undefined && due > clock.now()) await waiter.until(due)
      while (connectRate === undefined && under.size >= atOnce) await Promise.race(under)
      if (waiter.interrupted) break
      const connecting: Promise<void> = this.#connect(make(index), due).finally(() =>
        under.delete(connecting),
      )
      under.add(connecting)
    }
    await Promise.all(under)
  }

  async #connect({ connection, publisher, answered }: Member, due: number | undefined): Promise<void> {
    const { plan, clock, tally } = this.#settings
    const began = clock.now()
    this.connections.push(connection)
    try {
      await connection.connect()
      if (answered !== undefined) await this.#inTime(answered)
    } catch (error) {
      tally.fail(reasonOf(error as MqttxError))
      publisher?.lost()
      return
    }
    tally.counts.connected++
    tally.connect.record(clock.now() - began)
    this.alive++
    if (plan.mode === 'conn') tally.done(clock.now(), due ?? began, began)
    connection.ended().catch((error: MqttxError) => {
      this.alive--
      tally.disconnect(reasonOf(error))
      tally.fail(reasonOf(error))
      publisher?.lost()
      this.#settings.waiter.wake()
    })
  }

  #inTime(answered: Promise<void>): Promise<void> {
    const { clock, tally } = this.#settings
    return new Promise((resolve) => {
      const off = clock.after(answerMs, () => {
        tally.fail('SUBSCRIBE not answered')
        resolve()
      })
      void answered.then(() => {
        off()
        resolve()
      })
    })
  }

  #publisher(index: number): Member {
    const { plan, workload, tally, clock, dial, waiter } = this.#settings
    const { topic, host, run, stamped, mode } = plan
    const clientId = plan.clientId('p', index)
    const templateOf = (message: number) => plan.template(fillIn(topic, { index, clientId, message }))
    const fixed = templateOf(0)
    const connection = dial(clientId, {
      retrying: this.#retrying,
      settled: (code, { messageId }) => publisher.settled(messageId, code),
      chunkEnd: () => void publisher.pump(),
    })
    const publisher: Publisher = new Publisher(connection, {
      ...{ index, workload, tally, clock, host, run, stamped },
      payload: stamped ? Buffer.from(plan.payload) : plan.payload,
      template: changesByMessage(topic) ? templateOf : () => fixed,
      toSubscribers: mode === 'pubsub',
      changed: () => waiter.wake(),
    })
    this.publishers.push(publisher)
    return { connection, publisher }
  }

  #subscriber(index: number): Member {
    const { plan, tally, clock, dial, waiter } = this.#settings
    const { mode, topic, qos, host, run, shard } = plan
    const own = mode === 'pubsub' ? { run, shard } : undefined
    const subscriber = new Subscriber({ tally, clock, host, own, changed: () => waiter.wake() })
    this.subscribers.push(subscriber)
    const clientId = plan.clientId('s', mode === 'pubsub' ? index * shard.of + shard.index : index)
    const filter = own === undefined ? fillIn(topic, { index, clientId, message: 0 }) : filterOf(topic)
    let granted = () => {}
    const answered = new Promise<void>((resolve) => {
      granted = resolve
    })
    const connection = dial(clientId, {
      retrying: this.#retrying,
      connected: (sessionPresent) => {
        if (!sessionPresent) connection.subscribe([filter], { qos })
      },
      suback: ([code = 0]) => {
        if (code >= 0x80) tally.fail(`SUBSCRIBE ${codeText(code)}`)
        granted()
      },
      message: (publish) => subscriber.message(publish),
    })
    return { connection, answered }
  }
}
