// Options of check: what is tried, limits, and the format of the report.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { optionsOf, type Parse } from '../option.js'
import { topicFilter, topicName } from '../topic.js'
import { type BrokerUrl, parseServerUrl } from '../url.js'
import { parseName, parseQos, parseSeconds, parseText } from '../values.js'
import { parseDuration } from './bench-values.js'
import { urlOfServer } from './connection.js'

const { flag, list, option } = optionsOf('Action')
const inConnection = optionsOf('Connection')
const inOutput = optionsOf('Output')

export const limitNames = ['connect', 'roundtrip', 'certificate'] as const
/** Milliseconds for `connect` and `roundtrip`, days for `certificate`. */
export type Limits = Partial<Record<(typeof limitNames)[number], number>>

/** `connect=500ms,roundtrip=2s,certificate=14` */
const parseLimits: Parse<Limits> = (text, name) => {
  const limits: Limits = {}
  for (const part of text.split(',')) {
    const [, key, value = ''] = /^(\w+)=(.*)$/s.exec(part) ?? []
    const limit = limitNames.find((known) => known === key)
    if (limit === undefined) {
      throw new UsageError(`${name}: '${shown(part)}' is not a limit`, {
        hint: 'such as connect=500ms, roundtrip=2s or certificate=14 (days)',
      })
    }
    limits[limit] = limit === 'certificate' ? daysOf(value, name) : parseDuration(value, name)
  }
  return limits
}

function daysOf(text: string, name: string): number {
  if (/^\d{1,5}d?$/.test(text)) return Number.parseInt(text, 10)
  throw new UsageError(`${name}: '${shown(text)}' is not a number of days`, {
    hint: 'such as certificate=14',
  })
}

export interface Fresh {
  readonly filter: string
  /** Milliseconds. */
  readonly within: number
}

/** `sensor/+/t=60s` */
const parseFresh: Parse<Fresh> = (text, name) => {
  const at = text.lastIndexOf('=')
  if (at <= 0) {
    throw new UsageError(`${name}: '${shown(text)}' is not FILTER=TIME`, { hint: "such as 'sensor/+/t=60s'" })
  }
  const filter = topicFilter('filter')(text.slice(0, at), name)
  const within = parseDuration(text.slice(at + 1), name)
  if (filter.startsWith('$share/')) {
    throw new UsageError(`${name}: a shared subscription sees a part of the messages: omit $share/NAME/`)
  }
  if (within > 0) return { filter, within }
  throw new UsageError(`${name}: the time must be greater than 0`)
}

const topic = option({
  flags: '-t, --topic TOPIC',
  parse: topicName('publish'),
  complete: 'topic',
  shownDefault: 'mqttx-check/ and random digits',
  help: 'Topic of the round trip.',
  doc: `For a user that may publish and subscribe only there. Other messages on it are ignored. With {capabilities} and
    {conformance}: the topic below which everything is tried, by default \`mqttx-check\`.`,
})

const qos = option({
  flags: '-q, --qos QOS',
  parse: parseQos,
  default: 1,
  choices: [0, 1, 2],
  help: 'QoS of the round trip.',
  doc: 'A lower one is used if CONNACK says that the server does not support it.',
})

const noRoundTrip = flag({
  flags: '--no-round-trip',
  help: 'Only connect: no SUBSCRIBE, no message.',
})

const capabilities = flag({
  flags: '--capabilities',
  help: 'Find out what the server can do: a table, or with --json.',
  doc: `Versions, QoS, retained messages, wills, subscriptions, sessions, expiry, aliases and limits, each by doing it below a
    random topic. Sessions and retained messages are removed from the server afterwards, also after Ctrl-C. Sizes are tried
    up to 1 MiB for packets, 65535 bytes for names and 1000 levels for topics. \`?\` is what could not be found out. {protocolVersion}
    is the version that is used for it, by default the newest that the server speaks. The status is 42 if no message gets
    through.`,
})

const diff = option({
  flags: '--diff FILE FILE',
  needsAnother: (args) => args.length < 2,
  parse: (text, _name, more = []) => [text, more[0]!] as const,
  missing: 'two files are needed',
  complete: 'file',
  help: 'Print what differs between two results of --capabilities --json.',
  doc: 'It does not connect. The status is 42 if anything differs.',
})

const acl = option({
  flags: '--acl FILE',
  parse: parseName,
  complete: 'file',
  help: 'Find out who may do what: users, topics and rights are in FILE.',
  doc: `Each user publishes and subscribes to each topic; messages that arrive decide, not SUBACK. The messages are not
    retained, but others receive them too. The status is 42 if something is not as the file expects. See \`mqttx help
    access-rights\`.`,
})

const timeout = option({
  flags: '-W, --timeout SECONDS',
  parse: parseSeconds,
  shownDefault: '10, and the longest time of --fresh; 60 with --capabilities',
  help: 'Time limit for the whole check.',
  doc: 'Whatever does not answer: the check ends by then, and names the step.',
})

const fresh = list({
  flags: '--fresh FILTER=TIME',
  parse: parseFresh,
  help: 'Fail if no message comes on this Topic Filter in that time.',
  doc: `Retained messages do not count. TIME is 60s, 1.5m or 200ms. It ends when each filter has had one. May be given
    several times.`,
})

const warn = option({
  flags: '--warn LIMITS',
  parse: parseLimits,
  help: 'Warn above connect=TIME,roundtrip=TIME or below certificate=DAYS.',
  doc: `The time to CONNACK, that of the round trip, and the days for which the server's certificate is still valid. A warning
    is printed on standard error; the status stays 0, except with \`--format nagios\`.`,
})

const crit = option({
  flags: '--crit LIMITS',
  parse: parseLimits,
  help: 'Fail above or below these limits.',
})

const formats = ['text', 'json', 'nagios', 'prometheus'] as const
export type Format = (typeof formats)[number]

const parseFormat: Parse<Format> = (text, name) => {
  const format = formats.find((known) => known === text)
  if (format !== undefined) return format
  throw new UsageError(`${name}: '${shown(text)}' is not a format`, { hint: `use ${formats.join(', ')}` })
}

const format = inOutput.option({
  flags: '--format FORMAT',
  parse: parseFormat,
  choices: formats,
  default: 'text',
  help: 'Print the result as text, json, nagios or prometheus.',
  doc: `\`nagios\` prints one line with performance data and ends with the statuses of its plugins: 0 OK, 1 WARNING, 2
    CRITICAL, 3 UNKNOWN. \`prometheus\` prints metrics in its text format.`,
})

const conformance = flag({
  flags: '--conformance',
  help: 'Try the statements of the standard: of 3.1.1, of 5, or of both.',
  doc: `Each of its numbered statements that bind a server and can be seen from outside is an exchange of packets, also of
    malformed ones, under a random topic; what it leaves on the server is removed. First it finds out what the server
    offers: statements about what it lacks are skipped. A violation is printed with the packets, byte by byte, and the status
    is 42; it is 27 if only some statements could not be decided. {timeout} is the time for one answer, by default 2. {format} can be
    \`text\` or \`json\`.`,
})

const listStatements = flag({
  flags: '--list',
  help: 'With --conformance: print the statements, and do not connect.',
})

const only = list({
  flags: '--only ID',
  parse: parseText,
  help: 'With --conformance: try this statement, such as MQTT-3.1.2-1.',
  doc: 'May be given several times.',
})

const junit = option({
  flags: '--junit FILE',
  parse: parseName,
  complete: 'file',
  help: 'With --conformance: write a JUnit report to this file.',
})

type UrlArgs = Parameters<NonNullable<typeof urlOfServer.assign>>[0]

interface VersionArgs {
  conformanceVersion?: 4 | 5
}

/** The URL of the server, or the version for --conformance. */
export const urlOrVersion = inConnection.indirect<BrokerUrl | 4 | 5, UrlArgs & VersionArgs>({
  flags: urlOfServer.flags,
  missing: 'no URL specified',
  parseVariable: parseServerUrl,
  help: 'Server and login in one: mqtt://USER:PW@HOST:PORT.',
  doc: `${urlOfServer.doc} As operands, 3.1.1 and 5 are versions for {conformance}.`,
  parse(text, name) {
    if (text === '3.1.1') return 4
    if (/^5(\.0)?$/.test(text)) return 5
    if (!/^[\d.]+$/.test(text)) return parseServerUrl(text, name)
    throw new UsageError(`'${text}' is not a version of MQTT for --conformance`, { hint: 'use 3.1.1 or 5' })
  },
  assign(args, value) {
    if (typeof value === 'number') args.conformanceVersion = value
    else urlOfServer.assign!(args, value)
  },
})

const json = inOutput.flag({
  flags: '--json',
  help: 'The same as --format json.',
})

export const checkOptions = {
  capabilities,
  diff,
  acl,
  topic,
  qos,
  noRoundTrip,
  timeout,
  fresh,
  warn,
  crit,
  format,
  json,
  ...{ conformance, listStatements, only, junit },
}

interface CheckArguments {
  readonly capabilities: boolean
  readonly diff?: readonly string[]
  readonly conformance: boolean
  readonly acl?: string
  readonly topic?: string
  readonly noRoundTrip: boolean
  readonly fresh: readonly Fresh[]
  readonly warn?: Limits
  readonly crit?: Limits
  readonly format: Format
}

/** Kinds of check other than the probe: one at a time, and without the options of the probe. @throws UsageError */
export function checkMode(args: CheckArguments): void {
  const { capabilities, diff, conformance, acl, topic, noRoundTrip, fresh, warn, crit, format } = args
  const kinds = [
    diff !== undefined && '--diff',
    capabilities && '--capabilities',
    conformance && '--conformance',
    acl !== undefined && '--acl',
  ].filter((name) => name !== false)
  const [kind, other] = kinds
  if (kind === undefined) return
  const useless = [
    other !== undefined && !(kind === '--diff' && other === '--capabilities') && other,
    kind === '--acl' && topic !== undefined && '--topic',
    noRoundTrip && '--no-round-trip',
    fresh.length > 0 && '--fresh',
    warn !== undefined && '--warn',
    crit !== undefined && '--crit',
    format !== 'text' && format !== 'json' && `--format ${format}`,
  ].find((name) => name !== false)
  if (useless !== undefined) throw new UsageError(`${kind} and ${useless} cannot be used together.`)
}
