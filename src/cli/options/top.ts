// Options of top: what to subscribe to, when to stop, the order, and the form of the report.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { optionsOf, type Parse } from '../option.js'
import { topicFilter } from '../topic.js'
import {
  decimal,
  integer,
  longestTimer,
  parseMessageCount,
  parseQos,
  parseSeconds,
  parseTimeout,
} from '../values.js'

const { list, option } = optionsOf('Subscription')
const inOutput = optionsOf('Output')

const topics = list({
  flags: '-t, --topic FILTER',
  parse: topicFilter('subscription'),
  complete: 'topic',
  missing: 'no topic specified',
  shownDefault: "'#'",
  help: 'Topic Filter; may be given more than once.',
  doc: "`#` does not match topics that begin with `$`: for the server's own ones add `'$SYS/#'`.",
})

const qos = option({
  flags: '-q, --qos QOS',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'Maximum QoS of received messages: 0, 1 or 2.',
  doc: `A server lowers the QoS of each message to it: with 2 the column qos shows that of the publishers, with 0 it is
    always 0. At QoS 1 and 2 a server keeps what is not read in time, and publishers may have to wait.`,
})

const count = option({
  flags: '-C, --count COUNT',
  parse: parseMessageCount,
  help: 'Exit after this many messages.',
  doc: 'Stored retained messages count too.',
})

const timeout = option({
  flags: '-W, --timeout SECONDS',
  parse: parseTimeout,
  missing: 'no timeout specified',
  help: 'Exit after this many seconds, with status 0.',
  doc: 'Whole seconds from the subscription on. Without a subscription by then the status is 27.',
})

const interval = inOutput.option({
  flags: '--interval SECONDS',
  parse: decimal({ min: 0.1, max: longestTimer }),
  missing: 'no time specified',
  shownDefault: '1 on a terminal, else only at the end',
  help: 'Draw the screen, or print a report, this often.',
})

function oneOf<const T extends string>(names: readonly T[], what: string): Parse<T> {
  return (text, name) => {
    const found = names.find((known) => known === text)
    if (found !== undefined) return found
    throw new UsageError(`${name}: '${shown(text)}' is not ${what}`, { hint: `use ${names.join(', ')}` })
  }
}

const sorts = ['rate', 'bytes', 'count', 'silence', 'name'] as const

const sort = inOutput.option({
  flags: '--sort KEY',
  parse: oneOf(sorts, 'an order'),
  choices: sorts,
  default: 'rate',
  help: 'Order: rate, bytes, count, silence or name.',
  doc: 'Largest first, names ascending. In a tree each level is in this order.',
})

const reverse = inOutput.flag({ flags: '--reverse', help: 'Invert the order.' })

const limit = inOutput.option({
  flags: '--limit ROWS',
  parse: integer({ min: 1, max: 1_000_000 }),
  default: 50,
  missing: 'no number specified',
  help: 'Topics in a report, at most.',
  doc: 'The first ones in the order of {sort}; how many there are is said. The screen has as many as fit.',
})

const silent = inOutput.option({
  flags: '--silent SECONDS',
  parse: parseSeconds,
  missing: 'no time specified',
  shownDefault: 'twice the longest pause of the topic, and 5 seconds',
  help: 'A topic without a message for this long is silent.',
  doc: `Silent topics are counted and marked. By default only one that has had five messages can be silent: it has to have
    been regular before.`,
})

const views = ['tree', 'list'] as const

const view = inOutput.option({
  flags: '--view VIEW',
  parse: oneOf(views, 'a view'),
  choices: views,
  shownDefault: 'tree on a terminal, else list',
  help: 'Show a tree of levels, or a list of topics.',
  doc: 'For text; JSON and metrics are always of topics.',
})

const formats = ['text', 'json', 'prometheus'] as const

const format = inOutput.option({
  flags: '--format FORMAT',
  parse: oneOf(formats, 'a format'),
  choices: formats,
  shownDefault: 'the screen on a terminal, else text',
  help: 'Print reports as text, json or prometheus.',
  doc: `\`json\`: a line for each report, an object that \`mqttx help topics\` describes. \`prometheus\`: metrics in its text
    format, such as for the textfile collector of the node exporter; topics beyond {limit} have no series. With it there is no screen.`,
})

const json = inOutput.flag({ flags: '--json', help: 'The same as --format json.' })

export const topOptions = {
  topics,
  qos,
  count,
  timeout,
  ...{ interval, sort, reverse, limit, silent, view, format, json },
}
