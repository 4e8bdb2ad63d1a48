// mqttx broker: its words. What it does is in run.ts.
import { flag, option, spec } from '../../cli/option.js'
import { helpOptions, quietOption } from '../../cli/options/general.js'
import { parseListenPort, parseName } from '../../cli/values.js'
import { UsageError } from '../../errors.js'
import { plainPort } from '../../ports.js'

const port = option({
  flags: '-p, --port PORT',
  group: 'Server',
  parse: parseListenPort,
  default: plainPort,
  help: 'TCP port to listen on; 0 takes a free one.',
  doc: 'The address, with the port that was taken, is the first line of standard output.',
})

const bind = option({
  flags: '--bind ADDRESS',
  group: 'Server',
  parse: parseName,
  default: '127.0.0.1',
  help: 'Local address to listen on.',
  doc: 'Other machines can connect only if this is an address that they can reach: 0.0.0.0 stands for all.',
})

const tlsPort = option({
  flags: '--tls-port PORT',
  group: 'Server',
  parse: parseListenPort,
  help: 'Listen for TLS as well; needs --certfile and --keyfile.',
  doc: 'As for {wsPort} and {wssPort}, 0 takes a free port, and the address follows on standard output as mqtts://.',
})

const certfile = option({
  flags: '--certfile FILE',
  group: 'Server',
  parse: parseName,
  complete: 'file',
  help: "The server's certificate, in PEM form.",
  doc: 'Intermediate certificates stand behind it in the same file.',
})

const keyfile = option({
  flags: '--keyfile FILE',
  group: 'Server',
  parse: parseName,
  complete: 'file',
  help: 'The private key of --certfile, not encrypted.',
})

const wsPort = option({
  flags: '--ws-port PORT',
  group: 'Server',
  parse: parseListenPort,
  help: 'Listen for WebSocket as well.',
  doc: `Any path will do. Without {passwordFile} and {allowAnonymous}, browsers may connect only from pages of this
    machine.`,
})

const wssPort = option({
  flags: '--wss-port PORT',
  group: 'Server',
  parse: parseListenPort,
  help: 'Listen for WebSocket over TLS as well; needs --certfile.',
})

const passwordFile = option({
  flags: '--password-file FILE',
  group: 'Server',
  parse: parseName,
  complete: 'file',
  help: "Admit the users of this file, which is in mosquitto's format.",
  doc: `SIGHUP has it read again. At most 100 logins are under way, each for at most 10 seconds; after three failures in a
    row the logins of an address are taken one after the other, and each further failure waits longer, up to 5 seconds.`,
})

const allowAnonymous = flag({
  flags: '--allow-anonymous',
  group: 'Server',
  help: 'Admit clients without a user name from everywhere.',
  doc: 'Without it they are admitted only on a loopback address, and not at all with {passwordFile}.',
})

export const broker = spec({
  name: 'broker',
  summary: 'Run a small broker, for development and tests.',
  synopsis: ['[-p PORT] [--bind ADDRESS] [OPTION]...'],
  description: [
    `Runs a server for MQTT 3.1 and 3.1.1 in this process: retained messages, wills, sessions kept in memory, and
    counters under \`$SYS/#\`. A client that speaks MQTT 5 is refused with the proper answer.`,
    'Status lines go to standard error. SIGINT and SIGTERM stop it.',
  ],
  examples: [
    ["On MQTT's usual port, for this machine only", 'mqttx broker'],
    ['On a free port, with its address in a file', 'mqttx broker -p 0 > address &'],
    ['For users with a password, on all networks', 'mqttx broker --bind 0.0.0.0 --password-file users'],
  ],
  options: {
    port,
    bind,
    tlsPort,
    wsPort,
    wssPort,
    certfile,
    keyfile,
    passwordFile,
    allowAnonymous,
    ...quietOption,
    ...helpOptions,
  },
  exclusive: [],
  check({ tlsPort, wssPort, certfile, keyfile }) {
    const wanted = tlsPort !== undefined || wssPort !== undefined
    const given = certfile !== undefined && keyfile !== undefined
    if (wanted && !given)
      throw new UsageError('--tls-port and --wss-port need both --certfile and --keyfile.')
    if (!wanted && (certfile ?? keyfile) !== undefined) {
      throw new UsageError('--certfile and --keyfile are of use only with --tls-port or --wss-port.')
    }
  },
})
