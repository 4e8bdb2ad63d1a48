// Options for the output of received messages.
import { compileTemplate } from '../../format/template.js'
import { optionsOf } from '../option.js'

const { flag, option } = optionsOf('Output')

/** Checks a format before anything connects; the value stays text. */
function parseFormat(text: string): string {
  compileTemplate(text)
  return text
}

const verbose = flag({
  flags: '-v, --verbose',
  help: 'Print the topic before each message.',
  doc: `Empty messages, which are not printed without it, are shown as \`(null)\`. Not used with {format}. On a
    terminal the topic is coloured and retained messages are marked.`,
})

const noNewline = flag({ flags: '-N', help: 'Do not print a line feed after each message.' })

const format = option({
  flags: '-F, --format FORMAT',
  parse: parseFormat,
  complete: ['%p', '%t', '%j', '%J', '%x', '%X', '%l', '%U', '%I'],
  help: 'Print messages in this format; see OUTPUT FORMAT in the manual.',
})

const json = flag({
  flags: '--json',
  help: 'Print each message as a line of JSON, readable by pub --json.',
  doc: `An object with the members time (UTC, in microseconds), topic, qos, retain, dup, payload and encoding, and in MQTT 5
    properties, if any, with camelCase names. encoding is utf8, or base64 for a payload that is not UTF-8;
    correlationData is {"base64":"..."}. Cannot be combined with {format}; {verbose} and {noNewline} have no effect. With
    {pretty} an object takes several lines, which pub --json does not read.`,
})

const pretty = flag({
  flags: '--pretty',
  help: 'Indent JSON: payloads, and the output of --json, %j and %J.',
  doc: 'A payload that is not a JSON object or array is printed unchanged.',
})

const messageRate = flag({
  flags: '--message-rate',
  help: 'Print the number of messages each second, not the messages.',
  doc: 'Until a signal or {timeout} ends it.',
})

const watch = flag({
  flags: '-w, --watch',
  help: 'Show the newest message of each topic on its own line of the screen.',
  doc: `For a terminal, with time, topic and payload, or as {format} says. If the topics do not fit, those with the newest
    messages are shown first. The last state is printed at the end.`,
})

export const outputOptions = { verbose, noNewline, format, json, pretty, messageRate, watch }

/** Two output formats; only one may be given. */
export const oneOutputForm = {
  options: ['format', 'json'],
  message: 'Only one of -F and --json can be given.',
} as const
