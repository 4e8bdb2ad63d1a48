// Raw streams and text: each kind of dump gives back its bytes.
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { unknownSecond } from '../../src/capture/stream.js'
import { type CaptureLog, read } from '../helpers/capture-log.js'
import { cutAt, everyCut } from '../helpers/cuts.js'

const connect = Buffer.from('\x10\x1a\0\x04MQTT\x04\x02\0\x3c\0\x0emosq-A1b2C3d4e', 'latin1')
const connack = Buffer.from('\x20\x02\0\0', 'latin1')
const stream = Buffer.concat([connect, Buffer.alloc(64, 'x'), Buffer.from([0x30, 3, 0, 1, 0x61])])

function sides(log: CaptureLog): string[] {
  return log.flows.map(({ bytes }) => `${bytes.c2s.toString('hex')}/${bytes.s2c.toString('hex')}`)
}

const c2s = (bytes: Buffer) => [`${bytes.toString('hex')}/`]
const both = [`${connect.toString('hex')}/${connack.toString('hex')}`]

function lines(bytes: Buffer, line: (bytes: Buffer, offset: number) => string): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 16) text += `${line(bytes.subarray(at, at + 16), at)}\n`
  return text
}

const hexOf = (bytes: Buffer, size = 1) =>
  (bytes.toString('hex').match(new RegExp(`.{1,${2 * size}}`, 'g')) ?? []).join(' ')
const printable = (bytes: Buffer) => bytes.toString('latin1').replace(/[^ -~]/g, '.')
const offset = (at: number, digits = 8) => at.toString(16).padStart(digits, '0')

const xxd = lines(stream, (row, at) => `${offset(at)}: ${hexOf(row, 2).padEnd(39)}  ${printable(row)}`)
const hexdumpC = lines(
  stream,
  (row, at) =>
    `${offset(at)}  ${hexOf(row.subarray(0, 8))}  ${hexOf(row.subarray(8)).padEnd(23)}  |${printable(row)}|`,
)
const wireshark = (bytes: Buffer, indent: string) =>
  lines(
    bytes,
    (row, at) =>
      `${indent}${offset(at)}  ${hexOf(row.subarray(0, 8))}  ${hexOf(row.subarray(8)).padEnd(23)}   ${printable(row)}`,
  )

const kinds: readonly (readonly [string, string])[] = [
  ['xxd', xxd],
  ['xxd -g1', lines(stream, (row, at) => `${offset(at)}: ${hexOf(row).padEnd(47)}  ${printable(row)}`)],
  [
    'xxd -p',
    `${stream
      .toString('hex')
      .match(/.{1,60}/g)!
      .join('\n')}\n`,
  ],
  ['hexdump -C', `${hexdumpC}${offset(stream.length)}\n`],
  [
    'od -tx1',
    `${lines(stream, (row, at) => `${at.toString(8).padStart(7, '0')} ${hexOf(row)}`)}${stream.length.toString(8).padStart(7, '0')}\n`,
  ],
  ['od -Ax -tx1', lines(stream, (row, at) => `${offset(at, 6)} ${hexOf(row)}`)],
  ['od -Ad -tx1', lines(stream, (row, at) => `${String(at).padStart(7, '0')} ${hexOf(row)}`)],
  ["Wireshark's Hex Dump", wireshark(stream, '')],
  ['plain hex', hexOf(stream)],
  ['plain hex, one line', stream.toString('hex')],
  ['with colons', stream.toString('hex').match(/../g)!.join(':')],
  ['0x10, 0x1a', stream.toString('hex').replace(/../g, '0x$&, ')],
  ['\\x10\\x1a', stream.toString('hex').replace(/../g, '\\x$&')],
  ['<Buffer 10 1a>', `<Buffer ${hexOf(stream)}>`],
  [
    'xxd -i',
    `unsigned char dump_bin[] = {\n${stream.toString('hex').replace(/../g, '0x$&, ')}\n};\nunsigned int dump_bin_len = ${stream.length};\n`,
  ],
  ['base64', stream.toString('base64')],
  [
    'base64 in lines',
    stream
      .toString('base64')
      .match(/.{1,20}/g)!
      .join('\r\n'),
  ],
  ['base64url', stream.toString('base64url')],
]

test.each(kinds)('%s', (_name, text) => {
  const log = read(Buffer.from(text))
  expect(sides(log)).toEqual(c2s(stream))
  expect(log.notes).toEqual([])
  expect(log.flows[0]!.flow).toMatchObject({ protocol: 'raw', sawStart: true })
})

test.each(kinds)('%s, with CRLF', (_name, text) => {
  expect(sides(read(Buffer.from(text.replace(/\r?\n/g, '\r\n'))))).toEqual(c2s(stream))
})

test.each(kinds)('%s, wherever it is cut', (_name, text) => {
  const bytes = Buffer.from(text)
  for (let at = 1; at < bytes.length; at += 7) expect(sides(read(cutAt(bytes, [at])))).toEqual(c2s(stream))
  expect(
    sides(
      read(
        cutAt(
          bytes,
          Array.from({ length: bytes.length - 1 }, (_, index) => index + 1),
        ),
      ),
    ),
  ).toEqual(c2s(stream))
})

describe('both directions', () => {
  test.each([
    ["Wireshark's Hex Dump", `${wireshark(connect, '')}${wireshark(connack, '    ')}`],
    [
      'tshark -z follow,tcp,hex',
      `\n===================================================================\nFollow: tcp,hex\nFilter: tcp.stream eq 0\nNode 0: 127.0.0.1:40000\nNode 1: 127.0.0.1:1883\n${wireshark(connect, '')}${wireshark(connack, '\t')}===================================================================\n`,
    ],
    [
      'tshark -z follow,tcp,raw',
      `===================================================================\nFollow: tcp,raw\nFilter: tcp.stream eq 0\nNode 0: 127.0.0.1:40000\nNode 1: 127.0.0.1:1883\n${connect.toString('hex')}\n\t${connack.toString('hex')}\n===================================================================\n`,
    ],
    [
      'C arrays',
      `char peer0_0[] = { /* Packet 4 */\n${connect.toString('hex').replace(/../g, '0x$&, ')} };\nchar peer1_0[] = { /* Packet 6 */\n0x20, 0x02, 0x00, 0x00 };\n`,
    ],
    [
      'YAML',
      `# Packet 4\npeers:\n  - peer: 0\n    host: 127.0.0.1\n    port: 40000\n  - peer: 1\n    host: 127.0.0.1\npackets:\n  - packet: 4\n    peer: 0\n    index: 0\n    timestamp: 1.5\n    data: !!binary |\n      ${connect.toString('base64')}\n  - packet: 6\n    peer: 1\n    index: 0\n    data: !!binary |\n      ${connack.toString('base64')}\n`,
    ],
  ])('%s', (_name, text) => {
    const log = read(Buffer.from(text))
    expect(sides(log)).toEqual(both)
    expect(log.notes).toEqual([])
    if (text.includes('Node'))
      expect(log.flows[0]).toMatchObject({ client: '127.0.0.1:40000', server: '127.0.0.1:1883' })
  })

  test('has the line number and file offset', () => {
    const text = `${wireshark(connect, '')}${wireshark(connack, '    ')}`
    const { origin } = read(Buffer.from(text)).flows[0]!.segments[2]!.segment
    expect(origin.record).toBe(3)
    expect(text.slice(origin.fileOffset)).toMatch(/^ {4}00000000 {2}20 02/)
    expect(origin.second).toBe(unknownSecond)
  })
})

test.each([
  ['hexdump', ['-C']],
  ['od', ['-tx1']],
  ['od', ['-An', '-tx1']],
  ['xxd', []],
] as const)('the output of %s %j, with repeated lines', (program, options) => {
  const zeros = Buffer.concat([connect, Buffer.alloc(500)])
  let text: Buffer
  try {
    text = execFileSync(program, [...options], { input: zeros })
  } catch {
    return // not installed
  }
  if (program === 'od' && options[0] === '-An')
    text = execFileSync('od', ['-v', '-An', '-tx1'], { input: zeros })
  expect(sides(read(text))).toEqual(c2s(zeros))
})

describe('invalid text', () => {
  test('an odd digit', () => {
    const log = read(Buffer.from('10 1a 0'))
    expect(sides(log)).toEqual(['101a/'])
    expect(log.notes).toEqual(['line 1 has an odd number of hex digits; the last one was ignored'])
  })

  test('an offset that jumps', () => {
    const log = read(Buffer.from('00000000: 101a\n00000002: 0004\n00000010: 4d51\n'))
    expect(log.flows[0]!.gaps).toEqual(['c2s 4 12 left out in the dump'])
    expect(log.notes).toEqual(['the offset in line 3 jumps: 12 bytes are missing before it'])
  })

  test('a repetition of terabytes', () => {
    const log = read(Buffer.from('00000000  10 1a 00 04  |....|\n*\nffffffffff  41  |A|\n'))
    expect(log.flows[0]!.bytes.c2s.length).toBeLessThan(2 ** 21)
    expect(log.notes).toHaveLength(1)
  })

  test('lines that are not part of the dump', () => {
    const log = read(Buffer.from(`${xxd}what is this?\n`))
    expect(sides(log)).toEqual(c2s(stream))
    expect(log.notes[0]).toMatch(/^line 8 is not a line of a hex dump/)
  })

  test('prose', () => {
    const log = read(Buffer.from('Dear reader,\nthis is no capture.\n'))
    expect(log.flows).toEqual([])
    expect(log.notes).toEqual(['this is text in no known form of hex dump or base64; it was not read'])
  })

  test('a line of a megabyte', () => {
    const bytes = Buffer.alloc(500_000, connect)
    for (const text of [
      bytes.toString('hex'),
      hexOf(bytes),
      bytes.toString('base64'),
      bytes.toString('hex').match(/../g)!.join(':'),
    ]) {
      expect(read(cutAt(Buffer.from(text), [1000, 70_001])).flows[0]!.bytes.c2s.equals(bytes)).toBe(true)
    }
  })
})

describe('raw bytes', () => {
  test('a client, wherever it is cut', () => {
    for (const chunks of everyCut(connect)) {
      const log = read(chunks)
      expect(sides(log)).toEqual(c2s(connect))
      expect(log.notes).toEqual([])
    }
  })

  test('a server, by its first packet or as given', () => {
    expect(sides(read(connack))).toEqual([`/${connack.toString('hex')}`])
    expect(sides(read(connack, { direction: 'c2s' }))).toEqual(c2s(connack))
  })

  test('bytes that cannot be MQTT are reported', () => {
    expect(read(Buffer.from([0xff, 0xfe, 0, 1])).notes).toEqual([
      'unknown capture format: read as the bytes of one direction',
    ])
  })
})
