import { describe, expect, test } from 'vitest'
import { LinesInFlight } from '../../src/commands/lines-in-flight.js'
import { type LineDefaults, readMessage } from '../../src/recording/message.js'
import { Templates } from '../../src/recording/templates.js'
import { oblige } from '../connection/rig.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { run } from './fake-host.js'

const nothing: LineDefaults = {
  topic: undefined,
  qos: 0,
  retain: false,
  properties: undefined,
  version: 5,
}
const read = (line: unknown, defaults: Partial<LineDefaults> = {}) =>
  readMessage(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)), {
    ...nothing,
    ...defaults,
  })
const least = { topic: 't', payload: '' }

describe('a line', () => {
  test('may give all members, or leave them to the command line', () => {
    const all = { topic: 'a/b', payload: 'x', qos: 2, retain: true, time: '2026', dup: true, more: 1 }
    expect(read(all, { topic: 'z', qos: 1 })).toEqual({
      topic: 'a/b',
      payload: Buffer.from('x'),
      qos: 2,
      retain: true,
      properties: undefined,
    })
    const defaults = { topic: 'z', qos: 1, retain: true, properties: { contentType: 'c' } } as const
    for (const text of [
      { payload: '/wA=', encoding: 'base64' },
      { payload: 'Ff00', encoding: 'hex' }, // as inspect prints it
    ])
      expect(read(text, defaults)).toEqual({ ...defaults, payload: Buffer.of(255, 0) })
  })

  test.each([
    ['{"topic":', 'it is not JSON'],
    ['[1]', 'it is an array, not an object'],
    ['null', 'it is null, not an object'],
    [{ payload: '' }, 'it has no "topic"'],
    [{ topic: 7, payload: '' }, '"topic" is 7, not a string'],
    [{ topic: '', payload: '' }, '"topic" is empty'],
    [{ topic: 'a/+', payload: '' }, "Invalid publish topic 'a/+', does it contain '+' or '#'?"],
    [
      { topic: 'a/'.repeat(250), payload: '' },
      '"topic" cannot be published to: it has 250 \'/\', the limit is 200',
    ],
    [{ topic: 'a\0', payload: '' }, '"topic" cannot be published to: U+0000 at character 2 is not allowed'],
    [
      '{"topic":"\\ud800","payload":""}',
      '"topic" cannot be published to: U+D800 at character 1 is not allowed',
    ],
    [
      { topic: 'é'.repeat(32_768), payload: '' },
      '"topic" cannot be published to: it is 65536 bytes long, the limit is 65535',
    ],
    [{ topic: 't' }, 'it has no "payload"'],
    [{ topic: 't', payload: null }, '"payload" is null, not a string'],
    [{ topic: 't', payload: { a: 1 } }, '"payload" is an object, not a string'],
    ['{"topic":"t","payload":"\\udc00"}', '"payload" has a lone surrogate'],
    [{ ...least, encoding: 'utf16' }, '"encoding" is "utf16", not "utf8", "base64" or "hex"'],
    [{ ...least, payload: 'f', encoding: 'hex' }, '"payload" is not hexadecimal'],
    [{ ...least, payload: 'f g0', encoding: 'hex' }, '"payload" is not hexadecimal'],
    [{ ...least, payload: 'AP8', encoding: 'base64' }, '"payload" is not base64'],
    [{ ...least, payload: 'AP!=', encoding: 'base64' }, '"payload" is not base64'],
    [{ ...least, qos: 3 }, '"qos" is 3, not 0, 1 or 2'],
    [{ ...least, qos: '1' }, '"qos" is "1", not 0, 1 or 2'],
    [{ ...least, retain: 1 }, '"retain" is 1, not true or false'],
    [{ ...least, properties: [] }, '"properties" is an array, not an object'],
    [{ ...least, properties: { contenttype: 'x' } }, 'unknown property "contenttype"'],
    [{ ...least, properties: { contentType: 1 } }, '"contentType" is 1, not a string'],
    [{ ...least, properties: { contentType: 'a\0' } }, '"contentType" has a NUL character'],
    [{ ...least, properties: { responseTopic: 'a/#' } }, "\"responseTopic\" has '+' or '#'"],
    [{ ...least, properties: { messageExpiryInterval: -1 } }, '"messageExpiryInterval" is -1'],
    [{ ...least, properties: { messageExpiryInterval: 1.5 } }, '"messageExpiryInterval" is 1.5'],
    [{ ...least, properties: { payloadFormatIndicator: 2 } }, '"payloadFormatIndicator" is 2'],
    [{ ...least, properties: { userProperties: { a: 1 } } }, '"userProperties"."a" is 1, not a string'],
    [{ ...least, properties: { userProperties: 'a' } }, '"userProperties" is "a", not an object'],
    [{ ...least, properties: { correlationData: { base64: '?' } } }, '"correlationData" is not base64'],
    [{ ...least, properties: { correlationData: 5 } }, '"correlationData" is 5'],
  ])('%j is refused', (line, message) => {
    expect(() => read(line)).toThrow(message)
  })

  test('bytes that are not UTF-8 are refused', () => {
    expect(() => readMessage(Buffer.of(0x22, 0xff, 0x22), nothing)).toThrow('it is not UTF-8')
  })

  test('properties that belong to the receiving connection are dropped', () => {
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 60,
      correlationData: { base64: 'AP8=' },
      subscriptionIdentifier: [1, 2],
      topicAlias: 7,
    }
    expect(read({ ...least, properties }, { properties: { contentType: 'c' } }).properties).toEqual({
      contentType: 'c',
      payloadFormatIndicator: true,
      messageExpiryInterval: 60,
      correlationData: Buffer.of(0, 255),
    })
    expect(read({ ...least, properties: { topicAlias: 7 } }).properties).toBeUndefined()
  })

  test('a User Property may have any name', () => {
    const line = '{"topic":"t","payload":"","properties":{"userProperties":{"__proto__":["a","b"]}}}'
    expect(Object.entries(read(line).properties?.userProperties ?? {})).toEqual([['__proto__', ['a', 'b']]])
  })

  test('properties need MQTT 5', () => {
    const line = { ...least, properties: { contentType: 'x' } }
    expect(() => read(line, { version: 4 })).toThrow('it has properties (contentType), which need MQTT 5')
    expect(read({ ...least, properties: { topicAlias: 1 } }, { version: 4 }).properties).toBeUndefined()
  })
})

describe('E68: a recording of mosquitto_sub', () => {
  const tst = '2026-11-26T04:45:16.253935Z+0000'
  const recorded = (rest: string) => read(`{"tst":"${tst}","topic":"t","qos":0,${rest}}`)

  test.each([
    ['2.0, %j', '"retain":0,"payloadlen":3,"payload":"\\"s\\""', '"s"', false],
    ['2.0, %J', '"retain":1,"payloadlen":3,"payload":"s"', '"s"', true],
    ['2.1, %j', '"retain":true,"payloadlen":2,"mid":7,"payload":"é"', 'é', true],
    ['empty', '"retain":0,"payloadlen":0,"payload":null', '', false],
    ['%J of null', '"retain":0,"payloadlen":4,"payload":null', 'null', false],
    [
      '%J of a number',
      '"retain":0,"payloadlen":20,"payload":12345678901234567890',
      '12345678901234567890',
      false,
    ],
    ['%J of an object', '"retain":0,"payloadlen":14,"payload":{"payload":[1]}', '{"payload":[1]}', false],
    [
      '%J behind a User Property "payload"',
      '"retain":0,"payloadlen":1,"properties":{"user-properties":[{"payload":"v"}]},"payload":1',
      '1',
      false,
    ],
    [
      'our %j of bytes',
      '"retain":false,"payloadlen":2,"encoding":"base64","payload":"/wA="',
      '\xff\0',
      false,
    ],
  ])('%s', (_, rest, payload, retain) => {
    const message = recorded(rest)
    const expected = payload === '\xff\0' ? Buffer.of(255, 0) : Buffer.from(payload)
    expect(message).toMatchObject({ topic: 't', payload: expected, retain })
  })

  test.each([
    '"user-properties":{"a":"1","b":"2","a":"3"}',
    '"user-properties":[{"a":"1"},{"b":"2"},{"a":"3"}]',
  ])('properties of a recording: %s', (user) => {
    const names = `"content-type":"x","correlation-data":"cd","payload-format-indicator":1,
"message-expiry-interval":60,"response-topic":"r","topic-alias":1,"subscription-identifier":5`.replace(
      '\n',
      '',
    )
    const rest = `"retain":0,"payloadlen":1,"properties":{${user},${names}},"payload":"x"`
    const { properties } = recorded(rest)
    expect({ ...properties, userProperties: { ...properties?.userProperties } }).toEqual({
      contentType: 'x',
      correlationData: Buffer.from('cd'),
      payloadFormatIndicator: true,
      messageExpiryInterval: 60,
      responseTopic: 'r',
      userProperties: { a: ['1', '3'], b: '2' },
    })
  })

  test.each([
    ['"retain":0,"payloadlen":4,"payload":"a"', 'the payload is truncated'],
    ['"retain":2,"payloadlen":1,"payload":"a"', '"retain" is 2'],
    ['"retain":0,"payloadlen":1', 'it has no "payload"'],
    ['"retain":0,"payloadlen":1,"payload":1,"more":2', '"payload" is not its last member'],
  ])('%s is refused', (rest, message) => {
    expect(() => recorded(rest)).toThrow(message)
  })
})

describe('templates', () => {
  const kind = { topic: 't', qos: 0, retain: false, properties: undefined } as const

  test('share one template per topic, QoS, RETAIN and properties', () => {
    const templates = new Templates(5)
    const first = templates.of(kind)
    expect(templates.of({ ...kind })).toBe(first)
    const others = [
      { ...kind, topic: 'u' },
      { ...kind, qos: 1 as const },
      { ...kind, retain: true },
      { ...kind, properties: { contentType: 'x' } },
      { ...kind, properties: { correlationData: Buffer.of(1) } },
      { ...kind, properties: { correlationData: Buffer.of(2) } },
    ].map((other) => templates.of(other))
    expect(new Set([first, ...others]).size).toBe(7)
  })

  test('keep the most recently used, and no long key', () => {
    const templates = new Templates(5)
    const first = templates.of(kind)
    for (let i = 0; i < 2000; i++) {
      templates.of({ ...kind, topic: `t/${i}` })
      if (i % 100 === 0) expect(templates.of(kind)).toBe(first)
    }
    expect(templates.size).toBe(512)
    templates.of({ ...kind, topic: 'x'.repeat(2000) })
    expect(templates.size).toBe(512)
  })
})

test('the oldest line in flight, for any order of acknowledgements', () => {
  const lines = new LinesInFlight()
  expect(lines.oldest()).toBeUndefined()
  for (const [messageId, line] of [
    [65_535, 2],
    [1, 5],
    [2, 6],
  ] as const)
    lines.sent(messageId, line)
  expect(lines.oldest()).toBe(2)
  expect(lines.settled(65_535)).toBe(2)
  expect(lines.oldest()).toBe(5)
  expect(lines.settled(2)).toBe(6)
  lines.sent(2, 70_000)
  expect(lines.settled(1)).toBe(5)
  expect(lines.oldest()).toBe(70_000)
})

describe('pub --json', () => {
  const published = (server: { received: readonly { cmd: string }[] }) =>
    server.received.filter(({ cmd }) => cmd === 'publish')

  test('each line is published to its topic; blank lines are skipped', async () => {
    const server = await scriptedServer({ packet: oblige })
    const outcome = await run(['pub', '--json', '-t', 'other', '-q', '1'], server, ({ stdin }) => {
      stdin.end(
        '{"topic":"a","payload":"1","qos":0}\r\n\n \t\n{"payload":"2"}\n{"topic":"c","payload":"Aw==","encoding":"base64","retain":true}',
      )
    })
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(published(server)).toMatchObject([
      { topic: 'a', payload: Buffer.from('1'), qos: 0, retain: false },
      { topic: 'other', payload: Buffer.from('2'), qos: 1, retain: false },
      { topic: 'c', payload: Buffer.of(3), qos: 1, retain: true },
    ])
  })

  test('an invalid line ends it; earlier lines are delivered, and the report has line numbers', async () => {
    const server = await scriptedServer({ packet: oblige })
    const outcome = await run(['pub', '--json'], server, ({ stdin }) => {
      stdin.end(
        '{"topic":"a","payload":"1","qos":1}\n\n{"topic":"a","payload":"2"}\nnonsense\n{"topic":"a","payload":"3"}\n',
      )
    })
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toMatch(/^Error: Line 4: it is not JSON /)
    expect(outcome.stderr).toContain('lines acknowledged: 1, sent: 2, first without acknowledgement: 4')
    expect(outcome.stderr).toContain('tail -n +4 FILE | mqttx pub --json ...')
    expect(published(server)).toHaveLength(2)
    expect(server.received.at(-1)).toMatchObject({ cmd: 'disconnect' })
  })

  test('the first line without acknowledgement is reported by its number in the file', async () => {
    let publishes = 0
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'publish' && packet.qos === 1 && ++publishes === 2) socket.destroy()
        else oblige(packet, socket)
      },
      accept: (socket) => publishes >= 2 && socket.destroy(),
    })
    const lines = [0, 1, 0, 0, 1, 1].map((qos) => `{"topic":"t","payload":"","qos":${qos}}\n`)
    const outcome = await run(
      ['pub', '--json', '--no-reconnect'],
      server,
      ({ stdin }) => void stdin.end(lines.join('')),
    )
    expect(outcome.status).toBe(7)
    expect(outcome.stderr).toContain('lines acknowledged: 1, sent: 6, first without acknowledgement: 5')
  })

  test('a topic alias is refused', async () => {
    const outcome = await run(['pub', '--json', '--topic-alias', '1'], { at: [] })
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('topic-alias cannot be used with --json.')
  })
})
