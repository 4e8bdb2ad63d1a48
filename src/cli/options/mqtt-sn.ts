// Options for MQTT-SN, and which others it has no place for.
import { UsageError } from '../../errors.js'
import { namesOf, optionsOf, type Parse } from '../option.js'
import type { Transport } from '../url.js'
import {
  decimal,
  integer,
  type ProtocolVersion,
  parseName,
  parseProtocolVersion,
  parseQos,
} from '../values.js'
import { protocolVersion } from './connection.js'

const { flag, option } = optionsOf('MQTT-SN')

/** The keys that these options write to Args. */
export interface SnArgs {
  /** -V mqtt-sn */
  sn?: true
  /** The last option that needs MQTT-SN: `--topic-id`. */
  snNeededBy?: string
  /** `-q -1` */
  unconnected?: true
  /** The scheme of -L; 'udp' is MQTT-SN. */
  transport?: Transport
}

/** True if the connection is one over MQTT-SN. */
export function isSn({ sn, transport }: SnArgs): boolean {
  return sn === true || transport === 'udp'
}

/** -V with mqtt-sn. */
export const versionOrSn = option({
  ...protocolVersion,
  parse: ((text, name) =>
    text === 'mqtt-sn' || text === 'sn' ? 'mqtt-sn' : parseProtocolVersion(text, name)) satisfies Parse<
    ProtocolVersion | 'mqtt-sn'
  >,
  choices: ['mqttv31', 'mqttv311', 'mqttv5', 'mqtt-sn'],
  help: 'MQTT version: mqttv31, mqttv311, mqttv5 or mqtt-sn.',
  doc: `${protocolVersion.doc} mqtt-sn is MQTT-SN 1.2 over UDP, to a gateway.`,
  assign(
    args: SnArgs & { protocolVersion: ProtocolVersion; versionGiven?: ProtocolVersion },
    value: ProtocolVersion | 'mqtt-sn',
  ) {
    if (value === 'mqtt-sn') args.sn = true
    else delete args.sn
    args.protocolVersion = value === 'mqtt-sn' ? 4 : value
    args.versionGiven = args.protocolVersion
  },
})

/** Notes that `flags` need MQTT-SN. */
function needing(args: SnArgs, flags: string): void {
  const { short, long } = namesOf({ flags })
  args.snNeededBy = long ?? short ?? flags
}

/** -q of pub, with -1. */
export function withUnconnected<Q extends { readonly flags: string; readonly group: string }>(qos: Q) {
  return option({
    ...(qos as Q & Parameters<typeof option>[0]),
    group: qos.group,
    parse: ((text, name) => (text === '-1' ? -1 : parseQos(text, name))) satisfies Parse<-1 | 0 | 1 | 2>,
    default: 0,
    assign(args: SnArgs & { qos: 0 | 1 | 2 }, value: -1 | 0 | 1 | 2) {
      args.qos = value === -1 ? 0 : value
      if (value === -1) args.unconnected = true
      else delete args.unconnected
    },
  })
}

const topicIdFlags = '--topic-id ID'
const parseTopicId = integer({
  min: 1,
  max: 65_535,
  hint: 'a predefined topic identifier is a number from 1 to 65535',
})

/** A predefined topic identifier; `take` gets the name that stands for it (sn/targets.ts). */
function topicId<A>(doc: string, take: (args: A, name: string) => void) {
  return option({
    flags: topicIdFlags,
    parse: parseTopicId,
    repeatable: true,
    missing: 'no topic identifier specified',
    help: 'Predefined topic identifier instead of a topic (1 to 65535).',
    doc,
    assign(args: SnArgs & A, value: number) {
      needing(args, topicIdFlags)
      take(args, `#${value}`)
    },
  })
}

const predefinedFlags = '--predefined-topics FILE'
const predefinedTopics = option({
  flags: predefinedFlags,
  parse: parseName,
  complete: 'file',
  help: 'Predefined topics: lines of an identifier and a topic.',
  doc: `The gateway must have the same. A topic in the file is sent as its identifier, without a registration, and received
    identifiers are printed as topics. Blank lines and lines that begin with # are skipped.`,
  assign(args: SnArgs & { predefinedTopics?: string }, value) {
    needing(args, predefinedFlags)
    args.predefinedTopics = value
  },
})

const retryIntervalFlags = '--retry-interval SECONDS'
const retryInterval = option({
  flags: retryIntervalFlags,
  parse: decimal({ min: 0.01, max: 3600 }),
  default: 10,
  missing: 'no time specified',
  help: 'T_retry: send again what has no answer after this time.',
  assign(args: SnArgs & { retryInterval: number }, value) {
    needing(args, retryIntervalFlags)
    args.retryInterval = value
  },
})

const retryCountFlags = '--retry-count COUNT'
const retryCount = option({
  flags: retryCountFlags,
  parse: integer({ min: 0, max: 1000 }),
  default: 3,
  help: 'N_retry: after this many times the gateway counts as lost.',
  assign(args: SnArgs & { retryCount: number }, value) {
    needing(args, retryCountFlags)
    args.retryCount = value
  },
})

const sleepFlags = '--sleep SECONDS'
const sleep = option({
  flags: sleepFlags,
  parse: integer({ min: 1, max: 65_535 }),
  missing: 'no duration specified',
  help: 'Sleep this long, wake, fetch what the gateway kept, and again.',
  doc: `A sleeping client receives nothing. It announces the duration with DISCONNECT, and wakes after nine tenths of it, so
    that the gateway does not take it for lost.`,
  assign(args: SnArgs & { sleep?: number }, value) {
    needing(args, sleepFlags)
    args.sleep = value
  },
})

const discover = flag({
  flags: '--discover',
  help: 'Print the gateways that answer SEARCHGW, and exit.',
  doc: `Asks {host}, or all hosts of the local network by broadcast, and prints the identifier and the address of each gateway,
    for 5 seconds or until {timeout} or {count} is reached. With {json}, lines of JSON. Status 27 if none answers.`,
})

const common = { predefinedTopics, retryInterval, retryCount }

export const snPublishOptions = {
  topicId: topicId(
    'Needs no registration. The last of it and {topic} counts.',
    (args: { topic?: string }, name) => {
      args.topic = name
    },
  ),
  ...common,
}

export const snSubscribeOptions = {
  topicId: topicId(
    'May be given more than once. Its messages are printed with the topic of {predefinedTopics}, else with # and the identifier.',
    (args: { topics: string[] }, name) => {
      args.topics.push(name)
    },
  ),
  ...common,
  sleep,
  discover,
}

/** Options that MQTT-SN has no place for: keys of Args, their names, and why. */
const refused: readonly (readonly [why: string, ...(readonly [key: string, name: string])[]])[] = [
  [
    'it has no user names and passwords',
    ['username', '-u'],
    ['pw', '-P'],
    ['passwordFile', '--password-file'],
    ['passwordEnv', '--password-env'],
    ['passwordCommand', '--password-command'],
    ['askPassword', '-P'],
  ],
  [
    'it has no TLS',
    ['cafile', '--cafile'],
    ['capath', '--capath'],
    ['tlsUseOsCerts', '--tls-use-os-certs'],
    ['cert', '--cert'],
    ['key', '--key'],
    ['psk', '--psk'],
  ],
  [
    'it goes over UDP',
    ['ws', '--ws'],
    ['proxy', '--proxy'],
    ['unix', '--unix'],
    ['srv', '--srv'],
    ['nodelay', '--nodelay'],
  ],
  ['it has one outstanding message', ['maxInflight', '--max-inflight']],
  ['its messages are shown by -d and --trace', ['explain', '--explain']],
  ['it has no workers', ['exec', '--exec'], ['table', '--table']],
]

type Checked = SnArgs & {
  readonly versionGiven?: ProtocolVersion
  readonly fiveNeededBy?: string
  readonly discover?: boolean
  readonly qos: number
  readonly json: boolean
  readonly retry: number
  readonly willTopic?: string
}

/** Call it before the other checks, which know MQTT only. @throws UsageError */
export function checkSn(args: Checked): void {
  const { sn, transport, versionGiven, fiveNeededBy, unconnected } = args
  if (!isSn(args)) {
    const hint = 'use -V mqtt-sn, or mqtt-sn:// in -L'
    if (unconnected) throw new UsageError('Invalid QoS given: -1', { hint: `QoS -1 needs MQTT-SN: ${hint}` })
    const needed = args.discover ? '--discover' : args.snNeededBy
    if (needed !== undefined) throw new UsageError(`${needed} needs MQTT-SN.`, { hint })
    return
  }
  if (sn && transport !== undefined && transport !== 'udp')
    throw new UsageError('-V mqtt-sn cannot be used with this URL.', { hint: 'use mqtt-sn:// in -L' })
  if (!sn && versionGiven !== undefined)
    throw new UsageError('-V cannot be used with mqtt-sn:// in -L.', { hint: 'omit -V' })
  if (fiveNeededBy !== undefined)
    throw new UsageError(`${fiveNeededBy} cannot be used with MQTT-SN: it has no properties.`)
  const given = args as unknown as Readonly<Record<string, unknown>>
  for (const [why, ...options] of refused) {
    for (const [key, name] of options) {
      if (given[key] !== undefined && given[key] !== false)
        throw new UsageError(`${name} cannot be used with MQTT-SN: ${why}.`)
    }
  }
  if (unconnected && args.willTopic !== undefined)
    throw new UsageError('A will needs a connection, which -q -1 does not make.')
}
