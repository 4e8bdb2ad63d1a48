// What is published: the topic, where the payload comes from, and how it is sent.
import { flag, option } from '../option.js'
import { topicName } from '../topic.js'
import { parseMessage, parseName, parseQos, parseRepeat, parseRepeatDelay, parseTimeout } from '../values.js'

const topic = option({
  flags: '-t, --topic TOPIC',
  group: 'Message',
  parse: topicName('publish'),
  complete: 'topic',
  help: 'Topic to publish to.',
  doc: 'Without the wildcards `+` and `#`. If given more than once, the last one counts.',
})

const message = option({
  flags: '-m, --message TEXT',
  group: 'Message',
  parse: parseMessage,
  missing: 'no message specified',
  help: 'Publish this text.',
  doc: `The word after it is the text, whatever it looks like: \`-m -5\` and \`-m --help\` work. Only one of {message},
    {file}, {stdinFile}, {stdinLine}, {json} and {nullMessage} can be given.`,
})

const file = option({
  flags: '-f, --file FILE',
  group: 'Message',
  parse: parseName,
  complete: 'file',
  help: 'Publish the contents of a file as one message.',
  doc: 'Byte for byte; a pipe works too. It is read before the connection is made. An empty file is an empty message.',
})

const stdinFile = flag({
  flags: '-s, --stdin-file',
  group: 'Message',
  help: 'Publish all of standard input as one message.',
  doc: 'It is read before the connection is made; no input at all is an error.',
})

const stdinLine = flag({
  flags: '-l, --stdin-line',
  group: 'Message',
  help: 'Publish each line of standard input as a message.',
  doc: `Each is sent as soon as it is read. An empty line is an empty message, a last line without a line feed counts,
    and all bytes but the line feed are kept. At QoS 1 and 2, status 0 means that every line was acknowledged.`,
})

const json = flag({
  flags: '--json',
  group: 'Message',
  help: 'Publish lines of JSON as sub --json prints them.',
  doc: `Each line is an object with "topic" and "payload"; "encoding" ("utf8", "base64" or "hex"), "qos", "retain" and
    "properties" may be left out, and other members are not looked at. {topic}, {qos}, {retain} and the properties of the
    command line are for lines that do not say it themselves. Blank lines are skipped; a line that is no message ends it,
    after those before it were delivered. Lines of mosquitto_sub -F %j and -F %J are taken as well. Properties need MQTT 5; those that belong to the connection which brought the
    message (topicAlias, subscriptionIdentifier) are left out.`,
})

const nullMessage = flag({
  flags: '-n, --null-message',
  group: 'Message',
  help: 'Publish an empty message.',
  doc: 'With {retain} it removes the message that the server has kept for the topic.',
})

const qos = option({
  flags: '-q, --qos QOS',
  group: 'Message',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'Quality of Service: 0, 1 or 2.',
  doc: `A message counts as sent once it is written (QoS 0), once PUBACK has arrived (QoS 1) or once PUBCOMP has
    (QoS 2). {maxInflight} limits how many may wait at once.`,
})

const retain = flag({
  flags: '-r, --retain',
  group: 'Message',
  help: 'Let the server keep the message for later subscribers.',
  doc: 'It keeps the last one for each topic.',
})

const repeat = option({
  flags: '--repeat COUNT',
  group: 'Message',
  parse: parseRepeat,
  default: 1,
  help: 'Publish the message this many times.',
  doc: 'Has no effect on {stdinLine}.',
})

const repeatDelay = option({
  flags: '--repeat-delay SECONDS',
  group: 'Message',
  parse: parseRepeatDelay,
  default: 0,
  missing: 'no time specified',
  help: 'Wait so long between two of --repeat; fractions are allowed.',
  doc: 'The time runs from the end of one (written or acknowledged, by {qos}) to the start of the next.',
})

const timeout = option({
  flags: '--timeout SECONDS',
  group: 'Message',
  parse: parseTimeout,
  missing: 'no timeout specified',
  help: 'Give up after so many seconds, with status 27.',
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

/** The reference refuses a second one while it reads the command line, and the same one twice. */
export const oneMessageSource = {
  options: ['message', 'file', 'stdinFile', 'stdinLine', 'json', 'nullMessage'],
  message: 'Only one type of message can be sent at once.',
  once: true,
} as const
