// Sections of the manual pages that are about more than one option.
import { properties } from '../codec/properties.js'
import { connects, variableOf } from './environment.js'
import { type AnySpec, namesOf } from './option.js'
import { isFromServerOnly, propertyPackets, wordOf } from './property.js'

export interface Section {
  readonly title: string
  readonly text: readonly string[]
  readonly rows?: readonly (readonly [term: string, meaning: string])[]
}

/** The sections of a command, by what it has. */
export function manualSections(spec: AnySpec): Section[] {
  const sections: Section[] = [spec.trailing === undefined ? commandLine : commandLineWithWords]
  if (connects(spec)) sections.push(contexts)
  if (spec.optionsFile !== undefined) sections.push(optionsFile(spec.optionsFile))
  if ('any' in spec.options) sections.push(propertySection)
  if ('format' in spec.options && 'noNewline' in spec.options) sections.push(outputFormat)
  sections.push(environment(spec))
  const rows = filesOf(spec)
  if (rows.length > 0) sections.push({ title: 'FILES', text: [], rows })
  return sections
}

const contexts: Section = {
  title: 'CONTEXTS',
  text: [
    `A context is a set of options under a name; \`mqttx context add\` makes one. It counts if {context} names it, or else
    MQTTX_CONTEXT, or a line \`--context NAME\` of the options file. If nothing does, the current context counts, which
    \`mqttx context use\` has chosen; but not where the command line or the environment says by {host}, {unix} or {url}
    where the server is, so that no other server gets the login. \`none\` is no context.`,
    `An option of the command line counts before the same in the environment, that before the one in the context, and that
    before the one in the options file. So does an option that excludes it: \`-I\` takes the place of an {id} in the
    context.`,
  ],
}

/** What is set here and has no name that follows the rule. */
function environment(spec: AnySpec): Section {
  const own = `MQTTX_${spec.name.toUpperCase()}_`
  const entries = Object.entries(spec.options)
  const unruly = entries.flatMap(([key, option]): [string, string][] => {
    const { long, short } = namesOf(option)
    const variable = variableOf(key, option)
    if (variable === undefined || long?.slice(2).replaceAll('-', '_').toUpperCase() === variable) return []
    return [[(connects(spec) ? 'MQTTX_' : own) + variable, `The same as ${'`'}${short ?? long}${'`'}.`]]
  })
  const example = variableOf(...(entries.find(([, option]) => option.parse !== undefined) ?? entries[0]!))
  const names = connects(spec)
    ? `MQTTX_QOS is \`--qos\`. ${own}QOS is the same for this command alone, and counts more.`
    : `${own}${example} is the first that takes an argument.`
  return {
    title: 'ENVIRONMENT',
    text: [
      `Every option can be a variable: ${own} and its long name in capitals, with \`_\` for \`-\`.${connects(spec) ? ' The name of the command can be left out:' : ''} ${names} A switch is on with 1 or true and off with 0 or false. An option
      that may be given more than once has a value on each line. A variable that is empty counts as none, and one that
      begins with MQTTX_ but means nothing is told on standard error.`,
    ],
    rows: [
      ...unruly,
      ...(connects(spec) ? [cafileRow] : []),
      ...('noPager' in spec.options ? [pagerRow] : []),
      ['NO_COLOR', 'If it is there and not empty, nothing is coloured.'],
    ],
  }
}

/** Of mqttx(1). */
export const programSections: readonly Section[] = [
  {
    title: 'ENVIRONMENT',
    text: [
      `Every option of a command can be a variable, by its long name in capitals with \`_\` for \`-\`: MQTTX_SUB_QOS is
      \`--qos\` of sub. For pub, sub, rr and bench the name of the command can be left out: MQTTX_QOS is \`--qos\` of each
      of them. The pages of the commands have the rest.`,
      `The command line counts before the environment, that before the context, and that before the options file.`,
    ],
    rows: [
      ['MQTTX_HOST, MQTTX_PORT, MQTTX_URL', 'Where the server is.'],
      [
        'MQTTX_USERNAME, MQTTX_PASSWORD',
        'The login. Other users cannot read it, as they can a command line.',
      ],
      ['MQTTX_CONTEXT', 'The name of a context, or none; see mqttx-context(1).'],
      ['MQTTX_COMPLETE_TOPICS', 'With 1 the shell completes topics; see mqttx-completion(1).'],
      ['NO_COLOR', 'If it is there and not empty, nothing is coloured.'],
    ],
  },
  {
    title: 'FILES',
    text: [],
    rows: [
      ['$XDG_CONFIG_HOME/mqttx/contexts.json', 'The contexts. Without the variable: below `~/.config`.'],
      [
        '$XDG_CONFIG_HOME/mosquitto_pub, mosquitto_sub, mosquitto_rr',
        "The options files of pub, sub and rr, which are those of mosquitto's clients.",
      ],
      [
        '$XDG_CACHE_HOME/mqttx',
        'Compiled code, kept by Node 22.8 and later for the next start. Without the variable: below `~/.cache`.',
      ],
    ],
  },
]

const cafileRow = [
  'SSL_CERT_FILE, SSL_CERT_DIR',
  'The CAs to trust with TLS where no option names some.',
] as const

const pagerRow = [
  'MQTTX_PAGER, PAGER',
  'The pager on a terminal, a command of the shell; see `--no-pager`. The first that is set counts.',
] as const

function filesOf(spec: AnySpec): [string, string][] {
  const rows: [string, string][] = []
  if (connects(spec) || spec.name === 'context')
    rows.push([
      '$XDG_CONFIG_HOME/mqttx/contexts.json',
      'The contexts, for their owner alone. Without the variable: below `~/.config`.',
    ])
  if (spec.optionsFile !== undefined)
    rows.push([`$XDG_CONFIG_HOME/${spec.optionsFile}`, 'The options file; see OPTIONS FILE.'])
  return rows
}

const commandLine: Section = {
  title: 'COMMAND LINE',
  text: [
    `The argument of an option is always the next word, whatever it looks like: an argument may begin with a dash.
    \`--option=value\` is understood as well, letters of options without an argument can stand together (\`-dv\`), and a
    number can stand directly behind its letter (\`-q1\`). \`--\` ends the options. Of an option that is given more than
    once the last counts, except where several are said to be possible.`,
  ],
}

const commandLineWithWords: Section = {
  ...commandLine,
  text: [
    ...commandLine.text,
    `Options stand before the other words: the first word that is not an option ends them, so that what follows may
    begin with a dash. Before a first word that begins with a dash stands \`--\`.`,
  ],
}

function optionsFile(name: string): Section {
  return {
    title: 'OPTIONS FILE',
    text: [
      `Options that are always wanted can be put into a file: the one that {optionsFile} names, which must exist, or else
      \`$XDG_CONFIG_HOME/${name}\`, or where that variable is not set \`$HOME/.config/${name}\`, if there is one. They
      count as words before those of the command line.`,
      `Each line is an option or an option, a blank and its argument, which is the rest of the line as it stands:
      nothing is quoted. Empty lines, and lines that begin with \`#\`, mean nothing.`,
    ],
  }
}

/** From the table of properties: what can be set, and for which packets. */
const propertySection: Section = {
  title: 'PROPERTIES',
  text: [
    `What {any} takes: a packet, the name of a property that it may carry, and a value. Numbers are decimal; texts are
    UTF-8; Binary Data is the bytes of the word. Each stands at most once for a packet, but for a user-property.`,
  ],
  rows: propertyPackets.map((packet) => [
    packet,
    `${properties
      .filter((row) => row.packets.includes(packet) && !isFromServerOnly(row, packet))
      .map(wordOf)
      .join(', ')}.`,
  ]),
}

const outputFormat: Section = {
  title: 'OUTPUT FORMAT',
  text: [
    `The FORMAT of {format} is a text in which \`%\` and a letter stand for parts of the message, \`@\` and a letter for
    parts of the local time, and \`\\\` and a letter for a character. A line feed follows unless \`-N\` is given.`,
    `Between \`%\` and the letter can stand, in this order: \`-\` (to the left) or \`0\` (filled with zeros), a width,
    \`.\` and a precision, and a separator for \`%x\`. A text is cut to its precision; \`%p\` and \`%x\` are cut to the
    width, in bytes. With \`%.2:x\` the digits of the payload stand in pairs with colons between them.`,
  ],
  rows: [
    ['%%', 'A `%`.'],
    ['%A', 'Topic Alias (MQTT 5).'],
    ['%C', 'Content Type (MQTT 5).'],
    ['%D', 'Correlation Data, as it is (MQTT 5).'],
    ['%d', 'The payload as a floating-point number of 8 bytes, in the byte order of this machine.'],
    ['%E', 'Message Expiry Interval in seconds (MQTT 5).'],
    ['%F', 'Payload Format Indicator (MQTT 5).'],
    ['%f', 'The payload as a floating-point number of 4 bytes, in the byte order of this machine.'],
    ['%I', 'The local time, as in `2026-11-21T09:30:00+0100`.'],
    [
      '%j',
      `The message as a JSON object, with the payload as a string. A payload that is not UTF-8 is in base64, behind
      \`"encoding":"base64"\`.`,
    ],
    [
      '%J',
      'The message as a JSON object whose payload is JSON too. Another payload is told on standard error.',
    ],
    ['%l', 'Length of the payload in bytes.'],
    ['%m', 'Packet Identifier; 0 at QoS 0.'],
    ['%P', 'User Properties, as in `name:value other:value` (MQTT 5).'],
    ['%p', 'The payload, as it is.'],
    ['%q', 'Quality of Service.'],
    ['%R', 'Response Topic (MQTT 5).'],
    ['%r', '1 for a retained message, otherwise 0.'],
    ['%S', 'Subscription Identifier (MQTT 5).'],
    ['%t', 'The topic.'],
    ['%U', 'The time as seconds since 1970, with nine decimals.'],
    ['%x, %X', 'The payload in hexadecimal, with small or capital letters.'],
    ['@@', 'An `@`.'],
    ['@N', 'The nanoseconds of the time, nine digits.'],
    ['@LETTER', 'What `%` and the letter are for strftime(3): `@H:@M:@S`, for example.'],
    [
      '\\0 \\a \\e \\n \\r \\t \\v \\\\',
      'NUL, bell, escape, line feed, carriage return, tab, vertical tab, backslash.',
    ],
  ],
}
