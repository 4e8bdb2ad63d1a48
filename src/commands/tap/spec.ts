// mqttx tap: options and help. run.ts executes it.
import { spec } from '../../cli/option.js'
import { helpOptions, quietOption } from '../../cli/options/general.js'
import { checkListeners, listenerOptions } from '../../cli/options/listeners.js'
import { tapOptions, tapViewOptions } from '../../cli/options/tap.js'
import { checkTls, tlsOptions } from '../../cli/options/tls.js'
import { transportOptions } from '../../cli/options/transport.js'
import { UsageError } from '../../errors.js'

const { wsHeaders, proxy } = transportOptions

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
    '  TYPE       connect, connack, publish, puback, ... or all',
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
  },
})
