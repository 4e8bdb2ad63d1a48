// Creates the clients of each kind: publisher, subscriber, requester, responder, idle.
import type { Publish, PublishTemplate } from '../../codec/publish.js'
import type { ConnectionEvents } from '../../connection/events.js'
import type { Clock } from '../clock.js'
import type { Waiter } from '../waiter.js'
import { BenchClient } from './client.js'
import type { Dial } from './connection.js'
import { CorrelatedTemplate, correlationOf } from './correlation.js'
import { reasonCodeText } from './failures.js'
import { payloadTexts } from './payload.js'
import { fillIn, hasPlaceholder, topicFilterOf } from './placeholders.js'
import type { RunPlan } from './plan.js'
import { BenchPublisher, type PublisherSettings } from './publisher.js'
import { BenchResponder } from './responder.js'
import type { RunStats } from './run-stats.js'
import { readStamp } from './stamp.js'
import { BenchSubscriber, type SubscriberSettings } from './subscriber.js'
import { publishTemplates, type TopicTemplates } from './templates.js'
import type { Shard, Workload } from './workload.js'

/** Shared by all clients of a thread. */
export interface ClientContext {
  readonly plan: RunPlan
  readonly workload: Workload
  readonly stats: RunStats
  readonly clock: Clock
  readonly dial: Dial
  readonly waiter: Waiter
  readonly topics: TopicTemplates
}

/** Topic Filters per SUBSCRIBE: servers limit the size of packets. */
const filtersPerPacket = 100

export function createIdleClient(context: ClientContext, index: number): BenchClient {
  return createClient(context, 'c', index, {})
}

export function createPublisher(context: ClientContext, index: number): BenchClient {
  const client = createClient(
    context,
    'p',
    index,
    publisherEvents(() => client.publisher),
  )
  const template = messageTemplates(context, index)
  const toSubscribers = context.plan.mode === 'pubsub'
  client.publisher = benchPublisher(context, client, { template, toSubscribers })
  return client
}

/**
 * sub: subscribes to the topic of client `index`. pubsub: subscribes to the topics of all publishers.
 * @param index in the whole run (sub) or in the shard (pubsub)
 */
export function createSubscriber(context: ClientContext, index: number): BenchClient {
  const { mode, topic, run, shard } = context.plan
  const isPubsub = mode === 'pubsub'
  const runIndex = isPubsub ? indexInRun(index, shard) : index
  const clientId = context.plan.clientId('s', runIndex)
  const values = { index, clientId, message: 0, topic: context.topics.selector?.topicOf(index, 0) ?? 0 }
  const filters = [isPubsub ? topicFilterOf(topic) : fillIn(topic, values)]
  const client = createSubscribingClient(context, { kind: 's', index: runIndex, filters }, (publish) =>
    client.subscriber?.message(publish),
  )
  client.subscriber = benchSubscriber(context, isPubsub ? { run, shard } : undefined)
  return client
}

/** A publisher that receives the responses to its requests on its own Response Topic. */
export function createRequester(context: ClientContext, index: number): BenchClient {
  const { plan, stats } = context
  const { run, shard, version, window = Number.POSITIVE_INFINITY } = plan
  const responseTopic = responseTopicOf(context, index)
  const onMessage = (publish: Publish) => {
    const stamp = readStamp(publish.bytes, publish.payloadStart, publish.payloadEnd)
    if (stamp?.run !== run) return
    if (stamp.client !== index) return stats.fail('response to the request of another client')
    const { correlationData } = publish.properties ?? {}
    if (version === 5 && correlationData?.equals(correlationOf(publish.payload)) !== true)
      return stats.fail('response with the wrong Correlation Data')
    if (client.subscriber?.message(publish)) client.publisher?.answered()
  }
  const client = createSubscribingClient(
    context,
    { kind: 'p', index, filters: [responseTopic] },
    onMessage,
    publisherEvents(() => client.publisher),
  )
  const template = messageTemplates(context, index, responseTopic)
  client.publisher = benchPublisher(context, client, { template, toSubscribers: true, window })
  client.subscriber = benchSubscriber(context, { run, shard }, index)
  return client
}

/** Limits of a responder's template cache, by Response Topic: entries, and characters of a topic. */
const maxCachedTopics = 65_536
const maxCachedTopicLength = 512

/**
 * @param index of the responder in its shard
 * @param requesters client numbers of the requesters to answer
 */
export function createResponder(
  context: ClientContext,
  index: number,
  requesters: readonly number[],
): BenchClient {
  const { plan, stats } = context
  const { run, shard, topic } = plan
  const cache = new Map<string, PublishTemplate>()
  const correlated =
    plan.version < 5 ? undefined : new CorrelatedTemplate((properties) => plan.template('', properties))
  const filters =
    hasPlaceholder(topic, 'nt') || requesters.length === plan.clients
      ? [topicFilterOf(topic)]
      : [...new Set(requesters.map((requester) => fillIn(topic, placeholderValues(context, requester))))]
  const cachedTemplate = (responseTopic: string) => {
    const template = cache.get(responseTopic) ?? plan.template(responseTopic)
    if (cache.size < maxCachedTopics && responseTopic.length <= maxCachedTopicLength)
      cache.set(responseTopic, template)
    return template
  }
  const template = ({ properties = {} }: Publish, requester: number) => {
    if (correlated === undefined) return cachedTemplate(responseTopicOf(context, requester))
    const { responseTopic, correlationData } = properties
    if (responseTopic === undefined) return 'request without Response Topic'
    if (correlationData?.length !== correlated.size) return 'request with the wrong Correlation Data'
    return correlated.with(cachedTemplate(responseTopic), correlationData)
  }
  const client = createSubscribingClient(
    context,
    { kind: 's', index: indexInRun(index, shard), filters },
    (publish) => responder.message(publish),
    {
      settled: (code) => void (code >= 0x80 && stats.fail(`PUBLISH ${reasonCodeText(code)}`)),
      chunkEnd: () => void responder.answer(),
    },
  )
  const responder = new BenchResponder(client.connection, {
    ...{ stats, run, shard, template },
    failed: (error) => context.waiter.fail(error),
  })
  return client
}

function createClient(
  context: ClientContext,
  kind: 'p' | 's' | 'c',
  index: number,
  events: ConnectionEvents,
): BenchClient {
  const { dial, stats, plan } = context
  const replaceable = plan.churn !== undefined
  return new BenchClient(
    { dial, stats, replaceable },
    { clientId: plan.clientId(kind, index), index },
    events,
  )
}

/** A client that subscribes to `filters` on each new connection, unless the server kept its subscriptions. */
function createSubscribingClient(
  context: ClientContext,
  { kind, index, filters }: { kind: 'p' | 's'; index: number; filters: readonly string[] },
  message: (publish: Publish) => void,
  events: ConnectionEvents = {},
): BenchClient {
  const { plan, stats } = context
  let unacknowledged = 0
  let resolveSubscribed = () => {}
  let subscribedBefore = false
  const client = createClient(context, kind, index, {
    ...events,
    message,
    connected: (sessionPresent) => {
      if (sessionPresent && subscribedBefore) return resolveSubscribed()
      unacknowledged = 0
      for (let from = 0; from < filters.length; from += filtersPerPacket) {
        client.connection.subscribe(filters.slice(from, from + filtersPerPacket), { qos: plan.qos })
        unacknowledged++
      }
    },
    suback: (codes) => {
      for (const code of codes) if (code >= 0x80) stats.fail(`SUBSCRIBE ${reasonCodeText(code)}`)
      subscribedBefore = true
      if (--unacknowledged === 0) resolveSubscribed()
    },
  })
  client.subscribed = () =>
    new Promise((resolve) => {
      resolveSubscribed = resolve
    })
  return client
}

function publisherEvents(
  publisher: () => BenchPublisher | undefined,
): Pick<ConnectionEvents, 'settled' | 'chunkEnd'> {
  return {
    settled: (code, { messageId }) => publisher()?.settled(messageId, code),
    chunkEnd: () => void publisher()?.pump(),
  }
}

/** The templates of a client's messages, or of its requests if `responseTopic` is given. */
function messageTemplates(
  context: ClientContext,
  index: number,
  responseTopic?: string,
): PublisherSettings['template'] {
  const { plan, topics } = context
  const plain = publishTemplates(plan, topics, placeholderValues(context, index))
  // Before MQTT 5 there are no properties: requests look like other messages.
  if (responseTopic === undefined || plan.version < 5) return plain
  const correlated = new CorrelatedTemplate((properties) =>
    plan.template('', { ...properties, responseTopic }),
  )
  return (message, payload) => correlated.with(plain(message), correlationOf(payload))
}

function benchPublisher(
  context: ClientContext,
  client: BenchClient,
  settings: Pick<PublisherSettings, 'template' | 'toSubscribers' | 'window'>,
): BenchPublisher {
  const { plan, workload, stats, clock, topics, waiter } = context
  const { index } = client
  const { host, run, stamped, qos, payload } = plan
  return new BenchPublisher(client.connection, {
    ...{ index, workload, stats, clock, host, run, stamped, qos },
    payload: stamped ? Buffer.from(payload) : payload, // the stamp is written into it: not shared
    text: payloadTexts(plan, topics.selector, placeholderValues(context, index)),
    ...settings,
    changed: () => waiter.wake(),
    failed: (error) => waiter.fail(error),
  })
}

function benchSubscriber(
  { plan: { host }, stats, clock, waiter }: ClientContext,
  own: SubscriberSettings['own'],
  publisher?: number,
): BenchSubscriber {
  const changed = () => waiter.wake()
  return new BenchSubscriber({
    stats,
    clock,
    host,
    own,
    changed,
    ...(publisher !== undefined && { publisher }),
  })
}

/** Numbers the clients of all shards without gaps or duplicates, from the number in one shard. */
function indexInRun(index: number, shard: Shard): number {
  return index * shard.of + shard.index
}

/** For topics of publisher `index` that depend on neither the message nor --topics. */
function placeholderValues({ plan }: ClientContext, index: number) {
  return { index, clientId: plan.clientId('p', index), message: 0, topic: 0 }
}

function responseTopicOf(context: ClientContext, requester: number): string {
  return fillIn(context.plan.responseTopic, placeholderValues(context, requester))
}
