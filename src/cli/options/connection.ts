// Options for the address of the server, the session and the login, for every command that connects.
import { UsageError } from '../../errors.js'
import { optionsOf } from '../option.js'
import { topicName } from '../topic.js'
import {
  type BrokerUrl,
  parseServerUrl,
  parseServerUrlOrSn,
  parseUrl,
  parseUrlOrSn,
  type Transport,
  topicMissing,
} from '../url.js'
import {
  mqttString,
  type ProtocolVersion,
  parseHost,
  parseKeepAlive,
  parseMaxInflight,
  parseName,
  parsePort,
  parseProtocolVersion,
  parseRetry,
  parseSeconds,
  parseSocketPath,
  zeroPort,
} from '../values.js'
import { checkLogin, type Login, loginOptions, setPassword } from './login.js'
import type { VersionArgs } from './properties.js'
import { tlsOptions } from './tls.js'
import { transportOptions } from './transport.js'

const { flag, indirect, option } = optionsOf('Connection')
const inSession = optionsOf('Session')

/** The address of the server. -h, -p, --unix and -L override one another: the last one wins. */
interface Address {
  host?: string
  port?: number
  unix?: string
  transport?: Transport
}

/** As in mosquitto, port 0 and a path as host mean a unix socket. */
function takePortZero(args: Address): void {
  if (args.port !== 0 || !args.host?.includes('/')) return
  args.unix = parseSocketPath(args.host, '-h')
  delete args.host
  delete args.port
}

const host = option({
  flags: '-h, --host HOST',
  parse: parseHost,
  complete: 'host',
  shownDefault: 'localhost',
  help: 'Host name or address of the server.',
  doc: 'Write an IPv6 address without brackets; a link-local one needs the interface: fe80::1%eth0. Overrides an earlier {unix}.',
  assign(args: Address, value) {
    args.host = value
    delete args.unix
    takePortZero(args)
  },
})

const port = option({
  flags: '-p, --port PORT',
  parse: parsePort,
  shownDefault: '1883, with TLS 8883',
  help: 'TCP port of the server.',
  doc: "Port 8883 turns TLS on. As in mosquitto's clients, port 0 with a path as {host} means the unix socket at that path.",
  assign(args: Address, value) {
    if (args.unix !== undefined && value === 0) return
    args.port = value
    delete args.unix
    takePortZero(args)
  },
})

const unix = option({
  flags: '--unix PATH',
  parse: parseSocketPath,
  complete: 'file',
  missing: 'no socket path specified',
  help: 'Connect to a unix socket instead of a TCP port.',
  doc: 'Overrides earlier {host} and {port}.',
  assign(args: Address, value) {
    args.unix = value
    delete args.host
    delete args.port
  },
})

/** -L for a command that publishes or subscribes to its topic: `takeTopic` checks and stores it. `sn`: also mqtt-sn://. */
export function url<A>(takeTopic: (args: A, topic: string) => void, { sn = false } = {}) {
  return indirect({
    flags: '-L, --url URL',
    parse: sn ? parseUrlOrSn : parseUrl,
    parseVariable: sn ? parseServerUrlOrSn : parseServerUrl,
    missing: 'no URL specified',
    help: 'Server, login and topic in one: mqtt://USER:PW@HOST:PORT/TOPIC.',
    doc: `mqtts:// uses TLS, ws:// WebSocket, wss:// both${sn ? ', mqtt-sn:// MQTT-SN over UDP' : ''}. The topic is everything after the first slash after the host; it
      is not decoded. In USER and PW, %XX stands for any byte. Put an IPv6 address in brackets, and write the % before its
      zone as %25. Overrides earlier {host}, {port} and {unix}; later ones override it.`,
    assign(args: Address & Login & UrlTopic & A, value: BrokerUrl) {
      args.host = value.host
      args.port = value.port
      args.transport = value.transport
      delete args.unix
      if (value.username !== undefined) args.username = value.username
      if (value.pw !== undefined) setPassword(args, { pw: value.pw })
      if (value.topicNeeded) args.topicNeeded = true
      if (value.topic !== undefined) takeTopic(args, value.topic)
    },
  })
}

interface UrlTopic {
  /** -L on the command line has no topic. */
  topicNeeded?: true
}

/** @throws UsageError with mosquitto's text if neither -L nor another option has a topic */
export function checkUrlTopic({ topicNeeded }: UrlTopic, given: boolean): void {
  if (topicNeeded && !given) throw topicMissing()
}

/** The name of the topic of -L in error texts. */
export const urlTopicName = '-L topic'

/** -L for a command that publishes: sets the topic. */
export const urlWithTopic = url((args: { topic?: string }, topic) => takeName(args, topic))

/** The same, also for MQTT-SN. */
export const urlWithTopicOrSn = url((args: { topic?: string }, topic) => takeName(args, topic), { sn: true })

function takeName(args: { topic?: string }, topic: string): void {
  args.topic = topicName('publish')(topic, urlTopicName)
}

/** -L for a command that has a default topic. */
export const urlOfServer = {
  ...url((args: { topic?: string }, topic) => {
    if (topic !== '') args.topic = topicName('publish')(topic, urlTopicName)
  }),
  parse: parseServerUrl,
}

const bind = option({
  flags: '-A, --bind ADDRESS',
  parse: parseName,
  help: 'Local address to connect from.',
  doc: 'An address or name of this machine. The system chooses the port. Not used for unix sockets.',
})

const nodelay = flag({
  flags: '--nodelay',
  help: 'Send small packets at once (TCP_NODELAY).',
  doc: `Reduces the delay of single messages, at the cost of more packets. A subscriber sends acknowledgements at once with
    or without it.`,
})

const connectTimeout = option({
  flags: '--connect-timeout SECONDS',
  parse: parseSeconds,
  default: 30,
  missing: 'no timeout specified',
  help: 'Give up if the server has not accepted the connection by then.',
  doc: `The time from the first network packet to CONNACK. Before it, a --password-command may take as long, and a named pipe
    that --password-file names may be silent as long.`,
})

const retry = option({
  flags: '--retry COUNT',
  parse: parseRetry,
  default: 0,
  help: 'Retry a failed first connection this many times.',
  doc: `With 0, failure to reach the server at the start is an error. The pause between attempts grows.`,
})

const retryMax = option({
  flags: '--retry-max COUNT',
  parse: parseRetry,
  help: 'Give up reconnecting after this many failures in a row.',
  doc: `The pause before an attempt doubles each time, from a quarter of a second to half a minute. Default: 8 with lines
    of standard input, about half a minute; 0 for a single message; unlimited for a subscriber.`,
})

const noReconnect = flag({ flags: '--no-reconnect', help: 'Exit when the connection is lost.' })

/** The Client Identifier. `refusal` is mosquitto's error text, which differs between its clients. */
export function clientId(refusal: string) {
  return inSession.option({
    flags: '-i, --id ID',
    parse: mqttString(refusal, { empty: 'refused' }),
    late: 0,
    help: 'Client Identifier.',
    doc: 'Without it the server assigns one. A server closes the older of two connections with the same identifier.',
  })
}

const idPrefix = inSession.option({
  flags: '-I, --id-prefix PREFIX',
  parse: mqttString('Invalid id.', { empty: 'allowed' }),
  missing: 'no id prefix specified',
  help: 'Client Identifier: this prefix and the process id.',
  doc: 'For servers that authorise clients by the prefix of their identifier. Cannot be combined with {id}.',
})

const disableCleanSession = inSession.flag({
  flags: '-c, --disable-clean-session',
  help: 'Keep the session: the server queues messages while offline.',
  doc: 'Subscriptions and unacknowledged messages outlive the connection. Needs {id}.',
})

const keepalive = inSession.option({
  flags: '-k, --keepalive SECONDS',
  parse: parseKeepAlive,
  default: 60,
  missing: 'no keepalive specified',
  help: 'Keep Alive interval in seconds (5 to 65535).',
  doc: 'If the server does not answer, or accepts no bytes, for 1.5 intervals, the connection is lost: status 19.',
})

export const protocolVersion = inSession.option({
  flags: '-V, --protocol-version VERSION',
  parse: parseProtocolVersion,
  choices: ['mqttv31', 'mqttv311', 'mqttv5'],
  default: 4,
  shownDefault: 'mqttv311',
  called: '--protocol-version',
  help: 'MQTT version: mqttv31, mqttv311 or mqttv5.',
  doc: `31, 3.1, 311, 3.1.1, 5 and 5.0 work too. Options for MQTT 5 properties select MQTT 5; together with an earlier
    version here they are an error.`,
  assign(args: VersionArgs, value: ProtocolVersion) {
    args.protocolVersion = value
    args.versionGiven = value
  },
})

const maxInflight = inSession.option({
  flags: '-M, --max-inflight COUNT',
  parse: parseMaxInflight,
  missing: 'max_inflight not specified',
  shownDefault: '20',
  help: 'Maximum of unacknowledged QoS 1 and 2 messages (1 to 65535).',
  doc: 'At this limit no input is read until the server acknowledges a message.',
})

export const connectionOptions = {
  host,
  port,
  unix,
  bind,
  nodelay,
  connectTimeout,
  retry,
  ...transportOptions,
  ...tlsOptions,
}

/** For commands that reconnect. */
export const reconnectOptions = { retryMax, noReconnect }

export const sessionOptions = {
  idPrefix,
  disableCleanSession,
  keepalive,
  ...loginOptions,
  protocolVersion,
  maxInflight,
}

export const oneClientId = {
  options: ['id', 'idPrefix'],
  message: '-i and -I argument cannot be used together.',
} as const

interface Connecting extends Address, Login {
  id?: string
  disableCleanSession: boolean
  protocolVersion: ProtocolVersion
}

/** A session that outlives the connection needs a Client Identifier; the error texts are mosquitto's. */
export function checkSession(args: Connecting & { sessionExpiry?: number }): void {
  if (args.id !== undefined) return
  const forEver =
    args.protocolVersion === 5 && (args.sessionExpiry ?? (args.disableCleanSession ? never : 0)) === never
  if (forEver) throw noClientId('an infinite session expiry interval')
  if (args.disableCleanSession && args.protocolVersion < 5) throw noClientId('the -c option')
}

const never = 4_294_967_295

function noClientId(reason: string): UsageError {
  return new UsageError(`You must provide a client id if you are using ${reason}.`)
}

/** The checks that mosquitto makes when it prepares the connection, after all others. */
export function checkAddressAndLogin(args: Connecting): void {
  if (args.port === 0) throw zeroPort()
  checkLogin(args)
}
