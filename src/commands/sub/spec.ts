// mqttx sub: options, help and checks. run.ts executes it.
import { type Args, spec } from '../../cli/option.js'
import { checkClient, clientOptions, commonOptions, generalOptions } from '../../cli/options/client.js'
import { checkAddressAndLogin, clientId, oneClientId } from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { checkExplain, explainOptions } from '../../cli/options/explain.js'
import { checkSn, snSubscribeOptions, versionOrSn } from '../../cli/options/mqtt-sn.js'
import { oneOutputForm, outputOptions } from '../../cli/options/output.js'
import { subscribeProperties, subscriptionFlags } from '../../cli/options/properties.js'
import {
  checkRetained,
  checkTopics,
  subscriptionOptions,
  urlWithFilterOrSn,
} from '../../cli/options/subscription.js'
import { checkWorker, oneWorker, workerOptions } from '../../cli/options/worker.js'

export const sub = spec({
  name: 'sub',
  summary: 'Subscribe to topics and print messages.',
  synopsis: [
    '-t FILTER [-t FILTER]... [OPTION]...',
    '-L URL [OPTION]...',
    '{-t FILTER --exec COMMAND | --table FILE} [OPTION]...',
  ],
  description: [
    `Prints each received message followed by a line feed, until {count} or {timeout} is reached or a signal arrives.
    Payloads are printed byte for byte.`,
    `Reconnects and resubscribes after a lost connection. When the reader of standard output closes the pipe, as in
    \`mqttx sub ... | head -1\`, it ends with status 0.`,
    `With {json} each message is a line that \`mqttx pub --json\` can publish again.`,
    `With {exec} or {table} it is a worker: it runs a command for each message, and acknowledges the message after success.`,
    'A drop-in replacement for mosquitto_sub: shared options, output and exit statuses are the same.',
  ],
  examples: [
    ['Print all messages below home with their topics', "mqttx sub -t 'home/#' -v"],
    [
      'Wait at most 10 seconds for one message, as JSON',
      "mqttx sub -t 'home/+/temperature' -C 1 -W 10 -F %j",
    ],
    [
      'Run a command for each message, and acknowledge it after success',
      "mqttx sub -i worker -c -q 1 -t 'jobs/#' --exec ./job",
    ],
  ],
  options: {
    ...subscriptionOptions,
    ...outputOptions,
    ...workerOptions,
    ...clientOptions({ url: urlWithFilterOrSn, id: clientId('Invalid id and/or clean_session.') }),
    protocolVersion: versionOrSn,
    ...subscriptionFlags,
    ...subscribeProperties,
    ...snSubscribeOptions,
    ...explainOptions,
    ...generalOptions,
  },
  common: [
    ...(['topics', 'qos', 'count', 'timeout', 'noRetained', 'verbose', 'format', 'json', 'exec'] as const),
    ...commonOptions,
  ],
  contextSettings,
  exclusive: [oneOutputForm, oneWorker, oneClientId],
  optionsFile: 'mosquitto_sub',
  check(args) {
    const hasTopic = args.topics.length > 0 || args.table !== undefined || args.discover
    checkSn(args)
    checkClient(args, hasTopic || args.unsubscribe.length > 0)
    if (!hasTopic) checkTopics(args)
    checkRetained(args)
    checkWorker(args)
    checkExplain(args)
    checkAddressAndLogin(args)
  },
})

export type SubArgs = Args<typeof sub.options>
