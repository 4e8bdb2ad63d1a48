// Invalid options, and options without effect, are errors before anything is sent.
import { writeFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { type ConnectOptions, connect, MqttxError } from '../../src/library/index.js'
import { settings } from '../../src/library/settings.js'
import { answerTo, bytes } from '../connection/rig.js'
import { scratch } from '../helpers/run.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { client, kinds, server } from './rig.js'

async function refusal(made: Promise<unknown>): Promise<MqttxError> {
  const error = await made.then(
    () => new Error('nothing was refused'),
    (caught: unknown) => caught,
  )
  if (!(error instanceof MqttxError)) throw error
  return error
}

/** Checks the message and the hint. */
const wrong: readonly [url: string, options: unknown, message: string, hint: string][] = [
  ['mqtt://h', { tls: { cert: 'c', key: 'k' } }, 'tls.cert needs TLS', 'mqtts://'],
  ['ws://h', { tls: { insecure: true } }, 'tls.insecure needs TLS', 'wss://'],
  ['unix:///s', { tls: { alpn: 'mqtt' } }, 'tls.alpn needs TLS', 'tls.cafile'],
  ['mqtt://h', { tls: { keyPassphraseFile: 'f' } }, 'tls.keyPassphraseFile needs tls.key', 'PEM'],
  ['mqtts://h', { tls: { cert: 'c' } }, 'tls.cert needs tls.key', 'both'],
  ['mqtts://h', { tls: { key: 'k' } }, 'tls.key needs tls.cert', 'both'],
  ['mqtt://h', { headers: [['A', 'b']] }, 'headers needs WebSocket', 'ws:// or wss://'],
  ['mqtts://h', { headers: [['A', 'b']] }, 'headers needs WebSocket', 'ws:// or wss://'],
  ['unix:///s', { headers: [['A', 'b']] }, 'headers needs WebSocket', 'ws:// or wss://'],
  ['ws://h', { headers: [['Upgrade', 'b']] }, 'headers: Upgrade cannot be set', ''],
  ['ws://h', { headers: [['A b', 'c']] }, 'headers: the argument is not a header', 'ASCII'],
  ['mqtt://h', { sessionExpiry: 60 }, 'sessionExpiry needs MQTT 5', 'protocolVersion: 5'],
  ['mqtt://h', { protocolVersion: 3, sessionExpiry: 60 }, 'sessionExpiry needs MQTT 5', 'protocolVersion: 5'],
  ['mqtt://h', { cleanStart: false }, 'cleanStart: false needs clientId', 'Session'],
  ['mqtt://h', { protocolVersion: 5, sessionExpiry: 0xffffffff }, 'needs clientId', 'Session'],
  ['mqtt://h', { password: 'p' }, 'password needs username before MQTT 5', 'username'],
  ['mqtt://h?clientId=a', {}, "Unexpected query '?clientId=a' in the URL", 'only ws:// and wss:// have one'],
  ['ws://h/mqtt#a', {}, "Unexpected fragment '#a' in the URL", '%23'],
  ['unix://run/mqtt.sock', {}, "Unexpected host 'run' in the URL", 'unix:///'],
  ['mqtt://%FF@h', {}, 'not UTF-8', '%25'],
  ['mqtt://h', { protocolVersion: 6 }, 'protocolVersion is 6', '3, 4 or 5'],
  ['mqtt://h', { reconnects: -1 }, 'reconnects is -1', 'or Infinity'],
  ['mqtt://h', { reconnects: 1.5 }, 'reconnects is 1.5', 'or Infinity'],
  ['mqtt://h', { reconnects: Number.NaN }, 'reconnects is NaN', 'or Infinity'],
  ['mqtt://h', { reconnects: '3' }, "reconnects is '3'", 'or Infinity'],
  ['mqtt://h', { will: { topic: 'w', qos: 3 } }, 'will.qos is 3', '0, 1 or 2'],
  ['mqtt://h', { will: { topic: 'w/#' } }, "Invalid will topic 'w/#'", 'wildcard'],
  ['mqtt://h', { clean: false }, 'Unknown option clean', 'cleanStart'],
  ['mqtt://h', { user: 'x' }, 'Unknown option user', 'username'],
  ['mqtt://h', { keepalive: 3 }, 'Unknown option keepalive', 'use keepAlive'],
  ['mqtt://h', { reconnectPeriod: 1000 }, 'Unknown option reconnectPeriod', 'reconnects'],
  ['mqtts://h', { rejectUnauthorized: false }, 'Unknown option rejectUnauthorized', 'tls: { insecure'],
  ['mqtts://h', { tls: { insecur: true } }, 'Unknown option tls.insecur', 'use tls.insecure'],
  ['mqtt://h', { will: { topic: 'w', message: 'x' } }, 'Unknown option will.message', 'use payload'],
  ['mqtt://h', { clientId: 5 }, 'clientId is 5', 'must be a string'],
  ['mqtt://h', { cleanStart: 'no' }, "cleanStart is 'no'", 'must be a boolean'],
  ['mqtt://h', { username: ['a'] }, 'username is an array', 'must be a string'],
  ['mqtt://h', { username: 'a', password: 5 }, 'password is 5', 'bytes (Uint8Array)'],
  ['mqtt://h', { tls: null }, 'tls is null', 'must be an object'],
  ['mqtt://h', { retries: -1 }, 'retries is -1', 'or Infinity'],
  ['mqtt://h', { signal: {} }, 'signal is an object', 'must be an AbortSignal'],
  [
    'mqtt://h',
    { will: { topic: 'w', properties: {} } },
    'will.properties needs MQTT 5',
    'protocolVersion: 5',
  ],
  [
    'mqtt://h',
    { protocolVersion: 5, will: { topic: 'w', properties: { willDelayInterval: -1 } } },
    'will.properties.willDelayInterval is -1',
    '4294967295',
  ],
  ['mqtts://h', { tls: { keyPassphrase: 'x' } }, 'tls.keyPassphrase needs tls.key', 'PEM'],
  ['mqtts://h', { tls: { ca: 'x' } }, 'ca does not contain a certificate in PEM format', 'CA'],
  ['mqtt://h', { will: {} }, 'will.topic is undefined', 'must be a string'],
  ['ws://h', { headers: { A: 'b' } }, 'headers is an object', '[name, value]'],
  ['mqtt://h', { onRetry: 1 }, 'onRetry is 1', 'must be a function'],
  ['mqtt://h', { will: { topic: 'w', payload: Buffer.alloc(65_536) } }, 'will.payload', '65535'],
]

test.each(wrong.map(([url, options, message, hint]) => ({ url, options, message, hint })))(
  'E50, E51 $url: $message',
  async ({ url, options, message, hint }) => {
    const error = await refusal(settings(url, options as ConnectOptions))
    expect(error.message).toContain(message)
    expect(error.hint ?? '').toContain(hint)
  },
)

test.each([[5], [null], [{}]])('E51 the URL %o is refused', async (url) => {
  expect((await refusal(settings(url as never, {}))).hint).toBe('must be a string or URL')
})

test('H56 options of a prototype are not read', async () => {
  const polluted = { insecure: true, cafile: '/nowhere', keepAlive: -1, servername: 'x', psk: '00' }
  Object.assign(Object.prototype, polluted)
  try {
    const { endpoint, keepAlive } = await settings('mqtts://h', { tls: {} })
    expect([endpoint.tls?.checkHost, endpoint.tls?.servername, keepAlive]).toEqual([true, undefined, 60])
  } finally {
    for (const name of Object.keys(polluted)) delete (Object.prototype as Record<string, unknown>)[name]
  }
})

test('connect() rejects with it', async () => {
  await expect(connect('mqtt://localhost', { sessionExpiry: 1 })).rejects.toThrow(
    'sessionExpiry needs MQTT 5',
  )
})

describe('valid options', () => {
  const ca = `${scratch('ca')}/ca.crt`
  writeFileSync(ca, rootCertificates[0]!)
  test.each<[string, ConnectOptions, object]>([
    ['mqtt://h', {}, { reconnects: Number.POSITIVE_INFINITY }],
    ['mqtt://h', { reconnects: 0 }, { reconnects: 0 }],
    ['mqtt://h', { reconnects: Number.POSITIVE_INFINITY }, { reconnects: Number.POSITIVE_INFINITY }],
    ['mqtt://h', { tls: { cafile: ca } }, { endpoint: { tls: { checkHost: true } } }],
    ['mqtt://h:8883', { tls: { cafile: ca, insecure: true } }, { endpoint: { tls: { checkHost: false } } }],
    ['mqtts://h', { tls: { cafile: ca, alpn: 'mqtt' } }, { endpoint: { tls: { alpn: 'mqtt' } } }],
    [
      'ws://h/mqtt?a=%20',
      { headers: [['A', 'b']] },
      { endpoint: { webSocket: { path: '/mqtt?a=%20', headers: [['A', 'b']] } } },
    ],
    ['mqtt://h', { protocolVersion: 5, sessionExpiry: 60 }, { sessionExpiry: 60, version: 5 }],
    ['mqtt://h', { protocolVersion: 5, password: 'p' }, { username: undefined }],
    ['mqtt://h', { cleanStart: false, clientId: 'a' }, { cleanStart: false }],
    ['mqtt://h', { will: { topic: 'w', qos: 2 } }, { will: { topic: 'w', qos: 2 } }],
  ])('%s %o', async (url, options, expected) => {
    expect(await settings(url, options)).toMatchObject(expected)
  })

  test('empty and false options have no effect', async () => {
    const { endpoint } = await settings('mqtt://h', { tls: { insecure: false }, headers: [] })
    expect([endpoint.tls, endpoint.webSocket]).toEqual([undefined, undefined])
  })
})

describe('of a call', () => {
  test.each([3, -1, 0.5, Number.NaN, '1'])('qos %o is refused, and nothing is sent', async (value) => {
    const broker = await server(4)
    const ours = await client(broker)
    const qos = value as 0
    const said = `qos is ${typeof value === 'string' ? `'${value}'` : value}`
    for (const call of [ours.publish('t', 'x', { qos }), ours.subscribe('t', { qos })]) {
      expect(await refusal(call)).toMatchObject({ message: said, hint: 'must be 0, 1 or 2' })
    }
    await ours.close()
    expect(kinds(broker)).toEqual(['connect', 'disconnect'])
  })

  test('E50, E51 unknown names and wrong types are refused, and nothing is sent', async () => {
    const broker = await server(4)
    const ours = await client(broker)
    const calls: [Promise<unknown>, message: string, hint: string][] = [
      [ours.publish('t', 5 as never), 'payload is 5', 'Uint8Array'],
      [ours.publish('t', {} as never), 'payload is an object', 'Uint8Array'],
      [ours.publish(5 as never, 'x'), 'topic is 5', 'must be a string'],
      [ours.publish('t', 'x', { retained: true } as never), 'Unknown option retained', 'use retain'],
      [ours.publish('t', 'x', { retain: 1 as never }), 'retain is 1', 'must be a boolean'],
      [
        ours.subscribe([5] as never),
        'filter is an array',
        'must be a string or list of strings that is not empty',
      ],
      [ours.subscribe([]), 'filter is an array', 'must be a string or list of strings that is not empty'],
      [ours.subscribe('a', { nl: true } as never), 'Unknown option nl', 'use noLocal'],
    ]
    for (const [call, message, hint] of calls) {
      const error = await refusal(call)
      expect([error.message, error.hint]).toEqual([message, expect.stringContaining(hint)])
    }
    await ours.close()
    expect(kinds(broker)).toEqual(['connect', 'disconnect'])
  })

  test('options of MQTT 5 need MQTT 5', async () => {
    const broker = await server(5)
    const ours = await client(broker, { protocolVersion: 5 })
    expect((await refusal(ours.request('t', 'x', { qos: 3 as 0 }))).message).toBe('qos is 3')
    for (const timeout of [0, -1, Number.NaN, 2_147_484]) {
      expect((await refusal(ours.request('t', 'x', { timeout }))).message).toBe(`timeout is ${timeout}`)
    }
    const options = { retainHandling: 3 as 0 }
    expect((await refusal(ours.subscribe('t', options))).message).toBe('retainHandling is 3')
    await ours.close()
    expect(kinds(broker)).toEqual(['connect', 'disconnect'])
  })
})

test('maxInFlight also limits queued messages', async () => {
  const broker = await scriptedServer({
    packet(packet, socket) {
      const answer = answerTo(packet)
      if (answer === undefined) return
      if (packet.cmd === 'publish') {
        most = Math.max(most, ++under)
        setImmediate(() => {
          under--
          socket.write(bytes(answer))
        })
      } else socket.write(bytes(answer))
    },
  })
  let under = 0
  let most = 0
  const ours = await client(broker, { maxInFlight: 3 })
  await Promise.all(Array.from({ length: 100 }, () => ours.publish('t', 'x', { qos: 1 })))
  expect(most).toBe(3)
})
