// How to reach the server and who we are to it: shared by every command that connects.
import { UsageError } from '../../errors.js'
import { flag, indirect, option } from '../option.js'
import { topicName } from '../topic.js'
import { type BrokerUrl, parseServerUrl, parseUrl, type Transport, topicMissing } from '../url.js'
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

/** Where the server is. -h, -p, --unix and -L take one another back: the later one on the command line wins. */
interface Address {
  host?: string
  port?: number
  unix?: string
  transport?: Transport
}

/** The reference means a unix socket by port 0 and its path for a host. */
function takePortZero(args: Address): void {
  if (args.port !== 0 || !args.host?.includes('/')) return
  args.unix = parseSocketPath(args.host, '-h')
  delete args.host
  delete args.port
}

const host = option({
  flags: '-h, --host HOST',
  group: 'Connection',
  parse: parseHost,
  complete: 'host',
  shownDefault: 'localhost',
  help: 'Host name or address of the server.',
  doc: 'An IPv6 address is written as it is, without brackets; a link-local one needs the interface: fe80::1%eth0. Takes back a {unix} before it.',
  assign(args: Address, value) {
    args.host = value
    delete args.unix
    takePortZero(args)
  },
})

const port = option({
  flags: '-p, --port PORT',
  group: 'Connection',
  parse: parsePort,
  shownDefault: '1883, with TLS 8883',
  help: 'TCP port of the server.',
  doc: "Port 8883 turns TLS on. As in mosquitto's clients, port 0 with a path for {host} means the unix socket at that path.",
  assign(args: Address, value) {
    if (args.unix !== undefined && value === 0) return
    args.port = value
    delete args.unix
    takePortZero(args)
  },
})

const unix = option({
  flags: '--unix PATH',
  group: 'Connection',
  parse: parseSocketPath,
  complete: 'file',
  missing: 'no socket path specified',
  help: 'Connect to a unix socket instead of a TCP port.',
  doc: 'Takes back {host} and {port} before it.',
  assign(args: Address, value) {
    args.unix = value
    delete args.host
    delete args.port
  },
})

/** -L for a command that publishes to its topic, or subscribes to it: `takeTopic` checks it and puts it away. */
export function url<A>(takeTopic: (args: A, topic: string) => void) {
  return indirect({
    flags: '-L, --url URL',
    group: 'Connection',
    parse: parseUrl,
    parseVariable: parseServerUrl,
    missing: 'no URL specified',
    help: 'Server, login and topic in one: mqtt://USER:PW@HOST:PORT/TOPIC.',
    doc: `mqtts:// is with TLS, ws:// in WebSocket frames, wss:// both. The topic is everything after the first slash behind the host, as it stands. In USER and PW the form %XX
      stands for any byte; an IPv6 address is put in brackets, and the % before its zone is written %25. Takes back {host}, {port} and {unix} before it, and is
      taken back by those after it.`,
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

/** @throws UsageError in the reference's words where neither -L nor another option has a topic */
export function checkUrlTopic({ topicNeeded }: UrlTopic, given: boolean): void {
  if (topicNeeded && !given) throw topicMissing()
}

/** The topic of -L in error texts. */
export const urlTopicName = '-L topic'

/** -L for a command that publishes: sets the topic. */
export const urlWithTopic = url((args: { topic?: string }, topic) => {
  args.topic = topicName('publish')(topic, urlTopicName)
})

/** -L for a command that has a topic of its own where none is given. */
export const urlOfServer = {
  ...url((args: { topic?: string }, topic) => {
    if (topic !== '') args.topic = topicName('publish')(topic, urlTopicName)
  }),
  parse: parseServerUrl,
}

const bind = option({
  flags: '-A, --bind ADDRESS',
  group: 'Connection',
  parse: parseName,
  help: 'Local address to connect from.',
  doc: 'An address or name of this machine; the port is any free one. Not used for unix sockets.',
})

const nodelay = flag({
  flags: '--nodelay',
  group: 'Connection',
  help: 'Send small packets at once (TCP_NODELAY).',
  doc: `Less delay for single messages, at the price of more packets on the network. A subscriber's acknowledgements
    go out at once with or without it.`,
})

const connectTimeout = option({
  flags: '--connect-timeout SECONDS',
  group: 'Connection',
  parse: parseSeconds,
  default: 30,
  missing: 'no timeout specified',
  help: 'Give up when the server has not accepted us by then.',
  doc: 'The time runs from the first packet on the network to CONNACK.',
})

const retry = option({
  flags: '--retry COUNT',
  group: 'Connection',
  parse: parseRetry,
  default: 0,
  help: 'Try a failed first connection again, this many times.',
  doc: `Without it, a server that cannot be reached at the start is an error at once. Between two attempts there is a
    pause which grows.`,
})

/** What a lost connection is worth; for commands that make it again. */
const retryMax = option({
  flags: '--retry-max COUNT',
  group: 'Connection',
  parse: parseRetry,
  help: 'Give up a lost connection after so many attempts in a row.',
  doc: `The pause before each is about twice the one before, from a quarter of a second to half a minute. Without it,
    line mode gives up after 8, which is about half a minute, a single message after the first loss, a subscriber
    never.`,
})

const noReconnect = flag({
  flags: '--no-reconnect',
  group: 'Connection',
  help: 'Take a lost connection for the end.',
})

/** The client identifier. `refusal` is the reference's sentence, which is not the same in its clients. */
export function clientId(refusal: string) {
  return option({
    flags: '-i, --id ID',
    group: 'Session',
    parse: mqttString(refusal, { empty: 'refused' }),
    late: 0,
    help: 'Client identifier.',
    doc: 'Without it the server chooses one. A server ends the older of two connections with the same identifier.',
  })
}

const idPrefix = option({
  flags: '-I, --id-prefix PREFIX',
  group: 'Session',
  parse: mqttString('Invalid id.', { empty: 'allowed' }),
  missing: 'no id prefix specified',
  help: 'Client identifier: this text and the process id.',
  doc: 'For servers that admit clients by the beginning of their identifier. Cannot be combined with {id}.',
})

const disableCleanSession = flag({
  flags: '-c, --disable-clean-session',
  group: 'Session',
  help: 'Keep the session, so that the server holds what we miss.',
  doc: 'Subscriptions and unfinished messages outlive the connection. Needs {id}.',
})

const keepalive = option({
  flags: '-k, --keepalive SECONDS',
  group: 'Session',
  parse: parseKeepAlive,
  default: 60,
  missing: 'no keepalive specified',
  help: 'Ask for a sign of life after so long a silence (5 to 65535).',
  doc: 'A server that does not answer, or takes no bytes, for half that time more is taken for lost: status 19.',
})

const protocolVersion = option({
  flags: '-V, --protocol-version VERSION',
  group: 'Session',
  parse: parseProtocolVersion,
  choices: ['mqttv31', 'mqttv311', 'mqttv5'],
  default: 4,
  shownDefault: 'mqttv311',
  called: '--protocol-version',
  help: 'Version of MQTT: mqttv31, mqttv311 or mqttv5.',
  doc: `31, 3.1, 311, 3.1.1, 5 and 5.0 are understood as well. Options for properties of MQTT 5 ask for that version by
    themselves; with an earlier one here they are an error.`,
  assign(args: VersionArgs, value: ProtocolVersion) {
    args.protocolVersion = value
    args.versionGiven = value
  },
})

const maxInflight = option({
  flags: '-M, --max-inflight COUNT',
  group: 'Session',
  parse: parseMaxInflight,
  missing: 'max_inflight not specified',
  shownDefault: '20',
  help: 'Most QoS 1 and 2 messages under way at once (1 to 65535).',
  doc: 'A message is under way until the server has acknowledged it; reading of input waits while so many are.',
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

/** Of commands that make a lost connection again. */
export const reconnectOptions = { retryMax, noReconnect }

export const sessionOptions = {
  idPrefix,
  disableCleanSession,
  keepalive,
  ...loginOptions,
  protocolVersion,
  maxInflight,
}

interface Connecting extends Address, Login {
  id?: string
  disableCleanSession: boolean
  protocolVersion: ProtocolVersion
}

/** A session that the server keeps needs a name; the sentences are the reference's. */
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

/** What the reference finds out when it prepares the connection, after all its other checks. */
export function checkAddressAndLogin(args: Connecting): void {
  if (args.port === 0) throw zeroPort()
  checkLogin(args)
}
