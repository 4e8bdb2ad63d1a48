// The rules for topics hold at every input: each fault at each option and member that takes a topic.
import { describe, expect, test } from 'vitest'
import { context } from '../../src/commands/context/spec.js'
import { pub } from '../../src/commands/pub/spec.js'
import { rr } from '../../src/commands/rr/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import type { Client } from '../../src/library/index.js'
import { readMessage } from '../../src/recording/message.js'
import { argsOf, nowhere, withFile } from '../cli/command-line.js'
import { client, server } from '../library/rig.js'

const faultyNames: readonly (readonly [fault: string, topic: string])[] = [
  ['empty', ''],
  ['U+0001', 'a\u0001'],
  ['U+007F', 'a\u007f'],
  ['U+009F', 'a\u009f'],
  ['half of a surrogate pair', 'a\ud800'],
  ['U+FDD0', 'a\ufdd0'],
  ['U+FFFF', 'a\uffff'],
  ['U+1FFFE', 'a\u{1fffe}'],
  ['65,536 bytes', 'x'.repeat(65_536)],
  ["201 '/'", '/'.repeat(201)],
  ['a wildcard +', 'a/+'],
  ['a wildcard #', '#'],
]
const faultyFilters = [
  ...faultyNames.filter(([fault]) => !fault.includes('wildcard')),
  ['# is not last', '#/a'],
  ['+ beside text', 'a+/b'],
] as const

const message = ['-m', 'x']
const json = (line: object) =>
  readMessage(Buffer.from(JSON.stringify(line)), {
    topic: undefined,
    qos: 0,
    retain: false,
    properties: undefined,
    version: 5,
  })

/** Each accepts a Topic Name or throws. */
const names: Record<string, (topic: string) => unknown> = {
  'pub -t': (topic) => argsOf(pub, ['-t', topic, ...message]),
  'pub -L': (topic) => argsOf(pub, ['-L', `mqtt://h/${topic}`, ...message]),
  'pub, options file': (topic) => argsOf(pub, message, withFile(`-t ${topic}\n`)),
  'pub, MQTTX_TOPIC': (topic) => argsOf(pub, message, { ...nowhere, env: { MQTTX_TOPIC: topic } }),
  'pub --response-topic': (topic) => argsOf(pub, ['-t', 't', ...message, '--response-topic', topic]),
  'pub -D publish response-topic': (topic) =>
    argsOf(pub, ['-t', 't', ...message, '-D', 'publish', 'response-topic', topic]),
  'pub --json': (topic) => json({ topic, payload: '' }),
  'pub --json, responseTopic': (topic) =>
    json({ topic: 't', payload: '', properties: { responseTopic: topic } }),
  '--will-topic': (topic) => argsOf(sub, ['-t', 't', '--will-topic', topic]),
  'context add --will-topic': (topic) => argsOf(context, ['add', 'c', '--will-topic', topic]),
  'rr -t': (topic) => argsOf(rr, ['-t', topic, '-e', 'r', ...message]),
  'rr -e': (topic) => argsOf(rr, ['-t', 't', '-e', topic, ...message]),
}

/** Each accepts a Topic Filter or throws. */
const filters: Record<string, (topic: string) => unknown> = {
  'sub -t': (topic) => argsOf(sub, ['-t', topic]),
  'sub -L': (topic) => argsOf(sub, ['-L', `mqtt://h/${topic}`]),
  'sub, options file': (topic) => argsOf(sub, [], withFile(`-t ${topic}\n`, 'mosquitto_sub')),
  'sub, MQTTX_TOPIC': (topic) => argsOf(sub, [], { ...nowhere, env: { MQTTX_TOPIC: topic } }),
  'sub -T': (topic) => argsOf(sub, ['-t', 't', '-T', topic]),
  'sub -U': (topic) => argsOf(sub, ['-t', 't', '-U', topic]),
  'rr --serve -t': (topic) => argsOf(rr, ['--serve', '--echo', '-t', topic]),
}

/** An empty variable counts as unset. */
const isUnset = (place: string, topic: string) => topic === '' && place.endsWith('MQTTX_TOPIC')

describe.each(Object.entries(names))('E45: a Topic Name of %s', (place, take) => {
  test.each(['a', '/', 'a b', '$SYS/x', 'größe/°C', '💡', 'x'.repeat(65_535)])('may be %s', (topic) => {
    expect(() => take(topic)).not.toThrow()
  })

  test.each(faultyNames.filter(([, topic]) => !isUnset(place, topic)))('is refused: %s', (_, topic) => {
    expect(() => take(topic)).toThrow()
  })
})

describe.each(Object.entries(filters))('E45: a Topic Filter of %s', (place, take) => {
  test('may have wildcards', () => {
    expect(() => take('+/é💡/#')).not.toThrow()
  })

  test.each(faultyFilters.filter(([, topic]) => !isUnset(place, topic)))('is refused: %s', (_, topic) => {
    expect(() => take(topic)).toThrow()
  })
})

describe('E45: topics of the library', () => {
  const calls: Record<
    string,
    readonly [(made: Client, topic: string) => Promise<unknown>, typeof faultyNames]
  > = {
    'publish, properties.responseTopic': [
      (made, responseTopic) => made.publish('t', 'x', { properties: { responseTopic } }),
      faultyNames,
    ],
    publish: [(made, topic) => made.publish(topic, 'x'), faultyNames],
    request: [(made, topic) => made.request(topic, 'x'), faultyNames],
    subscribe: [(made, topic) => made.subscribe(topic), faultyFilters],
  }
  test.each(Object.entries(calls))('%s', async (_, [call, faulty]) => {
    const made = await client(await server(5), { protocolVersion: 5 })
    for (const [fault, topic] of faulty) {
      const outcome = await call(made, topic).then(
        () => 'accepted',
        () => 'refused',
      )
      expect([fault, outcome]).toEqual([fault, 'refused'])
    }
  })

  test('will.topic', async () => {
    const at = await server(4)
    for (const [, topic] of faultyNames)
      await expect(client(at, { will: { topic, payload: '' } })).rejects.toThrow()
  })
})
