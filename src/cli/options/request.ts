// Options of rr: requests, responses, and the responder (--serve).
import { UsageError } from '../../errors.js'
import { optionsOf } from '../option.js'
import { topicFilter, topicName } from '../topic.js'
import { integer, parseName, parseQos, parseText, parseTimeout } from '../values.js'
import type { PropertyArgs } from './properties.js'

const { flag, option } = optionsOf('Message')
const inOutput = optionsOf('Output')
const inResponder = optionsOf('Responder')

const topic = option({
  flags: '-t, --topic TOPIC',
  parse: parseText, // checked later: a Topic Filter with --serve, else a Topic Name
  complete: 'topic',
  help: 'Topic of the requests.',
  doc: 'The topic to publish to; with {serve} the Topic Filter to subscribe to.',
})

const responseTopic = option({
  flags: '-e, --response-topic TOPIC',
  parse: topicName('response'),
  complete: 'topic',
  missing: 'no response topic specified',
  help: 'Topic of the responses.',
  doc: `rr subscribes to it, and with MQTT 5 sends it in the request. With {serve}: the topic of the response to a request
    without a Response Topic, as are all before MQTT 5.`,
})

const stdinLine = flag({
  flags: '-l, --stdin-line',
  help: 'Send each line of standard input as a request.',
  doc: `With MQTT 5 up to {maxInflight} requests wait for responses at once. Each has its own Correlation Data, which the
    response must repeat; responses are printed as they arrive. Before MQTT 5, with {correlationData} and with
    {maxInflight} 1, requests are sent one at a time, and responses need no Correlation Data. The status is 0 if every
    request got a response; otherwise standard error lists the lines without one.`,
})

const qos = option({
  flags: '-q, --qos QOS',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'Quality of Service in both directions: 0, 1 or 2.',
})

const replies = option({
  flags: '--replies COUNT',
  parse: integer({ min: 1, max: 65_535 }),
  default: 1,
  help: 'Wait for this many responses to each request.',
  doc: 'For several responders, for example.',
})

const timeout = option({
  flags: '-W, --timeout SECONDS',
  parse: parseTimeout,
  missing: 'no timeout specified',
  help: 'Give up after this many seconds, with status 27.',
  doc: `Whole seconds. For one request: the time of the whole run; with {stdinLine}: the time of each request after it is
    sent; with {serve}: the time of a command.`,
})

const noRetained = flag({
  flags: '-R',
  help: 'Ask the server not to send retained messages.',
  doc: 'They never count as responses; with this option an MQTT 5 server does not send them.',
})

const latency = inOutput.flag({ flags: '--latency', help: 'Print the response time after each response.' })

const serve = inResponder.flag({
  flags: '--serve',
  help: 'Respond to requests instead, until a signal.',
  doc: `Sends each response, made by {exec} or {echo}, to the request's Response Topic with its Correlation Data. A request
    without a Response Topic causes a warning. Retained messages are ignored.`,
})

const exec = inResponder.option({
  flags: '--exec COMMAND',
  parse: parseName,
  help: 'Respond with the output of this shell command.',
  doc: `/bin/sh -c runs it with the payload on standard input; its output is the response, byte for byte. MQTTX_TOPIC,
    MQTTX_QOS, MQTTX_RETAIN, MQTTX_DUP, MQTTX_RESPONSE_TOPIC, MQTTX_CORRELATION_DATA (base64), MQTTX_CONTENT_TYPE,
    MQTTX_PAYLOAD_FORMAT_INDICATOR, MQTTX_MESSAGE_EXPIRY_INTERVAL and MQTTX_USER_PROPERTIES (JSON) in its environment describe the request. MQTTX_REQUEST is set too; an mqttx that the command runs then does
    not take these variables as options. A command that fails causes a warning; its response has, in MQTT 5, the User
    Property exit-status in addition to its output, and is empty before MQTT 5.`,
})

const echo = inResponder.flag({ flags: '--echo', help: 'Respond with the payload of the request.' })

const jobs = inResponder.option({
  flags: '--jobs COUNT',
  parse: integer({ min: 1, max: 1024 }),
  default: 8,
  help: 'Run at most this many commands of --exec at once.',
  doc: 'While more requests wait, nothing is read from the server.',
})

export const requestOptions = { topic, responseTopic, stdinLine, qos, replies, timeout, noRetained }
export const latencyOption = { latency }
export const responderOptions = { serve, exec, echo, jobs }

export const oneRequestSource = {
  options: ['message', 'file', 'stdinFile', 'stdinLine', 'nullMessage'],
  message: 'Only one type of message can be sent at once.',
  once: true,
} as const

export const oneResponder = {
  options: ['exec', 'echo'],
  message: 'Only one of --exec and --echo can be given.',
} as const

interface RequestArgs extends PropertyArgs {
  readonly topic?: string
  readonly responseTopic?: string
  readonly message?: string
  readonly file?: string
  readonly stdinFile: boolean
  readonly stdinLine: boolean
  readonly nullMessage: boolean
  readonly serve: boolean
  readonly exec?: string
  readonly echo: boolean
}

/** Checks a request, or a responder. @throws UsageError with mosquitto's text where it has one */
export function checkRequest(args: RequestArgs): void {
  if (args.serve) return checkServe(args)
  if (args.exec !== undefined || args.echo) {
    throw new UsageError('--exec and --echo need --serve.', {
      hint: 'add --serve to respond to requests, or omit them to send one',
    })
  }
  if (args.topic !== undefined) topicName('publish')(args.topic, '-t')
  if (args.topic === undefined || args.responseTopic === undefined || !hasSource(args)) {
    throw new UsageError('All of topic, message, and response topic must be supplied.')
  }
  if (args.properties?.publish?.responseTopic === undefined) return
  throw new UsageError('in PUBLISH properties: Duplicate response topic.', {
    prefix: 'Error ',
    hint: '-e sets it already',
  })
}

function checkServe(args: RequestArgs): void {
  if (args.topic === undefined || (args.exec === undefined && !args.echo)) {
    throw new UsageError('--serve needs a topic (-t) and one of --exec and --echo.')
  }
  topicFilter('subscription')(args.topic, '-t')
  const { responseTopic, topicAlias } = args.properties?.publish ?? {}
  if (responseTopic !== undefined || topicAlias !== undefined) {
    const name = responseTopic === undefined ? 'topic-alias' : 'response-topic'
    const hint = 'a response goes to the Response Topic of its request, and asks for no response itself'
    throw new UsageError(`${name} cannot be used with --serve.`, { hint })
  }
  if (hasSource(args)) {
    throw new UsageError('--serve cannot be combined with -m, -f, -s, -n and -l, which send requests.')
  }
  if (args.protocolVersion < 5 && args.responseTopic === undefined) {
    const hint = 'before MQTT 5 a request has no Response Topic'
    throw new UsageError('--serve needs -e with this version of MQTT.', { hint })
  }
}

function hasSource({ message, file, stdinFile, stdinLine, nullMessage }: RequestArgs): boolean {
  return message !== undefined || file !== undefined || stdinFile || stdinLine || nullMessage
}
