// Sections of the manual pages that are about more than one option.
import { properties } from '../codec/properties.js'
import { connects, variableOf } from './environment.js'
import { type AnySpec, namesOf } from './option.js'
import { isFromServerOnly, propertyName, propertyPackets } from './property.js'

export interface Section {
  readonly title: string
  readonly text: readonly string[]
  readonly rows?: readonly (readonly [term: string, meaning: string])[]
}

/** The sections for a command, depending on its options. */
export function manualSections(spec: AnySpec): Section[] {
  const sections: Section[] = [spec.trailing === undefined ? commandLine : commandLineWithOperands]
  if (connects(spec)) sections.push(contexts)
  if (spec.optionsFile !== undefined) sections.push(optionsFile(spec.optionsFile))
  if ('any' in spec.options) sections.push(propertySection)
  if ('format' in spec.options && 'noNewline' in spec.options) sections.push(outputFormat)
  if ('fault' in spec.options) sections.push(faults)
  sections.push(environment(spec))
  const rows = filesOf(spec)
  if (rows.length > 0) sections.push({ title: 'FILES', text: [], rows })
  return sections
}

const faults: Section = {
  title: 'FAULTS',
  text: [
    `A rule is TYPE [CONDITION]... ACTION: a packet type or \`all\`, what else must hold, and what happens then. Rules apply in
    the order given; after a rule that drops a packet or ends the connection, later rules do not see the packet. Effects on
    one packet add up. Errors point at the word.`,
  ],
  rows: [
    ['c2s, s2c', 'Packets of the client, of the server.'],
    ['#N', 'Only the Nth packet that the other conditions select, of all connections.'],
    [
      'topic=FILTER',
      'PUBLISH whose topic matches. Topic Aliases are followed. Quotes may stand around a blank.',
    ],
    ['client=ID', 'Packets of connections whose CONNECT has this Client Identifier.'],
    [
      'p=0.1',
      'By chance, which depends on {seed}, on the number of the connection and on that of the packet alone.',
    ],
    ['times=N', 'At most so often, on all connections together.'],
    ['drop', 'The packet is not passed on.'],
    ['duplicate', 'It is passed on twice, unless it has more than 1 MiB.'],
    [
      'delay TIME',
      'It waits from its arrival on, and what follows it in its direction too: 200ms, 1.5s, 2m.',
    ],
    ['truncate BYTES', 'Only its first bytes are passed on.'],
    ['close, close after BYTES', 'After so many bytes of it the connection is ended on both sides.'],
    ['reset, reset after BYTES', 'The same with RST.'],
    ['throttle RATE', 'It passes no faster than that: 512B/s, 10KB/s, 1MiB/s.'],
    [
      'answer CODE',
      `For CONNECT: the client gets a CONNACK with this Reason Code, and the server nothing. In MQTT 3.1.1 it is the Return
      Code that is nearest.`,
    ],
  ],
}

const contexts: Section = {
  title: 'CONTEXTS',
  text: [
    `A context is a named set of options; \`mqttx context add\` creates one. {context} selects it, else MQTTX_CONTEXT, else
    a line \`--context NAME\` in the options file, else \`mqttx context use\`. The last is ignored if the command line or
    the environment gives {host}, {unix} or {url}, so that the login is not sent to another server. \`none\` selects no
    context.`,
    `The command line overrides the environment, the environment overrides the context, and the context overrides the
    options file. An option also overrides those that it excludes: \`-I\` on the command line overrides {id} in the
    context.`,
  ],
}

/** The section on environment variables; its rows are those whose names do not follow the rule. */
function environment(spec: AnySpec): Section {
  const own = `MQTTX_${spec.name.toUpperCase()}_`
  const entries = Object.entries(spec.options)
  const irregular = entries.flatMap(([key, option]): [string, string][] => {
    const { long, short } = namesOf(option)
    const variable = variableOf(key, option)
    if (variable === undefined || long?.slice(2).replaceAll('-', '_').toUpperCase() === variable) return []
    return [[(connects(spec) ? 'MQTTX_' : own) + variable, `The same as ${'`'}${short ?? long}${'`'}.`]]
  })
  const example = variableOf(...(entries.find(([, option]) => option.parse !== undefined) ?? entries[0]!))
  const names = connects(spec)
    ? `MQTTX_QOS is \`--qos\`. ${own}QOS is the same for this command only, and overrides it.`
    : `${own}${example} is an example.`
  return {
    title: 'ENVIRONMENT',
    text: [
      `Every option can be set by a variable: ${own} and its long name in capitals, with \`_\` for \`-\`.${connects(spec) ? ' The name of the command can be omitted:' : ''} ${names} The value of a switch is 1 or true, 0 or false. An option
      that may be given more than once takes one value per line. An empty variable counts as unset. An unknown variable that
      begins with MQTTX_ causes a warning.`,
    ],
    rows: [
      ...irregular,
      ...(connects(spec) ? [cafileRow] : []),
      ...('noPager' in spec.options ? [pagerRow] : []),
      ['NO_COLOR', 'If set and not empty, turns colours off.'],
    ],
  }
}

/** The sections of mqttx(1). */
export const programSections: readonly Section[] = [
  {
    title: 'ENVIRONMENT',
    text: [
      `Every option of a command can be set by a variable with its long name in capitals and \`_\` for \`-\`: MQTTX_SUB_QOS
      is \`--qos\` of sub. For pub, sub, rr and bench the name of the command can be omitted: MQTTX_QOS is \`--qos\` of each
      of them. The pages of the commands have the details.`,
      `The command line overrides the environment, the environment overrides the context, and the context overrides the
      options file.`,
    ],
    rows: [
      ['MQTTX_HOST, MQTTX_PORT, MQTTX_URL', 'The address of the server.'],
      ['MQTTX_USERNAME, MQTTX_PASSWORD', 'The login. Unlike a command line, other users cannot read it.'],
      ['MQTTX_CONTEXT', 'The name of a context, or none; see mqttx-context(1).'],
      ['MQTTX_COMPLETE_TOPICS', 'If 1, the shell completes topics; see mqttx-completion(1).'],
      ['NO_COLOR', 'If set and not empty, turns colours off.'],
    ],
  },
  {
    title: 'FILES',
    text: [],
    rows: [
      ['$XDG_CONFIG_HOME/mqttx/contexts.json', 'The contexts. If the variable is unset: in `~/.config`.'],
      [
        '$XDG_CONFIG_HOME/mosquitto_pub, mosquitto_sub, mosquitto_rr',
        "The options files of pub, sub and rr, shared with mosquitto's clients.",
      ],
      [
        '$XDG_CACHE_HOME/mqttx',
        'Compiled code, which Node 22.8 and later caches for the next start. If the variable is unset: in `~/.cache`.',
      ],
    ],
  },
]

const cafileRow = ['SSL_CERT_FILE, SSL_CERT_DIR', 'The trusted CAs for TLS, if no option names any.'] as const

const pagerRow = [
  'MQTTX_PAGER, PAGER',
  'The pager on a terminal, a shell command; see `--no-pager`. The first one set is used.',
] as const

function filesOf(spec: AnySpec): [string, string][] {
  const rows: [string, string][] = []
  if (connects(spec) || spec.name === 'context')
    rows.push([
      '$XDG_CONFIG_HOME/mqttx/contexts.json',
      'The contexts, readable only by their owner. If the variable is unset: in `~/.config`.',
    ])
  if (spec.optionsFile !== undefined)
    rows.push([`$XDG_CONFIG_HOME/${spec.optionsFile}`, 'The options file; see OPTIONS FILE.'])
  return rows
}

const commandLine: Section = {
  title: 'COMMAND LINE',
  text: [
    `The argument of an option is always the next word, even if it begins with a dash. \`--option=value\` works too, short
    options without an argument can be combined (\`-dv\`), and a number can follow its short option directly (\`-q1\`).
    \`--\` ends the options. If an option is given more than once, the last one counts, unless its description says that it
    may be repeated.`,
  ],
}

const commandLineWithOperands: Section = {
  ...commandLine,
  text: [
    ...commandLine.text,
    `Options come before operands: the first operand ends the options, and those after it may begin with a dash. Put
    \`--\` before a first operand that begins with a dash.`,
  ],
}

function optionsFile(name: string): Section {
  return {
    title: 'OPTIONS FILE',
    text: [
      `Default options can be put into a file: the one that {optionsFile} names, which must exist, else
      \`$XDG_CONFIG_HOME/${name}\`, or \`$HOME/.config/${name}\` if that variable is unset. They are applied before the
      command line.`,
      `Each line has an option, or an option, a blank and its argument, which is the rest of the line, without quoting.
      Empty lines and lines that begin with \`#\` are ignored.`,
    ],
  }
}

/** The properties that can be set, by packet. */
const propertySection: Section = {
  title: 'PROPERTIES',
  text: [
    `{any} takes a packet, the name of one of its properties, and a value. Numbers are decimal, strings are UTF-8, and
    Binary Data is the bytes of the argument. Each property may be given once per packet, except user-property.`,
  ],
  rows: propertyPackets.map((packet) => [
    packet,
    `${properties
      .filter((row) => row.packets.includes(packet) && !isFromServerOnly(row, packet))
      .map(propertyName)
      .join(', ')}.`,
  ]),
}

const outputFormat: Section = {
  title: 'OUTPUT FORMAT',
  text: [
    `In the FORMAT of {format}, \`%\` and a letter stand for parts of the message, \`@\` and a letter for parts of the local
    time, and \`\\\` and a letter for a character. A line feed follows, unless \`-N\` is given.`,
    `Between \`%\` and the letter may be, in this order: \`-\` (left-aligned) or \`0\` (padded with zeros), a width, \`.\`
    and a precision, and a separator for \`%x\`. A text is cut to its precision; \`%p\` and \`%x\` are cut to the width, in
    bytes. \`%.2:x\` prints the payload as pairs of digits separated by colons.`,
  ],
  rows: [
    ['%%', 'A `%`.'],
    ['%A', 'Topic Alias (MQTT 5).'],
    ['%C', 'Content Type (MQTT 5).'],
    ['%D', 'Correlation Data, byte for byte (MQTT 5).'],
    ['%d', 'The payload as a floating-point number of 8 bytes, in the byte order of this machine.'],
    ['%E', 'Message Expiry Interval in seconds (MQTT 5).'],
    ['%F', 'Payload Format Indicator (MQTT 5).'],
    ['%f', 'The payload as a floating-point number of 4 bytes, in the byte order of this machine.'],
    ['%I', 'The local time, as in `2026-11-21T09:30:00+0100`.'],
    [
      '%j',
      `The message as a JSON object, with the payload as a string. A payload that is not UTF-8 is in base64, with
      \`"encoding":"base64"\`.`,
    ],
    [
      '%J',
      'The message as a JSON object whose payload is JSON too. A payload that is not JSON causes a warning.',
    ],
    ['%l', 'Length of the payload in bytes.'],
    ['%m', 'Packet Identifier; 0 at QoS 0.'],
    ['%P', 'User Properties, as in `name:value other:value` (MQTT 5).'],
    ['%p', 'The payload, byte for byte.'],
    ['%q', 'Quality of Service.'],
    ['%R', 'Response Topic (MQTT 5).'],
    ['%r', '1 for a retained message, otherwise 0.'],
    ['%S', 'Subscription Identifier (MQTT 5).'],
    ['%t', 'The topic.'],
    ['%U', 'The time as seconds since 1970, with nine decimals.'],
    ['%x, %X', 'The payload in hexadecimal, lower or upper case.'],
    ['@@', 'An `@`.'],
    ['@N', 'The nanoseconds of the time, nine digits.'],
    ['@LETTER', 'Like `%` and the letter in strftime(3): `@H:@M:@S`, for example.'],
    [
      '\\0 \\a \\e \\n \\r \\t \\v \\\\',
      'NUL, bell, escape, line feed, carriage return, tab, vertical tab, backslash.',
    ],
  ],
}
