// mqttx broker: options, help and checks. run.ts executes it.
import { optionsOf, spec } from '../../cli/option.js'
import { checkSnPort, snOptions } from '../../cli/options/gateway.js'
import { helpOptions, quietOption } from '../../cli/options/general.js'
import { checkListeners, listenerOptions } from '../../cli/options/listeners.js'
import { integer, parseListenPort, parseName, parseQos } from '../../cli/values.js'
import { plainPort } from '../../ports.js'

const { flag, option } = optionsOf('Server')
const inOutput = optionsOf('Output')

const port = option({
  flags: '-p, --port PORT',
  parse: parseListenPort,
  default: plainPort,
  help: 'TCP port to listen on; 0 picks a free port.',
  doc: 'The first line of standard output is the address with the actual port.',
})

const bind = option({
  flags: '--bind ADDRESS',
  parse: parseName,
  default: '127.0.0.1',
  help: 'Local address to listen on.',
  doc: 'Other machines can connect only to an address they can reach; 0.0.0.0 is all addresses.',
})

const passwordFile = option({
  flags: '--password-file FILE',
  parse: parseName,
  complete: 'file',
  help: "Admit the users of FILE, in mosquitto's format.",
  doc: `SIGHUP reloads it. At most 100 logins are processed at a time, each for at most 10 seconds. After three failures
    in a row the logins of an address are processed one by one, each further failure delayed longer, up to 5 seconds.`,
})

const allowAnonymous = flag({
  flags: '--allow-anonymous',
  help: 'Admit clients without a user name from any address.',
  doc: 'Without it they are admitted only on a loopback address, and with {passwordFile} not at all.',
})

const aclFile = option({
  flags: '--acl-file FILE',
  parse: parseName,
  complete: 'file',
  help: "Access control list in mosquitto's format.",
  doc: `Without an entry for a topic, a client can neither publish to it nor receive messages from it; this includes
    \`$SYS/#\`. Lines before the first user apply to clients without a user name, patterns to all clients. SIGHUP reloads
    the file.`,
})

const maxQos = option({
  flags: '--max-qos QOS',
  parse: parseQos,
  default: 2,
  help: 'Highest QoS that clients may publish with.',
  doc: 'A client that publishes with a higher QoS is disconnected. Subscriptions are granted at most this QoS.',
})

const noRetain = flag({ flags: '--no-retain', help: 'Disconnect clients that publish retained messages.' })

/** Bytes of the largest packet: a Fixed Header of 5, a Remaining Length of 268,435,455 (MQTT 5.0, 2.1.4). */
const largestPacket = 268_435_460

const maxPacketSize = option({
  flags: '--max-packet-size BYTES',
  parse: integer({ min: 20, max: largestPacket }),
  help: 'Largest packet accepted, in bytes.',
})

const receiveMaximum = option({
  flags: '--receive-maximum COUNT',
  parse: integer({ min: 1, max: 65_535 }),
  default: 65_535,
  help: 'QoS 1 and 2 messages that an MQTT 5 client may have in flight.',
})

const maxKeepalive = option({
  flags: '--max-keepalive SECONDS',
  parse: integer({ min: 0, max: 65_535 }),
  default: 0,
  help: 'Longest keep-alive interval; 0 allows any.',
  doc: 'MQTT 5 clients get it as Server Keep Alive. Older clients that ask for a longer one are refused.',
})

const topicAliasMaximum = option({
  flags: '--topic-alias-maximum COUNT',
  parse: integer({ min: 0, max: 65_535 }),
  default: 10,
  help: 'Topic Aliases that an MQTT 5 client may use; 0 allows none.',
})

const verbose = inOutput.flag({
  flags: '-v, --verbose',
  help: 'Print each packet on standard error, as inspect --view line does.',
})

export const broker = spec({
  name: 'broker',
  summary: 'Run a small broker for development and tests.',
  synopsis: ['[-p PORT] [--bind ADDRESS] [OPTION]...'],
  description: [
    `Runs a server for MQTT 3.1, 3.1.1 and 5.0 with retained messages, Will Messages, Sessions in memory, shared
    subscriptions, and counters under \`$SYS/#\`.`,
    'The log goes to standard error. SIGINT and SIGTERM stop it.',
  ],
  examples: [
    ['Listen on port 1883, for local clients only', 'mqttx broker'],
    ['Listen on a free port and save the address in a file', 'mqttx broker -p 0 > address &'],
    [
      'Listen on all networks, for users with a password',
      'mqttx broker --bind 0.0.0.0 --password-file users',
    ],
  ],
  options: {
    port,
    bind,
    ...listenerOptions,
    wsPort: {
      ...listenerOptions.wsPort,
      doc: `Any path is accepted. Without {passwordFile} and {allowAnonymous}, WebSocket connections from other sites'
        pages are refused.`,
    },
    ...snOptions,
    passwordFile,
    aclFile,
    allowAnonymous,
    maxQos,
    noRetain,
    maxPacketSize,
    receiveMaximum,
    maxKeepalive,
    topicAliasMaximum,
    verbose,
    ...quietOption,
    ...helpOptions,
  },
  common: [
    ...(['port', 'bind', 'tlsPort', 'wsPort', 'wssPort', 'snPort', 'certfile', 'keyfile'] as const),
    ...(['passwordFile', 'allowAnonymous', 'verbose', 'quiet'] as const),
  ],
  exclusive: [],
  check(args) {
    checkListeners(args)
    checkSnPort(args)
  },
})
