// Options of the will: the message that the server publishes when it loses the client.
import { UsageError } from '../../errors.js'
import { optionsOf } from '../option.js'
import { topicName } from '../topic.js'
import { parseWillPayload, parseWillQos } from '../values.js'

const { flag, option } = optionsOf('Will')

const willTopic = option({
  flags: '--will-topic TOPIC',
  parse: topicName('will'),
  missing: 'no will topic specified',
  help: 'Topic of the will, which the server publishes if it loses us.',
  doc: 'The server publishes it when the connection ends without a DISCONNECT from the client.',
})

const willPayload = option({
  flags: '--will-payload TEXT',
  parse: parseWillPayload,
  missing: 'no will payload specified',
  help: 'Payload of the will; needs --will-topic.',
  doc: 'Default: empty.',
})

const willQos = option({
  flags: '--will-qos QOS',
  parse: parseWillQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no will QoS specified',
  help: 'Quality of Service of the will: 0, 1 or 2.',
})

const willRetain = flag({ flags: '--will-retain', help: 'Retain the will; needs --will-topic.' })

export const willOptions = { willTopic, willPayload, willQos, willRetain }

interface Will {
  willTopic?: string
  willPayload?: string
  willRetain: boolean
}

export function checkWill({ willTopic, willPayload, willRetain }: Will): void {
  if (willTopic !== undefined) return
  if (willPayload !== undefined) throw new UsageError('Will payload given, but no will topic given.')
  if (willRetain) throw new UsageError('Will retain given, but no will topic given.')
}
