// User Properties keep their order, on the wire and in the output (MQTT 5.0, 3.3.2.3.7).
import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { preparePublish } from '../../src/codec/publish-properties.js'
import { addUserProperty, noUserProperties, pairsOf } from '../../src/codec/user-properties.js'
import { bytes } from '../connection/rig.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { run } from './fake-host.js'

type Pairs = readonly (readonly [string, string])[]
const orders: readonly [name: string, pairs: Pairs][] = [
  [
    'interleaved',
    [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ],
  ],
  [
    'numbers as names',
    [
      ['10', '1'],
      ['9', '2'],
      ['10', '3'],
    ],
  ],
  [
    '__proto__',
    [
      ['__proto__', '1'],
      ['b', '2'],
      ['__proto__', '3'],
    ],
  ],
  [
    'grouped',
    [
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
    ],
  ],
]

const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
const wire = (pairs: Pairs) =>
  Buffer.concat(pairs.map(([name, value]) => Buffer.concat([Buffer.from([0x26]), text(name), text(value)])))

/** Records the bytes of clients, and sends a message with `pairs` to each subscriber. */
async function server(pairs: Pairs) {
  const heard: Buffer[] = []
  const body = Buffer.concat([text('t'), Buffer.from([wire(pairs).length]), wire(pairs), Buffer.from('x')])
  const publish = Buffer.concat([Buffer.from([0x30, body.length]), body])
  const scripted = await scriptedServer({
    accept: (socket) => void socket.on('data', (chunk) => heard.push(chunk)),
    packet({ cmd, messageId = 0 }, socket) {
      const accepted = { cmd: 'connack', reasonCode: 0, sessionPresent: false } as Packet
      if (cmd === 'connect') socket.write(bytes(accepted, 5))
      if (cmd !== 'subscribe') return
      socket.write(bytes({ cmd: 'suback', messageId, granted: [0] }, 5))
      socket.write(publish)
    },
  })
  return { ...scripted, heard: () => Buffer.concat(heard) }
}

describe.each(orders)('H17: %s', (_, pairs) => {
  test('pub --user-property', async () => {
    const broker = await server(pairs)
    const words = pairs.flatMap(([name, value]) => ['-D', 'publish', 'user-property', name, value])
    const outcome = await run(
      ['pub', '-t', 't', '-m', 'x', '-V', '5', '--content-type', 'c', ...words],
      broker,
    )
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(broker.heard().indexOf(wire(pairs))).toBeGreaterThan(0)
  })

  test('pub --json of the output of sub -F %j', async () => {
    const broker = await server(pairs)
    const printed = await run(['sub', '-t', 't', '-V', '5', '-C', '1', '-F', '%j'], broker)
    const list = pairs.map(([name, value]) => `{${JSON.stringify(name)}:${JSON.stringify(value)}}`)
    expect(printed.stdout).toContain(`[${list.join(',')}]`)
    const other = await server(pairs)
    const outcome = await run(
      ['pub', '-V', '5', '--json'],
      other,
      ({ stdin }) => void stdin.end(printed.stdout),
    )
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(other.heard().indexOf(wire(pairs))).toBeGreaterThan(0)
  })

  test('sub -F %P', async () => {
    const outcome = await run(['sub', '-t', 't', '-V', '5', '-C', '1', '-F', '%P'], await server(pairs))
    expect(outcome.stdout).toBe(`${pairs.map((pair) => pair.join(':')).join(' ')}\n`)
  })
})

test('H17: other properties keep their bytes and position, and a long block its length', () => {
  const userProperties = noUserProperties()
  for (let number = 0; number < 100; number++) addUserProperty(userProperties, `n${number % 7}`, `${number}`)
  const properties = { contentType: 'c', userProperties, messageExpiryInterval: 7 }
  const template = preparePublish('t', { qos: 0, retain: false, version: 5, properties })
  const expected = Buffer.concat([
    Buffer.from([3, 0, 1, 0x63]),
    wire(pairsOf(userProperties)),
    Buffer.from([2, 0, 0, 0, 7]),
  ])
  const length = Buffer.from([(expected.length & 127) | 128, expected.length >> 7])
  expect(template.properties).toEqual(Buffer.concat([length, expected]))
})
