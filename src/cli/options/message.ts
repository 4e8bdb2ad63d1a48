// Options of pub: the topic, the source of the payload, and how it is sent.
import { optionsOf } from '../option.js'
import { topicName } from '../topic.js'
import { parseMessage, parseName, parseQos, parseRepeat, parseRepeatDelay, parseTimeout } from '../values.js'

const { flag, option } = optionsOf('Message')

const topic = option({
  flags: '-t, --topic TOPIC',
  parse: topicName('publish'),
  complete: 'topic',
  help: 'Topic to publish to.',
  doc: 'No wildcards. If given more than once, the last one counts.',
})

const message = option({
  flags: '-m, --message TEXT',
  parse: parseMessage,
  missing: 'no message specified',
  help: 'Publish this text.',
  doc: `The next argument is the text, even if it begins with a dash: \`-m -5\` and \`-m --help\` work. Only one of {message},
    {file}, {stdinFile}, {stdinLine}, {json} and {nullMessage} can be given.`,
})

const file = option({
  flags: '-f, --file FILE',
  parse: parseName,
  complete: 'file',
  help: 'Publish the contents of a file as one message.',
  doc: 'Byte for byte; a pipe works too. It is read before connecting. An empty file is an empty message.',
})

const stdinFile = flag({
  flags: '-s, --stdin-file',
  help: 'Publish all of standard input as one message.',
  doc: 'It is read before connecting. Empty input is an error.',
})

const stdinLine = flag({
  flags: '-l, --stdin-line',
  help: 'Publish each line of standard input as a message.',
  doc: `Each is sent as soon as it is read. An empty line is an empty message, a last line without a line feed counts, and
    all bytes except the line feed are kept. At QoS 1 and 2, status 0 means that every line was acknowledged.`,
})

const json = flag({
  flags: '--json',
  help: 'Publish lines of JSON, as printed by sub --json.',
  doc: `Each line is an object with "topic" and "payload"; "encoding" ("utf8", "base64" or "hex"), "qos", "retain" and
    "properties" are optional, and other members are ignored. {topic}, {qos}, {retain} and the properties of the command
    line are defaults for lines without them. Blank lines are skipped; an invalid line ends the run, after the lines
    before it are delivered. Lines of mosquitto_sub -F %j and -F %J work too. Properties need MQTT 5; topicAlias and
    subscriptionIdentifier are ignored, as they belong to the connection that received the message.`,
})

const nullMessage = flag({
  flags: '-n, --null-message',
  help: 'Publish an empty message.',
  doc: 'With {retain} it removes the retained message of the topic.',
})

const qos = option({
  flags: '-q, --qos QOS',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'Quality of Service: 0, 1 or 2.',
  doc: `A message counts as sent when it is written (QoS 0), when PUBACK arrives (QoS 1) or when PUBCOMP arrives (QoS 2).
    {maxInflight} limits how many wait at once.`,
})

const retain = flag({
  flags: '-r, --retain',
  help: 'Retain the message for later subscribers.',
  doc: 'The server keeps the last one of each topic.',
})

const repeat = option({
  flags: '--repeat COUNT',
  parse: parseRepeat,
  default: 1,
  help: 'Publish the message this many times.',
  doc: 'No effect with {stdinLine}.',
})

const repeatDelay = option({
  flags: '--repeat-delay SECONDS',
  parse: parseRepeatDelay,
  default: 0,
  missing: 'no time specified',
  help: 'Pause between repetitions in seconds; may have a fraction.',
  doc: 'From the end of one message (written or acknowledged, depending on {qos}) to the start of the next.',
})

const timeout = option({
  flags: '--timeout SECONDS',
  parse: parseTimeout,
  missing: 'no timeout specified',
  help: 'Give up after this many seconds, with status 27.',
  doc: 'Whole seconds, from the start to the last acknowledgement.',
})

export const messageOptions = {
  topic,
  message,
  file,
  stdinFile,
  stdinLine,
  json,
  nullMessage,
  qos,
  retain,
  repeat,
  repeatDelay,
  timeout,
}

/** As in mosquitto, a second source is refused, even the same one twice. */
export const oneMessageSource = {
  options: ['message', 'file', 'stdinFile', 'stdinLine', 'json', 'nullMessage'],
  message: 'Only one type of message can be sent at once.',
  once: true,
} as const
