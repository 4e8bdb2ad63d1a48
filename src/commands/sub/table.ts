// Reads the file of --table: a Topic Filter and a shell command on each line, as in a crontab.
import { topicFilter } from '../../cli/topic.js'
import { MqttxError, UsageError } from '../../errors.js'
import { shown } from '../../text.js'

export interface TableLine {
  /** From 1. */
  readonly number: number
  readonly filter: string
  readonly command: string
}

/** The longest table in bytes. */
export const longestTable = 1024 * 1024
const mostLines = 1000

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * `file` is used in error texts. A line is FILTER COMMAND; FILTER may be in single quotes, as it is, or in double quotes,
 * in which \" and \\ stand for " and \.
 * @throws MqttxError with the number of the line
 */
export function parseTable(bytes: Uint8Array, file: string): TableLine[] {
  const lines: TableLine[] = []
  const seen = new Map<string, number>()
  const text = decoded(bytes, file)
  for (const [index, raw] of text.split('\n').entries()) {
    const number = index + 1
    const fail = (why: string, hint?: string) =>
      new MqttxError(`${shown(file)}, line ${number}: ${why}`, { hint })
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const { filter, command } = split(line, fail)
    checkFilter(filter, fail)
    if (command === '') throw fail(`no command after '${shown(filter)}'`, 'a line is FILTER COMMAND')
    if (command.includes('\0')) throw fail('the command contains NUL')
    const first = seen.get(filter)
    if (first !== undefined) throw fail(`'${shown(filter)}' is on line ${first} too`, 'join the commands')
    if (lines.length === mostLines) throw fail(`more than ${mostLines} Topic Filters`)
    seen.set(filter, number)
    lines.push({ number, filter, command })
  }
  if (lines.length > 0) return lines
  throw new MqttxError(`${shown(file)} has no line with a Topic Filter and a command.`, {
    hint: "a Topic Filter that begins with # is quoted: '#' COMMAND",
  })
}

function decoded(bytes: Uint8Array, file: string): string {
  try {
    return utf8.decode(bytes) // without a byte order mark
  } catch {
    throw new MqttxError(`${shown(file)} is not UTF-8 text.`)
  }
}

type Fail = (why: string, hint?: string) => MqttxError

function split(line: string, fail: Fail): { filter: string; command: string } {
  const quote = line[0]!
  const form = quote === "'" ? /^'([^']*)'/ : quote === '"' ? /^"((?:[^"\\]|\\.)*)"/ : /^([^\s'"]+)/
  const [whole, filter] = form.exec(line) ?? []
  if (whole === undefined || filter === undefined) throw fail(`the quote ${quote} is not closed`)
  const rest = line.slice(whole.length)
  if (rest !== '' && !/^\s/.test(rest)) {
    throw fail(`expected a blank after ${shown(whole)}`, 'quote the whole Topic Filter if it has quotes')
  }
  return { filter: quote === '"' ? filter.replace(/\\(["\\])/g, '$1') : filter, command: rest.trim() }
}

function checkFilter(filter: string, fail: Fail): void {
  try {
    topicFilter('subscription')(filter, 'FILTER')
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw fail(error.message, error.hint)
  }
}

/** Two lines whose Topic Filters match the same topic; undefined if there are none. */
export function overlapping(lines: readonly TableLine[]): readonly [TableLine, TableLine] | undefined {
  const levels = lines.map(({ filter }) => filter.replace(/^\$share\/[^/]*\//, '').split('/'))
  for (let i = 0; i < lines.length; i++) {
    for (let j = 0; j < i; j++) if (overlap(levels[j]!, levels[i]!)) return [lines[j]!, lines[i]!]
  }
  return undefined
}

/** True if a Topic Name matches both; a wildcard at the beginning does not match `$` [MQTT-4.7.2-1]. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
  const wild = (level: string | undefined) => level === '#' || level === '+'
  if (one[0]!.startsWith('$') && wild(other[0])) return false
  if (other[0]!.startsWith('$') && wild(one[0])) return false
  for (let i = 0; ; i++) {
    const [a, b] = [one[i], other[i]]
    if (a === '#' || b === '#') return true
    if (a === undefined || b === undefined) {
      // `a/#` matches `a` too.
      return a === b
    }
    if (a !== b && a !== '+' && b !== '+') return false
  }
}
