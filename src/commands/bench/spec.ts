// mqttx bench: its words. What it does is in run.ts.
import { type Args, spec } from '../../cli/option.js'
import { benchOptions } from '../../cli/options/bench.js'
import {
  checkAddressAndLogin,
  checkSession,
  clientId,
  connectionOptions,
  reconnectOptions,
  sessionOptions,
  urlOfServer,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { contextOption, helpOptions, quietOption } from '../../cli/options/general.js'
import { checkProperties, connectProperties, publishProperties } from '../../cli/options/properties.js'
import { checkTls } from '../../cli/options/tls.js'
import { UsageError } from '../../errors.js'
import { has } from './placeholders.js'

const stampSize = 40

export const bench = spec({
  name: 'bench',
  summary: 'Measure a server under load.',
  synopsis: [
    'pub [--rate COUNT] [--clients COUNT] [OPTION]...',
    'sub [-t FILTER] [OPTION]...',
    'pubsub [--rate COUNT] [--subscribers COUNT] [OPTION]...',
    'rr [--rate COUNT] [--clients COUNT] [OPTION]...',
    'conn --clients COUNT [--churn COUNT] [OPTION]...',
    "--find-max 'p99<50ms' [pub | pubsub | rr] [OPTION]...",
    '{merge | report} [--json] FILE...',
    'compare [--json] FILE FILE',
  ],
  description: [
    `Connects clients, publishes or receives, and reports what came of it: how many messages were offered, sent,
    acknowledged, received, lost, duplicated and reordered, what failed and for which Reason Code, and how long it took.`,
    `With {rate} each message has an intended time, and latency is counted from that; the time from the sending stands
    beside it. Without, it is as fast as the server takes it.`,
    `The report ends with \`valid\`, or with what failed and what the load generator itself could not do. SIGINT ends the run, and it is
    still reported. The status is not 0 where messages were lost at QoS 1 or 2, duplicated at QoS 2, not sent or not
    acknowledged, and where anything was refused or failed.`,
    `With rr each client sends requests and awaits their responses, which the same run sends back: with the Response Topic and
    Correlation Data of MQTT 5, or to the same topics before it. The latency is that of the whole way, and a request without a
    response is a lost message. Without {rate} a client has one request under way, or as many as {maxInflight} says.`,
    `Where a comparison says that a figure is better or worse, chance does not explain the difference: stretches of each run (a
    quarter of a second, longer in long runs) are drawn again 2,000 times, some neighbours together (circular block bootstrap),
    and the range of the quotients is shown; the ranges hold together with 95 % (Bonferroni). Differences below 1 % count as
    none. What differs from start to start of a server is not in one run: where it matters, compare several.`,
    `Latency from a publisher to a subscriber is measured on one host, whose clock both share; messages of other hosts
    are counted without it.`,
  ],
  examples: [
    [
      'A hundred clients that send 10,000 messages a second together',
      'mqttx bench pub --rate 10000 --clients 100 -q 1',
    ],
    ['From publisher to subscriber', 'mqttx bench pubsub --rate 1000 --clients 10 --subscribers 2 -q 1'],
    [
      'A thousand connections, a hundred more each second',
      'mqttx bench conn --clients 1000 --connect-rate 100',
    ],
  ],
  options: {
    ...benchOptions,
    ...connectionOptions,
    ...reconnectOptions,
    url: urlOfServer,
    id: clientId('Invalid id.'),
    ...sessionOptions,
    any: connectProperties.any,
    sessionExpiry: connectProperties.sessionExpiry,
    ...publishProperties,
    ...contextOption,
    ...quietOption,
    ...helpOptions,
  },
  contextSettings,
  exclusive: [
    { options: ['rate', 'ratePerClient'], message: '--rate and --rate-per-client cannot be used together.' },
    {
      options: ['message', 'file', 'size'],
      message: 'Only one of --message, --file and --size can be used.',
    },
    {
      options: ['servers', 'host', 'url', 'unix'],
      message: '--servers and -h, -L or --unix cannot be used together.',
    },
    { options: ['ifaddr', 'bind'], message: '--ifaddr and -A cannot be used together.' },
    { options: ['startAt', 'startOn'], message: '--start-at and --start-on cannot be used together.' },
    { options: ['id', 'idPrefix'], message: '-i and -I argument cannot be used together.' },
  ],
  operand: 'work',
  check(args) {
    checkWork(args)
    checkProperties(args)
    checkTls(args)
    checkSession(args)
    checkAddressAndLogin(args)
  },
})

type Given = Args<typeof bench.options>
type Mode = 'pub' | 'sub' | 'pubsub' | 'rr' | 'conn'

const modes: readonly string[] = ['pub', 'sub', 'pubsub', 'rr', 'conn']
const ofFiles = ['merge', 'report', 'compare']

function checkWork(args: Given): void {
  if (args.work.length === 0 && args.findMax !== undefined) args.work.push('pub')
  const [mode, ...rest] = args.work
  const hint = 'pub, sub, pubsub, rr, conn, merge, report or compare, as in: mqttx bench pub --rate 1000'
  if (mode === undefined) throw new UsageError('bench: what is to be done?', { hint })
  if (ofFiles.includes(mode)) return checkFiles(mode, rest.length, args)
  if (!modes.includes(mode)) throw new UsageError(`bench: '${mode}' is not known.`, { hint })
  if (rest.length > 0) throw new UsageError(`bench ${mode}: '${rest[0]}' is one word too many.`)
  checkMode(mode as Mode, args)
  checkTopics(mode as Mode, args)
  checkPayload(mode as Mode, args)
  checkSearch(args)
  if (args.duration === 0) throw new UsageError('--duration: 0 is no time to measure in.')
  if (args.ramp !== undefined && args.rate === undefined && args.ratePerClient === undefined)
    throw new UsageError('--ramp: without --rate or --rate-per-client there is no rate that could climb.')
  if (args.unix !== undefined && args.ifaddr !== undefined)
    throw new UsageError('--ifaddr: a unix socket is not reached from an address.')
}

/** Options that have no meaning elsewhere. */
const onlyOf: readonly (readonly [keyof Given, name: string, modes: readonly Mode[]])[] = [
  ['rate', '--rate', ['pub', 'pubsub', 'rr']],
  ['ratePerClient', '--rate-per-client', ['pub', 'pubsub', 'rr']],
  ['ramp', '--ramp', ['pub', 'pubsub', 'rr']],
  ['message', '--message', ['pub', 'pubsub', 'rr']],
  ['file', '--file', ['pub', 'pubsub', 'rr']],
  ['template', '--template', ['pub', 'pubsub', 'rr']],
  ['retain', '--retain', ['pub', 'pubsub']],
  ['count', '--count', ['pub', 'sub', 'pubsub', 'rr']],
  ['topic', '--topic', ['pub', 'sub', 'pubsub', 'rr']],
  ['topics', '--topics', ['pub', 'sub', 'pubsub', 'rr']],
  ['zipf', '--zipf', ['pub', 'sub', 'pubsub', 'rr']],
  ['responseTopic', '--response-topic', ['rr']],
  ['findMax', '--find-max', ['pub', 'pubsub', 'rr']],
]

function checkMode(mode: Mode, args: Given): void {
  for (const [key, name, able] of onlyOf) {
    if (args[key] === undefined || args[key] === false || able.includes(mode)) continue
    throw new UsageError(`bench ${mode}: ${name} has no meaning here.`, {
      hint: `it is for ${able.join(', ')}`,
    })
  }
}

function checkTopics(mode: Mode, args: Given): void {
  const { topic, topics, zipf, subscribers, responseTopic = '' } = args
  if (mode !== 'sub' && topic !== undefined && /[+#]/.test(topic)) {
    throw new UsageError(`bench ${mode}: the topic '${topic}' has a wildcard.`, {
      hint: 'for topics of their own, use %i: the number of the client',
    })
  }
  if (zipf !== undefined && topics === undefined)
    throw new UsageError('--zipf: say with --topics how many topics there are.')
  const chosen = has(topic ?? '%t', 't')
  if (topics !== undefined && !chosen)
    throw new UsageError(`--topics: the topic '${topic}' has no %t, which is the number of the chosen one.`)
  if (topics === undefined && topic !== undefined && chosen)
    throw new UsageError(`The topic '${topic}' has %t: say with --topics how many there are.`)
  if (mode !== 'rr') return
  if (subscribers > 1 && (topics !== undefined || !has(topic ?? '%i', 'ic') || has(topic ?? '', 'n'))) {
    throw new UsageError(`bench rr: ${subscribers} responders cannot share the requests to these topics.`, {
      hint: 'each client needs one of its own, by %i or %c alone; or leave --subscribers out',
    })
  }
  if (responseTopic !== '' && (!has(responseTopic, 'ic') || has(responseTopic, 'nt')))
    throw new UsageError('--response-topic: each client needs one of its own, by %i or %c alone.')
  const { responseTopic: given, correlationData } = args.properties?.publish ?? {}
  if (given !== undefined || correlationData !== undefined) {
    throw new UsageError('bench rr: Response Topic and Correlation Data are set by the program itself.', {
      hint: 'where responses are awaited says --response-topic',
    })
  }
}

function checkPayload(mode: Mode, { message, file, size, template }: Given): void {
  const content = message ?? file
  if (template && content === undefined)
    throw new UsageError('--template: the text is missing: -m TEXT or -f FILE.')
  if ((mode !== 'pubsub' && mode !== 'rr') || content !== undefined || size >= stampSize) return
  throw new UsageError(`bench ${mode}: a payload of ${size} bytes is too small.`, {
    hint: `${stampSize} bytes say which message it is, and when it was sent`,
  })
}

/** A search decides by itself how long it runs, and how fast. */
function checkSearch({ findMax, count, shard, startAt, startOn }: Given): void {
  if (findMax === undefined) return
  const others = { '--count': count, '--shard': shard, '--start-at': startAt, '--start-on': startOn }
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? []
  if (other === undefined) return
  throw new UsageError(`--find-max and ${other} cannot be used together.`, {
    hint: 'how long a step takes says --duration',
  })
}

function checkFiles(mode: string, count: number, args: Given): void {
  const { csv, hdr, assertions, prometheus, findMax } = args
  const given = { '--prometheus': prometheus, '--find-max': findMax }
  const ofOne = { '--csv': csv, '--hdr': hdr }
  const idle = {
    ...given,
    ...(mode === 'compare'
      ? { ...ofOne, '--assert': assertions }
      : mode === 'report' && count > 1
        ? ofOne
        : {}),
  }
  const [name] = Object.entries(idle).find(([, value]) => value !== undefined) ?? []
  if (name !== undefined) {
    const many = mode === 'report' && name in ofOne ? ' with more than one file' : ''
    throw new UsageError(`bench ${mode}: ${name} has no meaning here${many}.`)
  }
  checkFileCount(mode, count)
}

function checkFileCount(mode: string, count: number): void {
  if (mode === 'compare' ? count === 2 : count > 0) return
  const wanted = mode === 'compare' ? 'two files' : 'files'
  throw new UsageError(`bench ${mode}: ${wanted} with the JSON of runs are needed.`, {
    hint: 'mqttx bench pub --json > FILE writes one',
  })
}
