// The first connection: CONNECT, CONNACK, wrong answers, and the exit statuses.
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Packet } from 'mqtt-packet'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConnectionError, ConnectRefused, ProtocolError } from '../../src/errors.js'
import { scratch } from '../helpers/run.js'
import { connack, scriptedServer } from '../helpers/scripted-server.js'
import { accepting, bytes, connectionTo, failureOf, oblige } from './rig.js'

/** The bytes of the first packet that a server receives. */
async function connectBytes(overrides: Parameters<typeof connectionTo>[1]): Promise<string> {
  const first = new Promise<Buffer>((resolve) => {
    const server = createServer((socket) => void socket.once('data', resolve).on('error', () => {}))
    onTestFinished(() => void server.close())
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      connectionTo({ port }, { clientId: '', ...overrides })
        .connect()
        .catch(() => {})
    })
  })
  return (await first).toString('hex')
}

describe('CONNECT, byte for byte', () => {
  test.each([
    ['MQTT 3.1.1', { version: 4 }, '100c00044d515454 04 02 003c 0000'],
    ['MQTT 5', { version: 5 }, '101000044d515454 05 02 003c 03 210014 0000'],
    ['MQTT 3.1', { version: 3, clientId: 'c' }, '100f00064d5149736470 03 02 003c 000163'],
    ['a session to keep', { cleanStart: false, clientId: 'c' }, '100d00044d515454 04 00 003c 000163'],
    [
      'a session to keep, MQTT 5',
      { version: 5, cleanStart: false, clientId: 'c', receiveMaximum: 1, sessionExpiry: 0xffffffff },
      '101600044d515454 05 00 003c 08 11ffffffff 210001 000163',
    ],
    [
      'user name and password',
      { username: 'u', password: Buffer.from('p') },
      '101200044d515454 04 c2 003c 0000 000175 000170',
    ],
    [
      'a will',
      { keepAlive: 5, will: { topic: 'w', payload: Buffer.from('x'), qos: 1, retain: true } },
      '101200044d515454 04 2e 0005 0000 000177 000178',
    ],
    [
      'a will without payload',
      { will: { topic: 'w', payload: Buffer.alloc(0), qos: 0, retain: false } },
      '101100044d515454 04 06 003c 0000 000177 0000',
    ],
  ] as const)('%s', async (_, overrides, hex) => {
    expect(await connectBytes(overrides)).toBe(hex.replaceAll(' ', ''))
  })
})

describe('CONNACK', () => {
  test('that accepts', async () => {
    const sessions: boolean[] = []
    const server = await scriptedServer({ packet: oblige })
    const connection = connectionTo(server, {}, { connected: (present) => sessions.push(present) })
    await connection.connect()
    expect([connection.up, connection.ready, sessions]).toEqual([true, true, [false]])
  })

  test('with Session Present for a kept Session', async () => {
    const sessions: boolean[] = []
    const server = await scriptedServer({
      packet: (_, socket) => void socket.write(Buffer.of(0x20, 2, 1, 0)),
    })
    const connection = connectionTo(
      server,
      { cleanStart: false },
      { connected: (present) => sessions.push(present) },
    )
    await connection.connect()
    expect(sessions).toEqual([true])
  })

  test('with Session Present after a clean start [MQTT-3.2.2-2]: status 2', async () => {
    const server = await scriptedServer({
      packet: (_, socket) => void socket.write(Buffer.of(0x20, 2, 1, 0)),
    })
    const failure = await failureOf(connectionTo(server).connect())
    expect(failure).toBeInstanceOf(ProtocolError)
    expect(failure).toMatchObject({ exitCode: 2 })
  })

  test.each([
    [1, 'Connection Refused: unacceptable protocol version.'],
    [2, 'Connection Refused: identifier rejected.'],
    [3, 'Connection Refused: broker unavailable.'],
    [4, 'Connection Refused: bad user name or password.'],
    [5, 'Connection Refused: not authorised.'],
    [0x87, 'Connection Refused: unknown reason.'],
  ])('with Return Code %i: %s', async (code, message) => {
    const server = await scriptedServer({ packet: (_, socket) => socket.end(connack(code)) })
    const failure = await failureOf(connectionTo(server).connect())
    expect(failure).toBeInstanceOf(ConnectRefused)
    expect(failure).toMatchObject({ exitCode: code, message })
  })

  test.each([6, 27, 70, 127])('with Return Code %i, which does not exist: status 2', async (code) => {
    const server = await scriptedServer({ packet: (_, socket) => socket.end(connack(code)) })
    const failure = await failureOf(connectionTo(server).connect())
    expect(failure).toMatchObject({
      ...{ exitCode: 2, reasonCode: code, message: 'Connection Refused: unknown reason.' },
      hint: `CONNACK ${code} does not exist: is it a server of MQTT?`,
    })
  })

  test.each([
    [0x84, 'Unsupported Protocol Version. Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.'],
    [0x85, 'Client Identifier not valid'],
    [0x86, 'Bad User Name or Password'],
    [0x87, 'Not authorized'],
    [0x8a, 'Banned'],
  ])('of MQTT 5 with Reason Code %i: %s', async (reasonCode, message) => {
    const refusal: Packet = { cmd: 'connack', reasonCode, sessionPresent: false }
    const server = await scriptedServer({ packet: (_, socket) => socket.end(bytes(refusal, 5)) })
    const failure = await failureOf(connectionTo(server, { version: 5 }).connect())
    expect(failure).toBeInstanceOf(ConnectRefused)
    expect(failure).toMatchObject({ exitCode: reasonCode, message })
  })

  test("of MQTT 5: the server's reason is the hint", async () => {
    const properties = { reasonString: 'come back on Monday' }
    const refusal: Packet = { cmd: 'connack', reasonCode: 0x87, sessionPresent: false, properties }
    const server = await scriptedServer({ packet: (_, socket) => socket.end(bytes(refusal, 5)) })
    const failure = await failureOf(connectionTo(server, { version: 5 }).connect())
    expect(failure).toMatchObject({ hint: 'the server says: come back on Monday' })
  })
})

describe('a CONNACK of MQTT 5', () => {
  const connack5 = (...properties: number[]) => {
    return Buffer.from([0x20, 3 + properties.length, 0, 0, properties.length, ...properties])
  }
  test.each<[string, number, Buffer]>([
    ['of no byte', 21, Buffer.of(0x20, 0)],
    ['of one byte', 21, Buffer.of(0x20, 1, 0)],
    ['without Property Length', 21, Buffer.of(0x20, 2, 0, 0)],
    ['with half a Receive Maximum', 21, connack5(0x21, 0)],
    ['with Receive Maximum 0 (3.2.2.3.3)', 2, connack5(0x21, 0, 0)],
    ['with Receive Maximum twice', 2, connack5(0x21, 0, 5, 0x21, 0, 5)],
    ['with Server Keep Alive twice', 2, connack5(0x13, 0, 5, 0x13, 0, 5)],
  ])('%s: status %i', async (_, exitCode, answer) => {
    const server = await scriptedServer({ packet: (_packet, socket) => void socket.write(answer) })
    const failure = await failureOf(connectionTo(server, { version: 5 }).connect())
    expect(failure).toBeInstanceOf(ProtocolError)
    expect(failure).toMatchObject({ exitCode })
  })
})

describe('instead of CONNACK', () => {
  const malformed = 21
  const protocol = 2
  test.each<[string, number, Buffer]>([
    ['HTTP', malformed, Buffer.from(`HTTP/1.1 400 Bad Request\r\n\r\n${' '.repeat(200)}`)],
    ['zeros', malformed, Buffer.alloc(64)],
    ['a Remaining Length of five bytes', malformed, Buffer.of(0x20, 255, 255, 255, 255, 1)],
    ['a CONNACK of no byte', malformed, Buffer.of(0x20, 0)],
    ['a CONNACK of one byte', malformed, Buffer.of(0x20, 1, 0)],
    ['a CONNACK with reserved flags', malformed, Buffer.of(0x20, 2, 2, 0)],
    ['a PUBLISH', protocol, Buffer.of(0x30, 4, 0, 1, 0x61, 0x62)],
    ['a PUBACK', protocol, Buffer.of(0x40, 2, 0, 1)],
    ['a SUBACK', protocol, Buffer.of(0x90, 3, 0, 1, 0)],
    ['a PINGRESP', protocol, Buffer.of(0xd0, 0)],
    ['a CONNECT', protocol, Buffer.from('100c00044d5154540402003c0000', 'hex')],
  ])('%s: status %i', async (_, exitCode, answer) => {
    const server = await scriptedServer({ packet: (_packet, socket) => void socket.write(answer) })
    const failure = await failureOf(connectionTo(server, { retries: 3 }).connect())
    expect(failure).toBeInstanceOf(ProtocolError)
    expect(failure).toMatchObject({ exitCode })
    expect(server.connections()).toBe(1) // not retried
  })

  test.each([
    [
      'HTTP',
      'the server speaks HTTP: is it a WebSocket port (--ws), or a web server?',
      'HTTP/1.1 400 Bad Request\r\n\r\n',
    ],
    ['SSH', 'the server speaks SSH: is this the right port?', 'SSH-2.0-OpenSSH_9.2\r\n'],
    [
      'an alert of TLS',
      'the server speaks TLS: use mqtts:// in -L, --cafile or --tls-use-os-certs',
      Buffer.of(0x15, 3, 3, 0, 2, 2, 70),
    ],
    ['noise', 'is this an MQTT port?', Buffer.of(0xff)],
  ])('%s is recognised by its first bytes: %s', async (_, hint, answer) => {
    const server = await scriptedServer({ packet: (_packet, socket) => void socket.write(answer) })
    expect(await failureOf(connectionTo(server).connect())).toMatchObject({ exitCode: 21, hint })
  })

  test('a close: status 7', async () => {
    const server = await scriptedServer({ packet: (_, socket) => socket.end() })
    expect(await failureOf(connectionTo(server).connect())).toMatchObject({
      name: 'ConnectionError',
      exitCode: 7,
      hint: expect.stringMatching(
        /^the server closed the connection instead of answering: is it a port for TLS/,
      ),
    })
  })

  test('a close at once: status 7', async () => {
    const server = await scriptedServer({ accept: (socket) => socket.end() })
    expect(await failureOf(connectionTo(server).connect())).toMatchObject({ exitCode: 7 })
  })

  test('a reset: status 7', async () => {
    const server = await scriptedServer({ packet: (_, socket) => void socket.resetAndDestroy() })
    expect(await failureOf(connectionTo(server).connect())).toMatchObject({ exitCode: 7 })
  })

  test('silence: status 19 after the connect timeout', async () => {
    const server = await scriptedServer({})
    const before = performance.now()
    const failure = await failureOf(connectionTo(server, { connectTimeoutMs: 200 }).connect())
    expect(failure).toBeInstanceOf(ConnectionError)
    expect(failure).toMatchObject({ exitCode: 19, message: expect.stringContaining('within 0.2 s') })
    expect(performance.now() - before).toBeLessThan(15_000) // by default 30 s
  })
})

describe('an address', () => {
  test('where nothing listens: status 1', async () => {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    await new Promise((done) => server.close(done))

    const failure = await failureOf(connectionTo({ port }).connect())
    expect(failure).toBeInstanceOf(ConnectionError)
    expect(failure).toMatchObject({ exitCode: 1, code: 'ECONNREFUSED' })
    expect(failure.message).toBe(`Connection refused (127.0.0.1:${port})`)
  })

  test('of a unix socket', async () => {
    const path = join(scratch('socket'), 'mqtt.sock')
    const server = createServer((socket) => void socket.once('data', () => socket.write(connack())))
    await new Promise<void>((done) => server.listen(path, done))
    onTestFinished(() => void server.close())
    const connection = connectionTo({ port: 0 }, { endpoint: { address: { path }, noDelay: false } })
    await connection.connect()
    expect(connection.up).toBe(true)
    connection.destroy()
  })

  test('of a unix socket that does not exist: status 1', async () => {
    const address = { path: join(scratch('socket'), 'none.sock') }
    const failure = await failureOf(
      connectionTo({ port: 0 }, { endpoint: { address, noDelay: false } }).connect(),
    )
    expect(failure).toMatchObject({ exitCode: 1, code: 'ENOENT' })
    expect(failure.message).toBe(`No such file or directory (${address.path})`)
  })
})

describe('further attempts (--retry)', () => {
  test('are made while the server is not ready, each reported with its pause', async () => {
    const codes = [3, 3, 0]
    const told: [string, number][] = []
    const server = await scriptedServer({ packet: (_, socket) => void socket.write(connack(codes.shift())) })
    const retrying = (error: Error, delayMs: number) => told.push([error.message, delayMs])
    await connectionTo(server, { retries: 2 }, { retrying }).connect()

    expect(server.connections()).toBe(3)
    expect(told.map(([message]) => message)).toEqual(Array(2).fill('Connection Refused: broker unavailable.'))
    expect(told[0]![1]).toBeLessThan(told[1]![1])
  })

  test('end with the last failure', async () => {
    const server = await scriptedServer({ packet: (_, socket) => socket.end() })
    expect(await failureOf(connectionTo(server, { retries: 1 }).connect())).toMatchObject({ exitCode: 7 })
    expect(server.connections()).toBe(2)
  })

  test('are not made after a refusal', async () => {
    const server = await scriptedServer({ packet: (_, socket) => void socket.write(connack(5)) })
    expect(await failureOf(connectionTo(server, { retries: 5 }).connect())).toBeInstanceOf(ConnectRefused)
    expect(server.connections()).toBe(1)
  })

  test('end when the connection is destroyed', async () => {
    const server = await scriptedServer({ packet: (_, socket) => socket.end() })
    const connection = connectionTo(server, { retries: 100 }, { retrying: () => connection.destroy() })
    await failureOf(connection.connect())
    expect(server.connections()).toBe(1)
  })
})

describe('SUBSCRIBE and UNSUBSCRIBE', () => {
  test('are answered', async () => {
    const answers: unknown[] = []
    const server = await scriptedServer({ packet: oblige })
    const connection = connectionTo(
      server,
      {},
      {
        suback: (granted, { messageId }) => answers.push([granted, messageId]),
        unsuback: () => answers.push('unsuback'),
      },
    )
    await connection.connect()
    connection.subscribe(['a', 'b/#'], { qos: 1 })
    connection.unsubscribe(['c'])
    connection.flush()
    await expect.poll(() => answers).toEqual([[[1, 1], 1], 'unsuback'])
    expect(server.received.slice(1)).toMatchObject([
      {
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [
          { topic: 'a', qos: 1 },
          { topic: 'b/#', qos: 1 },
        ],
      },
      { cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['c'] },
    ])
  })

  test('are sent at once when called while CONNACK is handled', async () => {
    const server = await scriptedServer({ packet: oblige })
    const answered = new Promise<readonly number[]>((resolve) => {
      const connection = connectionTo(
        server,
        {},
        {
          connected: () => connection.subscribe(['a'], { qos: 2 }),
          suback: resolve,
        },
      )
      void connection.connect()
    })
    expect(await answered).toEqual([2])
  })
})

describe('after CONNACK, a protocol error ends the connection:', () => {
  test.each<[string, number, Buffer]>([
    ['a second CONNACK', 2, connack()],
    ['garbage', 21, Buffer.alloc(6, 0xff)],
    ['PINGREQ', 2, Buffer.of(0xc0, 0)],
    ['DISCONNECT, which servers do not have before MQTT 5', 2, Buffer.of(0xe0, 0)],
    ['a PUBLISH to a Topic Name with a wildcard', 2, Buffer.of(0x30, 4, 0, 1, 0x23, 0x62)],
    ['a PUBLISH with QoS 3', 21, Buffer.of(0x36, 6, 0, 1, 0x61, 0, 1, 0x62)],
    ['a SUBACK for nothing', 2, Buffer.of(0x90, 3, 0, 9, 0)],
    ['a SUBACK of one byte', 21, Buffer.of(0x90, 1, 0)],
    ['an UNSUBACK for a SUBSCRIBE', 2, Buffer.of(0xb0, 2, 0, 1)],
    ['a PUBACK for a SUBSCRIBE', 2, Buffer.of(0x40, 2, 0, 1)],
  ])('%s: status %i', async (_, exitCode, answer) => {
    const server = await scriptedServer(accepting((_packet, socket) => void socket.write(answer)))
    const connection = connectionTo(server, { reconnects: 3 })
    await connection.connect()
    const ended = failureOf(connection.ended())
    connection.subscribe(['a'], { qos: 0 })
    connection.flush()
    expect(await ended).toMatchObject({ name: 'ProtocolError', exitCode })
    expect(connection.up).toBe(false)
    await expect(connection.ended()).rejects.toThrow(ProtocolError)
    await expect(connection.drain()).rejects.toThrow(ProtocolError)
    expect(server.connections()).toBe(1)
  })

  test('DISCONNECT tells an MQTT 5 server the Reason Code [MQTT-4.13.1-1]', async () => {
    const accepted = bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5)
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(Buffer.concat([accepted, Buffer.of(0x36, 0)]))
      },
    })
    const connection = connectionTo(server, { version: 5 })
    await connection.connect()
    await failureOf(connection.ended())
    await expect.poll(() => server.received.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x81 })
  })

  test('DISCONNECT from an MQTT 5 server: status 4 and its reason', async () => {
    const properties = { reasonString: 'maintenance' }
    const accepted = bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5)
    const farewell = bytes({ cmd: 'disconnect', reasonCode: 0x8b, properties }, 5)
    const server = await scriptedServer({
      packet: (_, socket) => void socket.write(Buffer.concat([accepted, farewell])),
    })
    const connection = connectionTo(server, { version: 5 })
    await connection.connect()
    expect(await failureOf(connection.ended())).toMatchObject({
      exitCode: 4,
      message: 'The client is not currently connected: 0x8b Server shutting down',
      hint: 'the server says: maintenance',
    })
  })
})

test('the server may assign a Client Identifier only if CONNECT has none [MQTT-3.2.2-16]', async () => {
  const properties = { assignedClientIdentifier: 'auto-1' }
  const accepted = bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties }, 5)
  const server = await scriptedServer({ packet: (_, socket) => void socket.write(accepted) })

  await connectionTo(server, { version: 5, clientId: '' }).connect()
  const failure = await failureOf(connectionTo(server, { version: 5, clientId: 'own' }).connect())
  expect(failure).toMatchObject({ name: 'ProtocolError', exitCode: 2 })
})

test('a CONNACK of MQTT 3.1.1 that refuses MQTT 5: status 21 and a hint', async () => {
  const server = await scriptedServer({ packet: (_, socket) => socket.end(Buffer.of(0x20, 2, 0, 1)) })
  const failure = await failureOf(connectionTo(server, { version: 5 }).connect())
  expect(failure).toMatchObject({ exitCode: 21, hint: expect.stringContaining('-V mqttv311') })
})
