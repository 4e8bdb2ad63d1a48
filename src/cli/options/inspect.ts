// Options of inspect: input, filters and output.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { optionsOf, type Parse } from '../option.js'
import { topicFilter } from '../topic.js'
import {
  integer,
  parseListenPort,
  parseMessageCount,
  parseName,
  parseProtocolVersion,
  parseText,
} from '../values.js'

const { flag, option } = optionsOf('Output')
const inFilters = optionsOf('Filters')
const inInput = optionsOf('Input')

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
  throw new UsageError(`${name}: '${shown(text)}' is not a packet type`, {
    hint: 'such as CONNECT, publish or puback',
  })
}

/** Seconds since 1970 with a fraction, or a UTC date and time; returns nanoseconds since 1970. */
export const parseTime: Parse<bigint> = (text, name) => {
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
  throw new UsageError(`${name}: '${shown(text)}' is not a view`, { hint: `use ${views.join(', ')}` })
}

const parseOnly: Parse<'violations'> = (text, name) => {
  if (text === 'violations') return text
  throw new UsageError(`${name}: unknown value '${shown(text)}'`, { hint: 'use violations' })
}

const colors = ['auto', 'always', 'never'] as const
const parseColor: Parse<(typeof colors)[number]> = (text, name) => {
  const color = colors.find((known) => known === text)
  if (color !== undefined) return color
  throw new UsageError(`${name}: unknown value '${shown(text)}'`, { hint: `use ${colors.join(', ')}` })
}

const read = inInput.list({
  flags: '-r, --read FILE',
  parse: parseName,
  complete: 'file',
  help: 'Read this capture; the name of the option may be omitted.',
  doc: `May be given more than once: several files are read as one capture, in order of time, as \`tcpdump -C\` and \`-G\`
    write them. \`-\` is standard input.`,
})

const hex = inInput.list({
  flags: '--hex TEXT',
  parse: parseText,
  help: 'Explain these bytes, in hexadecimal, as MQTT.',
  doc: `Pairs of digits, with blanks, colons, commas or \`0x\` between them. Every text format that works in a FILE works
    here too: dumps, logs, lists and strings of programming languages, base64. Standard error names the format found.`,
})

const parseProtocol: Parse<'mqtt-sn'> = (text, name) => {
  if (text === 'mqtt-sn') return text
  throw new UsageError(`${name}: unknown value '${shown(text)}'`, {
    hint: 'use mqtt-sn; for MQTT omit the option',
  })
}

const protocol = inInput.option({
  flags: '--protocol PROTOCOL',
  parse: parseProtocol,
  choices: ['mqtt-sn'],
  help: 'Read bytes as this protocol: mqtt-sn.',
  doc: `\`--hex\`, text and the bytes of one direction are read as consecutive MQTT-SN messages. In captures, UDP on any port
    that looks like MQTT-SN is read too.`,
})

const keylog = inInput.option({
  flags: '--keylog FILE',
  parse: parseName,
  complete: 'file',
  help: 'Decrypt TLS with the secrets in this file.',
  doc: 'As written by `--tls-keylog` of mqttx and Node.js, or by programs that honour SSLKEYLOGFILE.',
})

const port = inInput.list({
  flags: '-p, --port PORT',
  parse: parseListenPort,
  help: 'Treat this port as MQTT, whatever its content.',
  doc: 'May be given more than once. On other ports MQTT is recognised by content.',
})

const protocolVersion = inInput.option({
  flags: '-V, --protocol-version VERSION',
  parse: parseProtocolVersion,
  choices: ['mqttv31', 'mqttv311', 'mqttv5'],
  help: 'Read packets as this version: mqttv31, mqttv311 or mqttv5.',
  doc: 'Default: the version in CONNECT, else the one that decodes without errors.',
})

const view = option({
  flags: '--view VIEW',
  parse: parseView,
  choices: views,
  shownDefault: 'bytes on a terminal, else line',
  help: 'What to show: bytes, line, tree, flow, json or stats.',
  doc: `\`bytes\`: every byte with its name. \`line\`: one line per packet. \`tree\`: the fields of each packet. \`flow\`: the
    exchanges of each connection. \`json\`: one object per packet and line. \`stats\`: counts. On a terminal, lines are cut
    at its width, and \`bytes\` of files with more than 1000 packets begins with a summary to filter by (of the first
    500,000 packets; not for standard input, which can be read only once).`,
})

const full = flag({ flags: '--full', help: 'Show all bytes of long fields.' })

const fields = flag({ flags: '--fields', help: 'In JSON, add the position of each field.' })

const sparkplug = flag({ flags: '--sparkplug', help: 'Decode Sparkplug B payloads.' })

const showSecrets = flag({ flags: '--show-secrets', help: 'Show passwords and Authentication Data.' })

const color = option({
  flags: '--color WHEN',
  parse: parseColor,
  choices: colors,
  default: 'auto',
  help: 'Colours: auto, always or never.',
  doc: `Client red, server blue, errors magenta, warnings yellow, remarks cyan.`,
})

const noPager = flag({
  flags: '--no-pager',
  help: 'Do not use a pager on a terminal.',
  doc: `On a terminal the output goes through the command in MQTTX_PAGER, in PAGER, or \`less\`, with LESS=FRX if LESS is
    unset; an empty command or \`cat\` means no pager. No pager is used if standard input is a pipe or a FILE is not a
    regular file: such a capture is shown as it arrives. If the pager exits early, the rest is not read and the status is
    0, as for a closed pipe; otherwise it is the status of the whole capture.`,
})

const write = option({
  flags: '--write FILE',
  parse: parseName,
  complete: 'file',
  help: 'Also write the packets that pass the filters as pcapng.',
  doc: `Each becomes one TCP segment (for MQTT-SN one UDP datagram), with the times and addresses of the capture. Passwords
    are included, so a new file has mode 0600. An input FILE is not overwritten. \`-\` is standard output; no view is
    shown then.`,
})

const type = inFilters.list({
  flags: '--type TYPE',
  parse: parseType,
  complete: types,
  help: 'Only packets of this type; may be given more than once.',
})

const client = inFilters.list({
  flags: '--client ID',
  parse: parseText,
  help: 'Only connections of this Client Identifier.',
  doc: 'Including the identifier that the server assigns in CONNACK (MQTT 5).',
})

const topic = inFilters.list({
  flags: '--topic FILTER',
  parse: topicFilter('filter'),
  help: 'Only packets whose topic matches this Topic Filter.',
  doc: 'A PUBLISH must match by its topic; a SUBSCRIBE or UNSUBSCRIBE must have exactly this FILTER.',
})

const connection = inFilters.list({
  flags: '--connection NUMBER',
  parse: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  help: 'Only this connection.',
})

const from = inFilters.option({
  flags: '--from TIME',
  parse: parseTime,
  help: 'Only packets from this time on.',
  doc: 'Seconds since 1970, or UTC as in `2026-11-21T09:30:00.25`.',
})

const to = inFilters.option({ flags: '--to TIME', parse: parseTime, help: 'Only packets up to this time.' })

const only = inFilters.option({
  flags: '--only WHAT',
  parse: parseOnly,
  choices: ['violations'],
  help: 'Only packets that violate a rule: violations.',
})

const count = inFilters.option({
  flags: '-C, --count COUNT',
  parse: parseMessageCount,
  help: 'Stop after this many packets.',
})

export const inspectOptions = {
  ...{ read, hex, protocol, keylog, port, protocolVersion },
  ...{ view, full, fields, sparkplug, showSecrets, color, noPager, write },
  ...{ type, client, topic, connection, from, to, only, count },
}
