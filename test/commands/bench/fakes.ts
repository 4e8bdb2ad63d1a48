// A clock that jumps from event to event, and connections that answer after a given time: a run of a minute takes
// milliseconds and is deterministic.
import type { PlotForm } from '../../../src/cli/options/bench-values.js'
import type { PublishTemplate } from '../../../src/codec/publish.js'
import { preparePublish } from '../../../src/codec/publish-properties.js'
import { type RunDescription, resultOf } from '../../../src/commands/bench/build-result.js'
import type { BenchConnection, Identity } from '../../../src/commands/bench/connection.js'
import { Engine, type EngineResult } from '../../../src/commands/bench/engine.js'
import type { RunPlan } from '../../../src/commands/bench/plan.js'
import { randomBytes } from '../../../src/commands/bench/random.js'
import { textReport } from '../../../src/commands/bench/report.js'
import type { Result } from '../../../src/commands/bench/result.js'
import { readStamp } from '../../../src/commands/bench/stamp.js'
import { wholeRun } from '../../../src/commands/bench/workload.js'
import type { Clock } from '../../../src/commands/clock.js'
import type { ConnectionEvents } from '../../../src/connection/events.js'

export class FakeClock implements Clock {
  #now = 0
  #events: { time: number; action: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, action: () => void): () => void {
    const event = { time: this.#now + Math.max(0, ms), action }
    const place = this.#events.findIndex(({ time }) => time > event.time)
    this.#events.splice(place < 0 ? this.#events.length : place, 0, event)
    return () => {
      this.#events = this.#events.filter((other) => other !== event)
    }
  }

  soon(action: () => void): void {
    this.after(0, action)
  }

  /** Runs `work` to its end; jumps to the next event whenever nothing else is pending. */
  async play<T>(work: Promise<T>): Promise<T> {
    let over = false
    const end = () => void (over = true)
    work.then(end, end)
    for (let steps = 0; !over && steps < 1_000_000; steps++) {
      await new Promise((resolve) => setImmediate(resolve))
      const event = this.#events.shift()
      if (event === undefined) continue
      this.#now = Math.max(this.#now, event.time)
      event.action()
    }
    return work
  }
}

export interface FakeServer {
  /** Milliseconds until a message is acknowledged; undefined: never. */
  answer(client: number, sequence: number, now: number): number | undefined
  reasonCode?(client: number, sequence: number): number
  readonly window?: number
  /** Called for each PUBLISH. */
  published?(template: PublishTemplate, payload: Buffer): void
  /** Called for each CONNECT; returns an error to refuse it. */
  connecting?(clientId: string, now: number): Error | undefined
  /** Called for each DISCONNECT. */
  leaving?(clientId: string, now: number): void
}

export class FakeConnection implements BenchConnection {
  readonly lost = 0
  inFlight = 0
  #lastMessageId = 0
  readonly #clock: FakeClock
  readonly #server: FakeServer
  readonly #events: ConnectionEvents
  readonly #clientId: string
  #waiting: (() => void)[] = []

  constructor(clock: FakeClock, server: FakeServer, clientId: string, events: ConnectionEvents) {
    this.#clientId = clientId
    this.#clock = clock
    this.#server = server
    this.#events = events
  }

  get ready(): boolean {
    return this.inFlight < (this.#server.window ?? 20)
  }

  async connect(): Promise<void> {
    const refusal = this.#server.connecting?.(this.#clientId, this.#clock.now())
    if (refusal !== undefined) throw refusal
    this.#events.connected?.(false)
  }

  publish(template: PublishTemplate, payload: Uint8Array): number {
    const messageId = ++this.#lastMessageId
    this.#server.published?.(template, Buffer.from(payload))
    if (template.qos === 0) return messageId
    this.inFlight++
    const { client, sequence } = readStamp(Buffer.from(payload), 0, payload.length)!
    const delay = this.#server.answer(client, sequence, this.#clock.now())
    const code = this.#server.reasonCode?.(client, sequence) ?? 0
    if (delay !== undefined) this.#clock.after(delay, () => this.#settle(messageId, code))
    return messageId
  }

  #settle(messageId: number, code: number): void {
    this.inFlight--
    this.#events.settled?.(code, { messageId, reason: undefined })
    this.#events.chunkEnd?.()
    for (const wake of this.#waiting.splice(0)) wake()
  }

  flush(): void {}

  drain(): Promise<void> {
    return this.ready ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve))
  }

  subscribe(): void {
    this.#events.suback?.([0], { messageId: 1, reason: undefined })
  }

  ended(): Promise<void> {
    return new Promise(() => {})
  }

  async close(): Promise<void> {
    this.#server.leaving?.(this.#clientId, this.#clock.now())
  }

  destroy(): void {}
}

export function plan(changes: Partial<RunPlan> = {}): RunPlan {
  const qos = changes.qos ?? 1
  return {
    ...{ mode: 'pub', clients: 4, subscribers: 1, topic: 't/%i', qos, connectRate: undefined },
    ...{ rate: 1000, count: undefined, durationMs: 1000, warmupMs: 0, rampMs: 0, shard: wholeRun },
    ...{ payload: randomBytes(64, 1), stamped: true, text: undefined, run: 7, host: 1, seed: 1 },
    ...{ topics: undefined, responseTopic: 'r/%i', window: undefined, version: 4, churn: undefined },
    clientId: (kind, index) => kind + index,
    template: (topic) => preparePublish(topic, { qos, retain: false, version: 4 }),
    ...changes,
  }
}

export function play(plan: RunPlan, server: FakeServer): Promise<EngineResult> {
  const clock = new FakeClock()
  const dial = ({ clientId }: Identity, events: ConnectionEvents) =>
    new FakeConnection(clock, server, clientId, events)
  const engine = new Engine(plan, { dial, clock, start: async () => clock.now() })
  return clock.play(engine.run())
}

/** The parts of a result that are not measured by the engine. */
export const description: RunDescription = {
  header: {
    ...{ mqttx: '1.2.3', runtime: 'Node v20.0.0', system: 'linux x64, 2 cores', broker: 'mosquitto 2' },
    ...{ command: 'mqttx bench pub --rate 1000', seed: 1, tcp_nodelay: true },
    started: '2026-11-21T03:00:00.000Z',
  },
  setup: {
    ...({ mode: 'pub', loop: 'open' } as const),
    ...{ qos: 1, size: 64, clients: 4, subscribers: 0, asked_rate: 1000 },
  },
  load: {
    event_loop_delay_ms: { p99: 1, max: 2 },
    threads: [{ cpu: 0.3, waited: 0.01 }],
    ...{ process_cpu: 0.4, gc_ms: { total: 3, max: 2 }, backlog: 7 },
  },
}

export function resultFrom(outcome: EngineResult, changes: Partial<RunDescription> = {}): Result {
  return resultOf(outcome, { ...description, ...changes })
}

/** The report without charts, or with all of them. */
export function reportOf(result: Result, form: PlotForm = 'none'): string {
  return textReport(result, { form, all: true })
}
