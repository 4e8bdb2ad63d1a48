// mqttx top: options, help and checks. run.ts executes it.
import { type Args, spec } from '../../cli/option.js'
import { checkClient, clientOptions, generalOptions } from '../../cli/options/client.js'
import { checkAddressAndLogin, clientId, oneClientId } from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { urlWithFilter } from '../../cli/options/subscription.js'
import { topOptions } from '../../cli/options/top.js'
import { UsageError } from '../../errors.js'

const { optionsFile: _none, ...ownGeneralOptions } = generalOptions

export const top = spec({
  name: 'top',
  summary: 'Show topics by rate, size and silence.',
  synopsis: ['[FILTER]... [OPTION]...'],
  description: [
    `Subscribes and counts the messages of each topic: which are loud, which are large, which have become silent, and which
    have a retained message. On a terminal it draws them as a tree of levels that fold. Otherwise it prints a report at
    the end, and with {interval} every so often.`,
    `Keys: arrows, PgUp, PgDn, Home and End move, unfold and fold; s and 1 to 5 sort, by rate, bytes, count, silence or name; i
    inverts; t: tree or list; / finds a text in topics; !: silent topics only; space pauses; r resets; ? explains; q quits.`,
    `It ends at a signal, after {timeout} or {count}, and with status 0 in all three cases. Payloads are not kept. After a lost
    connection it reconnects and subscribes again; what was published meanwhile is not counted.`,
    `Rates are those of the last seconds: what is five seconds old counts a third. Retained messages that the server had
    stored when the subscription began are marked in the column ret, and do not count as messages.`,
    `If there are more messages than this machine can count, one of 2, 4 or up to 64 is counted as so many, and the screen and
    the reports say so.`,
    `Up to 1,000,000 topics are counted one by one, the others together. \`mqttx help topics\` explains figures and keys.`,
  ],
  examples: [
    ['Look at all topics', 'mqttx top'],
    ['The ten topics with most bytes in a minute', "mqttx top 'plant/#' -W 60 --sort bytes --limit 10"],
    ['A line of JSON every 10 seconds', "mqttx top '#' --json --interval 10"],
  ],
  options: {
    ...topOptions,
    ...clientOptions({ url: urlWithFilter, id: clientId('Invalid id and/or clean_session.') }),
    ...ownGeneralOptions,
  },
  common: [
    ...([
      'topics',
      'timeout',
      'count',
      'interval',
      'sort',
      'view',
      'limit',
      'silent',
      'json',
      'qos',
    ] as const),
    ...(['host', 'port', 'url', 'username', 'passwordFile', 'cafile'] as const),
  ],
  contextSettings,
  exclusive: [oneClientId],
  operand: 'topics',
  check(args) {
    checkClient(args, true)
    checkAddressAndLogin(args)
    if (args.json && args.format !== undefined && args.format !== 'json')
      throw new UsageError(`--json and --format ${args.format} cannot be used together.`)
  },
})

export type TopArgs = Args<typeof top.options>
