// Clients that load a broker while doing little themselves (MQTT 3.1.1 over TCP): prepared packets go out, and of what
// comes in only type and length are read. As a worker thread (`workerData`: a port) it measures pauses of the broker.
import { connect as connectTcp } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

const empty = Buffer.alloc(0)

/** A packet with the body `parts`. */
function packet(header, parts) {
  const body = Buffer.concat(parts)
  const head = [header]
  let rest = body.length
  for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128)
  head.push(rest)
  return Buffer.concat([Buffer.from(head), body])
}

function text(value) {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes])
}

const connectPacket = (clientId, keepAlive) =>
  packet(0x10, [text('MQTT'), Buffer.of(4, 2, keepAlive >> 8, keepAlive & 255), text(clientId)])

/** A PUBLISH; at QoS 1 and 2 the Packet Identifier is to be written at `idAt(topic)` bytes after its start. */
export function publishPacket(topic, payload, { qos = 0, retain = false } = {}) {
  const header = 0x30 | (qos << 1) | (retain ? 1 : 0)
  return packet(header, [text(topic), Buffer.alloc(qos > 0 ? 2 : 0), payload])
}

/** A client. It answers what it receives at QoS 1 and 2. */
export class Client {
  /** Received packets by Control Packet type. */
  counts = new Array(16).fill(0)
  #socket
  #rest = empty
  /** Length of the packets that are only counted; 0: each is parsed. */
  #fixed
  #answers = Buffer.allocUnsafe(64 * 1024)
  #used = 0
  #waiting
  #ended
  #ids = 0
  received = 0

  /** `fixed`: every packet after SUBACK is a PUBLISH at QoS 0 of so many bytes, and they are counted by their bytes. */
  static async connect(port, clientId, { fixed = 0, keepAlive = 0 } = {}) {
    const client = new Client(port, fixed)
    client.write(connectPacket(clientId, keepAlive))
    await client.until(() => client.counts[2] > 0)
    return client
  }

  constructor(port, fixed) {
    this.#fixed = fixed
    this.#socket = connectTcp({
      ...{ port, host: '127.0.0.1', noDelay: true },
      onread: {
        buffer: () => readBuffer,
        callback: (length) => {
          this.#receive(readBuffer.subarray(0, length))
          return true
        },
      },
    })
    this.#socket.on('error', () => {})
    this.#socket.once('close', () => this.#ended?.())
  }

  write(bytes) {
    return this.#socket.write(bytes)
  }

  pause() {
    this.#socket.pause()
  }

  get closed() {
    return this.#socket.destroyed
  }

  async close() {
    if (this.#socket.destroyed) return
    this.#ended = undefined
    const closed = new Promise((done) => this.#socket.once('close', done))
    this.#socket.destroy()
    await closed
  }

  /** Waits until `done()`, which is asked after each chunk. It ends an earlier wait. */
  until(done) {
    this.#ended = undefined
    if (done()) return
    return new Promise((resolve, fail) => {
      this.#ended = () => fail(new Error('the broker closed the connection'))
      this.#waiting = () => {
        if (!done()) return
        this.#waiting = undefined
        resolve()
      }
    })
  }

  async subscribe(filters, qos = 0) {
    const seen = this.counts[9]
    this.write(subscribePacket(this.#id(), filters, qos))
    await this.until(() => this.counts[9] > seen)
  }

  async unsubscribe(filters) {
    const seen = this.counts[11]
    const id = this.#id()
    this.write(packet(0xa2, [Buffer.of(id >> 8, id & 255), ...filters.map(text)]))
    await this.until(() => this.counts[11] > seen)
  }

  async ping() {
    const seen = this.counts[13]
    this.write(Buffer.of(0xc0, 0))
    await this.until(() => this.counts[13] > seen)
  }

  #id() {
    this.#ids = (this.#ids % 65_535) + 1
    return this.#ids
  }

  #receive(chunk) {
    this.received += chunk.length
    if (this.#fixed > 0 && this.counts[9] > 0) {
      const bytes = this.#used + chunk.length
      this.counts[3] += Math.floor(bytes / this.#fixed)
      this.#used = bytes % this.#fixed
      return this.#waiting?.()
    }
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= 2) {
      let body = at + 1
      let length = 0
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[body++]
        length |= (byte & 127) << shift
        if (byte < 128) break
      }
      if (!(bytes.length - body >= length)) break
      const type = bytes[at] >> 4
      this.counts[type]++
      if (type === 3 || type === 5 || type === 6) this.#answer(bytes, at, body)
      at = body + length
    }
    this.#rest = at === bytes.length ? empty : Buffer.from(bytes.subarray(at))
    if (this.#fixed === 0 && this.#used > 0) {
      this.#socket.write(Buffer.from(this.#answers.subarray(0, this.#used)))
      this.#used = 0
    }
    this.#waiting?.()
  }

  #answer(bytes, at, body) {
    const header = bytes[at]
    if (header >> 4 === 5) return this.#put(0x62, bytes, body) // PUBREC: PUBREL
    if (header >> 4 === 6) return this.#put(0x70, bytes, body) // PUBREL: PUBCOMP
    const qos = (header >> 1) & 3
    if (qos > 0) this.#put(qos === 1 ? 0x40 : 0x50, bytes, body + 2 + bytes.readUInt16BE(body))
  }

  #put(header, bytes, idAt) {
    if (this.#used + 4 > this.#answers.length) throw new Error('too many answers to one chunk')
    this.#answers[this.#used++] = header
    this.#answers[this.#used++] = 2
    this.#answers[this.#used++] = bytes[idAt]
    this.#answers[this.#used++] = bytes[idAt + 1]
  }
}

/** For all clients, which use it one after the other. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

export function subscribePacket(id, filters, qos = 0) {
  return packet(0x82, [
    Buffer.of(id >> 8, id & 255),
    ...filters.flatMap((filter) => [text(filter), Buffer.of(qos)]),
  ])
}

/**
 * Publishes `messages` packets like `form`, of `topic`; returns when all are acknowledged and each of `subscribers` has
 * all. At most `window` are under way, so that nothing has to be dropped.
 */
export async function stream(publisher, subscribers, { topic, payload, qos, messages, window }) {
  const form = publishPacket(topic, payload, { qos })
  const idAt = form.length - payload.length - 2
  const acknowledged = qos === 1 ? 4 : 7
  const before = publisher.counts[acknowledged]
  const starts = subscribers.map(({ counts }) => counts[3])
  const portion = window / 4
  let sent = 0
  const arrived = () => {
    let least = qos === 0 ? sent : publisher.counts[acknowledged] - before
    for (let i = 0; i < starts.length; i++) least = Math.min(least, subscribers[i].counts[3] - starts[i])
    return least
  }
  const send = () => {
    while (sent < messages && sent - arrived() <= window - portion) {
      const count = Math.min(portion, messages - sent)
      const bytes = Buffer.alloc(form.length * count, form)
      if (qos > 0)
        for (let i = 0; i < count; i++) bytes.writeUInt16BE(((sent + i) % 65_535) + 1, form.length * i + idAt)
      sent += count
      publisher.write(bytes)
    }
    return sent >= messages && arrived() >= messages
  }
  send()
  await Promise.race([publisher, ...subscribers].map((client) => client.until(send)))
}

/** The longest round trip of a PINGREQ in milliseconds while `work` runs, in another thread, one every 2 ms. */
async function measurePauses(port) {
  const client = await Client.connect(port, `pings-${process.pid}`)
  const trips = []
  let stopped = false
  parentPort.once('message', () => {
    stopped = true
  })
  parentPort.postMessage('ready')
  while (!stopped) {
    const started = performance.now()
    await client.ping()
    trips.push(performance.now() - started)
    await sleep(2)
  }
  await client.close()
  parentPort.postMessage(trips)
}

if (parentPort !== null) await measurePauses(workerData)
