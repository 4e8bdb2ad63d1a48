// WebSocket with servers of the ws package, and with servers that violate the protocol.
import { createHash } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { isTransient } from '../../src/connection/reconnect.js'
import type { Endpoint, WebSocketSettings } from '../../src/transport/endpoint.js'
import { limitFrames } from '../../src/transport/frame-limit.js'
import { failureOf } from '../connection/rig.js'
import { endpointAt, heard, listening, opened } from './rig.js'

function endpoint(port: number, settings: Partial<WebSocketSettings> = {}): Endpoint {
  return endpointAt(port, { webSocket: { path: '/mqtt', headers: [], ...settings } })
}

async function serve(
  serveOne: (socket: WebSocket, request: IncomingMessage) => void,
  options: ServerOptions = {},
): Promise<number> {
  const http = createHttpServer()
  const server = new WebSocketServer({ server: http, ...options })
  server.on('connection', serveOne)
  return listening(http)
}

test('requests the subprotocol mqtt at the path, with the headers', async () => {
  const requests: IncomingMessage[] = []
  const port = await serve((_, request) => void requests.push(request))
  const headers = [
    ['X-One', '1'],
    ['Cookie', 'a=b'],
    ['x-one', '2'],
  ] as const
  await opened(endpoint(port, { path: '/a/b?c=%20', headers }))
  expect(requests[0]).toMatchObject({
    url: '/a/b?c=%20',
    headers: { 'sec-websocket-protocol': 'mqtt', host: `127.0.0.1:${port}`, cookie: 'a=b', 'x-one': '1, 2' },
  })
  expect(requests[0]!.headers['sec-websocket-extensions']).toBeUndefined()
})

test('bytes are sent in binary frames and received with any frame boundaries', async () => {
  const port = await serve((socket) => {
    socket.on('message', (data: Buffer, isBinary) => {
      for (const byte of data) socket.send(Buffer.of(byte))
      socket.send(Buffer.from(String(isBinary)))
    })
  })
  const stream = await opened(endpoint(port))
  let text = ''
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  stream.write('hello')
  await expect.poll(() => text).toBe('hellotrue')
})

test('a fragmented message and one of 3 MB', async () => {
  const port = await serve((socket) => {
    socket.send('ab', { binary: true, fin: false })
    socket.send('cd', { binary: true, fin: true })
    socket.send(Buffer.alloc(3_000_000))
  })
  const stream = await opened(endpoint(port))
  limitFrames(stream, Number.POSITIVE_INFINITY)
  let length = 0
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length
  })
  await expect.poll(() => length).toBe(3_000_004)
})

test('a paused reader stops the sender', async () => {
  let sent = 0
  const port = await serve(async (socket) => {
    while (sent < 2000 && socket.readyState === socket.OPEN) {
      await new Promise((done) => socket.send(Buffer.alloc(65_536), done))
      sent++
    }
  })
  const stream = await opened(endpoint(port))
  await new Promise((done) => setTimeout(done, 300))
  const waiting = sent
  expect(waiting).toBeLessThan(500) // the buffers of the system
  let length = 0
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length
  })
  await expect.poll(() => length).toBe(2000 * 65_536)
})

test('write returns false when the peer does not read', async () => {
  const port = await serve((socket) => void socket.pause())
  const stream = await opened(endpoint(port))
  let writes = 0
  while (stream.write(Buffer.alloc(65_536)) && writes < 1000) {
    writes++
    await new Promise((done) => setImmediate(done))
  }
  expect(writes).toBeLessThan(1000)
})

test('end() sends a close frame', async () => {
  const codes: number[] = []
  const port = await serve((socket) => void socket.on('close', (code) => codes.push(code)))
  const stream = await opened(endpoint(port))
  const closed = new Promise((done) => stream.resume().once('close', done))
  stream.end('bye')
  await closed
  expect(codes).toEqual([1000])
})

test('a close by the server ends the stream after its data', async () => {
  const port = await serve((socket) => {
    socket.send(Buffer.from('last'))
    socket.close()
  })
  const stream = await opened(endpoint(port))
  const closed = new Promise((done) => stream.once('close', done))
  expect(await heard(stream)).toBe('last')
  await closed
})

test('a close with an error code is an error with its reason', async () => {
  const port = await serve((socket) => socket.close(1008, 'go away'))
  const stream = await opened(endpoint(port))
  const error = await new Promise<Error>((done) => stream.once('error', done).resume())
  expect(error.message).toBe('the server closed the WebSocket: 1008 go away')
})

test('a text frame is an error [MQTT-6.0.0-1]', async () => {
  const port = await serve((socket) => socket.send('text'))
  const stream = await opened(endpoint(port))
  const error = await new Promise<Error>((done) => stream.once('error', done).resume())
  expect(error).toMatchObject({
    name: 'ProtocolError',
    message: 'A text frame from the server [MQTT-6.0.0-1]',
  })
})

const notReady = 'the server, or the backend of a proxy, is not ready: try again later, or use --retry'

describe('no upgrade', () => {
  test.each([
    [404, 'Not Found', 'is /mqtt the right --ws-path?'],
    [401, 'Unauthorized', "the WebSocket server requires a login: --ws-header 'Authorization: ...'"],
    [
      301,
      'Moved Permanently',
      'it redirects to ws://other/mqtt: use that address (-L, with ws:// or wss://)',
    ],
    [200, 'OK', 'is it a WebSocket port, and the right --ws-path?'],
    [429, 'Too Many Requests', 'is it a WebSocket port, and the right --ws-path?'],
    [502, 'Bad Gateway', notReady],
    [503, 'Service Unavailable', notReady],
  ])('E20: %d %s', async (status, text, hint) => {
    const http = createHttpServer()
    http.on('upgrade', (_request, socket) =>
      socket.end(`HTTP/1.1 ${status} ${text}\r\nLocation: ws://other/mqtt\r\nContent-Length: 0\r\n\r\n`),
    )
    const failure = await failureOf(opened(endpoint(await listening(http))))
    expect(failure).toMatchObject({
      message: `Unable to connect (the server answered the WebSocket upgrade with ${status} ${text}).`,
      exitCode: 1,
      hint,
    })
    expect(isTransient(failure, false)).toBe(status > 428) // E19: a proxy whose backend restarts
    expect(isTransient(failure, true)).toBe(true)
  })

  test.each([
    ['another subprotocol', 'graphql-ws', 'Server sent an invalid subprotocol'],
    ['none', false, 'Server sent no subprotocol'],
  ] as const)('%s', async (_, chosen, text) => {
    const port = await serve(() => {}, { handleProtocols: () => chosen })
    expect(await failureOf(opened(endpoint(port)))).toMatchObject({
      message: `Unable to connect (${text}, expected mqtt [MQTT-6.0.0-3]).`,
      exitCode: 1,
    })
  })

  test.each([
    ['MQTT', Buffer.of(0x20, 2, 0, 0), 'the answer to the WebSocket upgrade is not HTTP'],
    ['nothing', Buffer.alloc(0), 'the server closed the connection during the WebSocket upgrade'],
  ])('%s', async (_, answer, text) => {
    const port = await listening(createServer((socket) => socket.once('data', () => socket.end(answer))))
    expect(await failureOf(opened(endpoint(port)))).toMatchObject({
      message: `Unable to connect (${text}).`,
      exitCode: 1,
      hint: 'is it a WebSocket port?',
    })
  })

  test.each([
    [40, undefined],
    [80, 'Unable to connect (the answer to the WebSocket upgrade has more than 64 KiB of headers).'],
  ])('E20: %i KiB of headers', async (size, message) => {
    const http = createHttpServer()
    const http401 = `HTTP/1.1 401 Unauthorized\r\nSet-Cookie: ${'x'.repeat(size * 1024)}\r\n\r\n`
    http.on('upgrade', (_request, socket) => socket.end(http401))
    const expected = message ?? expect.stringContaining('401 Unauthorized')
    expect(await failureOf(opened(endpoint(await listening(http))))).toMatchObject({ message: expected })
  })

  test('a wrong Sec-WebSocket-Accept', async () => {
    const accept = createHash('sha1').update('nonsense').digest('base64')
    const answer = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`
    const port = await listening(createServer((socket) => socket.once('data', () => socket.write(answer))))
    const error = await failureOf(opened(endpoint(port)))
    expect(error.message).toContain('Invalid Sec-WebSocket-Accept header')
  })

  test('an abort, with its reason', async () => {
    const port = await listening(createServer((socket) => void socket.resume()))
    const error = await failureOf(opened(endpoint(port), AbortSignal.timeout(100)))
    expect(error.name).toBe('TimeoutError')
  })
})

describe('H19, H42: an endless message', () => {
  const frame = (size: number) => {
    const header = Buffer.alloc(10)
    header.writeUInt16BE(0x827f)
    header.writeBigUInt64BE(BigInt(size), 2)
    return header
  }

  /** Sends a frame of 60 MB as long as the client reads. */
  async function endless(): Promise<{ port: number; sent: () => number }> {
    let sent = 0
    const port = await serve((socket) => {
      const below = (socket as unknown as { _socket: import('node:net').Socket })._socket
      below.on('error', () => {})
      below.write(frame(60_000_000))
      const piece = Buffer.alloc(64 * 1024)
      const more = () => {
        if (below.destroyed || sent > 59_000_000) return
        sent += piece.length
        below.write(piece, () => setImmediate(more))
      }
      more()
    })
    return { port, sent: () => sent }
  }

  test('is refused after 512 KiB before the peer is accepted', async () => {
    const { port, sent } = await endless()
    const stream = await opened(endpoint(port))
    const failed = new Promise<Error>((resolve) => stream.once('error', resolve))
    stream.resume()
    expect(await failed).toMatchObject({ reasonCode: 0x95, message: expect.stringContaining('too large') })
    expect(sent()).toBeLessThan(20_000_000) // most of it in buffers of the system
  })

  test('is accepted after limitFrames', async () => {
    const { port, sent } = await endless()
    const stream = await opened(endpoint(port))
    limitFrames(stream, Number.POSITIVE_INFINITY)
    stream.resume()
    await expect.poll(sent, { timeout: 20_000 }).toBeGreaterThan(59_000_000)
    expect(stream.destroyed).toBe(false)
  })
})
