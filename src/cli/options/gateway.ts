// Options of a gateway of MQTT-SN: where it listens, its topics and timers. Those of the server are in the other files.
import { UsageError } from '../../errors.js'
import { optionsOf } from '../option.js'
import { integer, parseListenPort, parseName } from '../values.js'
import { type Login, setPassword } from './login.js'
import { parseListen, parseTargetWithLogin, type TargetWithLogin } from './tap.js'

const { flag, option } = optionsOf('Server')
const inConnection = optionsOf('Connection')

const listen = option({
  flags: '--listen PORT',
  parse: parseListen,
  missing: 'no port specified',
  help: 'UDP port to listen on, or BIND:PORT; 0 picks a free port.',
  doc: 'The first line of standard output is the address with the actual port.',
})

const bind = option({
  flags: '--bind ADDRESS',
  parse: parseName,
  shownDefault: '127.0.0.1',
  help: 'Local address to listen on.',
  doc: `Other machines can reach only an address that they can route to; 0.0.0.0 is all addresses of IPv4, :: all of both versions.
    MQTT-SN has no login: whoever reaches the port acts with the login of the gateway.`,
})

const predefinedTopics = option({
  flags: '--predefined-topics FILE',
  parse: parseName,
  complete: 'file',
  help: 'Predefined topics: lines of an identifier and a Topic Name.',
  doc: `Such as \`7 home/kitchen/temperature\`; # begins a comment. Clients must have the same. Clients that never connect
    (QoS -1) can publish to these topics only.`,
})

export const snPort = option({
  flags: '--sn-port PORT',
  parse: parseListenPort,
  help: 'Listen for MQTT-SN on this UDP port as well.',
  doc: `A gateway in this process, as \`mqttx gateway\`; 0 picks a free port. Its clients have no user name, so with
    {passwordFile} they need {allowAnonymous}.`,
})

const aggregate = flag({
  flags: '--aggregate',
  help: 'Use one connection to the server for all clients.',
  doc: `For servers that allow few connections. Sessions and wills of clients are kept by the gateway then, and are lost with
    it; messages for a slow or sleeping client are acknowledged to the server when they are queued.`,
})

const gatewayId = option({
  flags: '--gateway-id NUMBER',
  parse: integer({ min: 0, max: 255 }),
  default: 1,
  help: 'Gateway identifier (GwId), 0 to 255.',
})

const advertise = option({
  flags: '--advertise SECONDS',
  parse: integer({ min: 1, max: 65_535 }),
  help: 'Broadcast an ADVERTISE message at this interval.',
  doc: `To the listening port of all hosts of the local network. Without it, clients find the gateway by SEARCHGW, which is
    always answered.`,
})

const retryInterval = option({
  flags: '--retry-interval SECONDS',
  parse: integer({ min: 1, max: 3600 }),
  default: 10,
  help: 'Send a message again if it is not answered by then (T_retry).',
})

const retryCount = option({
  flags: '--retry-count COUNT',
  parse: integer({ min: 0, max: 100 }),
  default: 3,
  help: 'How often a message is sent again (N_retry).',
  doc: 'After that the gateway waits until something comes from the client.',
})

const maxClients = option({
  flags: '--max-clients COUNT',
  parse: integer({ min: 1, max: 1_000_000 }),
  default: 10_000,
  help: 'Most clients, with those that are away and have a session.',
  doc: `At the limit those go first that have shown nothing but their address, the longest silent one before the others,
    then sessions of clients that are away.`,
})

const maxQueue = option({
  flags: '--max-queue COUNT',
  parse: integer({ min: 1, max: 1_000_000 }),
  default: 1000,
  help: 'Most messages that wait for one client.',
  doc: 'Messages of QoS 0 beyond it are lost and counted; at QoS 1 and 2 the server is not read until there is room.',
})

const to = inConnection.indirect({
  flags: '--to URL',
  parse: parseTargetWithLogin,
  missing: 'no URL specified',
  help: 'The server: mqtt(s)://USER:PW@HOST:PORT, ws(s)://, unix:///PATH.',
  doc: 'After ws:// and wss:// a path may follow. The options of TLS are for this connection.',
  assign(args: { target?: TargetWithLogin } & Login, target) {
    args.target = target
    if (target.username !== undefined) args.username = target.username
    if (target.pw !== undefined) setPassword(args, { pw: target.pw })
  },
})

export const gatewayOptions = {
  ...{ listen, bind, url: to, aggregate, predefinedTopics, gatewayId, advertise },
  ...{ retryInterval, retryCount, maxClients, maxQueue },
}

/** For the broker. */
export const snOptions = { snPort, predefinedTopics }

interface SnArgs {
  readonly snPort?: number | undefined
  readonly predefinedTopics?: string | undefined
}

/** @throws UsageError */
export function checkSnPort(args: SnArgs): void {
  if (args.snPort === undefined && args.predefinedTopics !== undefined)
    throw new UsageError('--predefined-topics needs --sn-port.')
}
