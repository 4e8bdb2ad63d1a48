// mqttx bench: the command line. run.ts implements it.
import { type Args, spec } from '../../cli/option.js'
import { benchOptions } from '../../cli/options/bench.js'
import {
  checkAddressAndLogin,
  checkSession,
  clientId,
  connectionOptions,
  oneClientId,
  reconnectOptions,
  sessionOptions,
  urlOfServer,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { contextOption, helpOptions, quietOption, traceOptions } from '../../cli/options/general.js'
import { checkProperties, connectProperties, publishProperties } from '../../cli/options/properties.js'
import { checkTls } from '../../cli/options/tls.js'
import { UsageError } from '../../errors.js'
import { hasPlaceholder } from './placeholders.js'

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
    `Connects clients, publishes or subscribes, and reports how many messages were offered, sent, acknowledged, received,
    lost, duplicated and reordered, which failures occurred by Reason Code, and the latency.`,
    `With {rate} each message has an intended time, from which its latency is measured; the time from sending is reported
    as well. Without {rate}, messages are sent as fast as the server accepts them.`,
    `The report ends with \`valid\`, or with the failures and the limits of the load generator. SIGINT ends the run early, with a
    report. The generator line shows its own load; CPU wait is the share of the time that a thread was ready to run while
    other processes used the CPU. The exit status is not 0 if messages were lost at QoS 1 or 2, duplicated at QoS 2, not sent or not
    acknowledged, or if anything was refused or failed.`,
    `With rr each client sends requests and waits for the responses, which responders of the same run send: in MQTT 5 with
    Response Topic and Correlation Data, in earlier versions to the same topics. The latency is that of the round trip; a
    request without a response is a lost message. Without {rate} a client has one outstanding request, or {maxInflight}.`,
    `\`compare\` calls a figure better or worse only if the difference is statistically significant: intervals of each run (250 ms,
    longer in long runs) are resampled 2,000 times in blocks of neighbours (circular block bootstrap). It shows the
    confidence interval of the quotient; all intervals hold simultaneously at 95 % (Bonferroni). Differences below 1 % are
    ignored. A run does not show how a server varies from restart to restart: if that matters, compare several runs.`,
    `Latency from publisher to subscriber is measured only within one host, because clocks of different hosts differ; messages from
    other hosts are counted without latency.`,
  ],
  examples: [
    [
      'Publish 10,000 messages per second from 100 clients',
      'mqttx bench pub --rate 10000 --clients 100 -q 1',
    ],
    [
      'Measure from publisher to subscriber',
      'mqttx bench pubsub --rate 1000 --clients 10 --subscribers 2 -q 1',
    ],
    ['Open 1,000 connections, 100 per second', 'mqttx bench conn --clients 1000 --connect-rate 100'],
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
    ...traceOptions,
    ...helpOptions,
  },
  common: ['clients', 'subscribers', 'rate', 'qos', 'duration', 'findMax', 'json', 'host', 'url'],
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
    oneClientId,
  ],
  operand: 'work',
  check(args) {
    checkArgs(args)
    checkProperties(args)
    checkTls(args)
    checkSession(args)
    checkAddressAndLogin(args)
  },
})

type BenchArgs = Args<typeof bench.options>
type Mode = 'pub' | 'sub' | 'pubsub' | 'rr' | 'conn'

const modes: readonly string[] = ['pub', 'sub', 'pubsub', 'rr', 'conn']
const fileModes = ['merge', 'report', 'compare']

function checkTrace({ trace, traceFile, clients }: BenchArgs, mode: string): void {
  if (!trace && traceFile === undefined) return
  if (clients === 1 && ['pub', 'sub', 'conn'].includes(mode)) return
  throw new UsageError('bench: --trace shows one client, and this run has more.', {
    hint: 'use bench pub, sub or conn with --clients 1',
  })
}

function checkArgs(args: BenchArgs): void {
  if (args.work.length === 0 && args.findMax !== undefined) args.work.push('pub')
  const [mode, ...rest] = args.work
  const hint =
    'pub, sub, pubsub, rr, conn, merge, report or compare, for example: mqttx bench pub --rate 1000'
  if (mode === undefined) throw new UsageError('bench: missing mode.', { hint })
  if (fileModes.includes(mode)) return checkFiles(mode, rest.length, args)
  if (!modes.includes(mode)) throw new UsageError(`bench: unknown mode '${mode}'.`, { hint })
  checkTrace(args, mode)
  if (rest.length > 0) throw new UsageError(`bench ${mode}: unexpected argument '${rest[0]}'.`)
  checkMode(mode as Mode, args)
  checkTopics(mode as Mode, args)
  checkPayload(mode as Mode, args)
  checkSearch(args)
  if (args.duration === 0) throw new UsageError('--duration must be greater than 0.')
  if (args.ramp !== undefined && args.rate === undefined && args.ratePerClient === undefined)
    throw new UsageError('--ramp needs --rate or --rate-per-client.')
  if (args.unix !== undefined && args.ifaddr !== undefined)
    throw new UsageError('--ifaddr and --unix cannot be used together.')
}

/** Options that only some modes accept. */
const onlyOf: readonly (readonly [keyof BenchArgs, name: string, modes: readonly Mode[]])[] = [
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

function checkMode(mode: Mode, args: BenchArgs): void {
  for (const [key, name, accepting] of onlyOf) {
    if (args[key] === undefined || args[key] === false || accepting.includes(mode)) continue
    throw new UsageError(`bench ${mode}: ${name} cannot be used.`, {
      hint: `only with ${accepting.join(', ')}`,
    })
  }
}

function checkTopics(mode: Mode, args: BenchArgs): void {
  const { topic, topics, zipf, subscribers, responseTopic = '' } = args
  if (mode !== 'sub' && topic !== undefined && /[+#]/.test(topic)) {
    throw new UsageError(`bench ${mode}: the topic '${topic}' contains a wildcard.`, {
      hint: '%i is the client number: with it each client publishes to its own topic',
    })
  }
  if (zipf !== undefined && topics === undefined) throw new UsageError('--zipf needs --topics.')
  const numbered = hasPlaceholder(topic ?? '%t', 't')
  if (topics !== undefined && !numbered)
    throw new UsageError(`--topics: the topic '${topic}' does not contain %t, the topic number.`)
  if (topics === undefined && topic !== undefined && numbered)
    throw new UsageError(`The topic '${topic}' contains %t: --topics is missing.`)
  if (mode !== 'rr') return
  if (
    subscribers > 1 &&
    (topics !== undefined || !hasPlaceholder(topic ?? '%i', 'ic') || hasPlaceholder(topic ?? '', 'n'))
  ) {
    throw new UsageError(`bench rr: --subscribers ${subscribers} needs a separate topic for each client.`, {
      hint: 'use %i or %c in the topic, and no other placeholder',
    })
  }
  if (responseTopic !== '' && (!hasPlaceholder(responseTopic, 'ic') || hasPlaceholder(responseTopic, 'nt')))
    throw new UsageError('--response-topic must contain %i or %c, and no other placeholder.')
  const { responseTopic: given, correlationData } = args.properties?.publish ?? {}
  if (given !== undefined || correlationData !== undefined) {
    throw new UsageError('bench rr sets Response Topic and Correlation Data itself.', {
      hint: 'use --response-topic',
    })
  }
}

function checkPayload(mode: Mode, { message, file, size, template }: BenchArgs): void {
  const content = message ?? file
  if (template && content === undefined) throw new UsageError('--template needs -m or -f.')
  if ((mode !== 'pubsub' && mode !== 'rr') || content !== undefined || size >= stampSize) return
  throw new UsageError(`bench ${mode}: --size must be at least ${stampSize}.`, {
    hint: `the first ${stampSize} bytes identify the message and its time`,
  })
}

/** A search controls the number of messages and the start of each step. */
function checkSearch({ findMax, count, shard, startAt, startOn }: BenchArgs): void {
  if (findMax === undefined) return
  const others = { '--count': count, '--shard': shard, '--start-at': startAt, '--start-on': startOn }
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? []
  if (other === undefined) return
  throw new UsageError(`--find-max and ${other} cannot be used together.`, {
    hint: '--duration is the length of a step',
  })
}

function checkFiles(mode: string, count: number, args: BenchArgs): void {
  const { csv, hdr, assertions, prometheus, findMax } = args
  const never = { '--prometheus': prometheus, '--find-max': findMax }
  const oneResult = { '--csv': csv, '--hdr': hdr }
  const refused = {
    ...never,
    ...(mode === 'compare'
      ? { ...oneResult, '--assert': assertions }
      : mode === 'report' && count > 1
        ? oneResult
        : {}),
  }
  const [name] = Object.entries(refused).find(([, value]) => value !== undefined) ?? []
  if (name !== undefined) {
    const many = mode === 'report' && name in oneResult ? ' with more than one file' : ''
    throw new UsageError(`bench ${mode}: ${name} cannot be used${many}.`)
  }
  checkFileCount(mode, count)
}

function checkFileCount(mode: string, count: number): void {
  if (mode === 'compare' ? count === 2 : count > 0) return
  const wanted = mode === 'compare' ? 'two files' : 'files'
  throw new UsageError(`bench ${mode} needs ${wanted} with results.`, {
    hint: 'mqttx bench pub --json > FILE writes one',
  })
}
