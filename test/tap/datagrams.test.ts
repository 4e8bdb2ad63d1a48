// tap over UDP: a gateway and clients made of sockets, in this process.
import { createSocket, type Socket } from 'node:dgram'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FollowedTopics } from '../../src/tap/datagram-head.js'
import { type DatagramTapOptions, startDatagramTap } from '../../src/tap/datagrams.js'
import { parseFault } from '../../src/tap/fault-language.js'
import { Faults } from '../../src/tap/faults.js'
import type { Watcher } from '../../src/tap/tap.js'
import { once, sleep } from '../helpers/wait.js'

interface End {
  readonly socket: Socket
  readonly port: number
  /** What has arrived: bytes in hexadecimal, and from which port. */
  readonly got: { readonly hex: string; readonly port: number }[]
}

async function end(): Promise<End> {
  const socket = createSocket('udp4')
  const got: End['got'] = []
  socket.on('message', (bytes, { port }) => void got.push({ hex: bytes.toString('hex'), port }))
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
  onTestFinished(() => void socket.close())
  return { socket, port: socket.address().port, got }
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const plain = (hex: string): string => hex.replaceAll(' ', '')

async function setUp(rules: readonly string[] = [], options: Partial<DatagramTapOptions> = {}) {
  const gateway = await end()
  const client = await end()
  const lines: string[] = []
  const seen: string[] = []
  const watcher: Watcher = {
    opened: (id, from, to) => void seen.push(`opened ${id} ${from} ${to}`),
    passed: (id, direction, bytes) => void seen.push(`${id} ${direction} ${bytes.toString('hex')}`),
    applied: (id, { rule, offset, size, type }) =>
      void seen.push(`${id} ${rule.text}: ${type} at ${offset}, ${size}`),
    answered: (id, bytes) => void seen.push(`${id} answered ${bytes.toString('hex')}`),
    closed: (id) => void seen.push(`closed ${id}`),
  }
  const faults = new Faults(
    rules.map((rule) => parseFault(rule, '--fault', 'mqtt-sn')),
    1,
  )
  const tap = await startDatagramTap({
    listener: { bind: '127.0.0.1', port: 0 },
    target: { host: '127.0.0.1', port: gateway.port },
    connectMs: 5000,
    report: (line, hint) => void lines.push(hint === undefined ? line : `${line} (${hint})`),
    watcher,
    ...(rules.length > 0 && { faults: () => faults }),
    ...options,
  })
  onTestFinished(() => tap.close())
  const port = Number(/:(\d+)$/.exec(tap.urls[0]!)![1])
  const send = (hex: string, from = client) =>
    new Promise<void>((done) => from.socket.send(bytesOf(hex), port, '127.0.0.1', () => done()))
  /** Sends to the gateway, and waits until it has arrived. */
  const arrives = async (hex: string, from = client) => {
    const count = gateway.got.length
    await send(hex, from)
    await once(() => gateway.got.length > count)
  }
  const reply = (hex: string, to = gateway.got.at(-1)!.port) =>
    new Promise<void>((done) => gateway.socket.send(bytesOf(hex), to, '127.0.0.1', () => done()))
  const hexes = (one: End) => one.got.map(({ hex }) => hex)
  return { ...{ gateway, client, lines, seen, faults, tap, port }, send, arrives, reply, hexes }
}

const connect = '07 04 04 01 000a 61'
const connack = '03 05 00'
const register = '07 0a 0000 0001 61'
const publish = (id: string, payload = '61') => `08 0c 20 0005 ${id} ${payload}`

test('each client has a socket of its own towards the gateway, and gets its answers', async () => {
  const { gateway, client, arrives, reply, hexes, tap, seen } = await setUp()
  const other = await end()
  await arrives(connect)
  await reply(connack)
  await arrives(register, other)
  await reply('07 0b 0005 0001 00')
  await once(() => client.got.length === 1 && other.got.length === 1)
  expect(hexes(gateway)).toEqual([connect, register].map(plain))
  expect(new Set(gateway.got.map(({ port }) => port)).size).toBe(2)
  expect([hexes(client), hexes(other)]).toEqual([[plain(connack)], ['070b0005000100']])
  expect(tap.connections()).toBe(2)
  expect(seen).toContain(`opened 1 127.0.0.1:${client.port} 127.0.0.1:${gateway.port}`)
  expect(seen.filter((line) => !line.startsWith('opened'))).toEqual([
    `1 c2s ${plain(connect)}`,
    `1 s2c ${plain(connack)}`,
    `2 c2s ${plain(register)}`,
    '2 s2c 070b0005000100',
  ])
})

test('what is no message passes as it is: garbage, a datagram of 60,000 bytes', async () => {
  const { gateway, arrives } = await setUp(['publish drop'])
  await arrives('ff')
  const large = '00'.repeat(60_000)
  await arrives(large)
  expect(gateway.got.map(({ hex }) => hex)).toEqual(['ff', large])
})

describe('faults', () => {
  test('drop, by number, from either side', async () => {
    const { gateway, client, send, arrives, reply, hexes, seen } = await setUp([
      'publish #2 drop',
      'puback drop',
    ])
    await arrives(publish('0001'))
    await reply('07 0d 0005 0001 00')
    await send(publish('0002'))
    await arrives(publish('0003'))
    await reply('02 17')
    await once(() => client.got.length > 0)
    expect(hexes(gateway)).toEqual([plain(publish('0001')), plain(publish('0003'))])
    expect(hexes(client)).toEqual(['0217'])
    expect(seen.filter((line) => line.includes(' at '))).toEqual([
      '1 puback drop: 13 at 0, 7',
      '1 publish #2 drop: 12 at 8, 8',
    ])
  })

  test('duplicate and truncate', async () => {
    const { gateway, arrives, send, hexes } = await setUp([
      'register duplicate',
      'publish truncate 3',
      'pingreq truncate 0',
    ])
    await arrives(register)
    await once(() => gateway.got.length === 2)
    await send('02 16')
    await arrives(publish('0001'))
    expect(hexes(gateway)).toEqual([plain(register), plain(register), '080c20'])
  })

  test('delay holds up one datagram: those after it overtake it', async () => {
    const { gateway, send, hexes } = await setUp(['publish #1 delay 200ms'])
    await send(publish('0001'))
    await send(publish('0002'))
    await once(() => gateway.got.length === 2)
    expect(hexes(gateway)).toEqual([plain(publish('0002')), plain(publish('0001'))])
  })

  test('answer: the CONNECT does not reach the gateway', async () => {
    const { gateway, client, send, arrives, hexes, seen } = await setUp(['connect #1 answer 1'])
    await send(connect)
    await once(() => client.got.length === 1)
    await arrives(connect)
    expect([hexes(gateway), hexes(client)]).toEqual([[plain(connect)], ['030501']])
    expect(seen).toContain('1 answered 030501')
  })

  test('a message behind a forwarder is found, and its answer is encapsulated', async () => {
    const { client, send, hexes } = await setUp(['connect client=a answer 3'])
    await send(`05 fe 01 0b0c ${connect}`)
    await once(() => client.got.length === 1)
    expect(hexes(client)).toEqual(['05fe010b0c030503'])
  })

  test('topic=: by the name that was registered, of short topic names too', async () => {
    const { gateway, client, send, arrives, reply } = await setUp([
      'publish topic=a drop',
      'publish topic=+ duplicate',
    ])
    await arrives(register)
    await reply('07 0b 0005 0001 00')
    await once(() => client.got.length === 1)
    await send(publish('0002'))
    await arrives('08 0c 02 7879 0000 61')
    await once(() => gateway.got.length === 3)
    await arrives('08 0c 01 0005 0000 61') // predefined: its name is not known
    expect(gateway.got.map(({ hex }) => hex.slice(0, 10))).toEqual([
      '070a000000',
      '080c027879',
      '080c027879',
      '080c010005',
    ])
  })

  test('p=: the same seed drops the same datagrams', async () => {
    const run = async () => {
      const { gateway, arrives, send } = await setUp(['publish p=0.4 drop'])
      for (let id = 1; id <= 20; id++) await send(publish(id.toString(16).padStart(4, '0')))
      await arrives('02 16')
      return gateway.got.map(({ hex }) => hex)
    }
    const first = await run()
    expect(first.length).toBeLessThan(18)
    expect(first.length).toBeGreaterThan(5)
    expect(await run()).toEqual(first)
  })
})

test('without a gateway: reported once, and it goes on when there is one', async () => {
  const nobody = await end()
  const { port: free } = nobody
  await new Promise<void>((done) => nobody.socket.close(done))
  nobody.socket.close = () => nobody.socket
  const { send, lines } = await setUp([], { target: { host: '127.0.0.1', port: free } })
  await once(async () => {
    await send(connect)
    return lines.length > 0
  })
  await send(connect)
  await sleep(50)
  expect(lines).toEqual([
    expect.stringMatching(/^MQTT-SN: 127\.0\.0\.1:\d+: Connection refused\. \(is the gateway there\?\)$/),
  ])
  const gateway = createSocket('udp4')
  onTestFinished(() => void gateway.close())
  const got: string[] = []
  gateway.on('message', (bytes) => void got.push(bytes.toString('hex')))
  await new Promise<void>((done) => gateway.bind(free, '127.0.0.1', done))
  await once(async () => {
    await send(register)
    return got.includes(plain(register))
  })
})

test('the table is bounded: the client that was silent longest gets another socket', async () => {
  const { arrives, seen, gateway } = await setUp([], { mostClients: 2 })
  const clients = [await end(), await end(), await end()]
  await arrives(register, clients[0])
  await arrives(register, clients[1])
  await arrives(register, clients[0])
  await arrives(register, clients[2])
  expect(seen).toContain('closed 2')
  await arrives(register, clients[0])
  await arrives(register, clients[1])
  const ports = gateway.got.map(({ port }) => port)
  expect(ports[0]).toBe(ports[2])
  expect(ports[0]).toBe(ports[4])
  expect(ports[5]).not.toBe(ports[1])
})

test('datagrams that are delayed are bounded: the others are dropped, and that is reported', async () => {
  const { send, lines, arrives } = await setUp(['publish delay 100s'])
  const large = `01 ea60 0c 20 0005 0001 ${'61'.repeat(59_991)}`
  for (let sent = 0; sent < 300 && lines.length === 0; sent++) {
    await send(large)
    await arrives('02 16')
  }
  expect(lines).toEqual(['MQTT-SN: too many datagrams are delayed: some are dropped.'])
})

test('a target that is the tap itself is refused', async () => {
  const { port } = await end()
  await expect(
    startDatagramTap({
      listener: { bind: '0.0.0.0', port: 0 },
      target: { host: '127.0.0.1', port },
      connectMs: 5000,
      report() {},
    }).then(async (tap) => {
      const own = Number(/:(\d+)$/.exec(tap.urls[0]!)![1])
      await tap.close()
      return startDatagramTap({
        listener: { bind: '127.0.0.1', port: own },
        target: { host: 'localhost', port: own },
        connectMs: 5000,
        report() {},
      })
    }),
  ).rejects.toThrow('the target is this tap itself')
})

test('1,000 topic ids are followed', () => {
  const known = (count: number) => {
    const topics = new FollowedTopics()
    for (let topicId = 1; topicId <= count; topicId++)
      topics.read({ type: 'register', topicId, messageId: 1, name: `t${topicId}` }, 's2c')
    const topic = { kind: 'normal', id: 1 } as const
    const flags = { dup: false, qos: 0, retain: false } as const
    return topics.read({ type: 'publish', ...flags, topic, messageId: 0, data: Buffer.of() }, 'c2s')
  }
  expect([known(1000), known(1001)]).toEqual(['t1', undefined])
})
