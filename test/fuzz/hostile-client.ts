// Seeded input of a hostile client: MQTT, MQTT over WebSocket, HTTP; valid, invalid, incomplete.
import mqtt, { type IPublishPacket, type Packet } from 'mqtt-packet'
import { escapes } from './hostile-server.js'
import { changedByte, type Random } from './random.js'

/** A piece to write, and the milliseconds to wait after it. */
export type Piece = readonly [bytes: Buffer, pauseMs: number]

const topics = [
  'a',
  'a/b',
  '',
  '#',
  'a/+',
  '$SYS/broker/uptime',
  '/'.repeat(150),
  'x'.repeat(60_000),
  'a\0b',
  'ä',
]
const filters = [...topics, '+/+', 'a/#', '#/a', '$share/g/a', '$SYS/#', '+', 'a+']

/** The packets of one MQTT client, in pieces. */
export function mqttPieces(random: Random): Piece[] {
  const malice = random.pick([0.05, 0.2, 0.6])
  const count = 1 + random.below(8)
  const packets = random.chance(0.9) ? [connectPacket(random)] : []
  for (let i = 0; i < count; i++) packets.push(random.chance(malice) ? wrong(random) : right(random))
  return inPieces(
    random,
    Buffer.concat(packets.map((bytes) => (random.chance(malice / 4) ? changedByte(random, bytes) : bytes))),
  )
}

/** Cuts bytes into pieces: one, some, or one for each byte. */
function inPieces(random: Random, whole: Buffer): Piece[] {
  const bytes = random.chance(0.1) ? whole.subarray(0, random.below(whole.length + 1)) : whole
  const way = random.below(4)
  if (way === 0 && bytes.length < 300) return Array.from(bytes, (byte) => [Buffer.of(byte), 0] as const)
  if (way > 1) return [[bytes, 0]]
  const at = random.below(bytes.length + 1)
  return [
    [bytes.subarray(0, at), random.below(30)],
    [bytes.subarray(at), 0],
  ]
}

function encoded(packet: object, version: number): Buffer {
  try {
    return mqtt.generate(packet as Packet, { protocolVersion: version })
  } catch {
    return Buffer.of(0x30, 4, 0, 2, 0x61, 0) // mqtt-packet refuses some of these packets
  }
}

function connectPacket(random: Random): Buffer {
  const protocolVersion = random.pick([3, 4, 4, 4, 5])
  const will = random.chance(0.3) && {
    will: {
      topic: random.pick(topics) || 'w',
      payload: 'will',
      qos: random.below(3),
      retain: random.chance(0.3),
    },
  }
  return encoded(
    {
      ...{ cmd: 'connect', protocolId: protocolVersion === 3 ? 'MQIsdp' : 'MQTT', protocolVersion },
      clientId: random.pick(['', 'a', 'b', escapes, 'x'.repeat(65_000), `c${random.below(50)}`]),
      clean: random.chance(0.7),
      keepalive: random.pick([0, 1, 60]),
      ...(random.chance(0.2) && {
        username: random.pick(['ada', escapes, 'x'.repeat(60_000)]),
        password: 'pw',
      }),
      ...will,
    },
    protocolVersion,
  )
}

function right(random: Random): Buffer {
  const messageId = 1 + random.below(4)
  const qos = random.below(3)
  const packet = random.pick<() => object>([
    () => publishPacket(random),
    () => ({ cmd: 'subscribe', messageId, subscriptions: [{ topic: random.pick(filters), qos }] }),
    () => ({ cmd: 'subscribe', messageId, subscriptions: filters.map((topic) => ({ topic, qos })) }),
    () => ({ cmd: 'unsubscribe', messageId, unsubscriptions: [random.pick(filters)] }),
    () => ({ cmd: 'pingreq' }),
    () => ({ cmd: random.pick(['puback', 'pubrec', 'pubrel', 'pubcomp']), messageId }),
    () => ({ cmd: 'disconnect' }),
  ])()
  return encoded(packet, 4)
}

function publishPacket(random: Random): Partial<IPublishPacket> {
  const payload = random.pick(['', 'x', escapes, Buffer.alloc(random.below(200_000))])
  const flags = { retain: random.chance(0.4), dup: random.chance(0.1) }
  return {
    cmd: 'publish',
    topic: random.pick(topics),
    payload,
    qos: random.below(3) as 0,
    messageId: 1 + random.below(4),
    ...flags,
  }
}

function wrong(random: Random): Buffer {
  return random.pick<() => Buffer>([
    () => Buffer.of(0x20, 2, 0, 0), // CONNACK
    () => Buffer.of(0x90, 3, 0, 1, 0), // SUBACK
    () => Buffer.of(0xd0, 0), // PINGRESP
    () => Buffer.of(0xf0, 0), // AUTH
    () => Buffer.of(0x00, 0), // type 0
    () => Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f), // a PUBLISH of 256 MiB
    () => Buffer.of(0x10, 0xff, 0xff, 0xff, 0x7f), // a CONNECT of 256 MiB
    () => Buffer.of(0x30, 0xff, 0xff, 0xff, 0xff, 1), // a Remaining Length of 5 bytes
    () => Buffer.of(0x36, 6, 0, 1, 0x61, 0, 1, 0x62), // QoS 3
    () => Buffer.of(0x32, 5, 0, 1, 0x61, 0, 0), // Packet Identifier 0
    () => Buffer.of(0x30, 4, 0, 2, 0xc3, 0x28), // bad UTF-8
    () => Buffer.of(0x30, 3, 0, 9, 0x61), // a topic that runs past the end
    () => Buffer.of(0x80, 2, 0, 1), // flags, and no filter
    () => Buffer.of(0x82, 2, 0, 1), // no filter
    () => Buffer.of(0xa2, 2, 0, 1),
    () => Buffer.of(0x40, 0),
    () => Buffer.of(0x62, 1, 0),
    () => Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    () => Buffer.from('16030102000100', 'hex'), // TLS
    () => connectPacket(random),
    () =>
      Buffer.concat(
        Array.from({ length: 500 }, (_, i) => Buffer.of(0x34, 6, 0, 1, 0x61, i >> 8, (i & 255) + 1, 0x78)),
      ),
    () => Buffer.concat(Array.from({ length: 2000 }, () => Buffer.of(0xc0, 0))),
    () => Buffer.from(Array.from({ length: 1 + random.below(40) }, () => random.below(256))),
  ])()
}

/** A WebSocket handshake and frames, mostly with MQTT in them. */
export function webSocketPieces(random: Random): Piece[] {
  const fields = [
    'Host: x',
    random.chance(0.9) ? 'Connection: Upgrade' : 'Connection: close',
    random.chance(0.9) ? 'Upgrade: websocket' : `Upgrade: ${'x'.repeat(3000)}`,
    `Sec-WebSocket-Version: ${random.pick(['13', '13', '13', '8', 'x'])}`,
    `Sec-WebSocket-Key: ${random.pick([key, key, key, 'short', ''])}`,
    `Sec-WebSocket-Protocol: ${random.pick(['mqtt', 'mqtt', 'mqtt', 'soap', `a${' '.repeat(9000)}b`, 'mqtt,,', '\x80'])}`,
  ]
  if (random.chance(0.2))
    fields.push(`Origin: ${random.pick(['http://example.com', 'null', 'http://127.0.0.1', '\u009b2J'])}`)
  if (random.chance(0.1)) fields.push('Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits')
  const head = Buffer.from(
    `GET ${random.pick(['/', '/mqtt', `/${'x'.repeat(9000)}`])} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`,
    'latin1',
  )
  const frames: Piece[] = mqttPieces(random).map(([bytes, pause]) => [frame(random, bytes), pause])
  return [[random.chance(0.1) ? changedByte(random, head) : head, random.below(20)], ...frames]
}

const key = Buffer.alloc(16).toString('base64')

function frame(random: Random, payload: Buffer): Buffer {
  const bad = random.chance(0.15)
  const opcode = bad ? random.pick([0, 1, 3, 8, 9, 10, 0x42, 0x12]) : 2
  const masked = !bad || random.chance(0.7)
  const mask = Buffer.of(1, 2, 3, 4)
  const length = bad && random.chance(0.3) ? random.pick([70_000, 2 ** 31, 2 ** 45]) : payload.length
  const head = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10)
  head[0] = (random.chance(0.95) ? 0x80 : 0) | opcode
  head[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  if (!masked) return Buffer.concat([head, payload])
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4]!)])
}

/** HTTP requests. */
export function httpPieces(random: Random): Piece[] {
  const request = () => {
    const method = random.pick([
      'GET',
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'OPTIONS',
      'CONNECT',
      'PRI',
      'x'.repeat(200),
      '',
    ])
    const path = random.pick([
      '/metrics',
      '/metrics',
      '/',
      '*',
      'http://x/metrics',
      '/metrics?a=%00',
      `/${'x'.repeat(20_000)}`,
      '/\x80',
    ])
    const fields = random.pick([
      [],
      ['Host: x'],
      ['Host: x', 'Content-Length: 5'],
      ['Host: x', 'Content-Length: 5', 'Content-Length: 6'],
      ['Host: x', 'Transfer-Encoding: chunked'],
      ['Host: x', 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings'],
      ['Host: x', 'Expect: 100-continue', 'Content-Length: 1000000000'],
      ['Host: x', 'Expect: something'],
      Array.from({ length: 3000 }, (_, i) => `X-${i}: x`),
      [`X: ${'x'.repeat(30_000)}`],
      [': x'],
    ])
    const version = random.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/9.9'])
    const body = random.pick(['', 'hello', '5\r\nhello\r\n0\r\n\r\n', 'fffffffffffffffff\r\n'])
    return Buffer.from(`${method} ${path} ${version}\r\n${fields.join('\r\n')}\r\n\r\n${body}`, 'latin1')
  }
  const all = Buffer.concat(Array.from({ length: 1 + random.below(3) }, request))
  return inPieces(random, random.chance(0.2) ? changedByte(random, all) : all)
}

/** Requests to a responder, odd but allowed by the standard. */
export function oddRequests(random: Random): IPublishPacket[] {
  return Array.from({ length: 1 + random.below(4) }, (): IPublishPacket => {
    const properties = {
      ...(random.chance(0.8) && {
        responseTopic: random.pick(['r', 'a/'.repeat(250), '$SYS/x', `${'x'.repeat(65_000)}`, 'ä', 'r/s']),
      }),
      ...(random.chance(0.7) && {
        correlationData: Buffer.alloc(random.pick([0, 1, 16, 65_535]), random.below(256)),
      }),
      ...(random.chance(0.3) && { contentType: random.pick(['text/plain', 'x'.repeat(60_000)]) }),
      ...(random.chance(0.3) && { messageExpiryInterval: random.pick([0, 1, 0xffffffff]) }),
      ...(random.chance(0.3) && { payloadFormatIndicator: random.chance(0.5) }),
      ...(random.chance(0.3) && { subscriptionIdentifier: random.pick([1, 268_435_455]) }),
      ...(random.chance(0.3) && {
        userProperties: random.pick<Record<string, string | string[]>>([
          { a: ['b', 'c'], '': '' },
          { __proto__x: 'x', constructor: 'y' },
          { a: '"'.repeat(65_535) },
        ]),
      }),
    }
    const qos = random.below(3) as 0 | 1 | 2
    return {
      ...{
        cmd: 'publish',
        topic: 'ask',
        qos,
        dup: qos > 0 && random.chance(0.2),
        retain: random.chance(0.1),
      },
      ...{
        messageId: 1 + random.below(1000),
        properties: properties as NonNullable<IPublishPacket['properties']>,
      },
      payload: random.pick<string | Buffer>(['', 'x', Buffer.alloc(random.below(100_000)), escapes]),
    }
  })
}
