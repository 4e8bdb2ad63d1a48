// Captures by tcpdump on loopback: what is read from them is, byte for byte, what the sockets sent and received.
import { once as event } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect as dial, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, connect as dialTls, type SecureVersion } from 'node:tls'
import { describe, expect, onTestFinished } from 'vitest'
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws'
import { secondsOf } from '../../src/capture/stream.js'
import { inflate } from '../../src/commands/capture-inflate.js'
import { crypto } from '../../src/commands/capture-tls.js'
import type { CaptureLog } from '../helpers/capture-log.js'
import { makeCertificates } from '../helpers/certificates.js'
import { freePort, type Peer, peerTest, startMosquitto } from '../helpers/peers.js'
import { captured, captureTimeoutMs, tcpdump } from '../helpers/tcpdump.js'
import { once } from '../helpers/wait.js'

/** Passes on all that is written, and writes down both ways. */
interface Told {
  readonly sent: Buffer
  readonly received: Buffer
}

function packet(header: number, body: Buffer): Buffer {
  const length: number[] = []
  let rest = body.length
  do {
    length.push((rest % 128) | (rest >= 128 ? 0x80 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return Buffer.concat([Buffer.from([header, ...length]), body])
}

const connectPacket = packet(0x10, Buffer.from('\0\x04MQTT\x04\x02\0\x3c\0\x01c', 'latin1'))
const subscribePacket = packet(0x82, Buffer.from('\0\x01\0\x01t\0', 'latin1'))
const publishPacket = (size: number) =>
  packet(0x30, Buffer.concat([Buffer.from('\0\x01t', 'latin1'), Buffer.alloc(size, `${size} `)]))
/** The messages of a group are sent together, the next group when they are back: a capture has to keep up. */
const groups = [[0, 1, 100, 127, 128, 1000], [16_384, 3], [70_000], [3, 5, 40_000]]

/** Connects, subscribes and publishes to itself, on any stream; resolves when all has come back and the stream is closed. */
async function talk(stream: Duplex): Promise<Told> {
  const sent: Buffer[] = []
  const received: Buffer[] = []
  stream.on('data', (chunk: Buffer) => received.push(Buffer.from(chunk)))
  const ended = event(stream, 'close')
  const write = (bytes: Buffer) => {
    sent.push(bytes)
    stream.write(bytes)
  }
  const total = () => received.reduce((sum, chunk) => sum + chunk.length, 0)
  write(connectPacket)
  await once(() => total() >= 4)
  write(subscribePacket)
  await once(() => total() >= 9)
  let expected = 9
  for (const sizes of groups) {
    for (const size of sizes) write(publishPacket(size))
    expected += sizes.reduce((sum, size) => sum + publishPacket(size).length, 0)
    await once(() => total() >= expected)
  }
  write(packet(0xe0, Buffer.alloc(0)))
  stream.end()
  await ended
  return { sent: Buffer.concat(sent), received: Buffer.concat(received) }
}

function expectSame(log: CaptureLog, { sent, received }: Told): void {
  const { bytes, gaps, flow } = log.flows[0]!
  expect(gaps).toEqual([])
  expect(flow.sawStart).toBe(true)
  expect(bytes.c2s.equals(sent)).toBe(true)
  expect(bytes.s2c.equals(received)).toBe(true)
}

describe('mosquitto', () => {
  const needs: readonly Peer[] = ['tcpdump', 'mosquitto']

  for (const [name, options] of [
    ['Ethernet', ['-i', 'lo']],
    ['Linux cooked', ['-i', 'any', '-y', 'LINUX_SLL']],
    ['Linux cooked 2', ['-i', 'any', '-y', 'LINUX_SLL2']],
    ['nanoseconds', ['-i', 'lo', '--nano']],
  ] as const) {
    peerTest(
      `captured as ${name}`,
      needs,
      async (context) => {
        const broker = await startMosquitto()
        onTestFinished(() => broker.stop())
        const body = () => talk(dial(broker.port, '127.0.0.1'))
        const { log, told } = await captured(context, broker.port, { options, body })
        expectSame(log, told)
        expect(log.flows[0]!.server).toBe(`127.0.0.1:${broker.port}`)
        const age = Date.now() / 1000 - secondsOf(log.flows[0]!.segments[0]!.segment.origin)
        expect(age).toBeLessThan(60)
        expect(age).toBeGreaterThan(0)
      },
      captureTimeoutMs,
    )
  }

  peerTest(
    'with a snap length every offset stays right',
    needs,
    async (context) => {
      const broker = await startMosquitto()
      onTestFinished(() => broker.stop())
      const body = () => talk(dial(broker.port, '127.0.0.1'))
      const { log, told } = await captured(context, broker.port, { options: ['-i', 'lo', '-s', '120'], body })
      const { segments, gaps } = log.flows[0]!
      const { sent, received } = told
      expect(gaps.length).toBeGreaterThan(0)
      for (const { direction, segment } of segments) {
        const whole = direction === 'c2s' ? sent : received
        const { offset, bytes } = segment
        expect(whole.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true)
      }
    },
    captureTimeoutMs,
  )

  peerTest(
    'from the middle of a connection on',
    needs,
    async (context) => {
      const broker = await startMosquitto()
      onTestFinished(() => broker.stop())
      const socket = dial(broker.port, '127.0.0.1')
      await event(socket, 'connect')
      socket.write(connectPacket)
      await event(socket, 'data')
      const dump = await tcpdump(context, broker.port)
      socket.write(publishPacket(500))
      socket.end(packet(0xe0, Buffer.alloc(0)))
      const { bytes, flow, gaps } = (await dump.closed(1, { ports: [broker.port] })).flows[0]!
      expect(flow.sawStart).toBe(false)
      expect(gaps[0]).toBe('c2s 0 ? the capture starts in mid-stream')
      expect(bytes.c2s.equals(Buffer.concat([publishPacket(500), packet(0xe0, Buffer.alloc(0))]))).toBe(true)
    },
    captureTimeoutMs,
  )
})

/** Sends everything back but what MQTT's client waits for: 4 bytes for CONNECT, 5 for SUBSCRIBE, PUBLISH as it came. */
function serve(stream: Duplex): void {
  let seen = 0
  stream.on('error', () => {})
  stream.on('end', () => stream.end())
  stream.on('data', (chunk: Buffer) => {
    const before = seen
    seen += chunk.length
    const first = connectPacket.length
    const second = first + subscribePacket.length
    if (before < first && seen >= first) stream.write(Buffer.from([0x20, 2, 0, 0]))
    if (before < second && seen >= second) stream.write(Buffer.from([0x90, 3, 0, 1, 0]))
    const echo = chunk.subarray(Math.max(0, second - before))
    if (echo.length > 0 && echo[0] !== 0xe0) stream.write(echo)
  })
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await event(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

describe('WebSocket', () => {
  for (const perMessageDeflate of [
    false,
    { threshold: 0 },
    { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  ]) {
    const name = JSON.stringify(perMessageDeflate)
    peerTest(
      `permessage-deflate ${name}`,
      ['tcpdump'],
      async (context) => {
        const port = await freePort()
        const server = new WebSocketServer({ port, host: '127.0.0.1', perMessageDeflate })
        onTestFinished(() => void server.close())
        server.on('connection', (socket) => serve(createWebSocketStream(socket)))
        const body = () =>
          talk(
            createWebSocketStream(
              new WebSocket(`ws://127.0.0.1:${port}/mqtt`, ['mqtt'], { perMessageDeflate }),
            ),
          )
        const { log, told } = await captured(context, port, { body, settings: () => ({ inflate }) })
        expectSame(log, told)
        expect(log.flows[0]!.facts).toEqual([
          { kind: 'websocket', offered: ['mqtt'], selected: 'mqtt', handshake: true },
        ])
      },
      captureTimeoutMs,
    )
  }
})

describe('TLS', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as readonly SecureVersion[]) {
    peerTest(
      version,
      ['tcpdump', 'openssl'],
      async (context) => {
        const { cert, key } = makeCertificates().server
        const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, serve)
        const port = await listening(server)
        let keyLog = ''
        const body = () => {
          const socket = dialTls({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: version })
          socket.on('keylog', (line: Buffer) => {
            keyLog += line.toString()
          })
          return talk(socket)
        }
        const { log, told } = await captured(context, port, { body, settings: () => ({ crypto, keyLog }) })
        expectSame(log, told)
      },
      captureTimeoutMs,
    )
  }
})
