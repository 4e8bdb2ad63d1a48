// MQTT over WebSocket (MQTT 5.0, 6), for client and broker. The only importer of ws.
import type { IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { ProtocolError } from '../errors.js'
import { during } from './during.js'
import { type Address, addressText, type WebSocketSettings, withoutZone } from './endpoint.js'
import { hasFrameLimit } from './frame-limit.js'
import { answered, notUpgraded, WebSocketClosed } from './websocket-failures.js'

const subprotocol = 'mqtt' // [MQTT-6.0.0-3]
/** Subprotocols that a server takes: clients of MQTT 3.1 offer the second. */
const spoken = [subprotocol, 'mqttv3.1']
const maxPayload = 5 + 268_435_455 // MQTT's largest packet
const bufferSize = 64 * 1024
/** Bytes of an incomplete message that are kept until the peer is accepted: see `limitFrames`. */
const unacceptedLimit = 512 * 1024
const maxHeaderSize = 64 * 1024 // of the response: proxies with single sign-on set large cookies

/** Close codes without an error (RFC 6455, 7.4.1); 1005 and 1006: none was sent. */
const ordinary = [1000, 1001, 1005, 1006]

export interface WebSocketTarget {
  readonly settings: WebSocketSettings
  readonly address: Address
  /** `below` is TLS. */
  readonly secure: boolean
  /** The name of the server, if not the host of the address. */
  readonly name?: string | undefined
}

/** @throws MqttxError when the server refuses the upgrade, or does not support MQTT over it */
export function upgrade(below: Duplex, target: WebSocketTarget, signal: AbortSignal): Promise<Duplex> {
  const { settings } = target
  const socket = new WebSocket(`ws://host${settings.path}`, [subprotocol], {
    createConnection: () => below,
    headers: { Host: hostHeader(target), ...byName(settings.headers) },
    perMessageDeflate: false,
    maxPayload,
    maxHeaderSize,
  })
  const opened = new Promise<Duplex>((resolve, reject) => {
    socket.once('open', () => resolve(streamOf(socket, below)))
    socket.once('unexpected-response', (_request, response) => reject(answered(response, settings)))
    socket.on('error', (error: Error) => reject(notUpgraded(error)))
  })
  return during(signal, below, opened)
}

/** Headers given more than once are sent more than once. */
function byName(headers: WebSocketSettings['headers']): Record<string, string[]> {
  const all: Record<string, string[]> = Object.create(null) // a header may be called constructor
  for (const [name, value] of headers) {
    const values = all[name.toLowerCase()] ?? []
    all[name.toLowerCase()] = [...values, value]
  }
  return all
}

/** The Host header (RFC 9110, 7.2). */
function hostHeader({ address: reached, secure, name }: WebSocketTarget): string {
  if ('path' in reached) return name ?? 'localhost'
  const address = { ...reached, host: name ?? withoutZone(reached.host) }
  if (address.port !== (secure ? 443 : 80)) return addressText(address)
  return isIP(address.host) === 6 ? `[${address.host}]` : address.host
}

/** A Duplex of the payload bytes, without frame boundaries. `below` carries the frames. */
function streamOf(socket: WebSocket, below: Duplex): Duplex {
  const stream = new Duplex({
    allowHalfOpen: false,
    readableHighWaterMark: bufferSize,
    writableHighWaterMark: bufferSize,
    read: () => socket.resume(), // not before: there is no reader yet
    write: (chunk: Buffer, _encoding, done) => socket.send(chunk, done),
    final(done) {
      socket.close(1000)
      done()
    },
    destroy(error, done) {
      socket.terminate()
      done(error)
    },
  })
  const { localAddress, localPort, remoteAddress, remotePort } = below as Partial<Socket>
  Object.assign(stream, { webSocket: true, localAddress, localPort, remoteAddress, remotePort })
  const framed = boundFrames(stream, below)
  socket.pause()
  socket.on('message', (data: Buffer, isBinary) => {
    framed()
    if (!isBinary)
      return stream.destroy(new ProtocolError('A text frame from the server [MQTT-6.0.0-1]', 0x82))
    if (!stream.destroyed && !stream.push(data)) socket.pause()
  })
  socket.on('error', (error: Error) => stream.destroy(error))
  socket.on('close', (code, reason) => {
    if (stream.destroyed) return
    if (!ordinary.includes(code)) {
      const error = new WebSocketClosed(code, reason.toString())
      stream.once('end', () => stream.destroy(error))
    }
    stream.push(null)
  })
  return stream
}

/** Bounds an incomplete message, which `ws` buffers. Returns a function to call for each complete one. */
function boundFrames(stream: Duplex, below: Duplex): () => void {
  let unframed = 0
  let most = unacceptedLimit
  const count = (chunk: Buffer) => {
    unframed += chunk.length
    if (unframed <= most || stream.destroyed) return
    stream.destroy(new ProtocolError(`WebSocket message too large: the limit is ${most} bytes`, 0x95))
  }
  below.on('data', count)
  hasFrameLimit(stream, (bytes) => {
    most = bytes
    if (bytes === Number.POSITIVE_INFINITY) below.off('data', count)
  })
  return () => {
    unframed = 0
  }
}

export interface WebSocketAcceptor {
  /** Answers an upgrade request. */
  accept(request: IncomingMessage, below: Duplex, head: Buffer): void
}

/** The server's side: calls `connected` with a stream for each client that offers MQTT. */
export function webSocketAcceptor(
  connected: (stream: Duplex, request: IncomingMessage) => void,
): WebSocketAcceptor {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload,
    handleProtocols: (offered) => spoken.find((name) => offered.has(name)) ?? false,
  })
  return {
    accept(request, below, head) {
      below.on('error', () => {})
      if (request.headers['sec-websocket-version'] !== '13') {
        below.end('HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nConnection: close\r\n\r\n') // RFC 6455, 4.4
        return
      }
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
      if (spoken.some((name) => offered.includes(name))) {
        return server.handleUpgrade(request, below, head, (socket) =>
          connected(streamOf(socket, below), request),
        )
      }
      below.end(
        'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nThe subprotocol must be mqtt, or mqttv3.1.\n',
      )
    },
  }
}
