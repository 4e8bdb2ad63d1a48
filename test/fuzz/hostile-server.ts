// A server with seeded answers: right, wrong, early, incomplete or none. It records what it sent.
import { createServer, type Socket } from 'node:net'
import mqtt, { type Packet } from 'mqtt-packet'
import { changedByte, type Random } from './random.js'

export const escapes = 'no\u001b]0;pwned\u0007\u001b[2J\nError: forged\u009b\u202e\u200b'

export interface HostileServer {
  readonly port: number
  /** All bytes that were written. */
  written(): Buffer
  /** Payloads of messages at QoS 2, each sent once or again with the same Packet Identifier. */
  readonly exactlyOnce: ReadonlySet<string>
  /** Packet Identifiers of PUBLISH packets from the client whose final acknowledgement reported success. */
  readonly acknowledged: ReadonlySet<number>
  /** Bytes of an answer were changed: the record of acknowledgements is unreliable. */
  mutated(): boolean
  close(): void
}

const stringProperties = { reasonString: escapes, userProperties: { [escapes]: [escapes, 'b'] } }

/** Starts a server on a free port of 127.0.0.1. `version` is that of the client's CONNECT. */
export async function hostileServer(random: Random, version: 4 | 5): Promise<HostileServer> {
  const written: Buffer[] = []
  const exactlyOnce = new Set<string>()
  const acknowledged = new Set<number>()
  const sockets = new Set<Socket>()
  let mutated = false
  let messages = 0
  let nextId = 0
  /** How often this server misbehaves: between always and hardly ever. */
  const malice = random.pick([0.02, 0.1, 0.4])

  const encoded = (packet: object) => mqtt.generate(packet as Packet, { protocolVersion: version })
  const properties = () => (version === 5 && random.chance(0.5) ? { properties: stringProperties } : {})
  const code = () => (random.chance(0.15) ? random.pick([0x80, 0x83, 0x87, 0x97, 0x9d, 0x01, 0xff]) : 0)

  function publish(): Buffer {
    const qos = random.below(3)
    const payload = `message-${++messages}-end`
    if (qos === 2) exactlyOnce.add(payload)
    const packet = {
      ...{ cmd: 'publish', topic: random.pick(['t', 'a/b', escapes.replace(/\n/g, '')]), payload, qos },
      ...{ messageId: (nextId = (nextId % 65_535) + 1), dup: false, retain: random.chance(0.2) },
      ...(version === 5 &&
        random.chance(0.3) && { properties: { responseTopic: 'r', contentType: escapes } }),
    }
    const bytes = encoded(packet)
    const again = qos === 2 && random.chance(0.3) ? encoded({ ...packet, dup: true }) : Buffer.alloc(0)
    return Buffer.concat([bytes, again])
  }

  function rightAnswer(packet: Packet): Buffer | undefined {
    const { cmd, messageId } = packet
    switch (cmd) {
      case 'connect': {
        const returnCode = random.chance(0.05) ? random.pick([1, 2, 3, 4, 5]) : 0
        const limits = random.pick([
          { maximumQoS: 0 },
          { receiveMaximum: 1 },
          { maximumPacketSize: 60 },
          { retainAvailable: false },
          { wildcardSubscriptionAvailable: false },
          { serverKeepAlive: 1 },
        ])
        const properties = random.chance(0.3) ? { ...stringProperties, ...limits } : {}
        return version === 5
          ? encoded({ cmd: 'connack', sessionPresent: false, reasonCode: code() || 0, properties })
          : encoded({ cmd: 'connack', sessionPresent: false, returnCode })
      }
      case 'publish': {
        if (packet.qos === 0) return undefined
        const reasonCode = version === 5 ? code() : 0
        if (packet.qos === 1 && reasonCode < 0x80) acknowledged.add(messageId!)
        const answer = packet.qos === 1 ? 'puback' : 'pubrec'
        return encoded({ cmd: answer, messageId, ...(version === 5 && { reasonCode, ...properties() }) })
      }
      case 'pubrel':
        acknowledged.add(messageId!)
        return encoded({ cmd: 'pubcomp', messageId, ...(version === 5 && { reasonCode: 0 }) })
      case 'pubrec':
        return encoded({ cmd: 'pubrel', messageId, ...(version === 5 && { reasonCode: 0 }) })
      case 'subscribe':
        return encoded({
          cmd: 'suback',
          messageId,
          granted: packet.subscriptions.map(() => code()),
          ...properties(),
        })
      case 'unsubscribe':
        return encoded({ cmd: 'unsuback', messageId, granted: [0], ...(version === 5 && { reasonCode: 0 }) })
      case 'pingreq':
        return encoded({ cmd: 'pingresp' })
      default:
        return undefined
    }
  }

  /** An unexpected or invalid packet. */
  function wrong(): Buffer {
    const id = random.below(4)
    return random.pick<() => Buffer>([
      publish,
      () => encoded({ cmd: 'pingresp' }),
      () => Buffer.of(0x40, 2, 0, id), // PUBACK
      () => Buffer.of(0x50, 2, 0, id), // PUBREC
      () => Buffer.of(0x62, 2, 0, id), // PUBREL
      () => Buffer.of(0x70, 2, 0, id), // PUBCOMP
      () => Buffer.of(0x90, 3, 0, id, 0), // SUBACK
      () => Buffer.of(0x20, 2, 0, 0), // CONNACK
      () => encoded({ cmd: 'disconnect', ...(version === 5 && { reasonCode: 0x8e, ...properties() }) }),
      () => Buffer.of(0xf0, 0), // AUTH
      () => Buffer.of(0x10, 0), // CONNECT
      () => Buffer.of(0x40, 0xff, 0xff, 0xff, 0x7f, 0), // a PUBACK of 256 MiB
      () => Buffer.from([0x30, 7, 0, 1, 0xff, 8, 1, 0, 1]), // PUBLISH with bad UTF-8
      () => Buffer.from(Array.from({ length: 1 + random.below(40) }, () => random.below(256))),
    ])()
  }

  function send(socket: Socket, bytes: Buffer): void {
    if (socket.destroyed) return
    written.push(bytes)
    socket.write(bytes)
  }

  function react(packet: Packet, socket: Socket): void {
    const answer = rightAnswer(packet)
    const early = random.chance(0.2) && packet.cmd === 'subscribe'
    if (early) for (let left = random.below(6); left > 0; left--) send(socket, publish())
    if (!random.chance(malice)) {
      if (answer !== undefined) send(socket, answer)
    } else misbehave(socket, answer)
    if (packet.cmd === 'subscribe') for (let left = random.below(8); left > 0; left--) send(socket, publish())
  }

  function misbehave(socket: Socket, answer: Buffer | undefined): void {
    const right = answer ?? Buffer.alloc(0)
    const cut = (bytes: Buffer) => send(socket, bytes.subarray(0, random.below(bytes.length + 1)))
    mutated ||= answer !== undefined // the record may be wrong: the answer was not sent, or was changed
    random.pick<() => void>([
      () => {}, // no answer
      () => socket.destroy(),
      () => void socket.end(),
      () => socket.resetAndDestroy(),
      () => {
        cut(right)
        socket.end()
      },
      () => cut(right),
      () => send(socket, wrong()),
      () => send(socket, Buffer.concat([wrong(), right])),
      () => send(socket, Buffer.concat([right, wrong()])),
      () => send(socket, Buffer.concat([right, right])),
      () => right.length > 0 && send(socket, changedByte(random, right)),
      () => socket.pause(), // reads no more
      () => setTimeout(() => send(socket, right), 200),
    ])()
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (random.chance(malice / 4)) send(socket, wrong())
    const parser = mqtt.parser({ protocolVersion: version })
    parser.on('error', () => {})
    parser.on('packet', (packet: Packet) => react(packet, socket))
    socket.on('data', (chunk) => void parser.parse(chunk))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as { port: number }).port,
    written: () => Buffer.concat(written),
    ...{ exactlyOnce, acknowledged },
    mutated: () => mutated,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
