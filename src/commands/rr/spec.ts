// mqttx rr: options, help and checks. run.ts executes it.
import { type Args, spec } from '../../cli/option.js'
import { checkClient, clientOptions, commonOptions, generalOptions } from '../../cli/options/client.js'
import {
  checkAddressAndLogin,
  clientId,
  oneClientId,
  sessionOptions,
  urlWithTopic,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { messageOptions } from '../../cli/options/message.js'
import { oneOutputForm, outputOptions } from '../../cli/options/output.js'
import { publishProperties, subscribeProperties, subscriptionFlags } from '../../cli/options/properties.js'
import {
  checkRequest,
  latencyOption,
  oneRequestSource,
  oneResponder,
  requestOptions,
  responderOptions,
} from '../../cli/options/request.js'

const { file, stdinFile } = messageOptions
const message = {
  ...messageOptions.message,
  help: 'Send TEXT.',
  doc: `The next argument is the text, even if it begins with a dash. Only one of {message}, {file}, {stdinFile}, {stdinLine} and
    {nullMessage} can be given.`,
}
const nullMessage = {
  ...messageOptions.nullMessage,
  help: 'Send an empty request.',
  doc: 'For requests that need only a topic.',
}
const { verbose, noNewline, format, json, pretty } = outputOptions

export const rr = spec({
  name: 'rr',
  summary: 'Send requests and print the responses, or respond to them.',
  synopsis: [
    '-t TOPIC -e TOPIC {-m TEXT | -f FILE | -s | -n} [OPTION]...',
    '-t TOPIC -e TOPIC -l [OPTION]... < LINES',
    '--serve -t FILTER {--exec COMMAND | --echo} [OPTION]...',
  ],
  description: [
    `Subscribes to {responseTopic}, publishes a request to {topic}, prints the response and ends. Retained messages and
    messages with other Correlation Data are ignored.`,
    `With {serve} it responds to requests until a signal ends it, and reconnects after a lost connection.`,
    `There is no \`--explain\`, as \`mqttx pub\` and \`mqttx sub\` have it: which packets follow a request depends on the responses.
    {trace} shows the packets of a session.`,
    `A drop-in replacement for mosquitto_rr: shared options, messages and exit statuses are the same.`,
  ],
  examples: [
    ['Send a request and wait at most five seconds', "mqttx rr -t lamp/get -e answers/1 -m '' -W 5"],
    ['Send a request for each line, several at a time', 'mqttx rr -t shout -e answers/1 -l -W 5 < words'],
    ['Answer requests with a shell command', "mqttx rr --serve -t shout --exec 'tr a-z A-Z'"],
  ],
  notes: ['No --explain: the packets after a request depend on its responses; see --trace.'],
  options: {
    ...requestOptions,
    message,
    file,
    stdinFile,
    nullMessage,
    verbose,
    noNewline,
    format,
    json,
    pretty,
    ...latencyOption,
    ...responderOptions,
    ...clientOptions({ url: urlWithTopic, id: clientId('Invalid id and/or clean_session.') }),
    protocolVersion: { ...sessionOptions.protocolVersion, default: 5, shownDefault: 'mqttv5' },
    ...subscriptionFlags,
    ...subscribeProperties,
    ...publishProperties,
    ...generalOptions,
  },
  common: [
    ...(['topic', 'responseTopic', 'message', 'stdinLine', 'timeout', 'serve', 'exec', 'echo'] as const),
    ...commonOptions,
  ],
  contextSettings,
  exclusive: [oneRequestSource, oneOutputForm, oneResponder, oneClientId],
  optionsFile: 'mosquitto_rr',
  check(args) {
    checkClient(args, args.topic !== undefined)
    checkRequest(args)
    checkAddressAndLogin(args)
  },
})

export type RrArgs = Args<typeof rr.options>
