// mqttx bench: from the words to a run, or to files, and to the report and its status.
import type { ConnectOptions } from '../../connection/options.js'
import { ExitCode, UsageError } from '../../errors.js'
import type { Host } from '../../host.js'
import type { BenchArgs } from './args.js'
import { broken } from './assertions.js'
import { systemClock } from './client.js'
import { commandLine } from './command-line.js'
import { fromFiles, writeFiles } from './files.js'
import { checkOpenFiles } from './limits.js'
import { type Control, dialer, measure, optionsOf, planOf } from './measure.js'
import { serverVersion } from './probe.js'
import { jsonReport, textReport } from './report.js'
import { failuresOf, type Result } from './result.js'
import { type Login, measureInThreads } from './threads.js'
import { type Shard, wholeRun } from './workload.js'

export async function run(args: BenchArgs, host: Host): Promise<number> {
  if (['merge', 'report', 'compare'].includes(args.work[0]!)) return showFiles(args, host)
  const shard = shardOf(args, host)
  const options = await optionsOf(args, host)
  const plan = planOf(args, options, shard)
  const { mode, clients, subscribers } = plan
  checkOpenFiles(mode === 'pubsub' ? clients + subscribers * args.workers : clients)
  const dial = dialer(options)
  const broker = await serverVersion(dial, plan.clientId('c', clients + shard.index), systemClock)
  const known = { broker, command: commandLine(process.argv.slice(2)), seed: args.seed }
  const control = controlOf(args, host)
  const result =
    args.workers === 1
      ? await measure(plan, dial, known, control)
      : await measureInThreads({ args, known, shard, login: loginOf(options) }, control)
  host.stdout.write(args.json ? jsonReport(result) : textReport(result))
  writeFiles(result, args)
  return judge([result], args, host)
}

function controlOf({ startAt = 0 }: BenchArgs, host: Host): Control {
  return {
    start: async () => systemClock.now() + Math.max(0, startAt - Date.now()),
    onStop: (stop) => host.onSignal(['SIGINT', 'SIGTERM'], stop),
  }
}

function loginOf({ username, password }: ConnectOptions): Login {
  return { username, password: password?.toString('latin1') }
}

function showFiles(args: BenchArgs, host: Host): number {
  const { text, results } = fromFiles(args.work, args.json)
  host.stdout.write(text)
  return args.work[0] === 'compare' ? ExitCode.ok : judge(results, args, host)
}

/** The status: 0 where everything arrived, and --assert holds. */
function judge(results: readonly Result[], { assertions = [] }: BenchArgs, host: Host): number {
  const complaints = results.flatMap((result) => broken(assertions, result))
  for (const complaint of complaints) host.stderr.write(`Error: --assert ${complaint}\n`)
  const failed = results.some((result) => failuresOf(result).length > 0)
  return failed || complaints.length > 0 ? ExitCode.bench : ExitCode.ok
}

function shardOf({ shard }: BenchArgs, { env }: Host): Shard {
  if (shard === undefined) return wholeRun
  const index = shard.index ?? Number(env.JOB_COMPLETION_INDEX || Number.NaN)
  if (index >= 0 && index < shard.of) return { index, of: shard.of }
  throw new UsageError(`--shard /${shard.of}: JOB_COMPLETION_INDEX does not say which.`, {
    hint: `it has to be a number from 0 to ${shard.of - 1}; without it: --shard 0/${shard.of}`,
  })
}
