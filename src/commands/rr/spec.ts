// mqttx rr: its words. What it does is in run.ts.
import { type Args, spec } from '../../cli/option.js'
import {
  checkAddressAndLogin,
  checkSession,
  checkUrlTopic,
  clientId,
  connectionOptions,
  reconnectOptions,
  sessionOptions,
  urlWithTopic,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { contextOption, helpOptions, optionsFileOptions, talkOptions } from '../../cli/options/general.js'
import { messageOptions } from '../../cli/options/message.js'
import { oneOutputForm, outputOptions } from '../../cli/options/output.js'
import {
  checkProperties,
  connectProperties,
  publishProperties,
  subscribeProperties,
  subscriptionFlags,
} from '../../cli/options/properties.js'
import {
  checkRequest,
  latencyOption,
  oneRequestSource,
  oneResponder,
  requestOptions,
  responderOptions,
} from '../../cli/options/request.js'
import { checkTls } from '../../cli/options/tls.js'
import { checkWill, willOptions } from '../../cli/options/will.js'

const { file, stdinFile } = messageOptions
const message = {
  ...messageOptions.message,
  help: 'Send this text.',
  doc: `The word after it is the text, whatever it looks like. Only one of {message}, {file}, {stdinFile}, {stdinLine} and
    {nullMessage} can be given.`,
}
const nullMessage = {
  ...messageOptions.nullMessage,
  help: 'Send an empty request.',
  doc: 'Where the topic says it all.',
}
const { verbose, noNewline, format, json, pretty } = outputOptions

export const rr = spec({
  name: 'rr',
  summary: 'Send requests and print the answers, or answer them.',
  synopsis: [
    '-t TOPIC -e TOPIC {-m TEXT | -f FILE | -s | -n} [OPTION]...',
    '-t TOPIC -e TOPIC -l [OPTION]... < LINES',
    '--serve -t FILTER {--exec COMMAND | --echo} [OPTION]...',
  ],
  description: [
    `Subscribes to {responseTopic}, publishes a request to {topic}, prints the answer and ends. A retained message is never
    taken for the answer, nor is one with other Correlation Data than the request's.`,
    `With {serve} it is the other side, and answers requests until a signal ends it. A lost connection is made again.`,
    `It takes the place of mosquitto_rr: the options, messages and exit statuses that both have are the same.`,
  ],
  examples: [
    ['Ask, and wait five seconds at most', "mqttx rr -t lamp/get -e answers/1 -m '' -W 5"],
    ['A request for each line, many under way at once', 'mqttx rr -t shout -e answers/1 -l -W 5 < words'],
    ['A service in one line', "mqttx rr --serve -t shout --exec 'tr a-z A-Z'"],
  ],
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
    ...connectionOptions,
    ...reconnectOptions,
    url: urlWithTopic,
    id: clientId('Invalid id and/or clean_session.'),
    ...sessionOptions,
    protocolVersion: { ...sessionOptions.protocolVersion, default: 5, shownDefault: 'mqttv5' },
    ...willOptions,
    ...connectProperties,
    ...subscriptionFlags,
    ...subscribeProperties,
    ...publishProperties,
    ...contextOption,
    ...optionsFileOptions,
    ...talkOptions,
    ...helpOptions,
  },
  contextSettings,
  exclusive: [
    oneRequestSource,
    oneOutputForm,
    oneResponder,
    { options: ['id', 'idPrefix'], message: '-i and -I argument cannot be used together.' },
  ],
  optionsFile: 'mosquitto_rr',
  check(args) {
    checkUrlTopic(args, args.topic !== undefined)
    checkProperties(args)
    checkWill(args)
    checkTls(args)
    checkSession(args)
    checkRequest(args)
    checkAddressAndLogin(args)
  },
})

export type RrArgs = Args<typeof rr.options>
