// Options of `bench`: clients, messages, rate and duration.
import { optionsOf } from '../option.js'
import { integer, mqttString, parseName, parseQos } from '../values.js'
import { loadOptions } from './bench-load.js'
import { parseDuration, parseInstant, parseShard, parseSize, rateRule } from './bench-values.js'
import { viewOptions } from './bench-views.js'

const { flag, list, option } = optionsOf('Load')

/** Clients of one kind in a run. */
const maxClients = 1_000_000

const work = list({
  flags: '--do WORD',
  parse: parseName,
  complete: ['pub', 'sub', 'pubsub', 'rr', 'conn', 'merge', 'report', 'compare'],
  completeNext: 'file',
  help: 'Mode: pub, sub, pubsub, rr, conn, merge, report, compare.',
  doc: `\`pub\` publishes, \`sub\` subscribes, \`pubsub\` does both and tracks each message to its subscribers, \`rr\`
    sends requests and answers them, \`conn\` only connects. \`merge FILE...\` merges the JSON results of shards, \`report FILE...\` prints
    the report of JSON results, \`compare FILE FILE\` compares two results, with {json} as JSON. Usually written without the option
    name: \`mqttx bench pub\`.`,
})

const clients = option({
  flags: '--clients COUNT',
  parse: integer({ min: 1, max: maxClients }),
  default: 1,
  help: 'Number of publishing clients; with sub, subscribing.',
  doc: 'With rr: clients that send requests.',
})

const subscribers = option({
  flags: '--subscribers COUNT',
  parse: integer({ min: 1, max: maxClients }),
  default: 1,
  help: 'With pubsub: clients that each receive all messages.',
  doc: 'With rr: clients that share the requests and answer them.',
})

const topic = option({
  flags: '-t, --topic TOPIC',
  complete: 'topic',
  parse: mqttString('Invalid topic.', { empty: 'refused' }),
  shownDefault: 'mqttx/bench/%i, with sub mqttx/bench/+, with --topics mqttx/bench/%t',
  help: 'Topic; %i: client number, %c: its id, %n: message number.',
  doc: 'With sub it is a Topic Filter. `%%` is a percent sign.',
})

const qos = option({
  flags: '-q, --qos QOS',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'Quality of Service: 0, 1 or 2.',
})

const retain = flag({ flags: '-r, --retain', help: 'Set RETAIN in all messages.' })

const size = option({
  flags: '--size BYTES',
  parse: parseSize,
  default: 64,
  help: 'Size of each payload: 64, 4k, 1M.',
  doc: `Random bytes by {seed}. If there is room, the first 40 bytes identify the client, the message and its time; pubsub and rr
    require them.`,
})

const rate = option({
  flags: '--rate COUNT',
  parse: rateRule,
  help: 'Messages per second of all clients together (open loop).',
  doc: `Each message has an intended time, from which its latency is measured: a stall of the server delays every message that
    is due meanwhile. Without {rate} or {ratePerClient} the loop is closed: messages are sent as fast as the server accepts
    them, which hides stalls.`,
})

const ratePerClient = option({
  flags: '--rate-per-client COUNT',
  parse: rateRule,
  help: 'Messages per second of each client (open loop).',
})

const connectRate = option({
  flags: '--connect-rate COUNT',
  parse: rateRule,
  help: 'New connections per second; default: as fast as possible.',
})

const duration = option({
  flags: '--duration TIME',
  parse: parseDuration,
  shownDefault: '10s, with --count unlimited',
  help: 'Length of the measurement: 60s, 5m.',
})

const count = option({
  flags: '--count COUNT',
  parse: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  help: 'Messages of all clients together; with sub, to receive.',
})

const warmup = option({
  flags: '--warmup TIME',
  parse: parseDuration,
  default: 0,
  shownDefault: '0s',
  help: 'Send for this time before the measurement.',
})

const seed = option({
  flags: '--seed NUMBER',
  parse: integer({ min: 0, max: 4_294_967_295 }),
  default: 1,
  help: 'Seed of random payloads and topics.',
})

const shard = option({
  flags: '--shard PART',
  parse: parseShard,
  help: 'Run only this part of the load: 0/4, 1/4, 2/4 or 3/4.',
  doc: `Clients, topics and messages are divided between this many processes, without overlap; each process has all the
    {subscribers}, which count only its messages. \`bench merge\` merges the results. Without an index before the slash it is taken
    from the environment variable JOB_COMPLETION_INDEX, as in an Indexed Job of Kubernetes.`,
})

const startAt = option({
  flags: '--start-at TIME',
  parse: parseInstant,
  help: 'Start at this time: 2026-11-21T09:30:00Z, or Unix time.',
  doc: 'Clients connect before that time.',
})

const workers = option({
  flags: '--workers COUNT',
  parse: integer({ min: 1, max: 256 }),
  shownDefault: 'by cores; 1 with pubsub and rr',
  help: 'Threads that share the load.',
  doc: `Each thread runs a shard. The default is one less than the number of cores, at most 8, at most the number of clients. With
    pubsub and rr it is 1, because each thread has all the {subscribers}.`,
})

/** In the order of the man page. Parsed times are in milliseconds, sizes in bytes, rates per second. */
export const benchOptions = {
  ...{ work, clients, subscribers, topic, qos, retain, size },
  ...loadOptions,
  ...{ rate, ratePerClient, connectRate, duration, count, warmup, seed, shard, startAt, workers },
  ...viewOptions,
}
