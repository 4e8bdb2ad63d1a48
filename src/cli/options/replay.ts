// Options of replay: the recording, which of its messages are published, when, and under which topics.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { optionsOf, type Parse } from '../option.js'
import { topicFilter } from '../topic.js'
import { decimal, integer, parseName, parseText, parseTimeout, stringFault } from '../values.js'
import { parseTime } from './inspect.js'

const inInput = optionsOf('Input')
const inFilters = optionsOf('Filters')
const { flag, list, option } = optionsOf('Message')

const files = inInput.list({
  flags: '--read FILE',
  parse: parseName,
  complete: 'file',
  help: 'Replay this recording; the name of the option may be omitted.',
  doc: `Lines of \`mqttx sub --json\` or of mosquitto_sub -F %j and %J, or a capture as \`mqttx inspect\` reads it; also
    compressed with gzip. May be given more than once: the messages of all files are published in order of time. \`-\`, and
    no FILE at all, is standard input.`,
})

const keylog = inInput.option({
  flags: '--keylog FILE',
  parse: parseName,
  complete: 'file',
  help: 'Decrypt TLS in captures with the secrets in this file.',
  doc: 'As written by `--tls-keylog` of mqttx and Node.js, or by programs that honour SSLKEYLOGFILE.',
})

const directions = ['c2s', 's2c'] as const

const parseDirection: Parse<(typeof directions)[number]> = (text, name) => {
  const direction = directions.find((known) => known === text)
  if (direction !== undefined) return direction
  throw new UsageError(`${name}: unknown value '${shown(text)}'`, { hint: 'use c2s or s2c' })
}

const direction = inInput.option({
  flags: '--direction DIRECTION',
  parse: parseDirection,
  choices: directions,
  default: 'c2s',
  help: 'In captures: messages from clients (c2s) or servers (s2c).',
  doc: `A server passes the messages of its clients on to its subscribers: a capture of both directions has them twice or
    more often. \`c2s\` is each message once, as its publisher sent it; \`s2c\` is what subscribers received, each copy of it.
    See {client}.`,
})

const client = inInput.list({
  flags: '--client ID',
  parse: parseText,
  help: 'In captures: only connections of this Client Identifier.',
  doc: 'May be given more than once.',
})

const filter = inFilters.list({
  flags: '--filter FILTER',
  parse: topicFilter('filter'),
  complete: 'topic',
  help: 'Only messages whose topic matches this Topic Filter.',
  doc: 'May be given more than once: one has to match. It is compared with the topic of the recording, before {map}.',
})

/** As src/replay/selection.ts has it. */
type Moment = { readonly at: number } | { readonly after: number }

const units = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
const largestOffset = 1e12 // milliseconds: 31 years

/** A time since 1970 in UTC, or with a unit or a plus sign a time from the first message; in milliseconds. */
const parseMoment: Parse<Moment> = (text, name) => {
  if (/^\+?(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$|^\+\d+(?:\.\d+)?$/.test(text)) {
    let after = 0
    for (const [, number, unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)?/g)) {
      after += Number(number) * units[unit as keyof typeof units]
    }
    if (after <= largestOffset) return { after }
  }
  try {
    return { at: Number(parseTime(text, name)) / 1e6 }
  } catch (cause) {
    throw new UsageError(`${name}: '${shown(text)}' is not a time`, {
      cause,
      hint: 'from the first message as in 90s, 1h30m or +12.5, or UTC as in 2026-11-21T09:30:00.25',
    })
  }
}

const from = inFilters.option({
  flags: '--from TIME',
  parse: parseMoment,
  help: 'Begin with the first message of this time or later.',
  doc: `From the first message of the recording, with a unit or a plus sign: \`90s\`, \`1h30m\`, \`500ms\`, \`+12.5\`; or a date
    and time in UTC as in \`2026-11-21T09:30:00.25\`, or in seconds since 1970.`,
})

const to = inFilters.option({
  flags: '--to TIME',
  parse: parseMoment,
  help: 'End before the first message later than this time.',
  doc: 'In the same forms as {from}. What follows that message is not read.',
})

const startAt = inFilters.option({
  flags: '--start-at NUMBER',
  parse: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  default: 1,
  help: 'Begin with this message; a replay that failed says with which.',
  doc: `The number of a line in a file of lines, blank ones included; of a message in a capture, counted from 1. Of several
    files: of all their lines and messages, in the order in which they are published. Messages that {filter}, {from} or
    {client} leave out are counted too, except for {client} and {direction} in captures; with {loop} the count goes on
    in the next round.`,
})

const parseSpeed: Parse<number> = (text, name) => {
  if (text === 'max') return Number.POSITIVE_INFINITY
  try {
    return decimal({ min: 0.001, max: 1_000_000 })(text, name)
  } catch (cause) {
    throw new UsageError(`${name}: '${shown(text)}' is not a speed`, {
      cause,
      hint: 'a number from 0.001 to 1000000, such as 10 or 0.5, or max',
    })
  }
}

const speed = option({
  flags: '--speed FACTOR',
  parse: parseSpeed,
  default: 1,
  complete: ['0.5', '1', '2', '10', 'max'],
  help: 'Play this many times as fast as recorded, or max.',
  doc: `2 halves the time between messages, 0.5 doubles it. \`max\` waits for nothing but the server. Each message has an
    intended time, from the start of the replay: delays do not add up. If the server is slow, messages are late, never
    left out; standard error says at the end by how much.`,
})

const loop = flag({
  flags: '--loop',
  orWith: 'loopCount',
  help: 'Begin again at the end; --loop=COUNT: play that many rounds.',
  doc: `Without a COUNT, until a signal or {timeout}. The next round begins after the mean time between two messages.
    Regular files only.`,
})

const loopCount = option({
  flags: '--loop-count COUNT',
  parse: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  help: 'Play this many rounds.',
})

const parsePrefix: Parse<string> = (text, name) => {
  const fault = /[+#]/.test(text) ? "'+' and '#' are wildcards" : stringFault(text)
  if (fault === undefined) return text
  throw new UsageError(`${name}: '${shown(text)}' cannot begin a topic`, { hint: fault })
}

const prefix = option({
  flags: '--prefix TEXT',
  parse: parsePrefix,
  default: '',
  shownDefault: 'none',
  help: 'Publish under topics that begin with this text: test/.',
  doc: 'It is put in front of each topic as it is, after {map}. Response Topics stay as they were recorded.',
})

interface Substitution {
  readonly pattern: RegExp
  readonly replacement: string
}

/** `s/PATTERN/REPLACEMENT/FLAGS` as in sed -E, with JavaScript's regular expressions; for String.replace. */
const parseSubstitution: Parse<Substitution> = (text, name) => {
  const fail = (hint: string, cause?: unknown): UsageError =>
    new UsageError(`${name}: '${shown(text)}' is not a substitution`, { hint, cause })
  const [, separator] = text // a character, which may be two UTF-16 units
  if (text[0] !== 's' || separator === undefined || /[\w\\\s]/.test(separator)) {
    throw fail('such as s/old/new/, or s,a/b,c/d,')
  }
  const parts = partsOf([...text].slice(2), separator)
  if (parts.length !== 3)
    throw fail(`it needs three ${separator}: s${separator}old${separator}new${separator}`)
  const [pattern, replacement, flags] = parts as [string, string, string]
  if (!/^[gi]*$/.test(flags)) throw fail('the flags are g (all occurrences) and i (upper and lower case)')
  if (pattern === '') throw fail('the pattern is empty')
  try {
    const compiled = new RegExp(pattern, `u${[...new Set(flags)].join('')}`)
    const groups = new RegExp(`${pattern}|`, 'u').exec('')!.length - 1
    return { pattern: compiled, replacement: replacementOf(replacement, groups) }
  } catch (cause) {
    throw fail((cause as Error).message, cause)
  }
}

/** Splits at each separator that no backslash precedes; a backslash before a separator is removed. */
function partsOf(text: readonly string[], separator: string): string[] {
  const parts: string[] = []
  let part = ''
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1]
    if (text[at] === '\\' && next !== undefined) {
      part += next === separator ? next : `\\${next}`
      at++
    } else if (text[at] === separator) {
      parts.push(part)
      part = ''
    } else part += text[at]
  }
  return [...parts, part]
}

/** sed's `&` and `\1` as JavaScript's `$&` and `$01`, after which a digit may follow. @throws Error for a missing group */
function replacementOf(text: string, groups: number): string {
  return text.replace(/\\(\d)|\\(.)|[$&]/gsu, (found, group?: string, literal?: string) => {
    if (Number(group ?? 0) > groups) throw new Error(`the pattern has no group ${group}`)
    if (group !== undefined) return group === '0' ? '$&' : `$0${group}`
    const character = literal ?? found
    if (found === '&') return '$&'
    return character === '$' ? '$$' : character
  })
}

const map = list({
  flags: '--map SUBSTITUTION',
  parse: parseSubstitution,
  help: 'Change topics as sed -E does: s/old/new/; repeatable.',
  doc: `\`s,^site/(\\w+)/,lab/\\1/,\`: the first match of the regular expression (JavaScript's) is replaced; \`&\` is the match,
    \`\\1\` its first group. After the last separator, \`g\` replaces all matches and \`i\` ignores the case. Any character can
    separate. Several are applied in order. What comes out must be a Topic Name, else the replay ends.`,
})

const retain = flag({
  flags: '-r, --retain',
  help: 'Retain all messages; without it those that were retained.',
})

const noRetain = flag({
  flags: '--no-retain',
  help: 'Retain no message.',
})

const timeout = option({
  flags: '-W, --timeout SECONDS',
  parse: parseTimeout,
  missing: 'no timeout specified',
  help: 'Stop after this many seconds, with status 27.',
  doc: 'What is in flight is still acknowledged, for a second. Standard error says where to resume.',
})

export const replayOptions = {
  ...{ files, keylog, direction, client },
  ...{ filter, from, to, startAt },
  ...{ speed, loop, loopCount, prefix, map, retain, noRetain, timeout },
}
