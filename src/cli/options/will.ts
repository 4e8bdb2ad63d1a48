// The message that the server publishes for a client that it lost.
import { UsageError } from '../../errors.js'
import { flag, option } from '../option.js'
import { topicName } from '../topic.js'
import { parseWillPayload, parseWillQos } from '../values.js'

const willTopic = option({
  flags: '--will-topic TOPIC',
  group: 'Will',
  parse: topicName('will'),
  missing: 'no will topic specified',
  help: 'Topic of the message sent by the server if it loses us.',
  doc: 'It is sent when the connection ends without a DISCONNECT from us.',
})

const willPayload = option({
  flags: '--will-payload TEXT',
  group: 'Will',
  parse: parseWillPayload,
  missing: 'no will payload specified',
  help: 'Payload of that message; needs --will-topic.',
  doc: 'Without it the payload is empty.',
})

const willQos = option({
  flags: '--will-qos QOS',
  group: 'Will',
  parse: parseWillQos,
  choices: [0, 1, 2],
  default: 0,
  missing: 'no will QoS specified',
  help: 'Quality of Service of that message: 0, 1 or 2.',
})

const willRetain = flag({
  flags: '--will-retain',
  group: 'Will',
  help: 'Let the server keep that message; needs --will-topic.',
})

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
