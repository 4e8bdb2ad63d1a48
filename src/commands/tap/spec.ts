// mqttx tap: options and help. run.ts executes it.
import { type Args, spec } from '../../cli/option.js'
import { helpOptions, quietOption } from '../../cli/options/general.js'
import { checkListeners, listenerOptions } from '../../cli/options/listeners.js'
import { tapOptions, tapViewOptions } from '../../cli/options/tap.js'
import { checkTls, tlsOptions } from '../../cli/options/tls.js'
import { transportOptions } from '../../cli/options/transport.js'
import { UsageError } from '../../errors.js'

const { wsHeaders, proxy } = transportOptions

/** Options that need a connection. */
const ofConnections = { ...listenerOptions, wsHeaders, proxy, ...tlsOptions } as const

/** @throws UsageError if an option makes no sense for MQTT-SN, or only one side is MQTT-SN */
function checkDatagrams(args: Args<typeof tapOptions & typeof ofConnections & typeof tapViewOptions>): void {
  const isSn = args.to?.udp === true
  if (!isSn && args.listen?.udp !== true) return
  if (!isSn) {
    throw new UsageError('--listen mqtt-sn:// needs a gateway of MQTT-SN in --to', {
      hint: 'such as --to mqtt-sn://localhost:1884; for MQTT omit mqtt-sn://',
    })
  }
  for (const [key, option] of Object.entries(ofConnections)) {
    const value: unknown = args[key as keyof typeof ofConnections]
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) continue
    const [flag] = option.flags.replace(/^-., /, '').split(' ')
    throw new UsageError(`${flag} is for TCP: MQTT-SN goes over UDP, without TLS`, { hint: 'omit it' })
  }
  if (args.protocolVersion !== undefined)
    throw new UsageError('-V is a version of MQTT: tap reads MQTT-SN as version 1.2', { hint: 'omit it' })
}

export const tap = spec({
  name: 'tap',
  summary: 'Show packets between clients and a server, and cause faults.',
  synopsis: ['--listen [BIND:]PORT --to URL [--fault RULE]... [OPTION]...'],
  description: [
    `Accepts connections, opens one to the server for each, and passes the bytes on as they are, at once, in both directions.
    The packets are shown and checked as \`mqttx inspect\` does it. Showing never delays them: what the output cannot take in
    time is left out, and counted.`,
    `{fault} changes that for the packets that a rule selects; see FAULTS.`,
    `Each fault is reported on standard error. Views and captures show what arrived at the tap, from either side; with a
    fault, rules of MQTT that need the whole exchange are no longer checked on that connection.`,
    `With mqtt-sn:// in {to} it is a proxy for MQTT-SN over UDP. Each client has a socket of its own towards the gateway; of
    10,000 clients, the one that was silent longest loses it, and one that is silent for a day. A fault is for one
    datagram: one that is delayed is overtaken by those after it. close, reset and
    throttle are for TCP, and a CONNECT can be answered with return code 1 to 3.`,
    `SIGINT and SIGTERM end it. Standard error then says how many packets of each type passed, what was violated, and how
    often each fault was applied.`,
  ],
  examples: [
    ['Show what clients and a broker send', 'mqttx tap --listen 1884 --to mqtt://localhost'],
    ['Write a capture for Wireshark', 'mqttx tap --listen 1884 --to mqtt://localhost --write a.pcapng'],
    [
      'Lose the second acknowledgement',
      "mqttx tap --listen 1884 --to mqtt://localhost --fault 'puback #2 drop'",
    ],
  ],
  notes: [
    'Faults:',
    '  RULE       TYPE [CONDITION]... ACTION, as in: publish c2s #3 close after 17',
    '  TYPE       connect, connack, publish, puback, register (MQTT-SN), ... or all',
    '  CONDITION  c2s, s2c, #N, topic=FILTER, client=ID, p=0.1 (by chance), times=N',
    '  ACTION     drop, duplicate, delay 200ms, truncate BYTES, close [after BYTES],',
    '             reset [after BYTES], throttle 10KB/s; for connect: answer 0x97',
  ],
  options: {
    ...tapOptions,
    ...listenerOptions,
    wsHeaders,
    proxy,
    ...tlsOptions,
    tlsUseOsCerts: {
      ...tlsOptions.tlsUseOsCerts,
      doc: 'mqtts:// and wss:// in {to} imply it if no CA is given.',
    },
    servername: { ...tlsOptions.servername, doc: 'Replaces the host of {to} there.' },
    ...tapViewOptions,
    ...quietOption,
    ...helpOptions,
  },
  common: [
    ...(['listen', 'to', 'fault', 'faultFile', 'seed', 'view', 'write', 'only'] as const),
    ...(['tlsPort', 'wsPort', 'certfile', 'keyfile', 'cafile'] as const),
  ],
  exclusive: [],
  check(args) {
    const { listen, tlsPort, wsPort, wssPort, unix, to } = args
    const listeners = [listen, tlsPort, wsPort, wssPort, unix]
    if (listeners.every((listener) => listener === undefined)) {
      throw new UsageError('tap: nothing to listen on', { hint: 'add --listen PORT, such as --listen 1884' })
    }
    if (to === undefined)
      throw new UsageError('tap: no server', { hint: 'add --to URL, such as --to mqtt://localhost' })
    checkListeners(args)
    checkTls(args)
    checkDatagrams(args)
  },
})
