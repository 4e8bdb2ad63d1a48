// Access control lists in mosquitto's format, with the meaning that they have in mosquitto 2.0: a client that has no
// entry for a topic may neither publish to it nor receive its messages; subscribing is always allowed.
import { MqttxError } from '../errors.js'
import { matches } from '../session/topic-filter.js'
import { shown } from '../text.js'
import type { Action, Identity } from './core/caller.js'
import { parseFilter } from './core/topics.js'

interface Entry {
  readonly filter: string
  /** Both false: denied. */
  readonly read: boolean
  readonly write: boolean
}

export class AccessList {
  /** By user name; undefined: clients without one. */
  readonly #users = new Map<string | undefined, Entry[]>()
  /** For all clients: `%u` stands for the user name, `%c` for the Client Identifier. */
  readonly #patterns: Entry[] = []

  add(user: string | undefined, entry: Entry): void {
    const entries = this.#users.get(user)
    if (entries === undefined) this.#users.set(user, [entry])
    else insert(entries, entry)
  }

  addPattern(entry: Entry): void {
    insert(this.#patterns, entry)
  }

  allows({ clientId, user }: Identity, action: Action, topic: string): boolean {
    if (action === 'subscribe') return true
    for (const entry of this.#users.get(user) ?? []) {
      const verdict = verdictOf(entry, entry.filter, action, topic)
      if (verdict !== undefined) return verdict
    }
    if (/[+#]/.test(clientId) || /[+#]/.test(user ?? '')) return false // they would be wildcards in a pattern
    for (const entry of this.#patterns) {
      if (user === undefined && entry.filter.includes('%u')) continue
      const filter = entry.filter.replace(/%[cu]/g, (name) => (name === '%c' ? clientId : (user ?? '')))
      const verdict = verdictOf(entry, filter, action, topic)
      if (verdict !== undefined) return verdict
    }
    return false
  }
}

/** What is denied comes first. */
function insert(entries: Entry[], entry: Entry): void {
  if (entry.read || entry.write) entries.push(entry)
  else entries.unshift(entry)
}

function verdictOf(
  { read, write }: Entry,
  filter: string,
  action: Action,
  topic: string,
): boolean | undefined {
  if (topic.startsWith('$') !== filter.startsWith('$') || !matches(filter, topic)) return undefined
  if (!read && !write) return false
  return (action === 'publish' ? write : read) ? true : undefined
}

const access: ReadonlyMap<string, Omit<Entry, 'filter'>> = new Map([
  ['read', { read: true, write: false }],
  ['write', { read: false, write: true }],
  ['readwrite', { read: true, write: true }],
  ['deny', { read: false, write: false }],
])

/** @throws MqttxError that names the line */
export function parseAccessList(text: string, file: string): AccessList {
  const list = new AccessList()
  let user: string | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trimEnd()
    if (words === '' || words.startsWith('#')) continue
    const fail = (why: string): never => {
      throw new MqttxError(`${file}, line ${index + 1}: ${why}`, {
        hint: 'a line is: user NAME, topic [read|write|readwrite|deny] FILTER, or pattern [...] FILTER',
      })
    }
    const [, keyword = '', rest = ''] = /^(\S+) *(.*)$/s.exec(words) ?? []
    if (keyword === 'user') user = rest || fail('it names no user')
    else if (keyword === 'topic') list.add(user, entryOf(rest, fail))
    else if (keyword === 'pattern') list.addPattern(entryOf(rest, fail))
    else fail(`'${shown(keyword)}' is no keyword`)
  }
  return list
}

/** `[ACCESS] FILTER`; a filter may contain spaces only after the access. */
function entryOf(text: string, fail: (why: string) => never): Entry {
  if (text === '') fail('it names no topic')
  const space = text.indexOf(' ')
  const kind = space < 0 ? 'readwrite' : text.slice(0, space)
  const filter = space < 0 ? text : text.slice(space).trimStart()
  const rights = access.get(kind) ?? fail(`'${shown(kind)}' is no kind of access`)
  const parsed = parseFilter(filter)
  if ('fault' in parsed) fail(`invalid Topic Filter '${shown(filter)}': ${parsed.fault}`)
  return { filter, ...rights }
}
