// mqttx bench: its words. What it does is in run.ts.
import { spec } from '../../cli/option.js'
import { benchOptions } from '../../cli/options/bench.js'
import {
  checkAddressAndLogin,
  checkSession,
  clientId,
  connectionOptions,
  reconnectOptions,
  sessionOptions,
  urlWithTopic,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { contextOption, helpOptions, quietOption } from '../../cli/options/general.js'
import { checkProperties, connectProperties, publishProperties } from '../../cli/options/properties.js'
import { checkTls } from '../../cli/options/tls.js'
import { UsageError } from '../../errors.js'

const stampSize = 40

export const bench = spec({
  name: 'bench',
  summary: 'Measure a server under load.',
  synopsis: [
    'pub [--rate COUNT] [--clients COUNT] [OPTION]...',
    'sub [-t FILTER] [OPTION]...',
    'pubsub [--rate COUNT] [--subscribers COUNT] [OPTION]...',
    'conn --clients COUNT [OPTION]...',
    '{merge | report} [--json] FILE...',
    'compare FILE FILE',
  ],
  description: [
    `Connects clients, publishes or receives, and reports what came of it: how many messages were offered, sent,
    acknowledged, received, lost, duplicated and reordered, what failed and for which Reason Code, and how long it took.`,
    `With {rate} each message has an intended time, and latency is counted from that; the time from the sending stands
    beside it. Without, it is as fast as the server takes it.`,
    `The report ends with \`valid\`, or with what the load generator itself could not do. SIGINT ends the run, and it is
    still reported. The status is not 0 where messages were lost at QoS 1 or 2, duplicated at QoS 2, not sent or not
    acknowledged, and where anything was refused or failed.`,
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
    url: urlWithTopic,
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

interface Work {
  readonly work: readonly string[]
  readonly topic?: string
  readonly size: number
  readonly duration?: number
}

const ofFiles = ['merge', 'report', 'compare']

function checkWork({ work, topic, size, duration }: Work): void {
  const [mode, ...rest] = work
  const hint = 'pub, sub, pubsub, conn, merge, report or compare, as in: mqttx bench pub --rate 1000'
  if (mode === undefined) throw new UsageError('bench: what is to be done?', { hint })
  if (ofFiles.includes(mode)) return checkFiles(mode, rest.length)
  if (!['pub', 'sub', 'pubsub', 'conn'].includes(mode))
    throw new UsageError(`bench: '${mode}' is not known.`, { hint })
  if (rest.length > 0) throw new UsageError(`bench ${mode}: '${rest[0]}' is one word too many.`)
  if (mode !== 'sub' && topic !== undefined && /[+#]/.test(topic)) {
    throw new UsageError(`bench ${mode}: the topic '${topic}' has a wildcard.`, {
      hint: 'for topics of their own, use %i: the number of the client',
    })
  }
  if (mode === 'pubsub' && size < stampSize) {
    throw new UsageError(`bench pubsub: a payload of ${size} bytes is too small.`, {
      hint: `${stampSize} bytes say which message it is, and when it was sent`,
    })
  }
  if (duration === 0) throw new UsageError('--duration: 0 is no time to measure in.')
}

function checkFiles(mode: string, count: number): void {
  if (mode === 'compare' ? count === 2 : count > 0) return
  const wanted = mode === 'compare' ? 'two files' : 'files'
  throw new UsageError(`bench ${mode}: ${wanted} with the JSON of runs are needed.`, {
    hint: 'mqttx bench pub --json > FILE writes one',
  })
}
