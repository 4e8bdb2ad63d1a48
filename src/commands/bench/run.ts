// mqttx bench: runs the load or reads result files, prints the report, determines the exit status.
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectOptions } from '../../connection/options.js'
import { ExitCode, UsageError } from '../../errors.js'
import type { Host } from '../../host.js'
import { print } from '../../io/print.js'
import { say } from '../../io/say.js'
import { systemClock } from '../clock.js'
import { withTrace } from '../tracing.js'
import type { BenchArgs } from './args.js'
import { failedAssertions } from './assertions.js'
import { commandLine } from './command-line.js'
import type { Dial, Identity } from './connection.js'
import { checkResponseTopic, planOf, threadsFor } from './create-plan.js'
import { dialer, routesOf } from './dialer.js'
import { checkWritable, payloadFrom, showResultFiles, writeFiles } from './files.js'
import { checkOpenFiles, checkPorts, hintsFor } from './limits.js'
import { measure, optionsOf, type RunControl, type RunFacts } from './measure.js'
import type { RunPlan } from './plan.js'
import { jsonReport, textReport } from './report.js'
import { failuresOf, type Result } from './result.js'
import { findMax } from './search.js'
import { serverVersions } from './server-version.js'
import { waitForStartSignal } from './start-signal.js'
import { measureInThreads, type WorkerLogin } from './threads.js'
import { drawingOf, openViews } from './views.js'
import { clientsOfShard, type Shard, wholeRun } from './workload.js'

export async function run(args: BenchArgs, host: Host): Promise<number> {
  checkWritable(args)
  if (['merge', 'report', 'compare'].includes(args.work[0]!)) return reportFiles(args, host)
  const shard = shardOf(args, host)
  const content = payloadFrom(args)
  const options = await optionsOf(args, host)
  return withTrace(args, options, host, (traced) => load(args, traced, { host, shard, content }))
}

interface Given {
  readonly host: Host
  readonly shard: Shard
  readonly content: ReturnType<typeof payloadFrom>
}

async function load(
  args: BenchArgs,
  options: ConnectOptions,
  { host, shard, content }: Given,
): Promise<number> {
  const plan = planOf(args, options, { shard, content })
  const workers = args.workers ?? threadsFor(plan, availableParallelism())
  const routes = routesOf(args)
  checkResponseTopic(plan)
  checkLimits(plan, workers, options, routes)
  const dial = dialer(options, routes)
  const identity = { clientId: plan.clientId('c', plan.clients + shard.index), index: 0 }
  const broker = await serverVersions(dial, identity, { servers: routes.servers.length, clock: systemClock })
  const known: RunFacts = {
    ...{ broker, command: commandLine(process.argv.slice(2)), seed: args.seed },
    tcp_nodelay: 'host' in options.endpoint.address ? options.endpoint.noDelay : null,
  }
  const views = await openViews(args, plan, host)
  const control = { ...controlOf(args, host, { dial, identity, say: views.say }), watch: views.watch }
  const login = loginOf(options)
  const work = (args: BenchArgs) =>
    workers === 1
      ? measure(planOf(args, options, { shard, content }), dial, known, control)
      : measureInThreads(workers, { args, known, shard, content, login }, control)
  const result = await (args.findMax === undefined ? work(args) : search(args, host, plan, work)).finally(
    views.close,
  )
  try {
    const text = () =>
      textReport(result, drawingOf(args, host), failedAssertions(args.assertions ?? [], result))
    await print(host.stdout, args.json ? jsonReport(result) : text())
  } finally {
    writeFiles(result, args) // also if printing failed
  }
  for (const hint of hintsFor(result.failed)) say(host.stderr, `hint: ${hint}`)
  return statusOf([result], args, host)
}

const firstRate = 1000

/** --find-max */
async function search(
  args: BenchArgs,
  host: Host,
  { rate = firstRate }: RunPlan,
  work: (args: BenchArgs) => Promise<Result>,
): Promise<Result> {
  let stopped = false
  const off = host.onSignal(['SIGINT', 'SIGTERM'], () => {
    stopped = true
  })
  const { ratePerClient, ...rest } = args
  try {
    return await findMax({
      start: rate,
      conditions: args.findMax!,
      measure: (rate) => work({ ...rest, rate }),
      pause: () => sleep(pauseMs),
      stopped: () => stopped,
    })
  } finally {
    off()
  }
}

const pauseMs = 1000 // after an overload

/** Checks the limits of the system before any client connects. */
function checkLimits(
  { mode, clients, subscribers, shard }: RunPlan,
  workers: number,
  { endpoint }: ConnectOptions,
  { servers, sources }: ReturnType<typeof routesOf>,
): void {
  const others = mode === 'pubsub' || mode === 'rr' ? subscribers * workers : 0
  const connections = clientsOfShard(clients, shard).length + others
  checkOpenFiles(connections, workers)
  if (!('host' in endpoint.address)) return
  const targets = endpoint.proxy === undefined ? Math.max(1, servers.length) : 1
  const bound = endpoint.address.localAddress === undefined ? 0 : 1
  checkPorts(connections, { sources: sources.length || bound, servers: targets })
}

function controlOf(
  { startAt = 0, startOn, quiet }: BenchArgs,
  host: Host,
  { dial, identity, say }: { dial: Dial; identity: Identity; say(line: string): void },
): RunControl {
  const onStop = (stop: () => void) => host.onSignal(['SIGINT', 'SIGTERM'], stop)
  const ready = () => {
    if (!quiet) say(`Ready: all clients are connected, waiting for a message to '${startOn}'.`)
  }
  return {
    async start() {
      if (startOn !== undefined) await waitForStartSignal(dial, { topic: startOn, identity, ready, onStop })
      return systemClock.now() + Math.max(0, startAt - Date.now())
    },
    onStop,
  }
}

function loginOf({ username, password }: ConnectOptions): WorkerLogin {
  return { username, password: password?.toString('latin1') }
}

async function reportFiles(args: BenchArgs, host: Host): Promise<number> {
  const { json, assertions = [] } = args
  const { text, results } = showResultFiles(args.work, { json, drawing: drawingOf(args, host), assertions })
  await print(host.stdout, text)
  if (results.length === 1) writeFiles(results[0]!, args)
  return statusOf(results, args, host)
}

/** 0 if no run failed and --assert holds. */
function statusOf(results: readonly Result[], { assertions = [] }: BenchArgs, host: Host): number {
  const broken = results.flatMap((result) => failedAssertions(assertions, result))
  for (const condition of broken) say(host.stderr, `Error: --assert ${condition}`)
  const failed = results.some((result) => failuresOf(result).length > 0)
  return failed || broken.length > 0 ? ExitCode.bench : ExitCode.ok
}

function shardOf({ shard }: BenchArgs, { env }: Host): Shard {
  if (shard === undefined) return wholeRun
  const index = shard.index ?? Number(env.JOB_COMPLETION_INDEX || Number.NaN)
  if (Number.isInteger(index) && index >= 0 && index < shard.of) return { index, of: shard.of }
  throw new UsageError(`--shard /${shard.of}: JOB_COMPLETION_INDEX is not a shard index.`, {
    hint: `it must be a number from 0 to ${shard.of - 1}; or give the index: --shard 0/${shard.of}`,
  })
}
