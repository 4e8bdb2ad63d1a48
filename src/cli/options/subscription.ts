// What is asked of the server, which of its messages count, and when it is enough.
import { UsageError } from '../../errors.js'
import { flag, list, option } from '../option.js'
import { topicFilter } from '../topic.js'
import { parseChance, parseMessageCount, parseQos, parseTimeout } from '../values.js'
import { url, urlTopicName } from './connection.js'

/** -L for a command that subscribes: adds a topic. */
export const urlWithFilter = url((args: { topics: string[] }, topic) => {
  args.topics.push(topicFilter('subscription')(topic, urlTopicName))
})

const topics = list({
  flags: '-t, --topic FILTER',
  group: 'Subscription',
  parse: topicFilter('subscription'),
  complete: 'topic',
  missing: 'no topic specified',
  help: 'Topic Filter to subscribe to; may be given more than once.',
  doc: `\`+\` stands for one level of the topic and \`#\`, at the end, for all that follow: \`home/+/temperature\`,
    \`home/#\`. Put it in quotes, so that the shell does not take \`#\` for a comment.`,
})

const unsubscribe = list({
  flags: '-U, --unsubscribe FILTER',
  group: 'Subscription',
  parse: topicFilter('unsubscribe'),
  complete: 'topic',
  missing: 'no unsubscribe topic specified',
  help: 'Topic Filter to unsubscribe from; may be given more than once.',
  doc: 'It ends a subscription that a kept session ({disableCleanSession}) still has.',
})

const filterOut = list({
  flags: '-T, --filter-out FILTER',
  group: 'Subscription',
  parse: topicFilter('filter'),
  complete: 'topic',
  missing: 'no topic filter specified',
  help: 'Ignore messages that match; may be given more than once.',
  doc: 'They do not count for {count} either, and {removeRetained} leaves them alone.',
})

const qos = option({
  flags: '-q, --qos QOS',
  group: 'Subscription',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'Highest Quality of Service to receive with: 0, 1 or 2.',
  doc: 'The server may grant less, which is told on standard error.',
})

const count = option({
  flags: '-C, --count COUNT',
  group: 'Subscription',
  parse: parseMessageCount,
  help: 'End after so many printed messages.',
  doc: 'The status is 0 then.',
})

const timeout = option({
  flags: '-W, --timeout SECONDS',
  group: 'Subscription',
  parse: parseTimeout,
  missing: 'no timeout specified',
  help: 'End after so many seconds, with status 27.',
  doc: 'Whole seconds. The time runs from the connection on, however many messages arrive.',
})

const exitAfterSubscribe = flag({
  flags: '-E',
  group: 'Subscription',
  help: 'End as soon as the server has confirmed the subscription.',
  doc: 'With {disableCleanSession} this sets up a subscription for a later run.',
})

const noRetained = flag({
  flags: '-R',
  group: 'Subscription',
  help: 'Ignore retained messages, which are older than we are.',
  doc: 'Cannot be combined with {retainedOnly}.',
})

const retainedOnly = flag({
  flags: '--retained-only',
  group: 'Subscription',
  help: 'Print only retained messages; end at the first other one.',
  doc: 'Where no other message comes it does not end: {timeout} helps.',
})

const removeRetained = flag({
  flags: '--remove-retained',
  group: 'Subscription',
  help: 'Have the server forget each retained message received.',
  doc: 'For each an empty retained message is published to its topic. {filterOut} protects topics.',
})

const randomFilter = option({
  flags: '--random-filter PERCENT',
  group: 'Subscription',
  parse: parseChance,
  missing: 'no chance specified',
  help: 'Print a random part of the messages, in percent (0.1 to 100).',
})

export const subscriptionOptions = {
  topics,
  unsubscribe,
  filterOut,
  qos,
  count,
  timeout,
  exitAfterSubscribe,
  noRetained,
  retainedOnly,
  removeRetained,
  randomFilter,
}

interface Subscribing {
  topics: readonly string[]
  unsubscribe: readonly string[]
}

export function checkTopics({ topics, unsubscribe }: Subscribing): void {
  if (topics.length > 0 || unsubscribe.length > 0) return
  throw new UsageError('You must specify a topic to subscribe to (-t) or unsubscribe from (-U).')
}

export function checkRetained(args: { noRetained: boolean; retainedOnly: boolean }): void {
  if (args.noRetained && args.retainedOnly) {
    throw new UsageError("Combining '-R' and '--retained-only' makes no sense.")
  }
}
