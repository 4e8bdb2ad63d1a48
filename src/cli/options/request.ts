// Requests and their answers: what rr asks, how it waits, and the other side, which answers.
import { UsageError } from '../../errors.js'
import { flag, option } from '../option.js'
import { topicFilter, topicName } from '../topic.js'
import { integer, parseName, parseQos, parseText, parseTimeout } from '../values.js'
import type { PropertyArgs } from './properties.js'

const topic = option({
  flags: '-t, --topic TOPIC',
  group: 'Message',
  parse: parseText, // what it may be depends on --serve
  complete: 'topic',
  help: 'Topic of the requests.',
  doc: 'A topic to publish to. With {serve} it is a Topic Filter to subscribe to.',
})

const responseTopic = option({
  flags: '-e, --response-topic TOPIC',
  group: 'Message',
  parse: topicName('response'),
  complete: 'topic',
  missing: 'no response topic specified',
  help: 'Topic of the answers.',
  doc: `It is subscribed to, and with MQTT 5 the request names it. With {serve}: where the answer goes to a request that
    names no topic, as none does before MQTT 5.`,
})

const stdinLine = flag({
  flags: '-l, --stdin-line',
  group: 'Message',
  help: 'Send each line of standard input as a request.',
  doc: `With MQTT 5 up to {maxInflight} requests wait for their answers at once, each with Correlation Data of its own that the
    answer must have too; answers are printed as they arrive. Before MQTT 5, with {correlationData} and with
    {maxInflight} 1 there is one request at a time, and an answer needs no Correlation Data. The status is 0 if every
    request was answered; otherwise standard error names the lines that were not.`,
})

const qos = option({
  flags: '-q, --qos QOS',
  group: 'Message',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'Quality of Service, both ways: 0, 1 or 2.',
})

const replies = option({
  flags: '--replies COUNT',
  group: 'Message',
  parse: integer({ min: 1, max: 65_535 }),
  default: 1,
  help: 'Wait for so many answers to each request.',
  doc: 'Where several responders listen, for example.',
})

const timeout = option({
  flags: '-W, --timeout SECONDS',
  group: 'Message',
  parse: parseTimeout,
  missing: 'no timeout specified',
  help: 'Give up after so many whole seconds, with status 27.',
  doc: `For one request it is the time of the whole run; with {stdinLine} each request has so long from being sent. With
    {serve} it is how long a command may take.`,
})

const noRetained = flag({
  flags: '-R',
  group: 'Message',
  help: 'Ask the server for no retained messages.',
  doc: 'They are never taken for an answer anyway; a MQTT 5 server does not even send them then.',
})

const latency = flag({
  flags: '--latency',
  group: 'Output',
  help: 'Print behind each answer how long it took.',
})

const serve = flag({
  flags: '--serve',
  group: 'Responder',
  help: 'Answer requests instead, until a signal comes.',
  doc: `Each request is answered on its Response Topic with its Correlation Data, by {exec} or {echo}. A request without
    Response Topic is warned about; retained messages are no requests.`,
})

const exec = option({
  flags: '--exec COMMAND',
  group: 'Responder',
  parse: parseName,
  help: 'Answer with what this shell command prints.',
  doc: `/bin/sh -c runs it with the payload on standard input; its output is the answer, byte for byte. MQTTX_TOPIC,
    MQTTX_QOS, MQTTX_RESPONSE_TOPIC, MQTTX_CORRELATION_DATA (base64), MQTTX_CONTENT_TYPE and MQTTX_USER_PROPERTIES
    (JSON) in its environment tell about the request; MQTTX_REQUEST says so, and where it is set they are no options of a
    mqttx that the command runs. A command that fails is told on standard error; its answer has, in
    MQTT 5, the User Property exit-status beside what was printed, and is empty before.`,
})

const echo = flag({
  flags: '--echo',
  group: 'Responder',
  help: 'Answer with the payload of the request.',
})

const jobs = option({
  flags: '--jobs COUNT',
  group: 'Responder',
  parse: integer({ min: 1, max: 1024 }),
  default: 8,
  help: 'Run at most so many commands of --exec at once.',
  doc: 'While more requests wait, nothing is read from the server.',
})

export const requestOptions = {
  topic,
  responseTopic,
  stdinLine,
  qos,
  replies,
  timeout,
  noRetained,
}
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

/** @throws UsageError in the reference's words where it has some */
export function checkRequest(args: RequestArgs): void {
  if (args.serve) return checkServe(args)
  if (args.exec !== undefined || args.echo) {
    throw new UsageError('--exec and --echo are for --serve.', {
      hint: 'add --serve to answer requests, or leave them out to send one',
    })
  }
  if (args.topic !== undefined) topicName('publish')(args.topic, '-t')
  if (args.topic === undefined || args.responseTopic === undefined || !hasSource(args)) {
    throw new UsageError('All of topic, message, and response topic must be supplied.')
  }
  if (args.properties?.publish?.responseTopic === undefined) return
  throw new UsageError('in PUBLISH properties: Duplicate response topic.', {
    prefix: 'Error ',
    hint: '-e gives it already',
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
    const hint = 'an answer goes to the Response Topic of its request, and asks for no answer itself'
    throw new UsageError(`${name} cannot be used with --serve.`, { hint })
  }
  if (hasSource(args)) {
    throw new UsageError('--serve answers requests: -m, -f, -s, -n and -l are for the other side.')
  }
  if (args.protocolVersion < 5 && args.responseTopic === undefined) {
    const hint = 'a request before MQTT 5 does not say where its answer goes'
    throw new UsageError('--serve needs -e with this version of MQTT.', { hint })
  }
}

function hasSource({ message, file, stdinFile, stdinLine, nullMessage }: RequestArgs): boolean {
  return message !== undefined || file !== undefined || stdinFile || stdinLine || nullMessage
}
