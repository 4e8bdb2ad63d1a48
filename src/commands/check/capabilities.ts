// check --capabilities: what a server can, as a table or JSON. --diff: what differs between two such results.
import { type Discovery, discover } from '../../check/capabilities/discover.js'
import { differences, documentOf, readDocument } from '../../check/capabilities/document.js'
import { serverOf } from '../../connection/ends.js'
import type { ConnectOptions } from '../../connection/options.js'
import { ExitCode, MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { progress } from '../../io/progress.js'
import { say } from '../../io/say.js'
import { readGiven } from '../../io/small-file.js'
import { wantsColor } from '../../io/terminal.js'
import { jsonOf } from '../../text.js'
import { Interrupted } from '../interrupted.js'
import {
  capabilityTable,
  differencesAsJson,
  differenceTable,
  plainTable,
  type TablePaint,
} from './capability-table.js'
import type { CheckArgs } from './spec.js'
import { targetOf } from './target.js'

const defaultTimeoutMs = 60_000
/** The time for one answer by default; a longer --timeout makes it longer, too. */
const leastPatienceMs = 2000
const jobs = 6

/** @returns the exit status */
export async function checkCapabilities(
  args: CheckArgs,
  options: ConnectOptions,
  host: Host,
): Promise<number> {
  const server = serverOf(options)
  const output = new Output(host.stdout)
  const { capabilities, leftovers } = await found(args, options, host)
  for (const line of leftovers)
    say(host.stderr, `Warning: Something may be left on the server below ${line}.`)
  if (args.format === 'json') output.text(`${jsonOf(documentOf(server, capabilities), 2)}\n`)
  else output.text(capabilityTable(capabilities, await paintFor(host)))
  await output.finish()
  const delivery = capabilities.find(({ key }) => key === 'publish-and-receive')
  if (delivery?.value === false) {
    const hint = 'name a topic below which this user may publish and subscribe: --topic TOPIC'
    throw new MqttxError(`No message gets through: ${delivery.detail}`, { exitCode: ExitCode.findings, hint })
  }
  return ExitCode.ok
}

/** Ends with the first signal after it has cleaned up; with the second at once. */
async function found(args: CheckArgs, options: ConnectOptions, host: Host): Promise<Discovery> {
  const timeoutMs = args.timeout === undefined ? defaultTimeoutMs : args.timeout * 1000
  const patienceMs = Math.min(timeoutMs, Math.max(leastPatienceMs, timeoutMs / 30))
  const target = targetOf(options, patienceMs, args.topic)
  const spinner = progress(() => host.stderr, 'Finding out what the server can')
  const stop = new AbortController()
  const late = setTimeout(() => stop.abort(timedOut(timeoutMs)), timeoutMs)
  let release = () => {}
  const secondSignal = new Promise<never>((_, reject) => {
    release = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => {
      if (stop.signal.aborted) reject(new Interrupted(signal, 'something may be left on the server'))
      stop.abort(new Interrupted(signal))
      spinner.update('Removing what is left on the server')
    })
  })
  try {
    return await Promise.race([
      discover({
        ...{ target, jobs, signal: stop.signal },
        ...(args.versionGiven !== undefined && { version: args.versionGiven }),
        progress: (done, all) => spinner.update(`Finding out what the server can: ${done} of ${all}`),
      }),
      secondSignal,
    ])
  } finally {
    clearTimeout(late)
    spinner.stop()
    release()
  }
}

function timedOut(timeoutMs: number): MqttxError {
  return new MqttxError(`Not done after ${timeoutMs / 1000} s`, {
    exitCode: ExitCode.timeout,
    hint: 'give it more time: --timeout SECONDS',
  })
}

async function paintFor({ stdout, env }: Host): Promise<TablePaint> {
  if (!wantsColor(stdout, env)) return plainTable
  const { style } = await import('../../io/style.js')
  const { heading, faint, found } = style
  return { heading, faint, yes: plainTable.yes, no: found.warning, unknown: faint }
}

/** --diff. @returns the exit status: `findings` if they differ */
export async function diffCapabilities(
  args: CheckArgs,
  files: readonly [string, string],
  host: Host,
): Promise<number> {
  const output = new Output(host.stdout)
  const [before, after] = [documentIn(files[0]), documentIn(files[1])]
  const list = differences(before, after)
  if (args.format === 'json') output.text(`${jsonOf(differencesAsJson(list, [before, after]), 2)}\n`)
  else output.text(differenceTable(list, files))
  await output.finish()
  return list.length === 0 ? ExitCode.ok : ExitCode.findings
}

const documentIn = (path: string) => readDocument(readGiven(path).toString(), path)
