// Topic Names that are known by their bytes.
import { expect, test } from 'vitest'
import { TopicNames } from '../../../src/broker/core/topic-names.js'
import { CoreRig, publish } from './rig.js'

/** Topics that differ in a place where the hash does not look, and others. */
const topics = [
  'a',
  'a/b',
  'sensors/1/temperature',
  'sensors/2/temperature',
  'ä/ö',
  'x'.repeat(128),
  'x'.repeat(129),
]

test('what is known has the same bytes', () => {
  const names = new TopicNames()
  for (let round = 0; round < 10; round++) {
    for (const topic of topics) {
      const bytes = Buffer.from(`..${topic}..`)
      const end = bytes.length - 2
      expect([topic, undefined]).toContain(names.get(bytes, 2, end))
      names.add(bytes, 2, end, topic)
    }
  }
})

test('a topic is known from its second time on, unless it is long; its bytes are copied', () => {
  const names = new TopicNames()
  const bytes = Buffer.from('some/topic')
  names.add(bytes, 0, bytes.length, 'some/topic')
  bytes.fill(0)
  expect(names.get(Buffer.from('some/topic'), 0, 10)).toBe('some/topic')
  const long = Buffer.alloc(129, 'x')
  names.add(long, 0, 129, long.toString())
  expect(names.get(long, 0, 129)).toBeUndefined()
})

test('a topic gives way to another that is used more', () => {
  const names = new TopicNames()
  const [one, two] = [Buffer.from('sensors/1/temperature'), Buffer.from('sensors/2/temperature')]
  const add = (bytes: Buffer) => names.add(bytes, 0, bytes.length, bytes.toString())
  const get = (bytes: Buffer) => names.get(bytes, 0, bytes.length)
  add(one)
  add(two)
  expect(get(one)).toBe(one.toString())
  add(two)
  expect(get(two)).toBeUndefined()
  add(two)
  expect(get(two)).toBe(two.toString())
})

test.each([4, 5] as const)(
  'messages to topics with the same hash reach their own subscribers, version %i',
  (protocolVersion) => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { protocolVersion })
    reader.subscribe('#')
    const writer = rig.join('writer', { protocolVersion })
    const sent = Array.from({ length: 50 }, (_, i) => topics[(i * i) % topics.length]!)
    writer.send(...sent.map((topic, i) => publish(topic, String(i))))
    expect(reader.messages()).toEqual(sent.map((topic, i) => `${topic} ${i}`))
  },
)
