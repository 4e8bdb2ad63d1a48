// Compares what users can do with what the file expects, and prints it as such a file.
import { jsonOf, shown } from '../../text.js'
import type { Finding } from './exchange.js'
import {
  type Account,
  type Action,
  actions,
  type Expected,
  expectedOf,
  type Matrix,
  writtenTopic,
} from './matrix.js'

export interface Cell extends Finding {
  readonly topic: string
  readonly user: string
  readonly action: Action
  /** undefined: the file expects nothing. */
  readonly expected: Expected | undefined
  readonly isExpected: boolean
}

/** Of a login that the server must refuse. */
export interface Refusal {
  readonly user: string
  readonly isExpected: boolean
  readonly detail: string
}

export interface Rights {
  readonly cells: readonly Cell[]
  readonly refusals: readonly Refusal[]
}

/** `found` by user and topic, as `findRights` returns it for `users`. */
export function compared(
  { topics, asksOnly }: Matrix,
  users: readonly Account[],
  found: readonly Readonly<Record<Action, Finding>>[],
): Cell[] {
  return topics.flatMap((topic, at) =>
    users.flatMap(({ name: user }, number) =>
      actions.map((action) => {
        const finding = found[number * topics.length + at]![action]
        const expected = asksOnly ? undefined : expectedOf(topic, user)[action]
        return {
          topic: topic.filter,
          user,
          action,
          ...finding,
          expected,
          isExpected: agrees(finding, expected),
        }
      }),
    ),
  )
}

function agrees({ outcome }: Finding, expected: Expected | undefined): boolean {
  if (expected === undefined || expected === 'any') return true
  return expected === 'no' ? outcome !== 'granted' && outcome !== 'unknown' : outcome === expected
}

/** A file that expects what was found; what differs from the expectations is in comments. */
export function printed(
  { cells, refusals }: Rights,
  paint: (text: string) => string = (text) => text,
): string {
  const width = Math.max(0, ...cells.map(({ user }) => user.length))
  const lines: string[] = []
  for (let at = 0; at < cells.length; at += actions.length) {
    const row = cells.slice(at, at + actions.length)
    const { topic, user } = row[0]!
    if (topic !== cells[at - 1]?.topic) lines.push(`topic ${writtenTopic(topic)}`)
    const rights = row.map(({ action, outcome }) => (outcome === 'granted' ? action : `${action}:${outcome}`))
    const notes = row.flatMap(noteOf)
    const line = `  ${user.padEnd(width)}  ${rights.join(' ')}${notes.length === 0 ? '' : `  # ${notes.join('; ')}`}`
    lines.push(row.every(({ isExpected }) => isExpected) ? line : paint(line))
  }
  for (const { user, isExpected, detail } of refusals)
    lines.push(
      isExpected
        ? `# user ${user} refused: ${shown(detail)}`
        : paint(`# user ${user} connects, expected refused`),
    )
  return `${lines.join('\n')}\n`
}

function noteOf({ action, outcome, expected, isExpected, detail }: Cell): string[] {
  if (!isExpected) {
    const wanted = expected === 'no' ? `no ${action}` : `${action}:${expected}`
    return [`expected ${wanted}${detail === '' ? '' : `, ${shown(detail)}`}`]
  }
  // Worth knowing without an expectation too.
  return outcome === 'granted' && detail !== '' ? [`${action} ${shown(detail)}`] : []
}

export function json({ cells, refusals }: Rights): string {
  const rights = cells.map(({ topic, user, action, outcome, detail, expected, isExpected }) => ({
    ...{ topic, user, action, outcome, ...(detail !== '' && { detail }) },
    ...(expected !== undefined && { expected, ok: isExpected }),
  }))
  const logins = refusals.map(({ user, isExpected, detail }) => ({
    ...{ user, login: isExpected ? 'refused' : 'accepted', ...(detail !== '' && { detail }) },
    ...{ expected: 'refused', ok: isExpected },
  }))
  return `${jsonOf({ rights, logins }, 2)}\n`
}
