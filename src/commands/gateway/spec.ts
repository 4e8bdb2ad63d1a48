// mqttx gateway: options, help and checks. run.ts executes it.
import { spec } from '../../cli/option.js'
import { checkAddressAndLogin, connectionOptions, sessionOptions } from '../../cli/options/connection.js'
import { gatewayOptions } from '../../cli/options/gateway.js'
import { helpOptions, quietOption } from '../../cli/options/general.js'
import { loginOptions } from '../../cli/options/login.js'
import { checkTls, tlsOptions } from '../../cli/options/tls.js'
import { transportOptions } from '../../cli/options/transport.js'
import { UsageError } from '../../errors.js'

const { wsHeaders, proxy } = transportOptions
const { connectTimeout } = connectionOptions
const { keepalive, protocolVersion } = sessionOptions

export const gateway = spec({
  name: 'gateway',
  summary: 'Connect MQTT-SN clients to an MQTT server.',
  synopsis: ['--listen PORT --to URL [OPTION]...'],
  description: [
    `A gateway of MQTT-SN 1.2 over UDP: sensors speak MQTT-SN to it, and it speaks MQTT to the server. Each client has a
    connection of its own there, with its Client Identifier, its session and its will; see {aggregate}.`,
    `It takes everything of MQTT-SN 1.2: QoS -1, 0, 1 and 2, normal, short and predefined topics, wildcards, sleeping clients,
    wills and their updates, SEARCHGW, and forwarders. What is forwarded at QoS 1 and 2 is acknowledged when the server, or the
    client, has acknowledged it.`,
    `While the server is down, clients get "congestion", and connections are restored when it is back. An address that has not
    shown that it receives what is sent to it gets no more bytes than have come from it, and at most three times as many with
    the REGISTER messages that ask it.`,
    'The log goes to standard error. SIGINT and SIGTERM stop it, and disconnect the clients.',
  ],
  examples: [
    [
      'Connect the sensors of this machine to its broker',
      'mqttx gateway --listen 1884 --to mqtt://localhost',
    ],
    [
      'Listen on all networks, and use TLS to the server',
      'mqttx gateway --listen 1884 --bind 0.0.0.0 --to mqtts://broker.example',
    ],
    [
      'Use one connection to the server for all sensors',
      'mqttx gateway --listen 1884 --to mqtt://localhost --aggregate',
    ],
  ],
  options: {
    ...gatewayOptions,
    connectTimeout,
    wsHeaders,
    proxy,
    ...tlsOptions,
    tlsUseOsCerts: {
      ...tlsOptions.tlsUseOsCerts,
      doc: 'mqtts:// and wss:// in {url} imply it if no CA is given.',
    },
    servername: { ...tlsOptions.servername, doc: 'Replaces the host of {url} there.' },
    keepalive: { ...keepalive, doc: 'Between gateway and server. Each client has its own with the gateway.' },
    ...loginOptions,
    protocolVersion,
    ...quietOption,
    ...helpOptions,
  },
  common: [
    ...(['listen', 'bind', 'url', 'aggregate', 'predefinedTopics', 'advertise'] as const),
    ...(['username', 'passwordFile', 'cafile', 'quiet'] as const),
  ],
  exclusive: [],
  check(args) {
    const { listen, target } = args
    if (listen === undefined)
      throw new UsageError('gateway: nothing to listen on', {
        hint: 'add --listen PORT, such as --listen 1884',
      })
    if (target === undefined)
      throw new UsageError('gateway: no server', { hint: 'add --to URL, such as --to mqtt://localhost' })
    if (listen.bind !== undefined && args.bind !== undefined)
      throw new UsageError('gateway: --bind and an address in --listen exclude each other')
    checkTls(args)
    checkAddressAndLogin({ ...args, disableCleanSession: false })
  },
})
