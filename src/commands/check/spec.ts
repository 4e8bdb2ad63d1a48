// mqttx check: options and help. run.ts executes it.
import { type Args, spec } from '../../cli/option.js'
import { checkMode, checkOptions, urlOrVersion } from '../../cli/options/check.js'
import {
  checkAddressAndLogin,
  checkSession,
  clientId,
  connectionOptions,
  oneClientId,
  sessionOptions,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { contextOption, helpOptions, quietOption } from '../../cli/options/general.js'
import { checkProperties, connectProperties } from '../../cli/options/properties.js'
import { checkTls } from '../../cli/options/tls.js'
import { UsageError } from '../../errors.js'

const whatOf = {
  id: 'Client Identifiers',
  idPrefix: 'Client Identifiers',
  qos: 'QoS',
  keepalive: 'Keep Alive',
  any: 'properties',
} as const

const { disableCleanSession: _keepsSession, ...ownSessionOptions } = sessionOptions

/** What only the probe uses: the other kinds of check choose these themselves. */
const ofTheProbe = (['capabilities', 'conformance', 'acl'] as const).flatMap((kind) =>
  (['id', 'idPrefix', 'qos', 'keepalive', 'any'] as const).map((option) => ({
    options: [kind, option],
    message: `--${kind} chooses its own ${whatOf[option]}.`,
  })),
)

export const check = spec({
  name: 'check',
  summary: 'Check that a server is up and delivers messages.',
  synopsis: [
    '[URL] [OPTION]...',
    '--capabilities [--json] [URL] [OPTION]...',
    '--diff FILE FILE [--json]',
    '--conformance [3.1.1|5] [URL] [OPTION]...',
  ],
  description: [
    `Connects, subscribes, publishes a message that nobody else has, and waits for it: DNS, TCP, proxy, TLS, WebSocket,
    CONNACK, SUBACK and round trip, each with its time. At the first step that fails it says which, what it means, and what
    to try.`,
    `It is a probe for cron, Docker and Kubernetes, and with {format} for Nagios and Prometheus: it ends within {timeout},
    with status 0 if all is well.`,
  ],
  examples: [
    ['Check a server', 'mqttx check mqtt://localhost'],
    ['Fail on a slow answer', 'mqttx check mqtt://localhost --crit roundtrip=1s'],
    ['Try the statements of MQTT 5', 'mqttx check --conformance 5 mqtt://localhost'],
  ],
  options: {
    url: urlOrVersion,
    ...checkOptions,
    ...connectionOptions,
    id: clientId('Invalid id.'),
    ...ownSessionOptions,
    any: connectProperties.any,
    ...contextOption,
    ...quietOption,
    ...helpOptions,
  },
  common: [
    'url',
    'format',
    'warn',
    'crit',
    'fresh',
    'capabilities',
    'acl',
    'timeout',
    'topic',
    'username',
    'passwordFile',
    'cafile',
  ],
  contextSettings,
  exclusive: [
    oneClientId,
    ...ofTheProbe,
    {
      options: ['conformance', 'protocolVersion'],
      message: '--conformance takes the version as an operand: 3.1.1 or 5.',
    },
  ],
  operand: 'url',
  check(args) {
    const { conformance, conformanceVersion, listStatements, only, junit } = args
    const needs = (given: boolean, name: string): void => {
      if (given && !conformance)
        throw new UsageError(`${name} argument given but no --conformance specified.`)
    }
    needs(conformanceVersion !== undefined, 'Version')
    needs(listStatements, '--list')
    needs(only.length > 0, '--only')
    needs(junit !== undefined, '--junit')
    checkMode(args)
    checkProperties(args)
    checkTls(args)
    const connecting = { ...args, disableCleanSession: false }
    checkSession(connecting)
    checkAddressAndLogin(connecting)
  },
})

export type CheckArgs = Args<typeof check.options>
