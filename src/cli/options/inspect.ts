// What `inspect` reads, which packets it shows, and how.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { flag, list, option, type Parse } from '../option.js'
import { topicFilter } from '../topic.js'
import {
  integer,
  parseListenPort,
  parseMessageCount,
  parseName,
  parseProtocolVersion,
  parseText,
} from '../values.js'

const types = [
  ...['CONNECT', 'CONNACK', 'PUBLISH', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP', 'SUBSCRIBE', 'SUBACK'],
  ...['UNSUBSCRIBE', 'UNSUBACK', 'PINGREQ', 'PINGRESP', 'DISCONNECT', 'AUTH', 'RESERVED'],
  ...[
    'ADVERTISE',
    'SEARCHGW',
    'GWINFO',
    'WILLTOPICREQ',
    'WILLTOPIC',
    'WILLMSGREQ',
    'WILLMSG',
    'REGISTER',
    'REGACK',
  ],
  ...['WILLTOPICUPD', 'WILLTOPICRESP', 'WILLMSGUPD', 'WILLMSGRESP', 'FORWARDED'],
]

const parseType: Parse<string> = (text, name) => {
  const type = text.toUpperCase()
  if (types.includes(type)) return type
  throw new UsageError(`${name}: '${shown(text)}' is no Control Packet`, {
    hint: 'such as CONNECT, publish or puback',
  })
}

/** Seconds since 1970 with a fraction, or a date and time; nanoseconds since 1970. */
const parseTime: Parse<bigint> = (text, name) => {
  const seconds = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text)
  if (seconds !== null)
    return BigInt(seconds[1]!) * 1_000_000_000n + BigInt((seconds[2] ?? '').padEnd(9, '0'))
  const date = /^(\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?)(?:\.(\d{1,9}))?Z?$/.exec(text.replace(' ', 'T'))
  const milliseconds =
    date === null ? Number.NaN : Date.parse(date[1]!.includes('T') ? `${date[1]}Z` : date[1]!)
  if (!Number.isNaN(milliseconds)) {
    return BigInt(milliseconds) * 1_000_000n + BigInt((date?.[2] ?? '').padEnd(9, '0'))
  }
  throw new UsageError(`${name}: '${shown(text)}' is not a time`, {
    hint: 'use seconds since 1970, or UTC as in 2026-11-21T09:30:00.25',
  })
}

export const views = ['bytes', 'line', 'tree', 'flow', 'json', 'stats'] as const
export type ViewName = (typeof views)[number]

const parseView: Parse<ViewName> = (text, name) => {
  const view = views.find((known) => known === text)
  if (view !== undefined) return view
  throw new UsageError(`${name}: '${shown(text)}' is no view`, { hint: `one of ${views.join(', ')}` })
}

const parseOnly: Parse<'violations'> = (text, name) => {
  if (text === 'violations') return text
  throw new UsageError(`${name}: '${shown(text)}' is not known`, { hint: 'it can only be violations' })
}

const colors = ['auto', 'always', 'never'] as const
const parseColor: Parse<(typeof colors)[number]> = (text, name) => {
  const color = colors.find((known) => known === text)
  if (color !== undefined) return color
  throw new UsageError(`${name}: '${shown(text)}' is not known`, { hint: `one of ${colors.join(', ')}` })
}

const read = list({
  flags: '-r, --read FILE',
  group: 'Input',
  parse: parseName,
  complete: 'file',
  help: 'Read this capture; the name of the option may be left out.',
  doc: `May be given more than once: several files are one capture, read in the order of their times, as \`tcpdump -C\` and
    \`-G\` write them. \`-\` is standard input.`,
})

const hex = list({
  flags: '--hex TEXT',
  group: 'Input',
  parse: parseText,
  help: 'Explain these bytes, in hexadecimal, as MQTT.',
  doc: `Digits in pairs, with blanks, colons, commas or \`0x\` between them. Any text that a FILE may hold is read as well: a
    dump, a log, a list or string of a programming language, base64. Standard error says what it was taken for.`,
})

const parseProtocol: Parse<'mqtt-sn'> = (text, name) => {
  if (text === 'mqtt-sn') return text
  throw new UsageError(`${name}: '${shown(text)}' is not known`, {
    hint: 'it can only be mqtt-sn; MQTT is read without this option',
  })
}

const protocol = option({
  flags: '--protocol PROTOCOL',
  group: 'Input',
  parse: parseProtocol,
  choices: ['mqtt-sn'],
  help: 'Read bytes as this protocol: mqtt-sn.',
  doc: `For \`--hex\`, text and the bytes of one direction: messages of MQTT-SN, one after another. Of a capture, also UDP
    between ports that are not known, where it has the form of MQTT-SN.`,
})

const keylog = option({
  flags: '--keylog FILE',
  group: 'Input',
  parse: parseName,
  complete: 'file',
  help: 'Decrypt TLS with the secrets in this file.',
  doc: 'As written by `--tls-keylog` of Node.js, or by programs that honour SSLKEYLOGFILE.',
})

const port = list({
  flags: '-p, --port PORT',
  group: 'Input',
  parse: parseListenPort,
  help: 'What is on this port is MQTT, whatever it looks like.',
  doc: 'May be given more than once. Other ports are recognised by content.',
})

const protocolVersion = option({
  flags: '-V, --protocol-version VERSION',
  group: 'Input',
  parse: parseProtocolVersion,
  choices: ['mqttv31', 'mqttv311', 'mqttv5'],
  help: 'Read packets as this version: mqttv31, mqttv311 or mqttv5.',
  doc: 'Otherwise it is taken from the CONNECT of the connection, or from what decodes without an error.',
})

const view = option({
  flags: '--view VIEW',
  group: 'Output',
  parse: parseView,
  choices: views,
  shownDefault: 'bytes on a terminal, else line',
  help: 'What to show: bytes, line, tree, flow, json or stats.',
  doc: `\`bytes\`: every byte with its name. \`line\`: one line for each packet. \`tree\`: the fields of each packet.
    \`flow\`: the exchanges of each connection. \`json\`: an object for each packet, one to a line. \`stats\`: counts.
    On a terminal lines end at its width, and \`bytes\` of files with more than 1000 packets begins with a summary of what
    to filter by (counted over the first 500,000; of standard input there is none, as it is read once).`,
})

const full = flag({
  flags: '--full',
  group: 'Output',
  help: 'Show all bytes of long fields.',
})

const fields = flag({
  flags: '--fields',
  group: 'Output',
  help: 'In JSON, add where each field is.',
})

const sparkplug = flag({
  flags: '--sparkplug',
  group: 'Output',
  help: 'Decode Sparkplug B payloads.',
})

const showSecrets = flag({
  flags: '--show-secrets',
  group: 'Output',
  help: 'Show passwords and Authentication Data.',
})

const color = option({
  flags: '--color WHEN',
  group: 'Output',
  parse: parseColor,
  choices: colors,
  default: 'auto',
  help: 'Colours: auto, always or never.',
  doc: `Red is the client, blue the server. Errors are magenta, warnings yellow, remarks cyan.`,
})

const noPager = flag({
  flags: '--no-pager',
  group: 'Output',
  help: 'On a terminal, do not show the output in a pager.',
  doc: `On a terminal the output goes through the command of MQTTX_PAGER, of PAGER, or \`less\`, with LESS=FRX where LESS
    is not set; an empty one or \`cat\` is none. There is none either where standard input is a pipe or a FILE is no regular
    file: such a capture is shown as it comes. Where the pager is left before the end, the rest is not read, and the status
    is 0 as where a pipe is closed; once all was written it is that of the whole capture.`,
})

const write = option({
  flags: '--write FILE',
  group: 'Output',
  parse: parseName,
  complete: 'file',
  help: 'Also write the packets that pass the filters as pcapng.',
  doc: `Each becomes a TCP segment of its own (a UDP datagram for MQTT-SN), with the times and addresses of the capture.
    Passwords are in it as they were sent: a new file gets the mode 0600. A FILE that is read is not overwritten.
    \`-\` is standard output, where no view is shown then.`,
})

const type = list({
  flags: '--type TYPE',
  group: 'Filters',
  parse: parseType,
  complete: types,
  help: 'Only packets of this type; may be given more than once.',
})

const client = list({
  flags: '--client ID',
  group: 'Filters',
  parse: parseText,
  help: 'Only connections of this Client Identifier.',
  doc: 'The identifier that the server assigns in CONNACK (MQTT 5.0) counts too.',
})

const topic = list({
  flags: '--topic FILTER',
  group: 'Filters',
  parse: topicFilter('filter'),
  help: 'Only packets whose topic matches; with wildcards.',
  doc: 'A PUBLISH counts by its topic, a SUBSCRIBE or UNSUBSCRIBE if it has this very FILTER.',
})

const connection = list({
  flags: '--connection NUMBER',
  group: 'Filters',
  parse: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  help: 'Only this connection.',
})

const from = option({
  flags: '--from TIME',
  group: 'Filters',
  parse: parseTime,
  help: 'Only packets from this time on.',
  doc: 'Seconds since 1970, or UTC as in `2026-11-21T09:30:00.25`.',
})

const to = option({
  flags: '--to TIME',
  group: 'Filters',
  parse: parseTime,
  help: 'Only packets up to this time.',
})

const only = option({
  flags: '--only WHAT',
  group: 'Filters',
  parse: parseOnly,
  choices: ['violations'],
  help: 'Only packets that break a rule: violations.',
})

const count = option({
  flags: '-C, --count COUNT',
  group: 'Filters',
  parse: parseMessageCount,
  help: 'End after so many packets.',
})

export const inspectOptions = {
  ...{ read, hex, protocol, keylog, port, protocolVersion },
  ...{ view, full, fields, sparkplug, showSecrets, color, noPager, write },
  ...{ type, client, topic, connection, from, to, only, count },
}
