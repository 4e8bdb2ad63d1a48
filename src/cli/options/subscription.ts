// Options of sub: subscriptions, filters for messages, and when to stop.
import { UsageError } from '../../errors.js'
import { optionsOf } from '../option.js'
import { topicFilter } from '../topic.js'
import { parseChance, parseMessageCount, parseQos, parseTimeout } from '../values.js'
import { url, urlTopicName } from './connection.js'

const { flag, list, option } = optionsOf('Subscription')

/** -L for a command that subscribes: adds a topic. */
export const urlWithFilter = url((args: { topics: string[] }, topic) => takeFilter(args, topic))

/** The same, also for MQTT-SN. */
export const urlWithFilterOrSn = url((args: { topics: string[] }, topic) => takeFilter(args, topic), {
  sn: true,
})

function takeFilter(args: { topics: string[] }, topic: string): void {
  args.topics.push(topicFilter('subscription')(topic, urlTopicName))
}

const topics = list({
  flags: '-t, --topic FILTER',
  parse: topicFilter('subscription'),
  complete: 'topic',
  missing: 'no topic specified',
  help: 'Topic Filter to subscribe to; may be given more than once.',
  doc: `\`+\` matches one level of the topic, and \`#\` at the end matches all remaining levels: \`home/+/temperature\`,
    \`home/#\`. Quote it, as \`#\` can begin a comment in the shell.`,
})

const unsubscribe = list({
  flags: '-U, --unsubscribe FILTER',
  parse: topicFilter('unsubscribe'),
  complete: 'topic',
  missing: 'no unsubscribe topic specified',
  help: 'Topic Filter to unsubscribe from; may be given more than once.',
  doc: 'It ends a subscription of a session kept with {disableCleanSession}.',
})

const filterOut = list({
  flags: '-T, --filter-out FILTER',
  parse: topicFilter('filter'),
  complete: 'topic',
  missing: 'no topic filter specified',
  help: 'Ignore matching messages; may be given more than once.',
  doc: 'They do not count for {count}, and {removeRetained} does not remove them.',
})

const qos = option({
  flags: '-q, --qos QOS',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'Maximum QoS of received messages: 0, 1 or 2.',
  doc: 'If the server grants less, a warning says so.',
})

const count = option({
  flags: '-C, --count COUNT',
  parse: parseMessageCount,
  help: 'Exit after printing this many messages.',
  doc: 'The status is 0 then.',
})

const timeout = option({
  flags: '-W, --timeout SECONDS',
  parse: parseTimeout,
  missing: 'no timeout specified',
  help: 'Exit after this many seconds, with status 27.',
  doc: 'Whole seconds from the connection on, however many messages arrive.',
})

const exitAfterSubscribe = flag({
  flags: '-E',
  help: 'Exit as soon as the server confirms the subscription.',
  doc: 'With {disableCleanSession} this creates a subscription for a later run.',
})

const noRetained = flag({
  flags: '-R',
  help: 'Do not print retained messages.',
  doc: 'Cannot be combined with {retainedOnly}.',
})

const retainedOnly = flag({
  flags: '--retained-only',
  help: 'Print only retained messages; exit at the first other one.',
  doc: 'Add {timeout}, as it does not exit if no other message arrives.',
})

const removeRetained = flag({
  flags: '--remove-retained',
  help: 'Remove each retained message received from the server.',
  doc: 'Publishes an empty retained message to its topic. {filterOut} protects topics.',
})

const randomFilter = option({
  flags: '--random-filter PERCENT',
  parse: parseChance,
  missing: 'no chance specified',
  help: 'Print a random share of the messages, in percent (0.1 to 100).',
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
  discover: boolean
}

export function checkTopics({ topics, unsubscribe, discover }: Subscribing): void {
  if (topics.length > 0 || unsubscribe.length > 0 || discover) return
  throw new UsageError('You must specify a topic to subscribe to (-t) or unsubscribe from (-U).')
}

export function checkRetained(args: { noRetained: boolean; retainedOnly: boolean }): void {
  if (args.noRetained && args.retainedOnly) {
    throw new UsageError("Combining '-R' and '--retained-only' makes no sense.")
  }
}
