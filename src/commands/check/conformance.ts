// check --conformance: tries the statements of the standard, and prints each with its verdict.
import { writeFileSync } from 'node:fs'
import { missingFeatures } from '../../check/capabilities/discover.js'
import { type Judgement, judge, type Verdict } from '../../check/judge.js'
import type { Statement } from '../../check/statement.js'
import { statements } from '../../check/statements/index.js'
import { serverOf } from '../../connection/ends.js'
import type { ConnectOptions } from '../../connection/options.js'
import { ExitCode, MqttxError, UsageError } from '../../errors.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { progress } from '../../io/progress.js'
import { strerror } from '../../io/system-error.js'
import { count, jsonOf, shown, shownLine } from '../../text.js'
import { bytesView } from '../trace.js'
import { exchangeText } from './exchange-text.js'
import { junitXml } from './junit.js'
import type { CheckArgs } from './spec.js'
import { targetOf } from './target.js'

/** How long an answer may take by default, in milliseconds. */
const defaultPatienceMs = 2000
/** An exchange takes at most so many times as long. */
const answersPerExchange = 15
const jobs = 8

/** The statements that the arguments select. @throws UsageError if a number of --only is none */
export function selected({ conformanceVersion, only }: CheckArgs): readonly Statement[] {
  const ofVersion = statements.filter(
    ({ version }) => conformanceVersion === undefined || version === conformanceVersion,
  )
  for (const id of only) {
    if (ofVersion.some((statement) => statement.id === id)) continue
    throw new UsageError(`--only: there is no statement '${shown(id)}'`, {
      hint: '--conformance --list prints all',
    })
  }
  return only.length === 0 ? ofVersion : ofVersion.filter(({ id }) => only.includes(id))
}

const nameOf = ({ id, version }: Statement): string => `${version === 5 ? '5.0  ' : '3.1.1'} ${id}`

/** --list: a line for each statement. */
export async function listStatements(args: CheckArgs, host: Host): Promise<number> {
  const output = new Output(host.stdout)
  for (const statement of selected(args)) output.text(`${nameOf(statement).padEnd(22)} ${statement.text}\n`)
  await output.finish()
  return ExitCode.ok
}

export async function checkConformance(
  args: CheckArgs,
  options: ConnectOptions,
  { host, signal }: { host: Host; signal: AbortSignal },
): Promise<number> {
  const chosen = selected(args)
  const patienceMs = args.timeout === undefined ? defaultPatienceMs : args.timeout * 1000
  const target = targetOf(options, patienceMs, args.topic)
  const output = new Output(host.stdout)
  const spinner = progress(() => host.stderr, 'Finding out what the server offers')
  const judgements: Judgement[] = []
  let done = 0
  try {
    for (const version of [4, 5] as const) {
      const ofVersion = chosen.filter((statement) => statement.version === version)
      if (ofVersion.length === 0) continue
      const missing = await missingFeatures(version, { target, signal, jobs, progress: () => {} })
      const limitMs = answersPerExchange * patienceMs
      const judged = () => spinner.update(`${++done} of ${chosen.length} statements`)
      judgements.push(...(await judge(ofVersion, { target, missing, jobs, limitMs, signal, judged })))
    }
  } finally {
    spinner.stop()
  }
  if (args.format === 'json') output.text(`${jsonOf(asJson(judgements))}\n`)
  else await printText(output, judgements, { server: serverOf(options), host })
  await output.finish()
  if (args.junit !== undefined) writeReport(args.junit, judgements)
  return concluded(judgements)
}

/** @throws MqttxError 14 */
function writeReport(path: string, judgements: readonly Judgement[]): void {
  try {
    writeFileSync(path, junitXml(judgements))
  } catch (error) {
    throw new MqttxError(`Unable to write ${shown(path)}: ${strerror(error as Error)}.`, {
      exitCode: ExitCode.system,
      cause: error,
    })
  }
}

const words: Readonly<Record<Verdict, string>> = {
  kept: 'ok      ',
  violated: 'VIOLATED',
  skipped: 'skipped ',
  unclear: 'unclear ',
}

async function printText(
  output: Output,
  judgements: readonly Judgement[],
  { server, host }: { server: string; host: Host },
): Promise<void> {
  for (const { statement, verdict, reason, record } of judgements) {
    output.text(`${words[verdict]}  ${nameOf(statement).padEnd(22)} ${statement.text}\n`)
    if (reason !== '') output.text(`          ${shownLine(reason)}\n`)
    if (verdict !== 'violated' || record === undefined) continue
    const viewOf = (text: Parameters<typeof bytesView>[0]) =>
      bytesView(text, { showSecrets: false }, { stream: host.stdout, env: host.env })
    output.text(`\n${await exchangeText(record, server, viewOf)}\n`)
    await output.flush()
  }
  const of = (wanted: Verdict) => judgements.filter(({ verdict }) => verdict === wanted).length
  output.text(
    `${count(judgements.length, 'statement')}: ${of('kept')} kept, ${of('violated')} violated, ${of('skipped')} skipped, ${of('unclear')} unclear\n`,
  )
}

function asJson(judgements: readonly Judgement[]): object[] {
  return judgements.map(({ statement, verdict, reason, took }) => ({
    id: statement.id,
    version: statement.version === 5 ? '5.0' : '3.1.1',
    text: statement.text,
    verdict,
    reason,
    ms: Math.round(took),
  }))
}

/** @throws MqttxError 42 if a statement is violated, 27 if one is unclear */
function concluded(judgements: readonly Judgement[]): number {
  const violated = judgements.filter(({ verdict }) => verdict === 'violated').length
  if (violated > 0)
    throw new MqttxError(`${count(violated, 'statement')} violated`, { exitCode: ExitCode.check })
  const unclear = judgements.filter(({ verdict }) => verdict === 'unclear').length
  if (unclear === 0) return ExitCode.ok
  throw new MqttxError(`${count(unclear, 'statement')} could not be decided`, {
    exitCode: ExitCode.timeout,
    hint: 'their lines have the reason',
  })
}
