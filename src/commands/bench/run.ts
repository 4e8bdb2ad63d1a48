// mqttx bench: from the words to a run, or to files, and to the report and its status.
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectOptions } from '../../connection/options.js'
import { ExitCode, UsageError } from '../../errors.js'
import type { Host } from '../../host.js'
import { print } from '../../io/print.js'
import { say } from '../../io/say.js'
import type { BenchArgs } from './args.js'
import { broken } from './assertions.js'
import { type Dial, type Identity, systemClock } from './client.js'
import { commandLine } from './command-line.js'
import { dialer, routesOf } from './dialer.js'
import { checkPlaces, contentOf, fromFiles, writeFiles } from './files.js'
import { adviceOn, checkOpenFiles, checkPorts } from './limits.js'
import { type Control, type Known, measure, optionsOf } from './measure.js'
import type { EnginePlan } from './plan.js'
import { checkResponseTopic, planOf, threadsFor } from './planning.js'
import { serverVersions } from './probe.js'
import { jsonReport, textReport } from './report.js'
import { failuresOf, type Result } from './result.js'
import { findMax } from './search.js'
import { messageOn } from './start.js'
import { type Login, measureInThreads } from './threads.js'
import { openViews, plotOf } from './views.js'
import { membersOf, type Shard, wholeRun } from './workload.js'

export async function run(args: BenchArgs, host: Host): Promise<number> {
  checkPlaces(args)
  if (['merge', 'report', 'compare'].includes(args.work[0]!)) return showFiles(args, host)
  const shard = shardOf(args, host)
  const content = contentOf(args)
  const options = await optionsOf(args, host)
  const plan = planOf(args, options, { shard, content })
  const workers = args.workers ?? threadsFor(plan, availableParallelism())
  const routes = routesOf(args)
  checkResponseTopic(plan)
  checkLimits(plan, workers, options, routes)
  const dial = dialer(options, routes)
  const identity = { clientId: plan.clientId('c', plan.clients + shard.index), index: 0 }
  const broker = await serverVersions(dial, identity, { servers: routes.servers.length, clock: systemClock })
  const known: Known = {
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
    const text = () => textReport(result, plotOf(args, host), broken(args.assertions ?? [], result))
    await print(host.stdout, args.json ? jsonReport(result) : text())
  } finally {
    writeFiles(result, args) // what one place has no room for is not lost in the other
  }
  for (const advice of adviceOn(result.failed)) say(host.stderr, `hint: ${advice}`)
  return judge([result], args, host)
}

const firstRate = 1000

/** --find-max */
async function search(
  args: BenchArgs,
  host: Host,
  { rate = firstRate }: EnginePlan,
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
      rest: () => sleep(restMs),
      stopped: () => stopped,
    })
  } finally {
    off()
  }
}

const restMs = 1000 // of a server that has had too much

/** The system's limits, before anything connects. */
function checkLimits(
  { mode, clients, subscribers, shard }: EnginePlan,
  workers: number,
  { endpoint }: ConnectOptions,
  { servers, sources }: ReturnType<typeof routesOf>,
): void {
  const others = mode === 'pubsub' || mode === 'rr' ? subscribers * workers : 0
  const connections = membersOf(clients, shard).length + others
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
): Control {
  const onStop = (stop: () => void) => host.onSignal(['SIGINT', 'SIGTERM'], stop)
  const ready = () => {
    if (!quiet) say(`Ready: the clients are connected, and wait for a message to '${startOn}'.`)
  }
  return {
    async start() {
      if (startOn !== undefined) await messageOn(dial, { topic: startOn, identity, ready, onStop })
      return systemClock.now() + Math.max(0, startAt - Date.now())
    },
    onStop,
  }
}

function loginOf({ username, password }: ConnectOptions): Login {
  return { username, password: password?.toString('latin1') }
}

async function showFiles(args: BenchArgs, host: Host): Promise<number> {
  const { json, assertions = [] } = args
  const { text, results } = fromFiles(args.work, { json, plot: plotOf(args, host), assertions })
  await print(host.stdout, text)
  if (results.length === 1) writeFiles(results[0]!, args)
  return judge(results, args, host)
}

/** The status: 0 where everything arrived, and --assert holds. */
function judge(results: readonly Result[], { assertions = [] }: BenchArgs, host: Host): number {
  const complaints = results.flatMap((result) => broken(assertions, result))
  for (const complaint of complaints) say(host.stderr, `Error: --assert ${complaint}`)
  const failed = results.some((result) => failuresOf(result).length > 0)
  return failed || complaints.length > 0 ? ExitCode.bench : ExitCode.ok
}

function shardOf({ shard }: BenchArgs, { env }: Host): Shard {
  if (shard === undefined) return wholeRun
  const index = shard.index ?? Number(env.JOB_COMPLETION_INDEX || Number.NaN)
  if (Number.isInteger(index) && index >= 0 && index < shard.of) return { index, of: shard.of }
  throw new UsageError(`--shard /${shard.of}: JOB_COMPLETION_INDEX does not say which.`, {
    hint: `it has to be a number from 0 to ${shard.of - 1}; without it: --shard 0/${shard.of}`,
  })
}
