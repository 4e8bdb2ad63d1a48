// passwd --list and --audit: print the users of a password file, and its problems.
import { ExitCode } from '../../errors.js'
import { progress } from '../../io/progress.js'
import { say } from '../../io/say.js'
import { Audit, auditMode, type Finding } from '../../passwd/audit.js'
import { Recogniser } from '../../passwd/foreign.js'
import { costOf } from '../../passwd/policy.js'
import { type Stored, withStored } from '../../passwd/store.js'
import { jsonOf, count as plural, shown } from '../../text.js'
import { atOnce, countdown } from './bulk.js'
import { checked } from './open.js'
import { type Tools, unlessEnded } from './tools.js'

interface AuditArgs {
  readonly json: boolean
  readonly quiet: boolean
  readonly noGuess: boolean
  readonly iterations?: number | undefined
  readonly jobs?: number | undefined
}

/** Prints a line per user: name, scheme and cost, separated by tabs. */
export function list(file: string, json: boolean, tools: Tools): Promise<void> {
  const { format, output, signal } = tools
  return reading(file, async (stored) => {
    await checked(stored, tools)
    const array = new JsonArray('')
    for await (const lines of stored.lines(format, signal)) {
      for (const { number, entry } of lines) {
        if (entry === undefined) continue
        const hash = format.parse(entry.hash)
        const known =
          'fault' in hash ? { scheme: null, cost: null } : { scheme: hash.scheme, cost: costOf(hash) }
        if (json) output.text(array.next({ line: number, user: entry.user, ...known }))
        else output.text(`${shown(entry.user)}\t${known.scheme ?? 'unknown'}\t${known.cost ?? '-'}\n`)
        await output.flush()
      }
    }
    if (json) output.text(`${array.end()}\n`)
  })
}

/** @returns the exit status */
export function audit(file: string, args: AuditArgs, tools: Tools): Promise<number> {
  return reading(file, async (stored) => {
    const { json, quiet } = args
    const { output, host } = tools
    const array = new JsonArray('  ')
    let count = 0
    if (json) output.text(`{\n  "file": ${jsonOf(file)},\n  "findings": `)
    const mode = process.platform === 'win32' ? [] : auditMode(stored.stats.mode)
    const report = async (findings: readonly Finding[]) => {
      for (const finding of findings) {
        count++
        output.text(json ? array.next(asJson(finding)) : `${sentence(file, finding)}\n`)
        await output.flush()
      }
    }
    await report(mode)
    const users = await auditLines(stored, args, tools, report)
    if (json) output.text(`${array.end()},\n  "users": ${users}\n}\n`)
    await output.finish()
    if (!json && !quiet) say(host.stderr, `${plural(users, 'user')}, ${plural(count, 'finding')}.`)
    return count === 0 ? ExitCode.ok : ExitCode.findings
  })
}

/** Passes all findings to `report`, in order. @returns the number of users */
async function auditLines(
  stored: Stored,
  { noGuess, iterations, jobs }: AuditArgs,
  tools: Tools,
  report: (findings: readonly Finding[]) => Promise<void>,
): Promise<number> {
  const { format, signal, host } = tools
  const recogniser = new Recogniser(format)
  let total = 0
  for await (const lines of stored.lines(format, signal)) {
    for (const each of lines) recogniser.add(each)
    total += lines.length
  }
  const other = recogniser.verdict()
  if (other !== undefined) {
    await report([{ line: other.number, user: undefined, rule: 'other-format', message: other.fault }])
    return 0
  }
  const about = new Audit({ format, iterations, guess: !noGuess })
  const line = progress(() => host.stderr, 'Checking')
  const width = atOnce(jobs)
  const left = countdown('Checking', total)
  try {
    for await (const lines of stored.lines(format, signal)) {
      for (let at = 0; at < lines.length; at += width) {
        const some = lines.slice(at, at + width)
        const found = await unlessEnded(Promise.all(some.map((each) => about.line(each))), signal)
        line.update(left(some.length))
        for (const findings of found) if (findings.length > 0) await report(findings)
      }
    }
    return about.users
  } finally {
    line.stop()
  }
}

async function reading<T>(file: string, use: (stored: Stored) => Promise<T>): Promise<T> {
  return withStored(file, 'read', async (stored) => {
    if (stored === undefined) throw new Error('unreachable: withStored opens an existing file for reading')
    return use(stored)
  })
}

/** Writes a JSON array element by element in the layout of JSON.stringify(array, null, 2). */
class JsonArray {
  readonly #indent: string
  #empty = true

  constructor(indent: string) {
    this.#indent = indent
  }

  next(value: unknown): string {
    const text = jsonOf(value, 2).replace(/^/gm, `${this.#indent}  `)
    const before = this.#empty ? '[\n' : ',\n'
    this.#empty = false
    return before + text
  }

  end(): string {
    return this.#empty ? '[]' : `\n${this.#indent}]`
  }
}

function sentence(file: string, { line, user, rule, message }: Finding): string {
  const where = line === undefined ? file : `${file}:${line}`
  const who = user === undefined || user === '' ? '' : `user ${shown(user)}: `
  return `${where}: ${rule}: ${who}${message}`
}

function asJson({ line, user, rule, message }: Finding): unknown {
  return { line: line ?? null, user: user ?? null, rule, message }
}
