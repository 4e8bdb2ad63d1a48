// mqttx pub: its words. What it does is in run.ts.
import { spec } from '../../cli/option.js'
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
import { messageOptions, oneMessageSource } from '../../cli/options/message.js'
import {
  checkProperties,
  connectProperties,
  type PropertyArgs,
  publishProperties,
  responseTopicOption,
} from '../../cli/options/properties.js'
import { checkTls } from '../../cli/options/tls.js'
import { checkWill, willOptions } from '../../cli/options/will.js'
import { UsageError } from '../../errors.js'

export const pub = spec({
  name: 'pub',
  summary: 'Publish messages to a topic.',
  synopsis: [
    '-t TOPIC -m TEXT [OPTION]...',
    '-t TOPIC -l [OPTION]... < LINES',
    '--json [OPTION]... < LINES',
    '-L URL {-f FILE | -s | -n} [OPTION]...',
  ],
  description: [
    `Publishes one message, or each line of standard input as a message, and ends when the server has what it was sent:
    with {qos} 0 when it is written, with 1 and 2 when every message is acknowledged.`,
    `With {stdinLine} a lost connection is made again and the lines in flight are sent again, in order. With QoS 1 and 2,
    whenever the status is not 0, standard error says how many lines were acknowledged, which is the first that was not,
    and which were refused.`,
    'It takes the place of mosquitto_pub: the options, messages and exit statuses that both have are the same.',
  ],
  examples: [
    ['One message', 'mqttx pub -t home/kitchen/temperature -m 21.5'],
    [
      'Every line of a log, each acknowledged by the server',
      'tail -F app.log | mqttx pub -t app/log -l -q 1',
    ],
    ['Remove a retained message', 'mqttx pub -t home/kitchen/state -r -n'],
  ],
  options: {
    ...messageOptions,
    ...connectionOptions,
    ...reconnectOptions,
    url: urlWithTopic,
    id: clientId('Invalid id.'),
    ...sessionOptions,
    ...willOptions,
    ...connectProperties,
    ...publishProperties,
    ...responseTopicOption,
    ...contextOption,
    ...optionsFileOptions,
    ...talkOptions,
    ...helpOptions,
  },
  contextSettings,
  exclusive: [
    oneMessageSource,
    { options: ['id', 'idPrefix'], message: '-i and -I argument cannot be used together.' },
  ],
  optionsFile: 'mosquitto_pub',
  check(args) {
    checkUrlTopic(args, args.topic !== undefined || args.json)
    checkProperties(args)
    checkWill(args)
    checkTls(args)
    checkSession(args)
    checkMessage(args)
    checkAddressAndLogin(args)
  },
})

interface Publishing extends PropertyArgs {
  readonly topic?: string
  readonly message?: string
  readonly file?: string
  readonly stdinFile: boolean
  readonly stdinLine: boolean
  readonly nullMessage: boolean
  readonly json: boolean
}

/** Lines of JSON have topics of their own. */
function checkMessage(args: Publishing): void {
  const { topic, message, file, stdinFile, stdinLine, nullMessage, json } = args
  const hasSource = message !== undefined || file !== undefined || stdinFile || stdinLine || nullMessage
  if (!json && (topic === undefined || !hasSource)) {
    throw new UsageError('Both topic and message must be supplied.')
  }
  if (json && args.properties?.publish?.topicAlias !== undefined) {
    const hint = 'an alias stands for one topic, and each line has its own'
    throw new UsageError('topic-alias cannot be used with --json.', { hint })
  }
}
