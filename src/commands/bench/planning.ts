// From the words to the plan of one thread.
import { hostname } from 'node:os'
import type { PublishProperties } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import type { ConnectOptions } from '../../connection/options.js'
import { UsageError } from '../../errors.js'
import type { BenchArgs } from './args.js'
import { payloadOf } from './payload.js'
import { has } from './placeholders.js'
import type { EnginePlan, Mode } from './plan.js'
import { membersOf, type Shard } from './workload.js'

const plainDurationMs = 10_000
const requestWindow = 1 // a client of a closed loop waits for its response, as most callers do

export function planOf(
  args: BenchArgs,
  { version, properties }: Pick<ConnectOptions, 'version' | 'properties'>,
  { shard, content }: { shard: Shard; content: Buffer | undefined },
): EnginePlan {
  const mode = args.work[0] as Mode // spec.ts has checked it
  const { clients, qos, retain, seed, count, topics, zipf } = args
  const rate = args.ratePerClient === undefined ? args.rate : args.ratePerClient * clients
  const run = Math.floor(Math.random() * 2 ** 32)
  const needsStamp = mode === 'pubsub' || mode === 'rr'
  const given = properties.publish
  return {
    ...{ mode, clients, qos, count, rate, seed, version, shard, run },
    ...payloadOf({ ...args, content, needsStamp }),
    subscribers: mode === 'sub' ? clients : args.subscribers,
    topic: args.topic ?? defaultTopic(mode, topics),
    topics: topics === undefined ? undefined : { topics, exponent: zipf ?? 0, seed },
    responseTopic: args.responseTopic ?? 'mqttx/bench/response/%c',
    window: windowOf(mode, args, rate),
    durationMs: args.duration ?? (count === undefined ? plainDurationMs : Number.POSITIVE_INFINITY),
    warmupMs: args.warmup,
    rampMs: args.ramp ?? 0,
    connectRate: args.connectRate,
    churn: args.churn,
    host: hostNumber(),
    clientId: (kind, index) => clientIdOf(args, run, kind + index),
    template: (topic, more?: PublishProperties) =>
      preparePublish(topic, {
        qos,
        retain,
        version,
        properties: more === undefined ? given : { ...given, ...more },
      }),
  }
}

function defaultTopic(mode: Mode, topics: number | undefined): string {
  if (topics !== undefined) return 'mqttx/bench/%t'
  return mode === 'sub' ? 'mqttx/bench/+' : 'mqttx/bench/%i'
}

/** With a rate the rate says how many requests there are. */
function windowOf(mode: Mode, { maxInflight }: BenchArgs, rate: number | undefined): number | undefined {
  if (mode !== 'rr') return undefined
  return maxInflight ?? (rate === undefined ? requestWindow : undefined)
}

const mostThreads = 8 // more of them wait for one another's memory

/**
 * How many threads share the work where nobody says it: one core is left to the system, and no thread is without a
 * client. Those of pubsub and rr have subscribers of their own: another number of threads would be another load.
 */
export function threadsFor(
  { mode, clients, shard }: Pick<EnginePlan, 'mode' | 'clients' | 'shard'>,
  cores: number,
): number {
  if (mode === 'pubsub' || mode === 'rr') return 1
  return Math.max(1, Math.min(cores - 1, membersOf(clients, shard).length, mostThreads))
}

/** @throws UsageError where a response could not be published to its topic */
export function checkResponseTopic({ mode, responseTopic, clientId }: EnginePlan): void {
  if (mode !== 'rr' || !has(responseTopic, 'c') || !/[+#]/.test(clientId('p', 0))) return
  throw new UsageError(`bench rr: the Response Topic '${responseTopic}' would have a wildcard.`, {
    hint: 'the client identifier has + or #: choose another one, or use %i in --response-topic',
  })
}

/** Names of their own, so that runs side by side do not end each other's connections; at most 23 characters. */
function clientIdOf({ id, idPrefix }: BenchArgs, run: number, client: string): string {
  if (id?.includes('%i')) return id.replaceAll('%i', client)
  const prefix = id ?? idPrefix ?? `mqttx-${run.toString(36)}`
  return `${prefix}-${client}`
}

/** The same for all processes of this host, and hardly for those of another. */
function hostNumber(): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(hostname())) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
