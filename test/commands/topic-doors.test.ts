// One rule for what can be published to, at each door that a topic comes in by.
import { describe, expect, test } from 'vitest'
import { topicNameFault } from '../../src/cli/topic.js'
import { readMessage } from '../../src/commands/pub/json-message.js'
import { pub } from '../../src/commands/pub/spec.js'
import { rr } from '../../src/commands/rr/spec.js'
import { settings } from '../../src/library/settings.js'
import { argsOf, withFile } from '../cli/words.js'

const doors: Readonly<Record<string, (topic: string) => unknown>> = {
  'pub -t': (topic) => argsOf(pub, ['-t', topic, '-m', 'x']),
  'pub -L': (topic) => argsOf(pub, ['-L', `mqtt://h/${topic}`, '-m', 'x']),
  'pub --will-topic': (topic) => argsOf(pub, ['-t', 't', '-m', 'x', '--will-topic', topic]),
  'the options file of pub': (topic) => argsOf(pub, ['-m', 'x'], withFile(`-t ${topic}`)),
  MQTTX_TOPIC: (topic) =>
    argsOf(pub, ['-m', 'x'], { env: { MQTTX_PUB_TOPIC: topic }, readFile: () => undefined }),
  'rr -e': (topic) => argsOf(rr, ['-t', 't', '-e', topic, '-m', 'x']),
  'will.topic of the library': (topic) =>
    settings('mqtt://h', { will: { topic, payload: '', qos: 0, retain: false } }),
  'pub --json': (topic) =>
    readMessage(Buffer.from(JSON.stringify({ topic, payload: '' })), {
      ...{ topic: undefined, qos: 0, retain: false, properties: undefined, version: 5 },
    }),
  'the Response Topic of a line of --json': (responseTopic) =>
    readMessage(Buffer.from(JSON.stringify({ topic: 't', payload: '', properties: { responseTopic } })), {
      ...{ topic: undefined, qos: 0, retain: false, properties: undefined, version: 5 },
    }),
}

const bad: readonly [string, string][] = [
  ['a wildcard', 'a/+'],
  ['the other', 'a/#'],
  ['a control character', 'a\u0001b'],
  ['DEL', 'a\u007f'],
  ['a control character of Latin-1', 'a\u0085'],
  ['a non-character', 'a\uffff'],
  ['another', 'a\ufdd0'],
  ['one above U+FFFF', 'a\u{1fffe}'],
  ['half of a surrogate pair', 'a\ud800b'],
  ['too many levels', '/'.repeat(201)],
]

describe.each(Object.entries(doors))('E45: %s', (_, door) => {
  test.each(bad)('refuses %s', async (_name, topic) => {
    expect(topicNameFault(topic)).toBeDefined()
    await expect(async () => door(topic)).rejects.toThrow()
  })

  test.each(['a', '/', 'a b', '$SYS/x', 'größe/°C', '\u{1f600}', 'x'.repeat(65_535)])(
    'takes %s',
    async (topic) => {
      expect(topicNameFault(topic)).toBeUndefined()
      await door(topic)
    },
  )
})
