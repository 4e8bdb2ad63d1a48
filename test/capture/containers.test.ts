// pcap and pcapng: byte orders, times, sections, damaged files.
import { describe, expect, test } from 'vitest'
import { nanosecondsOf } from '../../src/capture/stream.js'
import {
  block,
  interfaceBlock,
  opening,
  option,
  type PcapOptions,
  packetBlock,
  pcap,
  pcapHeader,
  pcapRecord,
  section,
  timed,
  toClient,
  toServer,
  u32,
} from '../helpers/capture-builder.js'
import { type CaptureLog, read } from '../helpers/capture-log.js'
import { everyCut } from '../helpers/cuts.js'

const talk = [
  ...opening(),
  toServer({ seq: 1000, ack: 5000, payload: 'hello' }),
  toClient({ seq: 5000, ack: 1005, payload: 'world' }),
]
const data = talk.slice(3)

function texts(log: CaptureLog): string[] {
  return log.flows.map(({ c2s, s2c }) => `${c2s}/${s2c}`)
}

function times(log: CaptureLog): bigint[] {
  return log.flows.flatMap(({ segments }) => segments.map(({ segment }) => nanosecondsOf(segment.origin)))
}

const kinds: readonly (readonly [string, PcapOptions])[] = [
  ['little endian, microseconds', { little: true }],
  ['big endian, microseconds', { little: false }],
  ['little endian, nanoseconds', { little: true, nano: true }],
  ['big endian, nanoseconds', { little: false, nano: true }],
]

describe.each(kinds)('pcap, %s', (_name, options) => {
  const file = pcap(timed(talk), options)

  test('is read with its times', () => {
    const log = read(file)
    expect(texts(log)).toEqual(['hello/world'])
    expect(times(log)).toEqual([1_700_000_000_003_000_000n, 1_700_000_000_004_000_000n])
    expect(log.notes).toEqual([])
  })

  test('wherever it is cut', () => {
    const whole = read(file)
    for (const chunks of everyCut(file)) expect(summary(read(chunks))).toEqual(summary(whole))
  })
})

function summary(log: CaptureLog): unknown {
  const segments = log.flows.flatMap((flow) =>
    flow.segments.map(({ direction, segment: { offset, origin } }) => [
      direction,
      offset,
      origin.record,
      origin.fileOffset,
      nanosecondsOf(origin),
    ]),
  )
  return [texts(log), segments, log.notes, log.noteOffsets]
}

test('the frame check sequence bits are not part of the link type', () => {
  expect(texts(read(pcap(timed(talk), { link: 0x5000_0001 })))).toEqual(['hello/world'])
})

test('a record whose captured length exceeds its original length is read', () => {
  const packets = timed(talk).map((packet) => ({ ...packet, wire: 1 }))
  expect(texts(read(pcap(packets)))).toEqual(['hello/world'])
})

test('records of length 0 are ignored', () => {
  const packets = timed([...talk.slice(0, 4), Buffer.alloc(0), ...talk.slice(4)])
  expect(texts(read(pcap(packets)))).toEqual(['hello/world'])
})

test('a file that ends inside a record: the records before it are read', () => {
  const log = read(pcap(timed(talk)).subarray(0, -3))
  expect(texts(log)).toEqual(['hello/'])
  expect(log.notes).toEqual(['the file ends inside record 5: it has 72 of 75 bytes; they were ignored'])
  expect(log.noteOffsets).toEqual([pcap(timed(talk)).length - 75])
})

test('a file that ends inside its header', () => {
  expect(read(pcapHeader().subarray(0, 20)).notes[0]).toBe('the file ends inside its header, after 20 bytes')
})

describe('a damaged record', () => {
  /** Twelve records: three open the connection, the others have one byte each. */
  const frames = [
    ...opening(),
    ...[...'abcdefghi'].map((payload, index) => toServer({ seq: 1000 + index, ack: 5000, payload })),
  ]
  const sizes = frames.map((bytes) => bytes.length + 16)
  const place = (record: number) => 24 + sizes.slice(0, record).reduce((sum, size) => sum + size, 0)
  const records = Math.trunc(timed(frames)[0]!.time!)

  function damaged(record: number, damage: (header: Buffer) => void): Buffer {
    const file = Buffer.from(pcap(timed(frames)))
    damage(file.subarray(place(record), place(record) + 16))
    return file
  }

  test.each([
    ['of 4 GB', (header: Buffer) => header.fill(0xff, 8, 16), 4_294_967_295],
    [
      'that is longer than the rest of the file',
      (header: Buffer) => header.writeUInt32LE(200_000, 8),
      200_000,
    ],
    ['that is longer in both lengths', (header: Buffer) => header.fill('\0\0\x01\0', 8), 65_536],
    ['that is shorter', (header: Buffer) => header.writeUInt32LE(7, 8), 7],
    ['of zeros', (header: Buffer) => header.fill(0), 0],
    ['of noise', (header: Buffer) => header.fill('\xa5\x5a', 'latin1'), 0x5aa55aa5],
  ] as const)('%s: the next record is found', (_name, damage, length) => {
    const file = damaged(5, damage)
    const log = read(file)
    expect(log.flows.map(({ c2s }) => c2s)).toEqual(['ab<1>defghi'])
    const outcome = `skipped ${sizes[5]} bytes to the next valid records, at offset ${place(6)}`
    expect(log.notes).toEqual([`record 6 is damaged, it claims ${length} bytes; ${outcome}`])
    expect(log.noteOffsets).toEqual([place(5)])
    for (const chunks of everyCut(file)) expect(summary(read(chunks))).toEqual(summary(log))
  })

  test('whose lengths agree: the records inside it are lost', () => {
    const log = read(damaged(5, (header) => header.writeUInt32LE(90, 8) + header.writeUInt32LE(90, 12)))
    expect(log.flows[0]!.c2s).toMatch(/^ab.?<\d>.*i$/)
    expect(log.notes).toHaveLength(1)
  })

  test('at the end, and the first', () => {
    const last = read(damaged(11, (header) => header.fill(0xff)))
    expect(last.flows[0]!.c2s).toBe('abcdefgh')
    expect(last.notes).toEqual([
      `record 12 is damaged, it claims 4294967295 bytes; the ${sizes[11]} bytes to the end of the file were not read, ` +
        'as they hold no valid record',
    ])
    const first = read(damaged(0, (header) => header.fill(0xff)))
    expect(first.flows[0]!.c2s).toBe('abcdefghi')
    expect(first.notes).toHaveLength(1)
  })

  test('with an impossible time and valid lengths is read', () => {
    for (const seconds of [0, 0xffff_ffff, records + 200_000]) {
      const log = read(damaged(5, (header) => header.writeUInt32LE(seconds, 0)))
      expect(log.flows[0]!.c2s).toBe('abcdefghi')
      expect(log.notes).toEqual([])
    }
  })

  test('before megabytes of garbage', () => {
    const sound = pcap(timed(frames))
    const middle = place(5)
    const rubbish = Buffer.alloc(3_000_000, 'no record at all; ')
    const log = read([Buffer.concat([sound.subarray(0, middle), rubbish, sound.subarray(middle)])])
    expect(log.flows[0]!.c2s).toBe('abcdefghi')
    expect(log.notes[0]).toContain('skipped 3000000 bytes')
  })

  test('before zeros, as a crash leaves in a file', () => {
    const file = pcap(timed(frames))
    const log = read(Buffer.concat([file, Buffer.alloc(5000)]))
    expect(log.flows[0]!.c2s).toBe('abcdefghi')
    expect(log.notes[0]).toMatch(
      /^record 13 is damaged, it claims 0 bytes; the 5000 bytes to the end of the file/,
    )
    expect(log.noteOffsets).toEqual([file.length])
  })
})

test('a pause of a week between two records is not damage', () => {
  const packets = timed(talk).map((packet, index) => ({ ...packet, time: packet.time! + index * 604_800 }))
  const log = read(pcap(packets))
  expect(texts(log)).toEqual(['hello/world'])
  expect(log.notes).toEqual([])
})

describe.each([
  ['little endian', true],
  ['big endian', false],
])('pcapng, %s', (_name, little) => {
  const packets = talk.map((bytes, index) =>
    packetBlock({ bytes, ticks: 1_700_000_000_000_000n + BigInt(index) }, little),
  )
  const file = Buffer.concat([section(little), interfaceBlock({ little }), ...packets])

  test('is read with its times', () => {
    const log = read(file)
    expect(texts(log)).toEqual(['hello/world'])
    expect(times(log)).toEqual([1_700_000_000_000_003_000n, 1_700_000_000_000_004_000n])
    expect(log.notes).toEqual([])
  })

  test('wherever it is cut', () => {
    const whole = read(file)
    for (const chunks of everyCut(file)) expect(summary(read(chunks))).toEqual(summary(whole))
  })
})

test('two sections with different byte orders and interfaces', () => {
  const first = [
    section(true),
    interfaceBlock({ link: 1 }),
    ...talk.slice(0, 4).map((bytes) => packetBlock({ bytes })),
  ]
  const second = [section(false), interfaceBlock({ link: 101, little: false })]
  const rawIp = talk[4]!.subarray(14)
  const log = read(Buffer.concat([...first, ...second, packetBlock({ bytes: rawIp }, false)]))
  expect(texts(log)).toEqual(['hello/world'])
})

test('interfaces with a resolution of 10^-9, of 2^-10 with an offset, and of 1 second', () => {
  const nano = option(9, Buffer.from([9]))
  const offset = Buffer.alloc(8)
  offset.writeBigInt64LE(1_000_000n)
  const binary = Buffer.concat([option(9, Buffer.from([0x8a])), option(14, offset)])
  const seconds = option(9, Buffer.from([0]))
  const interfaces = [nano, binary, seconds].map((options) => interfaceBlock({ options }))
  const frames = [
    packetBlock({ bytes: data[0]!, ticks: 1_700_000_000_123_456_789n, on: 0 }),
    packetBlock({ bytes: data[1]!, ticks: 1024n * 7n + 512n, on: 1 }),
    packetBlock({ bytes: toServer({ seq: 1005, ack: 5005, payload: '!' }), ticks: 1_700_000_000n, on: 2 }),
  ]
  const log = read(Buffer.concat([section(), ...interfaces, ...frames]))
  expect(times(log).sort()).toEqual(
    [1_000_007_500_000_000n, 1_700_000_000_000_000_000n, 1_700_000_000_123_456_789n].sort(),
  )
})

test('Simple Packet Blocks have no time and are cut to the snap length', () => {
  const simple = (bytes: Buffer, wire: number) => block(3, Buffer.concat([u32(wire, true), bytes]))
  const frames = talk.map((bytes) => simple(bytes.subarray(0, 58), bytes.length))
  const log = read(Buffer.concat([section(), interfaceBlock({ snap: 58 }), ...frames]))
  expect(texts(log)).toEqual(['hell<1>/worl<1>'])
  expect(times(log)).toEqual([-1_000_000_000n, -1_000_000_000n])
})

test('obsolete Packet Blocks', () => {
  const old = (bytes: Buffer) => {
    const head = [u32(0), u32(0), u32(0), u32(bytes.length, true), u32(bytes.length, true)]
    return block(2, Buffer.concat([...head, bytes]))
  }
  expect(texts(read(Buffer.concat([section(), interfaceBlock(), ...talk.map(old)])))).toEqual(['hello/world'])
})

test('an empty comment is not reported, with or without the end of the options', () => {
  for (const options of [option(1, Buffer.alloc(0)), Buffer.concat([option(1, Buffer.alloc(0)), u32(0)])]) {
    const frames = data.slice(0, 2).map((bytes) => packetBlock({ bytes, options }))
    expect(read(Buffer.concat([section(), interfaceBlock(), ...frames])).notes).toEqual([])
  }
})

test('comments are reported; unknown blocks are skipped', () => {
  const options = option(1, Buffer.from('look here'))
  const frames = [
    packetBlock({ bytes: data[0]!, options }),
    block(0xbad, Buffer.alloc(20)),
    packetBlock({ bytes: data[1]! }),
  ]
  const log = read(Buffer.concat([section(), interfaceBlock(), ...frames]))
  expect(log.notes).toEqual(['comment on record 1: look here'])
  expect(texts(log)).toEqual(['<?>hello/<?>world'])
})

test('a packet of an undescribed interface', () => {
  const log = read(
    Buffer.concat([
      section(),
      interfaceBlock(),
      packetBlock({ bytes: data[0]!, on: 3 }),
      packetBlock({ bytes: data[1]! }),
    ]),
  )
  expect(texts(log)).toEqual(['/<?>world'])
  expect(log.notes).toEqual(['the block of record 1 names an interface that the file does not describe'])
})

test('a packet that claims more bytes than its block has', () => {
  const lying = packetBlock({ bytes: data[0]! })
  lying.writeUInt32LE(0xffff_ffff, 20)
  const log = read(Buffer.concat([section(), interfaceBlock(), lying]))
  expect(texts(log)).toEqual(['<?>hello/'])
  expect(log.notes[0]).toBe(
    'the block of record 1 claims 4294967295 bytes and has room for 60; these were read',
  )
})

test.each([
  ['0', 0],
  ['not a multiple of 4', 91],
  ['4 GB', 0xffff_fffc],
  ['that differs from the one at its end', 64],
])('a block length of %s: the next valid block is found', (_name, length) => {
  const packets = talk.map((bytes) => packetBlock({ bytes }))
  packets[2]!.writeUInt32LE(length, 4)
  const file = Buffer.concat([section(), interfaceBlock(), ...packets])
  const log = read(file)
  expect(texts(log)).toEqual(['hello/world'])
  expect(log.notes).toEqual([
    `a block's length is wrong; skipped ${packets[2]!.length} bytes to the next block`,
  ])
  expect(log.noteOffsets).toEqual([28 + 20 + packets[0]!.length + packets[1]!.length])
  for (const chunks of everyCut(file)) expect(texts(read(chunks))).toEqual(['hello/world'])
})

test('a damaged block without a valid one after it', () => {
  const log = read(Buffer.concat([section(), interfaceBlock(), Buffer.alloc(100_000, 6)]))
  expect(log.notes[0]).toBe("a block's length is wrong; 100000 bytes to the end of the file were not read")
})

test.each([
  ['gzip', '1f8b0800000000000003', /compressed by gzip/],
  ['zstd', '28b52ffd00000000', /zstd -dc/],
  ['xz', 'fd377a585a000000', /xz -dc/],
  ['bzip2', '425a6839314159265359', /bzip2 -dc/],
  ['lz4', '04224d1800000000', /lz4 -dc/],
  ['lzip', '4c5a495001000000', /lzip -dc/],
  ['a zip archive', '504b030414000000', /a zip archive; .*unzip -p/],
  ['an empty zip archive', '504b0506000000000000', /a zip archive without files/],
  ['a 7-Zip archive', '377abcaf271c0004', /7z x -so/],
  ['a RAR archive', '526172211a070100', /RAR archive/],
  ['a tar archive', `${'61'.repeat(257)}${Buffer.from('ustar').toString('hex')}0030`, /a tar archive/],
  ['a modified pcap', 'a1b2cd3400000000', /"modified" kind; .*editcap/],
])('%s is recognised', (_name, hex, text) => {
  const log = read(Buffer.from(hex, 'hex'))
  expect(log.notes).toHaveLength(1)
  expect(log.notes[0]).toMatch(text)
})

test('empty input is reported', () => {
  expect(read([]).notes).toEqual(['the input is empty'])
})

test('ten thousand notes of one kind are ten and a count', () => {
  const bad = Buffer.alloc(40, 0xff)
  const file = Buffer.concat([
    pcapHeader({ link: 228 }),
    ...Array.from({ length: 10_000 }, () => pcapRecord({ bytes: Buffer.concat([Buffer.from([0x41]), bad]) })),
  ])
  const { notes } = read(file)
  expect(notes.filter((note) => note.includes('IPv4 header of 4 bytes'))).toHaveLength(10)
  expect(notes).toContain('9990 more notes of this kind: damaged IP packet')
})
