// Runs the engine in one thread, and measures the load of that thread.
import { arch, cpus, platform } from 'node:os'
import { type ConnectOptions, connectOptions, defaultWindow } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { tlsPort } from '../../ports.js'
import { collectGarbage, runtime } from '../../runtime.js'
import { version } from '../../version.js'
import { systemClock } from '../clock.js'
import type { BenchArgs } from './args.js'
import { startAudit } from './audit.js'
import { resultOf } from './build-result.js'
import type { Dial } from './connection.js'
import { Engine } from './engine.js'
import type { RunPlan } from './plan.js'
import type { Header, Result, Setup } from './result.js'
import type { Snapshot } from './snapshot.js'

const reconnects = 5 // about 8 s: enough for a restart of the server
const noWill = { willQos: 0, willRetain: false } as const
const maxPacketIds = 65_535

/** @throws MqttxError if a file named on the command line cannot be read */
export function optionsOf(args: BenchArgs, host: Host): Promise<ConnectOptions> {
  // In rr, -M limits requests instead: a responder has the responses to many clients in flight.
  const maxInFlight = args.work[0] === 'rr' ? maxPacketIds : (args.maxInflight ?? defaultWindow)
  const needs = { pid: host.pid, maxInFlight, receiveMaximum: maxPacketIds, reconnects, noDelay: true }
  return connectOptions({ ...args, ...firstServer(args), ...noWill }, needs, host)
}

/** The first of --servers; TLS by default if all have port 8883. */
function firstServer({ servers, port }: BenchArgs): { host?: string; port?: number } {
  const [first] = servers ?? []
  if (first === undefined) return {}
  const allTls = servers!.every((server) => server.port === tlsPort)
  return { host: first.host, ...(port === undefined && allTls && { port: tlsPort }) }
}

/** Header fields that are known before the run. */
export type RunFacts = Pick<Header, 'broker' | 'command' | 'seed' | 'tcp_nodelay'>

export interface RunControl {
  /** Called when all clients are connected; resolves to the start time, on the clock. */
  start(): Promise<number>
  /** Registers a callback that ends the run early; returns the function that removes it. */
  onStop(stop: () => void): () => void
  /** Registers a source of snapshots; returns the function that removes it. Undefined: no live view. */
  readonly watch?: ((look: () => Snapshot | undefined) => () => void) | undefined
}

const sampleMs = 250

export async function measure(
  plan: RunPlan,
  dial: Dial,
  known: RunFacts,
  control: RunControl,
): Promise<Result> {
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
  }, sampleMs)
  let load = {} as ReturnType<typeof audit.end>
  const outcome = await engine.run().finally(() => {
    load = audit.end()
    clearInterval(timer)
    unwatch?.()
    off()
  })
  const header: Header = {
    mqttx: version,
    runtime,
    system: `${platform()} ${arch()}, ${cpus().length} cores`,
    ...known,
    started: started.toISOString(),
  }
  return resultOf(outcome, { header, setup: setupOf(plan), load: { ...load, backlog } })
}

function setupOf({ mode, rate, qos, payload, clients, subscribers, churn, window }: RunPlan): Setup {
  const loop = rate === undefined ? 'closed' : 'open'
  const others = mode === 'pubsub' || mode === 'rr' ? subscribers : 0
  const size = payload.length
  return { mode, loop, qos, size, clients, subscribers: others, asked_rate: rate, churn, window }
}
