// Fuzzing: no exception, no hang, bounded memory, and the guarantees of a sink hold. MQTTX_FUZZ_SEED=n repeats a failure;
// MQTTX_FUZZ=n is the number of captures in each test.
import { expect, test } from 'vitest'
import { openCapture } from '../../src/capture/open.js'
import { inflate } from '../../src/commands/capture-inflate.js'
import { crypto } from '../../src/commands/capture-tls.js'
import { amount } from '../helpers/amount.js'
import {
  ethernet,
  interfaceBlock,
  ipv4,
  ipv6,
  opening,
  packetBlock,
  pcap,
  section,
  tcp,
  timed,
  toClient,
  toServer,
  u16,
  u32,
  udp,
} from '../helpers/capture-builder.js'
import { CaptureLog } from '../helpers/capture-log.js'
import { Dice } from '../helpers/dice.js'

const captures = Number(process.env.MQTTX_FUZZ ?? amount({ inCi: 4000, here: 1500 }))
const firstSeed = Number(process.env.MQTTX_FUZZ_SEED ?? 20_240_229)

const connect = '\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0'
const upgrade = 'GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n'
const switched =
  'HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n'
const hello = Buffer.concat([
  Buffer.from([0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3]),
  Buffer.alloc(32, 7),
  Buffer.from([0, 0, 2, 0x13, 1, 1, 0]),
])
const serverHello = Buffer.concat([
  Buffer.from([0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3]),
  Buffer.alloc(32, 9),
  Buffer.from([0, 0xc0, 0x2b, 0]),
])
const keyLog = `CLIENT_RANDOM ${'07'.repeat(32)} ${'ab'.repeat(48)}\nCLIENT_HANDSHAKE_TRAFFIC_SECRET ${'07'.repeat(32)} ${'cd'.repeat(32)}\n`

const inHex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** A packet in each tunnel, after each link header, and in each file format other than pcap. */
function tunnels(): Buffer[] {
  const inner = ipv4(tcp({ seq: 999, flags: 'S' }))
  const over = (protocol: number, head: string, packet = inner) =>
    ethernet(ipv4(Buffer.concat([inHex(head), packet]), { protocol }))
  const overUdp = (port: number, head: string, packet = inner) =>
    ethernet(ipv4(udp(Buffer.concat([inHex(head), packet]), [5000, port]), { protocol: 17 }))
  const wifi = Buffer.concat([inHex('0801 0000'), Buffer.alloc(20), inHex('aaaa 03 000000 0800'), inner])
  const links: [number, string, Buffer][] = [
    [127, '00001900 03000080 01000000 0000000000000000 10', wifi],
    [192, '00001800 69000000 0200 0c00 0000000000000000 01000000', wifi],
    [258, `6c000000 01000000 01000000 ${'00'.repeat(96)}`, ethernet(inner)],
    [239, '02000000 0700 0a00 61620000 2c00 0900', inner],
    [197, '00000080 00f15365 8204 0050 0000 0036 8001020304050607 0101010101010101 0000', ethernet(inner)],
    [9, 'ff03 0281 00064140', inner],
    [107, '1841 0300 80 000000 0800', inner],
  ]
  const frames = [
    overUdp(4789, '08000000 00002a00', ethernet(inner)),
    overUdp(4790, '0c000004 00002a00 0fc20203 00000000', ethernet(inner)),
    overUdp(6081, '02006558 00002a00 0102030100000000', ethernet(inner)),
    overUdp(2152, '34ff0030 00000007 00000085 01100900'),
    overUdp(3544, '0001 0201 aabb cc 0000000000000000 00 0000 1234 01020304', ipv6(tcp({}))),
    overUdp(1701, '4a02 0000 0001 0001 0001 0002 0002 0000 0021'),
    overUdp(37_008, '01000001 00 0b0100 01', ethernet(inner)),
    over(47, '100022eb 00000001 2001000a 00000000 00000001 0000000000000000', ethernet(inner)),
    over(51, '04040000 00000001 00000001 000000000000000000000000'),
    ethernet(Buffer.concat([inHex('00064040 00064140 00000000'), ethernet(inner)]), { type: 0x8847 }),
  ]
  const snoop = Buffer.concat([
    inHex('736e6f6f70000000 00000002 00000004'),
    u32(frames[0]!.length),
    u32(frames[0]!.length),
    u32(frames[0]!.length + 24),
    u32(0),
    u32(1_700_000_000),
    u32(0),
    frames[0]!,
  ])
  const record = Buffer.concat([inHex('00000080 00f15365 0204 0048 0000 0036 0000'), ethernet(inner)])
  return [
    pcap(timed(frames)),
    ...links.map(([link, head, packet]) => pcap(timed([Buffer.concat([inHex(head), packet])]), { link })),
    snoop,
    Buffer.concat([record, record]),
  ]
}

/** CONNECT and CONNACK as text. */
const texts = [
  '0000000 0c10 0400 514d 5454 0204 3c00 0000\n*\n0000040\n',
  '0000000 006020 002000 050515 052124 001004 036000 000000\n0000016\n',
  '0000000 020 014  \\0 004   M   Q   T   T 004 002  \\0   <  \\0  \\0\n0000016\n',
  '0000000  16  12   0   4  77  81  84  84   4   2   0  60   0   0\n0000016\n',
  '10:00 > 10 0c 00 04 4d 51 54 54 04 02 00 3c 00 00\n10:01 < 20 02 00 00\n',
  'I (1) MQTT: 0x3ffb5e10   10 0c 00 04 4d 51 54 54  04 02 00 3c 00 00  |....MQTT...<..|\n',
  'write to 0x1 [0x2] (14 bytes => 14 (0xE))\n0000 - 10 0c 00 04 4d 51 54 54-04 02 00 3c   ....MQTT...<\n000e - <SPACES/NULS>\n',
  '<Buffer 10 0c 00 04 4d 51 54 54 04 02 ... 4 more bytes>\n',
  'sent b\'\\x10\\x0c\\x00\\x04MQTT\\x04\\x02\\x00<\\x00\\x00\'\nrecv b"\\x20\\002\\0\\u0000"\n',
  'uint8_t p[] = { /* CONNECT */ 0x10, 12, // length\n 0, 4, \'M\', "QTT", 4, 2, 0, 60, 0, 0 };\n',
  '[16, 12, 0, 4, 77, 81, 84, 84, 4, 2, ... 4 more items]\n',
  '[pid 7] write(3, "\\20\\f\\0\\4MQTT\\4\\2"..., 14) = 14\n | 00000  10 0c 00 04 4d 51 54 54  04 02 00 3c 00 00  ....MQTT...<.. |\nread(3,  <unfinished ...>\n[pid 8] close(3) = 0\n<... read resumed>"\\x20\\x02\\x00\\x00", 4) = 4\nwritev(3, [{iov_base="\\300", iov_len=1}, {iov_base="\\0", iov_len=1}], 2) = 2\n',
  '2026-11-21 09:30:00.000001 IP 10.0.0.1.4000 > 10.0.0.2.1883: Flags [P.]\n\t0x0000:  4500 002a 0001 0000 4006 0000 0a00 0001  E..*....@.......\n\t0x0010:  0a00 0002 0fa0 075b 0000 0001 0000 0001  .......[........\n\t0x0020:  5018 0000 0000 0000 c000                 P.........\n',
  'Frame (12 bytes):\n0000  00 00 00 00 00 00 00 00 00 00 00 00 08 00 45 00   ..............E.\n',
].flatMap((text) => [Buffer.from(text, 'latin1'), Buffer.from(`\ufeff${text}`, 'utf16le')])

/** The captures to mutate: each container format, each layer. */
const seeds: readonly Buffer[] = [
  pcap(
    timed([
      ...opening(),
      toServer({ seq: 1000, ack: 5000, payload: connect }),
      toClient({ seq: 5000, ack: 1014, payload: '\x20\x02\0\0' }),
    ]),
  ),
  pcap(
    timed([
      toServer({ seq: 1000, payload: connect }),
      toServer({ seq: 1020, payload: 'later' }),
      toServer({ seq: 1014, payload: 'middle' }),
    ]),
    { little: false, nano: true },
  ),
  Buffer.concat([
    section(),
    interfaceBlock(),
    ...opening().map((bytes) => packetBlock({ bytes })),
    packetBlock({ bytes: toServer({ seq: 1000, payload: connect }) }),
  ]),
  Buffer.concat([
    section(false),
    interfaceBlock({ little: false }),
    ...opening().map((bytes) => packetBlock({ bytes }, false)),
  ]),
  pcap(
    timed([
      ethernet(ipv4(Buffer.alloc(24), { id: 3, more: true }), { tags: [0x8100, 0x88a8] }),
      ethernet(ipv4(Buffer.alloc(24), { id: 3, offset: 24 })),
    ]),
  ),
  pcap(
    timed([
      ethernet(
        ipv6(
          Buffer.concat([
            Buffer.from([44, 0, 0, 0, 0, 0, 0, 0, 6, 0]),
            u16(1),
            u32(5),
            tcp({ payload: 'x' }),
          ]),
          { next: 0 },
        ),
        { type: 0x86dd },
      ),
    ]),
  ),
  pcap(timed([ethernet(ipv4(udp(Buffer.from([3, 5, 0])), { protocol: 17 }))])),
  pcap(
    timed([
      ...opening(),
      toServer({ seq: 1000, payload: upgrade }),
      toClient({ seq: 5000, payload: switched }),
      toServer({
        seq: 1000 + upgrade.length,
        payload: '\xc2\x84\x01\x02\x03\x04abcd\x82\x81\x01\x02\x03\x04a',
      }),
    ]),
  ),
  pcap(
    timed([
      ...opening(),
      toServer({ seq: 1000, payload: hello }),
      toClient({ seq: 5000, payload: serverHello }),
      toServer({
        seq: 1050,
        payload: Buffer.concat([Buffer.from([0x14, 3, 3, 0, 1, 1, 0x17, 3, 3, 0, 30]), Buffer.alloc(30)]),
      }),
    ]),
  ),
  Buffer.from(
    '00000000  10 0c 00 04 4d 51 54 54  04 02 00 3c 00 00   ....MQTT ...<..\n    00000000  20 02 00 00   ...\n*\n00000020\n',
  ),
  Buffer.from(
    'char peer0_0[] = { /* Packet 4 */\n0x10, 0x0c };\nchar peer1_0[] = {\n0x20, 0x02, 0x00, 0x00 };\n',
  ),
  ...tunnels(),
  ...[
    'PROXY TCP4 203.0.113.7 10.0.0.2 56324 1883\r\n',
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x07\x0a\0\0\x02\xdc\x04\x07\x5b',
    '\x04\x01\x07\x5b\0\0\0\x01\0broker\0',
    '\x05\x01\x02\x01\x01a\x01b\x05\x01\0\x03\x01b\x07\x5b',
    'CONNECT broker:1883 HTTP/1.1\r\n\r\n',
  ].map((before) =>
    pcap(
      timed([
        ...opening(),
        toServer({ seq: 1000, payload: before }),
        toClient({
          seq: 5000,
          payload: 'HTTP/1.1 407 x\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 x\r\n\r\n',
        }),
        toServer({ seq: 1000 + before.length, payload: connect }),
      ]),
    ),
  ),
  ...texts,
  Buffer.from(connect, 'latin1'),
  Buffer.from(Buffer.from(connect, 'latin1').toString('base64')),
]

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x10, 0x45, 0x60, 0x2a]
const lengths = [0, 1, 3, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0100_0000, 0x0001_0000]

function mutate(dice: Dice): Buffer {
  let bytes = Buffer.from(dice.of(seeds))
  for (let count = dice.below(8); count >= 0 && bytes.length > 8; count--) {
    const at = dice.below(bytes.length - 4)
    switch (dice.below(7)) {
      case 0:
        bytes[at] = dice.below(256)
        break
      case 1:
        bytes[at] = dice.of(interesting)
        break
      case 2:
        bytes.writeUInt32LE(dice.of(lengths), at)
        break
      case 3:
        bytes.writeUInt32BE(dice.of(lengths), at)
        break
      case 4: // missing bytes
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + dice.below(20))])
        break
      case 5: // repeated bytes
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(dice.below(at + 1))])
        break
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), dice.bytes(dice.below(30)), bytes.subarray(at)])
    }
  }
  return bytes
}

function* cut(bytes: Buffer, dice: Dice): Generator<Buffer> {
  const size = dice.of([1, 3, 50, 1000, bytes.length + 1])
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

function run(bytes: Buffer, dice: Dice): CaptureLog {
  const log = new CaptureLog()
  const protocol = dice.below(8) === 0 ? ('mqtt-sn' as const) : undefined
  const capture = openCapture(log, { inflate, crypto, keyLog, ports: [1234], protocol })
  for (const chunk of cut(bytes, dice)) capture.push(chunk)
  capture.end()
  return log
}

function check(bytes: Buffer, seed: number): void {
  const shown = `seed ${seed}: ${bytes.toString('hex').slice(0, 4000)}`
  try {
    const log = run(bytes, new Dice(seed))
    for (const { flow, closed, bytes: sides } of log.flows) {
      if (closed === '') throw new Error(`flow ${flow.id} was not closed`)
      if (sides.c2s.length + sides.s2c.length > 4 * 1024 * 1024) throw new Error('more bytes than there were')
    }
    for (const offset of log.noteOffsets)
      if (!(offset >= 0 && offset <= bytes.length)) throw new Error(`a note at ${offset}`)
    if (log.notes.length > 200) throw new Error(`${log.notes.length} notes`)
  } catch (error) {
    throw new Error(shown, { cause: error })
  }
}

function forEachSeed(make: (dice: Dice) => Buffer): void {
  for (let seed = firstSeed; seed < firstSeed + captures; seed++) check(make(new Dice(seed)), seed)
}

/** Milliseconds; generous for slow machines. */
const limit = 60_000 + captures * 50

test('mutated captures', () => forEachSeed(mutate), limit)

test(
  'random bytes after the head of each seed',
  () => {
    const heads = [...seeds.map((bytes) => bytes.subarray(0, 24)), Buffer.alloc(0)]
    forEachSeed((dice) => Buffer.concat([dice.of(heads), dice.bytes(dice.below(600))]))
  },
  limit,
)

test(
  'random segments of one connection',
  () => {
    forEachSeed((dice) => {
      const frames = dice.below(2) ? opening() : []
      for (let count = dice.below(40); count >= 0; count--) {
        const make = dice.of([toServer, toClient])
        const seq = (dice.of([1000, 5000, 0xffff_fff0]) + dice.below(60)) >>> 0
        const flags = dice.of(['A', 'A', 'A', 'A', 'A', 'FA', 'RA', 'S', 'SA'])
        frames.push(
          make({
            seq,
            ack: dice.of([1000, 5000]) + dice.below(60),
            flags,
            payload: 'x'.repeat(dice.below(30)),
          }),
        )
      }
      return pcap(timed(frames))
    })
  },
  limit,
)

test('a damaged record header: the records before and after it are read', {
  timeout: limit,
}, () => {
  const size = 100
  const count = 40
  const frames = Array.from({ length: count }, (_, index) =>
    toServer({ seq: 1000 + index * size, payload: Buffer.alloc(size, 65 + index) }),
  )
  const sound = pcap(timed([...opening(), ...frames]))
  const length = toServer({ payload: Buffer.alloc(size) }).length + 16
  const first = sound.length - count * length
  for (let seed = firstSeed; seed < firstSeed + captures; seed++) {
    const dice = new Dice(seed)
    const file = Buffer.from(sound)
    const record = dice.below(count - 4)
    for (let times = 1 + dice.below(4); times > 0; times--) {
      const from = dice.below(16)
      dice.bytes(1 + dice.below(16 - from)).copy(file, first + record * length + from)
    }
    const log = new CaptureLog()
    const capture = openCapture(log, { ports: [1883] })
    for (let at = 0; at < file.length; ) {
      const next = at + 1 + dice.below(900)
      capture.push(file.subarray(at, next))
      at = next
    }
    capture.end()
    const read = log.flows.map(({ c2s }) => c2s.replace(/<[^>]*>/g, '')).join('')
    const [lost] = [count * size - read.length]
    // The record itself; more only if both of its lengths agree by chance.
    expect(lost, `seed ${seed}`).toBeLessThanOrEqual(size)
    expect(log.notes.length, `seed ${seed}: ${log.notes.join()}`).toBe(lost > 0 ? 1 : log.notes.length)
  }
})
