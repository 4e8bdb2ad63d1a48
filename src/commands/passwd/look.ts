// Looking at a password file: who is in it, and what is wrong with it.
import { shown } from '../../cli/values.js'
import { ExitCode } from '../../errors.js'
import { auditLines, auditMode, type Finding } from '../../passwd/audit.js'
import { refuseCorrupt } from '../../passwd/lines.js'
import { costOf } from '../../passwd/policy.js'
import { type Found, readStored } from '../../passwd/store.js'
import { linesOf, type Tools } from './tools.js'

interface LookArgs {
  readonly json: boolean
  readonly quiet: boolean
  readonly iterations?: number | undefined
}

/** A line for each user: the name, the scheme and its cost, with tabs between them. */
export async function list(file: string, { json }: LookArgs, tools: Tools): Promise<void> {
  const { format, output } = tools
  const lines = linesOf(contents(file).bytes, format)
  refuseCorrupt(lines, format, file)
  const users = lines.flatMap(({ number, entry }) => {
    if (entry === undefined) return []
    const stored = format.parse(entry.hash)
    const known =
      'fault' in stored ? { scheme: null, cost: null } : { scheme: stored.scheme, cost: costOf(stored) }
    return [{ line: number, user: entry.user, ...known }]
  })
  if (json) return tools.say(`${JSON.stringify(users, null, 2)}\n`)
  for (const { user, scheme, cost } of users) {
    output.text(`${shown(user)}\t${scheme ?? 'unknown'}\t${cost ?? '-'}\n`)
    await output.flush()
  }
}

/** @returns the exit status */
export async function audit(file: string, args: LookArgs, tools: Tools): Promise<number> {
  const { json, quiet, iterations } = args
  const { format, output, host } = tools
  const { stats, bytes } = contents(file)
  const lines = linesOf(bytes, format)
  const mode = process.platform === 'win32' ? [] : auditMode(stats.mode)
  const findings = [...mode, ...auditLines(lines, format, iterations)]
  const users = new Set(lines.flatMap(({ entry }) => (entry === undefined ? [] : [entry.user]))).size
  if (json) await tools.say(`${JSON.stringify({ file, users, findings: findings.map(asJson) }, null, 2)}\n`)
  else {
    for (const finding of findings) {
      output.text(`${sentence(file, finding)}\n`)
      await output.flush()
    }
    await output.finish()
    if (!quiet) host.stderr.write(`${counted(users, 'user')}, ${counted(findings.length, 'finding')}.\n`)
  }
  return findings.length === 0 ? ExitCode.ok : ExitCode.findings
}

function contents(file: string): Found {
  const found = readStored(file, 'read')
  if (found === undefined) throw new Error('only a file that is to be created can be missing')
  return found
}

function sentence(file: string, { line, user, rule, message }: Finding): string {
  const where = line === undefined ? file : `${file}:${line}`
  const who = user === undefined || user === '' ? '' : `user ${shown(user)}: `
  return `${where}: ${rule}: ${who}${message}`
}

function asJson({ line, user, rule, message }: Finding): unknown {
  return { line: line ?? null, user: user ?? null, rule, message }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
