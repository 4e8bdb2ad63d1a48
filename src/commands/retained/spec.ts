// mqttx retained: options, help and checks. run.ts executes it.
import { type Args, optionsOf, spec } from '../../cli/option.js'
import {
  checkAddressAndLogin,
  checkSession,
  clientId,
  connectionOptions,
  oneClientId,
  reconnectOptions,
  sessionOptions,
  url,
  urlTopicName,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { contextOption, helpOptions, talkOptions, traceOptions } from '../../cli/options/general.js'
import { checkProperties, connectProperties } from '../../cli/options/properties.js'
import { checkTls } from '../../cli/options/tls.js'
import { topicFilter } from '../../cli/topic.js'
import { parseServerUrl } from '../../cli/url.js'
import { parseName, parseQos, parseSeconds, parseTimeout } from '../../cli/values.js'
import { actions, requestOf } from './request.js'

const inAction = optionsOf('Action')
const inSubscription = optionsOf('Subscription')
const inOutput = optionsOf('Output')

const words = inAction.list({
  flags: '--do WORD',
  parse: (text) => text, // checked by requestOf
  complete: actions,
  completeNext: 'topic',
  help: 'What to do: ls, rm, save or restore.',
  doc: 'Positional arguments: the action, then Topic Filters, or the file to restore. The option name is not typed.',
})

const yes = inAction.flag({
  flags: '--yes',
  help: 'With rm: remove; without it rm only lists what it would remove.',
  doc: 'If standard input and standard error are a terminal, rm asks instead.',
})

const undo = inAction.option({
  flags: '--undo FILE',
  parse: parseName,
  complete: 'file',
  shownDefault: 'mqttx-undo-TIME.ndjson',
  help: 'With rm: where to save the messages before they are removed.',
  doc: `\`retained restore FILE\` publishes them again. The file is complete on disk before the first message is removed, has
    mode 0600, and must not exist. At the end it has the messages that were removed.`,
})

const noUndo = inAction.flag({ flags: '--no-undo', help: 'With rm: save nothing.' })

const output = inAction.option({
  flags: '-o, --output FILE',
  parse: parseName,
  complete: 'file',
  shownDefault: 'standard output',
  help: 'With save: write to this file.',
  doc: `An existing file is replaced when the new one is complete. A new file has mode 0600. \`-\` is standard output.`,
})

const qos = inAction.option({
  flags: '-q, --qos QOS',
  parse: parseQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no QoS specified',
  help: 'With restore: publish with at least this QoS.',
  doc: `By default each message has the QoS that it was saved with, and at QoS 0 the server does not acknowledge it. With 1
    each message is acknowledged or reported.`,
})

const topics = inSubscription.list({
  flags: '-t, --topic FILTER',
  parse: topicFilter('subscription'),
  complete: 'topic',
  missing: 'no topic specified',
  help: 'Topic Filter; the same as a positional argument.',
})

const settle = inSubscription.option({
  flags: '--settle SECONDS',
  parse: parseSeconds,
  default: 0.2,
  help: 'The list is complete if no retained message arrives for so long.',
  doc: `MQTT does not say when a server has sent all retained messages. mqttx asks it for answers until none of them is
    preceded by a retained message, for at least this time.`,
})

const timeout = inSubscription.option({
  flags: '-W, --timeout SECONDS',
  parse: parseTimeout,
  missing: 'no timeout specified',
  help: 'Give up after this many seconds, with status 27.',
})

const verbose = inOutput.flag({
  flags: '-v, --verbose',
  help: 'With ls and rm: print size, QoS and remaining expiry too.',
  doc: 'In columns before the topic: bytes of the payload, QoS, seconds until the message expires or `-`.',
})

const json = inOutput.flag({
  flags: '--json',
  help: 'With ls and rm: print a JSON object a line.',
  doc: 'Its members are topic, size, qos and, if the message expires, messageExpiryInterval in seconds.',
})

const urlOfServer = {
  ...url((args: { topics: string[] }, topic) => {
    if (topic !== '') args.topics.push(topicFilter('subscription')(topic, urlTopicName))
  }),
  parse: parseServerUrl,
}

const { disableCleanSession: _keepsSession, ...ownSessionOptions } = sessionOptions

export const retained = spec({
  name: 'retained',
  summary: 'List, remove, save and restore retained messages.',
  synopsis: [
    'ls [FILTER...] [OPTION]...',
    'rm FILTER... [--yes] [OPTION]...',
    'save [FILTER...] [-o FILE] [OPTION]...',
    'restore [FILE] [OPTION]...',
  ],
  description: [
    `Ends when the server has sent all retained messages; with status 0 also if there are none. Without a FILTER \`ls\` and
    \`save\` take \`#\`, which does not match topics that begin with \`$\`.`,
    `\`ls\` prints the topics. \`save\` prints the messages as lines of JSON, with QoS, properties and the remaining Message
    Expiry Interval; \`restore\` publishes such lines again as retained messages. The time since they were saved is subtracted from
    the expiry; those that have expired are left out. It reports what was refused, and where to resume.`,
    `\`rm\` lists what it would remove, and removes it with {yes}. First it saves the messages to a file for \`restore\`. A
    topic that somebody publishes to meanwhile is left as it is: status 42. A publication that reaches the server
    within the moment between its last message to mqttx and the removal cannot be seen before; it is reported.`,
    'Uses MQTT 5 unless {protocolVersion} says otherwise: earlier versions do not transfer properties.',
  ],
  examples: [
    ['List all retained messages with their sizes', "mqttx retained ls -v '#'"],
    ['Remove those of a device', "mqttx retained rm 'home/attic/#' --yes"],
    ['Save all, for mqttx retained restore', "mqttx retained save '#' -o backup.ndjson"],
  ],
  options: {
    words,
    ...{ yes, undo, noUndo, output, qos },
    ...{ topics, settle, timeout },
    ...{ verbose, json },
    url: urlOfServer,
    ...connectionOptions,
    ...reconnectOptions,
    id: clientId('Invalid id.'),
    ...ownSessionOptions,
    protocolVersion: { ...sessionOptions.protocolVersion, default: 5, shownDefault: 'mqttv5' },
    any: connectProperties.any,
    ...contextOption,
    ...talkOptions,
    ...traceOptions,
    ...helpOptions,
  },
  common: [
    ...(['yes', 'undo', 'output', 'qos', 'verbose', 'json', 'timeout'] as const),
    ...(['host', 'port', 'url', 'username', 'passwordFile', 'cafile'] as const),
  ],
  contextSettings,
  exclusive: [
    oneClientId,
    { options: ['undo', 'noUndo'], message: 'Only one of --undo and --no-undo can be given.' },
  ],
  operand: 'words',
  check(args) {
    requestOf(args)
    checkProperties(args)
    checkTls(args)
    const connecting = { ...args, disableCleanSession: false }
    checkSession(connecting)
    checkAddressAndLogin(connecting)
  },
})

export type RetainedArgs = Args<typeof retained.options>
