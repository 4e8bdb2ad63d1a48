// mqttx check --acl: who can do what, and whether that is expected.
import { isUtf8 } from 'node:buffer'
import { connects, findRights } from '../../check/acl/exchange.js'
import { type Account, limits, type Matrix, parseMatrix } from '../../check/acl/matrix.js'
import type { Login } from '../../check/acl/participant.js'
import { type Cell, compared, json, printed, type Refusal, type Rights } from '../../check/acl/report.js'
import { ExitCode, MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { progress } from '../../io/progress.js'
import { say } from '../../io/say.js'
import { readGiven, withoutMark } from '../../io/small-file.js'
import { wantsColor } from '../../io/terminal.js'
import { count, shown } from '../../text.js'
import { Interrupted } from '../interrupted.js'
import { loginOf, witnessOf } from './accounts.js'
import type { CheckArgs } from './spec.js'

/** How long an answer to a packet may take, in milliseconds. */
const patienceMs = 10_000
const graceMs = { least: 1000, most: 5000 } as const

/** @throws MqttxError with status 42 if something differs from what the file expects */
export async function checkAccess(args: CheckArgs, file: string, host: Host): Promise<number> {
  const matrix = readMatrix(file)
  const interrupt = new AbortController()
  const { signal } = interrupt
  const release = host.onSignal(['SIGINT', 'SIGTERM'], (name) => interrupt.abort(new Interrupted(name)))
  const late =
    args.timeout === undefined
      ? undefined
      : setTimeout(() => interrupt.abort(tooLate(args)), args.timeout * 1000)
  const { users, topics } = matrix
  const spinner = progress(
    () => host.stderr,
    `Trying ${count(users.length, 'user')} with ${count(topics.length, 'topic')}`,
  )
  try {
    const found = await tried(matrix, { args, file, host, signal })
    spinner.stop()
    const output = new Output(host.stdout)
    const paint = wantsColor(host.stdout, host.env)
      ? (await import('../../io/style.js')).style.error
      : undefined
    output.text(args.format === 'json' ? json(found) : printed(found, paint))
    await output.finish()
    return concluded(matrix, found, { args, file, host })
  } finally {
    clearTimeout(late)
    spinner.stop()
    release()
  }
}

interface Trying {
  readonly args: CheckArgs
  readonly file: string
  readonly host: Host
  readonly signal: AbortSignal
}

async function tried({ users, topics, ...matrix }: Matrix, trying: Trying): Promise<Rights> {
  const logins = new Map<Account, Login>()
  for (const account of users) logins.set(account, await loginOf(account, trying))
  const refusals: Refusal[] = []
  for (const [{ name, mustBeRefused }, login] of logins) {
    if (!mustBeRefused) continue
    const { kind, text: detail } = await connects(login, { patienceMs, signal: trying.signal })
    refusals.push({ user: name, isExpected: kind !== 'accepted', detail })
  }
  const tested = users.filter(({ mustBeRefused }) => !mustBeRefused)
  if (tested.length === 0) return { cells: [], refusals }
  const rights = await findRights({
    logins: tested.map((account) => logins.get(account)!),
    witness: await witnessOf(trying),
    ...{ topics, patienceMs, graceMs, signal: trying.signal },
  })
  return { cells: compared({ users, topics, ...matrix }, tested, rights), refusals }
}

function readMatrix(file: string): Matrix {
  const bytes = withoutMark(readGiven(file, { longest: limits.bytes }))
  if (!isUtf8(bytes)) throw new MqttxError(`${shown(file)} is not UTF-8 text`)
  return parseMatrix(bytes.toString(), file)
}

function concluded(
  { asksOnly }: Matrix,
  { cells, refusals }: Rights,
  { args, file, host }: Omit<Trying, 'signal'>,
): number {
  const unknown = cells.filter(({ outcome }) => outcome === 'unknown').length
  const hint = unknown === 0 ? undefined : unknownHint(unknown, cells)
  const all = [...cells, ...refusals]
  const wrong = all.filter(({ isExpected }) => !isExpected).length
  if (wrong > 0) {
    const exitCode = ExitCode.findings
    throw new MqttxError(`${wrong} of ${all.length} differ from ${shown(file)}`, { exitCode, hint })
  }
  if (!args.quiet) {
    if (!asksOnly || cells.length === 0) say(host.stderr, `All ${all.length} are as ${shown(file)} expects.`)
    if (hint !== undefined) say(host.stderr, `hint: ${hint}`)
  }
  return ExitCode.ok
}

/** Most often nobody may receive on a topic. */
function unknownHint(unknown: number, cells: readonly Cell[]): string {
  const first = cells.find(({ outcome }) => outcome === 'unknown')!
  return `${unknown} unknown, the first because ${first.detail}: log in as a user who may publish and receive everything (-u)`
}

function tooLate({ timeout }: CheckArgs): MqttxError {
  return new MqttxError(`Timed out after ${timeout} s`, { exitCode: ExitCode.timeout })
}
