// Creates the plan of one thread from the command line.

import { hostname } from 'node:os'
import { checksum } from '../../codec/checksum.js'
import type { PublishProperties } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import type { ConnectOptions } from '../../connection/options.js'
import { UsageError } from '../../errors.js'
import type { BenchArgs } from './args.js'
import { payloadOf } from './payload.js'
import { hasPlaceholder } from './placeholders.js'
import type { Mode, RunPlan } from './plan.js'
import { clientsOfShard, type Shard } from './workload.js'

const defaultDurationMs = 10_000
const requestWindow = 1 // closed loop: a client waits for its response

export function planOf(
  args: BenchArgs,
  { version, properties }: Pick<ConnectOptions, 'version' | 'properties'>,
  { shard, content }: { shard: Shard; content: Buffer | undefined },
): RunPlan {
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
    durationMs: args.duration ?? (count === undefined ? defaultDurationMs : Number.POSITIVE_INFINITY),
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

/** With a rate, only -M limits the outstanding requests. */
function windowOf(mode: Mode, { maxInflight }: BenchArgs, rate: number | undefined): number | undefined {
  if (mode !== 'rr') return undefined
  return maxInflight ?? (rate === undefined ? requestWindow : undefined)
}

const maxThreads = 8 // more threads do not increase the throughput

/**
 * The default of --workers: one less than there are cores, at most 8, at most one per client. 1 for pubsub and rr: each
 * thread has all --subscribers, so the number of threads would change the load.
 */
export function threadsFor(
  { mode, clients, shard }: Pick<RunPlan, 'mode' | 'clients' | 'shard'>,
  cores: number,
): number {
  if (mode === 'pubsub' || mode === 'rr') return 1
  return Math.max(1, Math.min(cores - 1, clientsOfShard(clients, shard).length, maxThreads))
}

/** @throws UsageError if a Client Identifier would put a wildcard into a Response Topic */
export function checkResponseTopic({ mode, responseTopic, clientId }: RunPlan): void {
  if (mode !== 'rr' || !hasPlaceholder(responseTopic, 'c') || !/[+#]/.test(clientId('p', 0))) return
  throw new UsageError(`bench rr: the Response Topic '${responseTopic}' would contain a wildcard.`, {
    hint: 'the client identifier contains + or #: choose another one, or use %i in --response-topic',
  })
}

/** Unique per run, so that concurrent runs do not take over each other's connections. At most 23 characters by default. */
function clientIdOf({ id, idPrefix }: BenchArgs, run: number, client: string): string {
  if (id?.includes('%i')) return id.replaceAll('%i', client)
  const prefix = id ?? idPrefix ?? `mqttx-${run.toString(36)}`
  return `${prefix}-${client}`
}

/** A hash of the host name. */
function hostNumber(): number {
  return checksum(Buffer.from(hostname())) >>> 0
}
