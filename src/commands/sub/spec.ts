// mqttx sub: its words. What it does is in run.ts.
import { type Args, spec } from '../../cli/option.js'
import {
  checkAddressAndLogin,
  checkSession,
  checkUrlTopic,
  clientId,
  connectionOptions,
  reconnectOptions,
  sessionOptions,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { contextOption, helpOptions, optionsFileOptions, talkOptions } from '../../cli/options/general.js'
import { oneOutputForm, outputOptions } from '../../cli/options/output.js'
import {
  checkProperties,
  connectProperties,
  subscribeProperties,
  subscriptionFlags,
} from '../../cli/options/properties.js'
import {
  checkRetained,
  checkTopics,
  subscriptionOptions,
  urlWithFilter,
} from '../../cli/options/subscription.js'
import { checkTls } from '../../cli/options/tls.js'
import { checkWill, willOptions } from '../../cli/options/will.js'

export const sub = spec({
  name: 'sub',
  summary: 'Subscribe to topics and print what arrives.',
  synopsis: ['-t FILTER [-t FILTER]... [OPTION]...', '-L URL [OPTION]...'],
  description: [
    `Prints each message that the server sends, followed by a line feed, until {count} or {timeout} says that it is
    enough or a signal ends it. Payloads are printed byte for byte.`,
    `A lost connection is made again, and the subscriptions with it. When the reader of standard output goes away, as
    in \`mqttx sub ... | head -1\`, it ends with status 0.`,
    `With {json} each message is a line with everything in it that \`mqttx pub --json\` needs to publish it again, there or
    elsewhere.`,
    'It takes the place of mosquitto_sub: the options, output and exit statuses that both have are the same.',
  ],
  examples: [
    ['Everything below home, with topics', "mqttx sub -t 'home/#' -v"],
    ['One message as JSON, waiting 10 seconds at most', "mqttx sub -t 'home/+/temperature' -C 1 -W 10 -F %j"],
    ['A subscription that outlives this process', 'mqttx sub -i logger -c -q 1 -t app/log >> app.log'],
  ],
  options: {
    ...subscriptionOptions,
    ...outputOptions,
    ...connectionOptions,
    ...reconnectOptions,
    url: urlWithFilter,
    id: clientId('Invalid id and/or clean_session.'),
    ...sessionOptions,
    ...willOptions,
    ...connectProperties,
    ...subscriptionFlags,
    ...subscribeProperties,
    ...contextOption,
    ...optionsFileOptions,
    ...talkOptions,
    ...helpOptions,
  },
  contextSettings,
  exclusive: [
    oneOutputForm,
    { options: ['id', 'idPrefix'], message: '-i and -I argument cannot be used together.' },
  ],
  optionsFile: 'mosquitto_sub',
  check(args) {
    checkUrlTopic(args, args.topics.length > 0 || args.unsubscribe.length > 0)
    checkProperties(args)
    checkWill(args)
    checkTls(args)
    checkSession(args)
    checkTopics(args)
    checkRetained(args)
    checkAddressAndLogin(args)
  },
})

export type SubArgs = Args<typeof sub.options>
