// One thread's part of a run: the plan that the words mean, its engine, and the result.
import { arch, cpus, platform } from 'node:os'
import { type ConnectOptions, connectOptions, defaultWindow } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { tlsPort } from '../../ports.js'
import { version } from '../../version.js'
import type { BenchArgs } from './args.js'
import { startAudit } from './audit.js'
import { type Dial, systemClock } from './client.js'
import { Engine } from './engine.js'
import { collectGarbage } from './garbage.js'
import type { EnginePlan } from './plan.js'
import { type Header, measured, type Result, resultOf, type Setup } from './result.js'
import type { Snapshot } from './snapshot.js'

const reconnects = 5 // about eight seconds: a restart of the server is survived, its end is not waited for
const noWill = { willQos: 0, willRetain: false } as const
const mostInFlight = 65_535

/** @throws MqttxError where a file that the arguments name cannot be read */
export function optionsOf(args: BenchArgs, host: Host): Promise<ConnectOptions> {
  // In rr it is the requests that are counted: responders have those of many clients in flight.
  const maxInFlight = args.work[0] === 'rr' ? mostInFlight : (args.maxInflight ?? defaultWindow)
  const needs = { pid: host.pid, maxInFlight, receiveMaximum: mostInFlight, reconnects, noDelay: true }
  return connectOptions({ ...args, ...firstServer(args), ...noWill }, needs, host)
}

/** The one of --servers that decides whether TLS is meant. */
function firstServer({ servers, port }: BenchArgs): { host?: string; port?: number } {
  const [first] = servers ?? []
  if (first === undefined) return {}
  const allTls = servers!.every((server) => server.port === tlsPort)
  return { host: first.host, ...(port === undefined && allTls && { port: tlsPort }) }
}

/** What the report says about the run as a whole. */
export type Known = Pick<Header, 'broker' | 'command' | 'seed' | 'tcp_nodelay'>

export interface Control {
  /** Called when all clients are connected; resolves to the time of the start on the system's clock. */
  start(): Promise<number>
  /** Is given what ends the run early; returns what takes it back. */
  onStop(stop: () => void): () => void
  /** Is given what tells how the run stands, until the function that it returns is called; undefined: nobody looks. */
  readonly watch?: ((look: () => Snapshot | undefined) => () => void) | undefined
}

const lookMs = 250

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
      if (plan.mode !== 'conn') {
        audit.end()
        audit = startAudit()
      }
      return time
    },
  })
  const off = control.onStop(() => engine.stop())
  const unwatch = control.watch?.(() => engine.look())
  let backlog = 0
  const timer = setInterval(() => {
    backlog = Math.max(backlog, engine.look().backlog)
  }, lookMs)
  let load = {} as ReturnType<typeof audit.end>
  const outcome = await engine.run().finally(() => {
    load = audit.end()
    clearInterval(timer)
    unwatch?.()
    off()
  })
  const header: Header = {
    mqttx: version,
    node: process.version,
    system: `${platform()} ${arch()}, ${cpus().length} cores`,
    ...known,
    started: started.toISOString(),
  }
  return resultOf(measured(outcome, { header, setup: setupOf(plan), audit: { ...load, backlog } }))
}

function setupOf({ mode, rate, qos, payload, clients, subscribers, churn, window }: EnginePlan): Setup {
  const loop = rate === undefined ? 'closed' : 'open'
  const others = mode === 'pubsub' || mode === 'rr' ? subscribers : 0
  const size = payload.length
  return { mode, loop, qos, size, clients, subscribers: others, asked_rate: rate, churn, window }
}
