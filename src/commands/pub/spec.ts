// mqttx pub: options, help and checks. run.ts executes it.
import { spec } from '../../cli/option.js'
import { checkClient, clientOptions, commonOptions, generalOptions } from '../../cli/options/client.js'
import {
  checkAddressAndLogin,
  clientId,
  oneClientId,
  urlWithTopicOrSn,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { checkExplain, explainOptions } from '../../cli/options/explain.js'
import { messageOptions, oneMessageSource } from '../../cli/options/message.js'
import { checkSn, snPublishOptions, versionOrSn, withUnconnected } from '../../cli/options/mqtt-sn.js'
import { type PropertyArgs, publishProperties, responseTopicOption } from '../../cli/options/properties.js'
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
    `Publishes one message, or each line of standard input as a message. Ends when every message is sent ({qos} 0) or
    acknowledged ({qos} 1 and 2).`,
    `With {stdinLine} it reconnects after a lost connection and resends the lines in flight in order. At QoS 1 and 2, if
    the status is not 0, standard error says how many lines were acknowledged, which line is the first without
    acknowledgement, and which were refused.`,
    'A drop-in replacement for mosquitto_pub: shared options, messages and exit statuses are the same.',
  ],
  examples: [
    ['Publish one message', 'mqttx pub -t home/kitchen/temperature -m 21.5'],
    ['Publish every line of a log with acknowledgement', 'tail -F app.log | mqttx pub -t app/log -l -q 1'],
    ['Remove a retained message', 'mqttx pub -t home/kitchen/state -r -n'],
  ],
  options: {
    ...messageOptions,
    qos: withUnconnected(messageOptions.qos),
    ...clientOptions({ url: urlWithTopicOrSn, id: clientId('Invalid id.') }),
    protocolVersion: versionOrSn,
    ...publishProperties,
    ...responseTopicOption,
    ...snPublishOptions,
    ...explainOptions,
    ...generalOptions,
  },
  common: [
    ...(['topic', 'message', 'file', 'stdinLine', 'json', 'qos', 'retain'] as const),
    ...commonOptions,
  ],
  contextSettings,
  exclusive: [oneMessageSource, oneClientId],
  optionsFile: 'mosquitto_pub',
  check(args) {
    checkSn(args)
    checkClient(args, args.topic !== undefined || args.json)
    checkMessage(args)
    checkExplain(args)
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

/** With --json each line has its own topic. */
function checkMessage(args: Publishing): void {
  const { topic, message, file, stdinFile, stdinLine, nullMessage, json } = args
  const hasSource = message !== undefined || file !== undefined || stdinFile || stdinLine || nullMessage
  if (!json && (topic === undefined || !hasSource)) {
    throw new UsageError('Both topic and message must be supplied.')
  }
  if (json && args.properties?.publish?.topicAlias !== undefined) {
    const hint = 'an alias maps to one topic, and each line has its own'
    throw new UsageError('topic-alias cannot be used with --json.', { hint })
  }
}
