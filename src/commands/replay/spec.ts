// mqttx replay: options, help and checks. run.ts executes it.
import { type Args, spec } from '../../cli/option.js'
import { checkClient, clientOptions, generalOptions } from '../../cli/options/client.js'
import {
  checkAddressAndLogin,
  clientId,
  oneClientId,
  sessionOptions,
  urlOfServer,
} from '../../cli/options/connection.js'
import { contextSettings } from '../../cli/options/context.js'
import { replayOptions } from '../../cli/options/replay.js'
import { UsageError } from '../../errors.js'

const { optionsFile: _optionsFile, ...general } = generalOptions

export const replay = spec({
  name: 'replay',
  summary: 'Publish recorded messages again, with their timing.',
  synopsis: ['[OPTION]... [FILE]...', '[OPTION]... < LINES'],
  description: [
    `Publishes the messages of a recording at the intervals at which they were recorded, with their topic, payload, QoS,
    RETAIN and properties. A recording is made with \`mqttx sub --json\` or with mosquitto_sub -F %j, or is a capture of packets
    (pcap, pcapng and the other formats of \`mqttx inspect\`).`,
    `Ends when every message is sent (QoS 0) or acknowledged (QoS 1 and 2). It reconnects after a lost connection and resends
    the messages in flight in order. What could not be delivered is the status; standard error says with which number
    {startAt} resumes. At the end it says how far messages were from their intended times.`,
    `A line that is not a message ends the replay after the messages before it are delivered. A message that is older than one
    before it is published at once. If no message is published, the status is 1.`,
    `Properties need MQTT 5, which is the default here: see {protocolVersion}.`,
  ],
  examples: [
    ['Replay a recording as it was', 'mqttx replay day.ndjson'],
    [
      'Ten times as fast, one branch of topics, for a test',
      "mqttx replay --speed 10 --filter 'home/#' --prefix test/ day.ndjson",
    ],
    ['Publish at once what clients sent in a capture', 'mqttx replay --speed max trace.pcapng'],
  ],
  options: {
    ...replayOptions,
    ...clientOptions({ url: urlOfServer, id: clientId('Invalid id.') }),
    protocolVersion: { ...sessionOptions.protocolVersion, default: 5, shownDefault: 'mqttv5' },
    ...general,
  },
  common: [
    ...([
      'speed',
      'loop',
      'filter',
      'from',
      'to',
      'startAt',
      'prefix',
      'map',
      'retain',
      'direction',
    ] as const),
    ...(['host', 'url', 'passwordFile'] as const),
  ],
  contextSettings,
  exclusive: [
    oneClientId,
    { options: ['retain', 'noRetain'], message: '--retain and --no-retain cannot be used together.' },
  ],
  operand: 'files',
  check(args) {
    checkClient(args, true)
    if (args.topic !== undefined) {
      throw new UsageError('replay: -L has a topic.', {
        hint: 'the recording has the topics: see --map, --prefix',
      })
    }
    checkRecording(args)
    checkAddressAndLogin(args)
  },
})

export type ReplayArgs = Args<typeof replay.options>

function checkRecording({ files, loop, loopCount, from, to }: Checked): void {
  if (files.filter((file) => file === '-').length > 1) {
    throw new UsageError('replay: standard input can be read only once.')
  }
  if ((loop || loopCount !== undefined) && (files.length === 0 || files.includes('-'))) {
    throw new UsageError('replay: --loop needs files.', {
      hint: 'standard input can be read only once: write it to a file first',
    })
  }
  if (from === undefined || to === undefined) return
  const isEmpty = 'at' in from ? 'at' in to && from.at > to.at : 'after' in to && from.after > to.after
  if (isEmpty) throw new UsageError('replay: --from is later than --to', { hint: 'no message can match' })
}

type Moment = { readonly at: number } | { readonly after: number }

interface Checked {
  readonly files: readonly string[]
  readonly loop: boolean
  readonly loopCount?: number
  readonly from?: Moment
  readonly to?: Moment
}
