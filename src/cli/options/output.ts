// How a received message is printed.
import { compileTemplate } from '../../format/template.js'
import { flag, option } from '../option.js'

/** The text stays a text in Args; here it is only checked, before anything connects. */
function parseFormat(text: string): string {
  compileTemplate(text)
  return text
}

const verbose = flag({
  flags: '-v, --verbose',
  group: 'Output',
  help: 'Print the topic before each message.',
  doc: `An empty message, which is not printed without it, is then shown as \`(null)\`. Not used with {format}. On a
    terminal the topic is coloured and retained messages are marked.`,
})

const noNewline = flag({
  flags: '-N',
  group: 'Output',
  help: 'Print no line feed after a message.',
})

const format = option({
  flags: '-F, --format FORMAT',
  group: 'Output',
  parse: parseFormat,
  complete: ['%p', '%t', '%j', '%J', '%x', '%X', '%l', '%U', '%I'],
  help: 'Print messages in this form; see OUTPUT FORMAT in the manual.',
})

const json = flag({
  flags: '--json',
  group: 'Output',
  help: 'Print each message as a line of JSON, for pub --json.',
  doc: `An object with the members time (UTC, with microseconds), topic, qos, retain, dup, payload, encoding, and with
    MQTT 5 properties, under camelCase names, where there are some. encoding is utf8, or base64 for a payload that is not UTF-8;
    correlationData is {"base64":"..."}. Cannot be combined with {format}; {verbose} and {noNewline} have no effect on
    it. With {pretty} an object takes several lines, which pub --json does not read.`,
})

const pretty = flag({
  flags: '--pretty',
  group: 'Output',
  help: 'Indent JSON: payloads, and the output of --json, %j and %J.',
  doc: 'A payload that is not a JSON object or array is printed unchanged.',
})

const messageRate = flag({
  flags: '--message-rate',
  group: 'Output',
  help: 'Print once a second how many messages came, not the messages.',
  doc: 'Ends by a signal or {timeout}.',
})

const watch = flag({
  flags: '-w, --watch',
  group: 'Output',
  help: 'Show the newest message of each topic on its own line of the screen.',
  doc: `For a terminal, with time, topic and payload, or as {format} says. If the topics do not fit, those with the newest
    messages are shown first. The last state is printed at the end.`,
})

export const outputOptions = { verbose, noNewline, format, json, pretty, messageRate, watch }

/** Two forms of output, of which one must be chosen. */
export const oneOutputForm = {
  options: ['format', 'json'],
  message: 'Only one of -F and --json can be given.',
} as const
