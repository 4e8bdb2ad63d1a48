// Creates the clients of each kind: publisher, subscriber, requester, responder, idle.
import type { Publish, PublishTemplate } from '../../codec/publish.js'
import type { ConnectionEvents } from '../../connection/events.js'
import { BenchClient } from './client.js'
import type { Clock } from './clock.js'
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
import { BenchSubscriber } from './subscriber.js'
import { publishTemplates, type TopicTemplates } from './templates.js'
import type { Waiter } from './waiter.js'
import type { Workload } from './workload.js'

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

/** Topic Filters per SUBSCRIBE; servers refuse packets that are too long. */
const filtersPerPacket = 100

export function createIdleClient(context: ClientContext, index: number): BenchClient {
  return createClient(context, 'c', index, {})
}

export function createPublisher(context: ClientContext, index: number): BenchClient {
  const client = createClient(context, 'p', index, {
    settled: (code, { messageId }) => client.publisher?.settled(messageId, code),
    chunkEnd: () => void client.publisher?.pump(),
  })
  const { template } = publishing(context, index)
  const toSubscribers = context.plan.mode === 'pubsub'
  client.publisher = publisherOn(context, client, { template, toSubscribers })
  return client
}

export function createSubscriber(context: ClientContext, index: number): BenchClient {
  const { mode, topic, run, shard } = context.plan
  const own = mode === 'pubsub' ? { run, shard } : undefined
  const number = own === undefined ? index : index * shard.of + shard.index
  const clientId = context.plan.clientId('s', number)
  const values = { index, clientId, message: 0, topic: context.topics.selector?.topicOf(index, 0) ?? 0 }
  const filters = [own === undefined ? fillIn(topic, values) : topicFilterOf(topic)]
  const client = subscribing(context, { kind: 's', index: number, filters }, (publish) =>
    client.subscriber?.message(publish),
  )
  client.subscriber = subscriberOf(context, own)
  return client
}

/** A publisher that receives responses on a Response Topic of its own. */
export function createRequester(context: ClientContext, index: number): BenchClient {
  const { plan, stats } = context
  const { run, shard, responseTopic, version, window = Number.POSITIVE_INFINITY } = plan
  const filters = [responseTopicOf(context, index)]
  const onMessage = (publish: Publish) => {
    const stamp = readStamp(publish.bytes, publish.payloadStart, publish.payloadEnd)
    if (stamp?.run !== run) return
    if (stamp.client !== index) return stats.fail('response to the request of another client')
    const { correlationData } = publish.properties ?? {}
    if (version === 5 && correlationData?.equals(correlationOf(publish.payload)) !== true)
      return stats.fail('response with the wrong Correlation Data')
    if (client.subscriber?.message(publish)) client.publisher?.answered()
  }
  const client = subscribing(context, { kind: 'p', index, filters }, onMessage, {
    settled: (code, { messageId }) => client.publisher?.settled(messageId, code),
    chunkEnd: () => void client.publisher?.pump(),
  })
  const { template } = publishing(context, index, fillIn(responseTopic, placeholderValues(context, index)))
  client.publisher = publisherOn(context, client, { template, toSubscribers: true, window })
  client.subscriber = subscriberOf(context, { run, shard }, index)
  return client
}

/** Limits of the cache of templates by Response Topic: entries, and characters of a topic. */
const maxCached = 65_536
const longestCached = 512

/** Answers the requests of `requesters`. */
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
      : [...new Set(requesters.map((client) => fillIn(topic, placeholderValues(context, client))))]
  const templateFor = (responseTopic: string) => {
    const template = cache.get(responseTopic) ?? plan.template(responseTopic)
    if (cache.size < maxCached && responseTopic.length <= longestCached) cache.set(responseTopic, template)
    return template
  }
  const template = ({ properties = {} }: Publish, client: number) => {
    if (correlated === undefined) return templateFor(responseTopicOf(context, client))
    const { responseTopic, correlationData } = properties
    if (responseTopic === undefined) return 'request without Response Topic'
    if (correlationData?.length !== correlated.size) return 'request with the wrong Correlation Data'
    return correlated.with(templateFor(responseTopic), correlationData)
  }
  const number = index * shard.of + shard.index
  const client = subscribing(
    context,
    { kind: 's', index: number, filters },
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

/** A client that subscribes on each new connection, unless the server kept its session. */
function subscribing(
  context: ClientContext,
  { kind, index, filters }: { kind: 'p' | 's'; index: number; filters: readonly string[] },
  message: (publish: Publish) => void,
  events: ConnectionEvents = {},
): BenchClient {
  const { plan, stats } = context
  let unacknowledged = 0
  let resolve = () => {}
  let subscribedBefore = false
  const client = createClient(context, kind, index, {
    ...events,
    message,
    connected: (sessionPresent) => {
      if (sessionPresent && subscribedBefore) return resolve()
      unacknowledged = 0
      for (let from = 0; from < filters.length; from += filtersPerPacket) {
        client.connection.subscribe(filters.slice(from, from + filtersPerPacket), { qos: plan.qos })
        unacknowledged++
      }
    },
    suback: (codes) => {
      for (const code of codes) if (code >= 0x80) stats.fail(`SUBSCRIBE ${reasonCodeText(code)}`)
      subscribedBefore = true
      if (--unacknowledged === 0) resolve()
    },
  })
  client.subscribed = () =>
    new Promise((done) => {
      resolve = done
    })
  return client
}

/** The templates of a client's messages; with a Response Topic they are requests. */
function publishing(
  context: ClientContext,
  index: number,
  responseTopic?: string,
): Pick<PublisherSettings, 'template'> {
  const { plan, topics } = context
  const plain = publishTemplates(plan, topics, placeholderValues(context, index))
  if (responseTopic === undefined || plan.version < 5) return { template: plain }
  const correlated = new CorrelatedTemplate((properties) =>
    plan.template('', { ...properties, responseTopic }),
  )
  return {
    template: (message, payload) => correlated.with(plain(message), correlationOf(payload)),
  }
}

function publisherOn(
  context: ClientContext,
  client: BenchClient,
  settings: Pick<PublisherSettings, 'template' | 'toSubscribers' | 'window'>,
): BenchPublisher {
  const { plan, workload, stats, clock, topics, waiter } = context
  const { index } = client
  const { host, run, stamped, qos, payload } = plan
  return new BenchPublisher(client.connection, {
    ...{ index, workload, stats, clock, host, run, stamped, qos },
    payload: stamped ? Buffer.from(payload) : payload,
    text: payloadTexts(plan, topics.selector, placeholderValues(context, index)),
    ...settings,
    changed: () => waiter.wake(),
    failed: (error) => waiter.fail(error),
  })
}

function subscriberOf(
  { plan: { host }, stats, clock, waiter }: ClientContext,
  own: ConstructorParameters<typeof BenchSubscriber>[0]['own'],
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

function placeholderValues({ plan }: ClientContext, index: number) {
  return { index, clientId: plan.clientId('p', index), message: 0, topic: 0 }
}

function responseTopicOf(context: ClientContext, client: number): string {
  return fillIn(context.plan.responseTopic, placeholderValues(context, client))
}
