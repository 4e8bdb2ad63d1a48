// tap(): a proxy in the process of a test suite.
import { createSocket } from 'node:dgram'
import { expect, onTestFinished, test } from 'vitest'
import { connect, startBroker, type Tap, type TapOptions, tap } from '../../src/library/index.js'
import { once } from '../helpers/wait.js'
import { client } from './rig.js'

async function between(options: Partial<TapOptions> = {}): Promise<Tap> {
  const broker = await startBroker({ wsPort: 0 })
  const made = await tap({ to: broker.url, ...options })
  onTestFinished(async () => {
    await made.close()
    await broker.close()
  })
  return made
}

test('a lost PUBACK: the client resends, and the packets say so', async () => {
  const made = await between({ faults: 'puback s2c #1 close' })
  const packets = made.packets()
  const me = await client(made)
  await me.publish('door', 'open', { qos: 1 })
  const seen: string[] = []
  for await (const { connection, direction, type, dup } of packets) {
    seen.push(`${connection} ${direction} ${type}${dup ? ' dup' : ''}`)
    if (dup) break
  }
  expect(seen.filter((text) => text.includes('PUB'))).toEqual([
    '1 c2s PUBLISH',
    '1 s2c PUBACK',
    '2 c2s PUBLISH dup',
  ])
  expect(made.faults()).toEqual([{ rule: 'puback s2c #1 close', applied: 1 }])
  expect(await packets.next()).toEqual({ value: undefined, done: true })
})

test('rules can be replaced while a connection is open', async () => {
  const made = await between()
  const me = await client(made, { protocolVersion: 5 })
  const subscription = await me.subscribe('t', { qos: 1 })
  await me.publish('t', 'one')
  expect(`${(await subscription.next()).value!.payload}`).toBe('one')
  made.setFaults(['publish c2s topic=t drop'])
  await me.publish('t', 'lost')
  await once(() => made.faults()[0]!.applied === 1)
  made.setFaults([])
  await me.publish('t', 'two')
  expect(`${(await subscription.next()).value!.payload}`).toBe('two')
})

test.each([[[]], [['publish drop']], ['publish drop']])(
  'the same rules at the start and later: %j',
  async (faults) => {
    const made = await between({ faults })
    const expected = [faults].flat().map((rule) => ({ rule, applied: 0 }))
    expect(made.faults()).toEqual(expected)
    made.setFaults('puback drop')
    made.setFaults(faults)
    expect(made.faults()).toEqual(expected)
  },
)

test.each([[7], [null], [{}], [[7]], [[['publish drop']]]])('no rules: %j', async (faults) => {
  const given = faults as unknown as string
  await expect(between({ faults: given })).rejects.toThrow(/^faults is /)
  const made = await between({ faults: 'publish drop' })
  expect(() => made.setFaults(given)).toThrow(/^faults is /)
  expect(made.faults()).toEqual([{ rule: 'publish drop', applied: 0 }])
})

test('over WebSocket, and to an address of ours', async () => {
  const made = await between({ wsPort: 0, host: '127.0.0.1' })
  expect(made.urls).toEqual([made.url, expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/mqtt$/)])
  const me = await connect(made.urls[1]!)
  await me.publish('t', 'x', { qos: 2 })
  await me.close()
})

test('an answer in place of the server', async () => {
  const made = await between({ faults: ['connect answer 0x97 times=1'] })
  await expect(client(made, { protocolVersion: 5 })).rejects.toMatchObject({ reasonCode: 0x97 })
  await (await client(made, { protocolVersion: 5 })).close()
})

test('packets are bounded', async () => {
  const made = await between()
  const packets = made.packets()
  const me = await client(made)
  for (let count = 0; count < 1500; count++) void me.publish('t', String(count), { qos: 0 })
  await me.publish('t', 'last', { qos: 1 })
  await once(() => packets.dropped > 0)
  expect((await packets.next()).value).toMatchObject({ type: 'CONNECT' })
  await me.close()
  await made.close()
  let count = 1
  for await (const packet of packets) {
    expect(packet.connection).toBe(1)
    count++
  }
  expect(count).toBeLessThanOrEqual(1001)
  expect(packets.dropped).toBeGreaterThan(490)
})

test('close ends the connections and the packets, twice, and by await using', async () => {
  const made = await between()
  const packets = made.packets()
  const me = await client(made, { reconnects: 0 })
  await Promise.all([made.close(), made[Symbol.asyncDispose]()])
  await expect(me.closed).rejects.toThrow()
  const types: string[] = []
  for await (const { type } of packets) types.push(type)
  expect(types).toEqual(['CONNECT', 'CONNACK'])
})

test.each([
  [{ to: 'http://localhost' }, "Unsupported URL scheme 'http://'"],
  [{ to: 'mqtt://localhost', listen: -1 }, 'listen is -1'],
  [{ to: 'mqtt://localhost', seed: 0.5 }, 'seed is 0.5'],
  [{ to: 'mqtt://localhost', fault: 'all drop' }, 'Unknown option fault'],
  [{ to: 'mqtt://localhost', faults: 'all drpo' }, "faults: unknown word 'drpo'\n  all drpo\n      ^"],
])('the options %j are refused', async (options, message) => {
  await expect(tap(options as TapOptions)).rejects.toMatchObject({ message })
})

test('a target that is down is reported to onLog', async () => {
  const broker = await startBroker()
  await broker.close()
  const lines: string[] = []
  const made = await tap({ to: broker.url, onLog: (line) => void lines.push(line) })
  onTestFinished(() => made.close())
  await expect(client(made)).rejects.toThrow()
  await once(() => lines.length > 0)
  expect(lines[0]).toMatch(/not connected: Connection refused/)
})

test('MQTT-SN: datagrams to a gateway, with faults and packets', async () => {
  const sockets = [createSocket('udp4'), createSocket('udp4')] as const
  const [gateway, client] = sockets
  for (const socket of sockets) {
    await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
    onTestFinished(() => void socket.close())
  }
  const got: string[] = []
  gateway.on('message', (bytes) => void got.push(bytes.toString('hex')))
  const to = `mqtt-sn://127.0.0.1:${gateway.address().port}` as const
  await using proxy = await tap({ to, faults: 'publish #1 drop' })
  const packets = proxy.packets()
  expect(proxy.url).toBe(`mqtt-sn://127.0.0.1:${proxy.port}`)
  for (const hex of ['080c626161000061', '0216'])
    client.send(Buffer.from(hex, 'hex'), proxy.port, '127.0.0.1')
  expect((await packets.next()).value).toMatchObject({ type: 'PUBLISH', protocol: 'mqtt-sn', qos: -1 })
  expect((await packets.next()).value).toMatchObject({ type: 'PINGREQ' })
  await once(() => got.length > 0)
  expect(got).toEqual(['0216'])
  expect(proxy.faults()).toEqual([{ rule: 'publish #1 drop', applied: 1 }])
  await expect(tap({ to, wsPort: 0 })).rejects.toThrow('wsPort is for TCP')
})
