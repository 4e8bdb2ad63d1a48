// Options of sub for a worker: a command for each message, acknowledged when it has succeeded.
import { UsageError } from '../../errors.js'
import { matches } from '../../session/topic-filter.js'
import { shown } from '../../text.js'
import { optionsOf } from '../option.js'
import { topicName } from '../topic.js'
import { decimal, integer, longestTimer, parseName, parseSeconds } from '../values.js'

const { option } = optionsOf('Worker')

const exec = option({
  flags: '--exec COMMAND',
  parse: parseName,
  help: 'Run a shell command for each message.',
  doc: `/bin/sh -c runs it with the payload on standard input; the message is not printed. It is acknowledged when the
    command has ended with status 0; with {qos} 1 or 2 the server keeps it until then. MQTTX_TOPIC, MQTTX_QOS, MQTTX_RETAIN,
    MQTTX_DUP, MQTTX_ATTEMPT and, in MQTT 5, MQTTX_RESPONSE_TOPIC, MQTTX_CORRELATION_DATA (base64), MQTTX_CONTENT_TYPE,
    MQTTX_PAYLOAD_FORMAT_INDICATOR, MQTTX_MESSAGE_EXPIRY_INTERVAL and MQTTX_USER_PROPERTIES (JSON) in its environment
    describe the message. MQTTX_REQUEST is set too; an mqttx that the command runs then does not take these variables as
    options. What the command prints goes to standard output. See \`mqttx help workers\`.`,
})

const table = option({
  flags: '--table FILE',
  parse: parseName,
  complete: 'file',
  help: 'Like --exec, with a Topic Filter and a command on each line.',
  doc: `Each Topic Filter is subscribed to. Empty lines and lines that begin with # are ignored. A filter that has blanks
    or begins with # is quoted: '#' or "a b/#". The rest of the line is the command. A message that matches several
    lines runs the command of each, and is acknowledged when all have succeeded; this needs MQTT 5 ({protocolVersion} 5).`,
})

const jobs = option({
  flags: '--jobs COUNT',
  parse: integer({ min: 1, max: 1024 }),
  shownDefault: '1',
  help: 'Run at most this many commands at once.',
  doc: 'Commands for messages of the same topic run one after another, in the order of the messages.',
})

const retries = option({
  flags: '--retries COUNT',
  parse: integer({ min: 0, max: 1_000_000 }),
  shownDefault: '0',
  help: 'Run a command that fails this many times more.',
  doc: `After a pause of {retryDelay}; later messages of the same topic wait meanwhile, those of others do not. A message
    whose command fails for good goes to {deadLetter}; without that mqttx ends with status 42 and does not acknowledge it.`,
})

const retryDelay = option({
  flags: '--retry-delay SECONDS',
  parse: decimal({ min: 0, max: longestTimer }),
  shownDefault: '1',
  help: 'The pause before the first retry; doubled up to a minute.',
  doc: 'May have a fraction. A longer one than a minute is not doubled.',
})

const deadLetter = option({
  flags: '--dead-letter TOPIC',
  parse: topicName('publish'),
  complete: 'topic',
  help: 'Publish messages whose command fails for good to this topic.',
  doc: `With the same payload, at QoS 1. The message is acknowledged when the server has acknowledged this copy. In MQTT 5
    the copy has the properties of the message, without a Message Expiry Interval, and the User Properties original-topic,
    exit-status, attempts and failure; if the server says that nobody is subscribed to it, mqttx ends with status 42.`,
})

const execTimeout = option({
  flags: '--exec-timeout SECONDS',
  parse: parseSeconds,
  help: 'Kill a command that runs longer; it has failed then.',
  doc: 'With everything that it has started. Its status is 137. May have a fraction.',
})

export const workerOptions = { exec, table, jobs, retries, retryDelay, deadLetter, execTimeout }

export const oneWorker = {
  options: ['exec', 'table'],
  message: 'Only one of --exec and --table can be given.',
} as const

interface WorkerArgs {
  readonly exec?: string
  readonly table?: string
  readonly topics: readonly string[]
  readonly [others: string]: unknown
}

const needing = [
  ['jobs', '--jobs'],
  ['retries', '--retries'],
  ['retryDelay', '--retry-delay'],
  ['deadLetter', '--dead-letter'],
  ['execTimeout', '--exec-timeout'],
] as const

/** Options about printing messages, which a worker does not, and one that removes messages that are not handled yet. */
const refused = [
  ['verbose', '-v'],
  ['noNewline', '-N'],
  ['format', '-F'],
  ['json', '--json'],
  ['pretty', '--pretty'],
  ['messageRate', '--message-rate'],
  ['watch', '-w'],
  ['removeRetained', '--remove-retained'],
] as const

/** @throws UsageError for options of a worker without one, and for those that a worker cannot have */
export function checkWorker(args: WorkerArgs): void {
  const { exec, table, topics } = args
  const isGiven = (key: string) => args[key] !== undefined && args[key] !== false
  if (exec === undefined && table === undefined) {
    const found = needing.find(([key]) => isGiven(key))
    if (found !== undefined) throw new UsageError(`${found[1]} needs --exec or --table.`)
    return
  }
  const name = exec === undefined ? '--table' : '--exec'
  const found = refused.find(([key]) => isGiven(key))
  if (found !== undefined) {
    const hint =
      found[0] === 'removeRetained'
        ? 'it would remove messages before their command has succeeded'
        : 'messages are not printed then, only what the commands print'
    throw new UsageError(`${found[1]} cannot be used with ${name}.`, { hint })
  }
  if (table !== undefined && topics.length > 0) {
    const hint = 'add a line to the table instead of a topic'
    throw new UsageError('-t cannot be used with --table: the table has the Topic Filters.', { hint })
  }
  checkDeadLetter(args.deadLetter as string | undefined, topics)
}

/** @throws UsageError if a dead letter would be received as a message */
export function checkDeadLetter(deadLetter: string | undefined, filters: readonly string[]): void {
  if (deadLetter === undefined) return
  const own = filters.find((filter) => matches(filter.replace(/^\$share\/[^/]*\//, ''), deadLetter))
  if (own === undefined) return
  throw new UsageError(`The dead-letter topic '${shown(deadLetter)}' matches '${shown(own)}'.`, {
    hint: 'dead letters would be received as messages: choose another topic',
  })
}
