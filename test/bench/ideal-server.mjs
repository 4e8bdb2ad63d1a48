// A minimal server, so that measurements show the cost of the client: acknowledges and discards messages; on SUBSCRIBE
// sends prepared PUBLISH packets as fast as the client reads.
// MQTT 3.1.1 and 5. `node ideal-server.mjs [--messages N] [--size BYTES] [--over tcp|tls|ws] [--cert F --key F]` prints
// its port, then one line of JSON per closed connection: what it received and sent.
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '0' },
    size: { type: 'string', default: '33' },
    over: { type: 'string', default: 'tcp' },
    cert: { type: 'string' },
    key: { type: 'string' },
  },
})
const messages = Number(values.messages)
const size = Number(values.size)

/** A QoS 0 PUBLISH for the protocol version of the client. */
function publishPacket(version) {
  const topic = Buffer.from('\0\x0bbench/topic', 'latin1')
  const properties = version === 5 ? Buffer.of(0) : Buffer.alloc(0)
  const body = Buffer.concat([topic, properties, Buffer.alloc(size, 'x')])
  const head = [0x30]
  for (let rest = body.length; ; rest >>>= 7) {
    head.push(rest > 127 ? (rest & 127) | 128 : rest)
    if (rest <= 127) break
  }
  return Buffer.concat([Buffer.from(head), body])
}

class Client {
  #socket
  #version = 4
  #rest = Buffer.alloc(0)
  #answers = Buffer.allocUnsafe(256 * 1024)
  #used = 0
  #open = () => {}
  #counts = { publishes: 0, bytes: 0, acknowledged: 0, sent: 0 }

  constructor(socket) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('drain', () => this.#open())
    socket.on('close', () => this.#open())
    socket.on('close', () => process.stdout.write(`${JSON.stringify(this.#counts)}\n`))
  }

  /** Handles the packets of a chunk; keeps an incomplete packet for the next chunk. */
  #receive(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const end = bytes.length
    let at = 0
    while (end - at >= 2) {
      let body = at + 1
      let length = 0
      let shift = 0
      while (body < end && bytes[body] > 127) {
        length |= (bytes[body++] & 127) << shift
        shift += 7
      }
      if (body >= end) break
      length |= bytes[body++] << shift
      if (end - body < length) break
      this.#packet(bytes, at, body, body + length)
      at = body + length
    }
    this.#rest = bytes.subarray(at)
    this.#flush()
  }

  #packet(bytes, at, body, end) {
    const type = bytes[at] >> 4
    if (type === 3) return this.#published(bytes, at, body, end)
    if (type === 6) {
      this.#counts.acknowledged++
      return this.#answer(0x70, bytes[body], bytes[body + 1]) // PUBREL: PUBCOMP
    }
    if (type === 1) {
      this.#version = bytes[body + 6]
      return void this.#socket.write(
        this.#version === 5 ? Buffer.of(0x20, 3, 0, 0, 0) : Buffer.of(0x20, 2, 0, 0),
      )
    }
    if (type === 8) return this.#subscribed(bytes.subarray(body, end))
    if (type === 12) return void this.#socket.write(Buffer.of(0xd0, 0))
    if (type === 14) this.#socket.end()
  }

  #published(bytes, at, body, end) {
    this.#counts.publishes++
    const topicEnd = body + 2 + (bytes[body] << 8) + bytes[body + 1]
    const qos = (bytes[at] >> 1) & 3
    const head = topicEnd + (qos === 0 ? 0 : 2)
    this.#counts.bytes += end - head - (this.#version === 5 ? 1 : 0) // the clients measured send no property
    if (qos === 0) return
    if (qos === 1) this.#counts.acknowledged++
    this.#answer(qos === 1 ? 0x40 : 0x50, bytes[topicEnd], bytes[topicEnd + 1])
  }

  #answer(type, high, low) {
    if (this.#used + 4 > this.#answers.length) this.#flush()
    const at = this.#used
    this.#answers[at] = type
    this.#answers[at + 1] = 2
    this.#answers[at + 2] = high
    this.#answers[at + 3] = low
    this.#used = at + 4
  }

  #flush() {
    if (this.#used === 0) return
    this.#socket.write(Buffer.from(this.#answers.subarray(0, this.#used)))
    this.#used = 0
  }

  #subscribed(body) {
    let at = 2
    if (this.#version === 5) at += 1 + body[at]
    const granted = []
    while (at < body.length) {
      at += 2 + body.readUInt16BE(at)
      granted.push(body[at++] & 3)
    }
    const properties = this.#version === 5 ? [0] : []
    const suback = [0x90, 2 + properties.length + granted.length, body[0], body[1], ...properties, ...granted]
    this.#socket.write(Buffer.from(suback))
    void this.#send()
  }

  async #send() {
    const packet = publishPacket(this.#version)
    const inBatch = Math.max(1, Math.floor(262_144 / packet.length))
    const batch = Buffer.alloc(packet.length * inBatch, packet)
    while (this.#counts.sent < messages && !this.#socket.destroyed) {
      const count = Math.min(inBatch, messages - this.#counts.sent)
      this.#counts.sent += count
      if (this.#socket.write(batch.subarray(0, count * packet.length))) continue
      await new Promise((open) => {
        this.#open = open
      })
    }
  }
}

const serve = (socket) => void new Client(socket)

async function serverOver(transport) {
  if (transport === 'tcp') return createServer({ noDelay: true }, serve)
  if (transport === 'tls') {
    const [cert, key] = [readFileSync(values.cert), readFileSync(values.key)]
    return createTlsServer({ cert, key, noDelay: true }, serve)
  }
  const { createWebSocketStream, WebSocketServer } = await import('ws')
  const server = createHttpServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  sockets.on('connection', (socket) => serve(createWebSocketStream(socket)))
  return server
}

const server = await serverOver(values.over)
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
