// What `bench` does: who connects, what is sent and how often, and how long it counts.
import { flag, list, option } from '../option.js'
import { integer, mqttString, parseName, parseQos } from '../values.js'
import { loadOptions } from './bench-load.js'
import { parseDuration, parseInstant, parseShard, parseSize, rateRule } from './bench-values.js'
import { viewOptions } from './bench-views.js'

const mostClients = 1_000_000

const work = list({
  flags: '--do WORD',
  group: 'Load',
  parse: parseName,
  complete: ['pub', 'sub', 'pubsub', 'rr', 'conn', 'merge', 'report', 'compare'],
  completeNext: 'file',
  help: 'What to do: pub, sub, pubsub, rr, conn, merge, report, compare.',
  doc: `\`pub\` publishes, \`sub\` receives, \`pubsub\` does both and follows each message to its subscribers, \`rr\`
    sends requests and answers them, \`conn\` connects and waits. \`merge FILE...\` joins the JSON of shards to that of one run, \`report FILE...\` renders JSON again,
    \`compare FILE FILE\` tells two runs apart, as {json} in JSON. The name of this option is left out: the word stands behind bench.`,
})

const clients = option({
  flags: '--clients COUNT',
  group: 'Load',
  parse: integer({ min: 1, max: mostClients }),
  default: 1,
  help: 'Connections that publish; with sub, that subscribe.',
  doc: 'With rr: connections that send requests.',
})

const subscribers = option({
  flags: '--subscribers COUNT',
  group: 'Load',
  parse: integer({ min: 1, max: mostClients }),
  default: 1,
  help: 'With pubsub: connections that receive everything.',
  doc: 'With rr: connections that share the requests, and answer them.',
})

const topic = option({
  flags: '-t, --topic TOPIC',
  complete: 'topic',
  group: 'Load',
  parse: mqttString('Invalid topic.', { empty: 'refused' }),
  shownDefault: 'mqttx/bench/%i, with sub mqttx/bench/+, with --topics mqttx/bench/%t',
  help: 'Topic; %i: client number, %c: its id, %n: message number.',
  doc: 'With sub it is a Topic Filter. `%%` is a percent sign.',
})

const qos = option({
  flags: '-q, --qos QOS',
  group: 'Load',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'Quality of Service: 0, 1 or 2.',
})

const retain = flag({
  flags: '-r, --retain',
  group: 'Load',
  help: 'Let the server keep the messages.',
})

const size = option({
  flags: '--size BYTES',
  group: 'Load',
  parse: parseSize,
  default: 64,
  help: 'Size of each payload: 64, 4k, 1M.',
  doc: `Random bytes by {seed}. The first 40 say who sent it, as which, and when, where there is room for that; pubsub
    and rr need them.`,
})

const rate = option({
  flags: '--rate COUNT',
  group: 'Load',
  parse: rateRule,
  help: 'Messages a second of all clients together: the open loop.',
  doc: `Each message has an intended time, and its latency is counted from that, so that a server which stalls is seen
    to stall. Without {rate} or {ratePerClient} the loop is closed: as fast as the server takes it, which hides stalls.`,
})

const ratePerClient = option({
  flags: '--rate-per-client COUNT',
  group: 'Load',
  parse: rateRule,
  help: 'The same for each client.',
})

const connectRate = option({
  flags: '--connect-rate COUNT',
  group: 'Load',
  parse: rateRule,
  help: 'New connections a second; else as fast as it goes.',
})

const duration = option({
  flags: '--duration TIME',
  group: 'Load',
  parse: parseDuration,
  shownDefault: '10s, with --count no end',
  help: 'How long it counts: 60s, 5m.',
})

const count = option({
  flags: '--count COUNT',
  group: 'Load',
  parse: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  help: 'Messages of all clients together; with sub, to receive.',
})

const warmup = option({
  flags: '--warmup TIME',
  group: 'Load',
  parse: parseDuration,
  default: 0,
  shownDefault: '0s',
  help: 'Run so long before it counts.',
})

const seed = option({
  flags: '--seed NUMBER',
  group: 'Load',
  parse: integer({ min: 0, max: 4_294_967_295 }),
  default: 1,
  help: 'The same number gives the same payloads and topics.',
})

const shard = option({
  flags: '--shard PART',
  group: 'Load',
  parse: parseShard,
  help: 'Do only this part of the run: 0/4 to 3/4, for example.',
  doc: `Clients, their topics and messages are dealt out to so many processes, without overlap; each of them has all the
    {subscribers}, which count its own messages only. \`bench merge\` joins the reports. Without a number before the slash it is the
    environment variable JOB_COMPLETION_INDEX, as in an Indexed Job of Kubernetes.`,
})

const startAt = option({
  flags: '--start-at TIME',
  group: 'Load',
  parse: parseInstant,
  help: 'Begin at this time: 2026-11-21T09:30:00Z, or seconds.',
  doc: 'Clients connect before it. Seconds are those since 1970.',
})

const workers = option({
  flags: '--workers COUNT',
  group: 'Load',
  parse: integer({ min: 1, max: 256 }),
  shownDefault: 'by cores; 1 with pubsub and rr',
  help: 'Threads that share the work.',
  doc: `They share it as shards do. Where nothing is said, they are one less than there are cores, at most 8, and not more
    than clients. With pubsub and rr it is one, because each thread has all the {subscribers}.`,
})

export const benchOptions = {
  ...{ work, clients, subscribers, topic, qos, retain, size },
  ...loadOptions,
  ...{ rate, ratePerClient, connectRate, duration, count, warmup, seed, shard, startAt, workers },
  ...viewOptions,
}
