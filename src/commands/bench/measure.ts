// One thread's part of a run: the plan that the words mean, its engine, and the result.
import { arch, cpus, hostname, platform } from 'node:os'
import { preparePublish } from '../../codec/publish-properties.js'
import { Connection } from '../../connection/connection.js'
import { type ConnectOptions, connectOptions } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { version } from '../../version.js'
import type { BenchArgs } from './args.js'
import { startAudit } from './audit.js'
import { type Dial, systemClock } from './client.js'
import type { EnginePlan, Mode } from './crew.js'
import { Engine } from './engine.js'
import { collectGarbage } from './garbage.js'
import { randomBytes } from './random.js'
import { type Header, measured, type Result, resultOf, type Setup } from './result.js'
import { stampSize } from './stamp.js'
import type { Shard } from './workload.js'

const defaultWindow = 20 // messages in flight of each client, as pub has it
const reconnects = 5 // about eight seconds: a restart of the server is survived, its end is not waited for
const noWill = { willQos: 0, willRetain: false } as const
const plainDurationMs = 10_000

/** @throws MqttxError where a file that the arguments name cannot be read */
export function optionsOf(args: BenchArgs, host: Host): Promise<ConnectOptions> {
  const maxInFlight = args.maxInflight ?? defaultWindow
  const needs = { pid: host.pid, maxInFlight, receiveMaximum: 65_535, reconnects, noDelay: true }
  return connectOptions({ ...args, ...noWill }, needs, host)
}

export function dialer(options: ConnectOptions): Dial {
  return (clientId, events) => new Connection({ ...options, clientId }, events)
}

/** What the report says about the run as a whole. */
export type Known = Pick<Header, 'broker' | 'command' | 'seed'>

export interface Control {
  /** Called when all clients are connected; resolves to the time of the start on the system's clock. */
  start(): Promise<number>
  /** Is given what ends the run early; returns what takes it back. */
  onStop(stop: () => void): () => void
}

export async function measure(plan: EnginePlan, dial: Dial, known: Known, control: Control): Promise<Result> {
  let started = new Date()
  let audit = startAudit()
  const engine = new Engine(plan, {
    dial,
    clock: systemClock,
    async start() {
      collectGarbage()
      const time = await control.start()
      started = new Date(Date.now() + Math.max(0, time - systemClock.now()))
      if (plan.mode !== 'conn') audit = startAudit()
      return time
    },
  })
  const off = control.onStop(() => engine.stop())
  const outcome = await engine.run().finally(off)
  const header: Header = {
    mqttx: version,
    node: process.version,
    system: `${platform()} ${arch()}, ${cpus().length} cores`,
    ...known,
    tcp_nodelay: true,
    started: started.toISOString(),
  }
  return resultOf(measured(outcome, { header, setup: setupOf(plan), audit: audit.end() }))
}

function setupOf({ mode, rate, qos, payload, clients, subscribers }: EnginePlan): Setup {
  const loop = rate === undefined ? 'closed' : 'open'
  const heard = mode === 'pubsub' ? subscribers : 0
  return { mode, loop, qos, size: payload.length, clients, subscribers: heard, asked_rate: rate }
}

export function planOf(args: BenchArgs, options: ConnectOptions, shard: Shard): EnginePlan {
  const mode = args.work[0] as Mode // spec.ts has checked it
  const { clients, qos, retain, seed, size, count } = args
  const rate = args.ratePerClient === undefined ? args.rate : args.ratePerClient * clients
  const { version, properties } = options
  const run = Math.floor(Math.random() * 2 ** 32)
  return {
    ...{ mode, clients, qos, count, rate },
    subscribers: mode === 'sub' ? clients : args.subscribers,
    topic: args.topic ?? (mode === 'sub' ? 'mqttx/bench/+' : 'mqttx/bench/%i'),
    durationMs: args.duration ?? (count === undefined ? plainDurationMs : Number.POSITIVE_INFINITY),
    warmupMs: args.warmup,
    connectRate: args.connectRate,
    shard,
    payload: randomBytes(size, seed),
    stamped: size >= stampSize,
    run,
    host: hostNumber(),
    clientId: (kind, index) => clientIdOf(args, run, kind + index),
    template: (topic) => preparePublish(topic, { qos, retain, version, properties: properties.publish }),
  }
}

/** Names of their own, so that runs side by side do not end each other's connections; at most 23 characters. */
function clientIdOf({ id, idPrefix }: BenchArgs, run: number, client: string): string {
  if (id?.includes('%i')) return id.replaceAll('%i', client)
  const prefix = id ?? idPrefix ?? `mqttx-${run.toString(36)}`
  return `${prefix}-${client}`
}

/** The same for all processes of this host, and hardly for those of another. */
function hostNumber(): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(hostname())) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
