// Messages in both directions: window, back-pressure, acknowledgements.
import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Connection } from '../../src/connection/connection.js'
import { Trace } from '../../src/connection/trace.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { once, sleep } from '../helpers/wait.js'
import {
  accepting,
  bareServer,
  bytes,
  connectionTo,
  failureOf,
  messages,
  oblige,
  optionsFor,
  publishBytes,
  template,
} from './rig.js'

const kibibyte = 1024

/** After so long without progress the server is not reading. */
const standstillMs = 400

describe('the window', () => {
  test('the connection is not ready when it is full, and drain waits for an acknowledgement', async () => {
    const held: (() => void)[] = []
    const server = await scriptedServer(
      accepting((packet, socket) => held.push(() => oblige(packet, socket))),
    )
    const connection = connectionTo(server, { maxInFlight: 2 })
    await connection.connect()

    expect([connection.publish(template(1), Buffer.from('a')), connection.ready]).toEqual([1, true])
    expect([connection.publish(template(1), Buffer.from('b')), connection.ready]).toEqual([2, false])
    expect([connection.ready, connection.inFlight]).toEqual([false, 2])

    let drained = false
    const draining = connection.drain().then(() => (drained = true))
    await once(() => held.length === 2)
    await sleep(20)
    expect(drained).toBe(false)
    held[0]!()
    await draining
    expect([connection.ready, connection.inFlight]).toEqual([true, 1])
  })

  test("of MQTT 5 is never above the server's Receive Maximum [MQTT-3.3.4-7]", async () => {
    const properties = { receiveMaximum: 3 }
    const accepted = bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties }, 5)
    let unacknowledged = 0
    let most = 0
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') return void socket.write(accepted)
        most = Math.max(most, ++unacknowledged)
        setImmediate(() => {
          unacknowledged--
          socket.write(bytes({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 }, 5))
        })
      },
    })
    const settled: number[] = []
    const connection = connectionTo(
      server,
      { version: 5, maxInFlight: 100 },
      { settled: (code) => settled.push(code) },
    )
    await connection.connect()
    for (let i = 0; i < 50; i++) {
      connection.publish(template(1, 5), Buffer.from(`${i}`))
      if (!connection.ready) await connection.drain()
    }
    await connection.idle()
    expect(most).toBe(3)
    expect(settled).toEqual(Array(50).fill(0))
    expect(messages(server)).toHaveLength(50)
  })

  test('a refusal is reported with its Reason Code', async () => {
    const accepted = bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5)
    const refusal = (messageId: number) => bytes({ cmd: 'puback', messageId, reasonCode: 0x87 }, 5)
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(accepted)
        if (packet.cmd === 'publish') socket.write(refusal(packet.messageId!))
      },
    })
    const settled: number[] = []
    const connection = connectionTo(server, { version: 5 }, { settled: (code) => settled.push(code) })
    await connection.connect()
    connection.publish(template(1, 5), Buffer.from('x'))
    await connection.idle()
    expect(settled).toEqual([0x87])
  })
})

describe('a server that does not read', () => {
  test('stops the publisher with bounded memory, and gets everything when it reads again', async () => {
    let received = 0
    let server: Socket | undefined
    const { port } = await bareServer((socket) => {
      socket.once('data', () => {
        socket.on('data', (chunk: Buffer) => (received += chunk.length))
        socket.write(Buffer.of(0x20, 2, 0, 0))
        socket.pause()
        server = socket
      })
    })
    const connection = connectionTo({ port })
    await connection.connect()

    const payload = Buffer.alloc(kibibyte, 'x')
    const size = 3 + 3 + payload.length // Fixed Header and Topic Name have 3 bytes each
    let sent = 0
    while (connection.ready && sent * size < 100 * 1024 * kibibyte) {
      sent++
      connection.publish(template(0), payload)
      if (!connection.ready) await Promise.race([connection.drain(), sleep(standstillMs)])
    }
    expect(connection.ready).toBe(false)
    expect(sent * size).toBeLessThan(32 * 1024 * kibibyte) // the buffers of a loopback connection

    let drained = false
    const draining = connection.drain().then(() => (drained = true))
    await sleep(50)
    expect(drained).toBe(false)
    server!.resume()
    await draining
    await connection.close()
    const disconnect = 2
    expect(received).toBe(sent * size + disconnect)
  })
})

describe('received messages', () => {
  test('are delivered one by one, then the chunk ends, then they are acknowledged together', async () => {
    const words: string[] = []
    const chunks: Buffer[] = []
    let server: Socket | undefined
    const { port } = await bareServer((socket) => {
      server = socket
      socket.once('data', () => {
        socket.write(Buffer.of(0x20, 2, 0, 0))
        socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      })
    })
    const connection = connectionTo(
      { port },
      {},
      {
        message: ({ payload }) => words.push(payload.toString()),
        chunkEnd: () => void words.push('end'),
      },
    )
    await connection.connect()
    server!.write(Buffer.concat([1, 2, 3].map((id) => publishBytes(1, id, `m${id}`))))
    await once(() => chunks.length > 0)
    expect(words).toEqual(['end', 'm1', 'm2', 'm3', 'end']) // the first chunk was CONNACK
    expect(chunks).toEqual([Buffer.from('400200014002000240020003', 'hex')])
  })

  test('are not acknowledged, and nothing is read, until the promise of chunkEnd resolves', async () => {
    const server = await scriptedServer({ packet: oblige, accept: (socket) => (toClient = socket) })
    let toClient: Socket | undefined
    let printed = () => {}
    const received: string[] = []
    const connection = connectionTo(
      server,
      {},
      {
        message: ({ payload }) => received.push(payload.toString()),
        chunkEnd: () =>
          received.length === 1 ? new Promise<void>((resolve) => (printed = resolve)) : undefined,
      },
    )
    await connection.connect()
    toClient!.write(publishBytes(1, 1, 'a'))
    await once(() => received.length === 1)
    toClient!.write(publishBytes(1, 2, 'b'))
    await sleep(50)
    expect(received).toEqual(['a'])
    expect(server.received.map(({ cmd }) => cmd)).toEqual(['connect'])

    printed()
    await once(() => server.received.length === 3)
    expect(received).toEqual(['a', 'b'])
    expect(server.received.slice(1).map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ['puback', 1],
      ['puback', 2],
    ])
  })

  test('at QoS 2 are delivered once when received twice', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') {
          socket.write(Buffer.concat([bytes({ cmd: 'connack', returnCode: 0, sessionPresent: false })]))
          socket.write(Buffer.concat([publishBytes(2, 7, 'x'), publishBytes(2, 7, 'x')]))
        } else if (packet.cmd === 'pubrec') oblige(packet, socket)
      },
    })
    const received: string[] = []
    const connection = connectionTo(
      server,
      {},
      { message: ({ payload }) => received.push(payload.toString()) },
    )
    await connection.connect()
    await once(() => server.received.at(-1)?.cmd === 'pubcomp')
    expect(received).toEqual(['x'])
  })

  test('after stopDelivery() are neither delivered nor acknowledged', async () => {
    const burst = [1, 2, 3].map((id) => publishBytes(1, id, `m${id}`))
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect')
          socket.write(bytes({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
        if (packet.cmd === 'subscribe') socket.write(Buffer.concat([...burst, publishBytes(2, 4, 'm4')]))
      },
    })
    const received: string[] = []
    const connection = connectionTo(
      server,
      {},
      {
        message({ payload }) {
          received.push(payload.toString())
          connection.stopDelivery()
        },
      },
    )
    await connection.connect()
    connection.subscribe(['t'], { qos: 2 })
    connection.flush()
    await once(() => server.received.at(-1)?.cmd === 'puback')
    await connection.close()
    expect(received).toEqual(['m1'])
    expect(server.received.slice(2).map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ['puback', 1],
      ['disconnect', undefined],
    ])
  })

  test('are not acknowledged after discard()', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        oblige(packet, socket)
        if (packet.cmd === 'connect') socket.write(publishBytes(1, 1, 'a'))
      },
    })
    let received = 0
    const connection = connectionTo(
      server,
      {},
      {
        message: () => received++,
        chunkEnd: () => (received > 0 ? new Promise<void>(() => {}) : undefined),
      },
    )
    await connection.connect()
    await once(() => received === 1)
    connection.discard()
    await connection.close()
    await once(() => server.received.at(-1)?.cmd === 'disconnect')
    expect(server.received.map(({ cmd }) => cmd)).toEqual(['connect', 'disconnect'])
  })
})

test('QoS 0: messages that the system had not taken before a reset are counted as lost', async () => {
  let reset = () => {}
  const server = await scriptedServer({
    packet(packet, socket) {
      if (packet.cmd !== 'connect') return
      oblige(packet, socket)
      socket.pause()
      reset = () => void socket.resetAndDestroy()
    },
  })
  const connection = connectionTo(server)
  await connection.connect()
  const ended = failureOf(connection.ended())
  const payload = Buffer.alloc(10_000)
  let sent = 0
  while (connection.ready) {
    sent++
    connection.publish(template(0), payload)
    if (!connection.ready) await Promise.race([connection.drain().catch(() => {}), sleep(standstillMs)])
  }
  reset()
  await ended
  expect(connection.lost).toBeGreaterThan(0)
  expect(connection.lost).toBeLessThan(sent)
})

test('-d: each packet is traced with the text of mosquitto', async () => {
  const server = await scriptedServer({
    packet(packet, socket) {
      oblige(packet, socket)
      if (packet.cmd === 'subscribe')
        socket.write(Buffer.concat([publishBytes(0, 0, 'x'), publishBytes(2, 5, 'yy')]))
    },
  })
  const lines: string[] = []
  const connection: Connection = new Connection(
    optionsFor(server.port, { clientId: 'c' }),
    { connected: () => connection.subscribe(['t'], { qos: 2 }) },
    new Trace((line) => lines.push(line)),
  )
  onTestFinished(() => connection.destroy())
  await connection.connect()
  await once(() => lines.some((line) => line.includes('PUBCOMP')))
  connection.publish(template(2), Buffer.from('abc'))
  await connection.idle()
  await connection.close()
  expect(lines).toEqual([
    'Client c sending CONNECT',
    'Client c received CONNACK (0)',
    'Client c sending SUBSCRIBE (Mid: 1, Topic: t, QoS: 2, Options: 0x00)',
    'Client c received SUBACK',
    "Client c received PUBLISH (d0, q0, r0, m0, 't', ... (1 bytes))",
    "Client c received PUBLISH (d0, q2, r0, m5, 't', ... (2 bytes))",
    'Client c sending PUBREC (m5, rc0)',
    'Client c received PUBREL (Mid: 5)',
    'Client c sending PUBCOMP (m5)',
    "Client c sending PUBLISH (d0, q2, r0, m2, 't', ... (3 bytes))",
    'Client c received PUBREC (Mid: 2)',
    'Client c sending PUBREL (m2)',
    'Client c received PUBCOMP (Mid: 2, RC:0)',
    'Client c sending DISCONNECT',
  ])
})

test.each([
  [4, '', undefined, '(null)', '(null)'],
  [4, 'me', undefined, 'me', 'me'],
  [5, '', 'auto-1', '(null)', 'auto-1'],
  [5, '', undefined, '(null)', '(null)'],
  [5, 'null', undefined, 'null', 'null'],
] as const)(
  "H18: version %i, Client Identifier '%s', assigned %s: -d names it",
  async (version, clientId, assignedClientIdentifier, before, after) => {
    const lines: string[] = []
    const properties = assignedClientIdentifier && { assignedClientIdentifier }
    const accepted = { cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent: false } as const
    const server = await scriptedServer({
      packet: ({ cmd }, socket) =>
        void (cmd === 'connect'
          ? socket.write(bytes({ ...accepted, ...(properties && { properties }) }, version))
          : socket.end()),
    })
    const options = optionsFor(server.port, { version, clientId })
    const connection = new Connection(options, {}, new Trace((line) => lines.push(line)))
    await connection.connect()
    await connection.close()
    expect(lines).toEqual([
      `Client ${before} sending CONNECT`,
      `Client ${after} received CONNACK (0)`,
      `Client ${after} sending DISCONNECT`,
    ])
  },
)
