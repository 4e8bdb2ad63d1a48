// Pasted text: output of tools and programs, logs, source code. Each gives back its bytes.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { hexRowOf } from '../../src/capture/text/rows.js'
import { ethernet, ipv4, tcp } from '../helpers/capture-builder.js'
import { type CaptureLog, read } from '../helpers/capture-log.js'
import { cutAt } from '../helpers/cuts.js'
import { scratch } from '../helpers/run.js'

/** CONNECT, SUBSCRIBE, PUBLISH. */
const client = Buffer.from(
  '\x10\x13\0\x04MQTT\x04\x02\0<\0\x07esp32-1\x82\n\0\x01\0\x05cmd/#\x01' +
    '2\x13\0\thome/temp\0\x0221.5 C\xe0\0',
  'latin1',
)
const server = Buffer.from('2002000090030001010 0'.replace(' ', ''), 'hex')
const hex = (bytes: Buffer) => bytes.toString('hex')
const pairs = (bytes: Buffer, between = ' ') => hex(bytes).match(/../g)!.join(between)
const chars = (bytes: Buffer) => bytes.toString('latin1').replace(/[^ -~]/g, '.')
const offset = (at: number, digits: number) => at.toString(16).padStart(digits, '0')

function rows(bytes: Buffer, row: (bytes: Buffer, at: number) => string): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 16) text += `${row(bytes.subarray(at, at + 16), at)}\n`
  return text
}
const halves = (bytes: Buffer, between = '  ') =>
  `${pairs(bytes.subarray(0, 8))}${bytes.length > 8 ? between + pairs(bytes.subarray(8)) : ''}`

function sides({ flows }: CaptureLog): string[] {
  return flows.map(({ bytes }) => `${hex(bytes.c2s)}/${hex(bytes.s2c)}`)
}
const one = [`${hex(client)}/`]
const two = [`${hex(client)}/${hex(server)}`]

const netty = (bytes: Buffer) =>
  `         +-------------------------------------------------+\n         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n+--------+-------------------------------------------------+----------------+\n${rows(bytes, (row, at) => `|${offset(at, 8)}| ${pairs(row).padEnd(47)} |${chars(row).padEnd(16)}|`)}+--------+-------------------------------------------------+----------------+`
const openssl = (bytes: Buffer) =>
  rows(bytes, (row, at) => `${offset(at, 4)} - ${halves(row, '-').padEnd(49)}  ${chars(row)}`)
const socat = (bytes: Buffer) => rows(bytes, (row) => ` ${pairs(row)}`)
const zephyr = (bytes: Buffer) =>
  rows(
    bytes,
    (row) =>
      `${' '.repeat(30)}${halves(row).padEnd(48)} |${chars(row.subarray(0, 8))} ${chars(row.subarray(8))}`,
  )
const escapes = (bytes: Buffer, other: (byte: number) => string) =>
  [...bytes]
    .map((byte) =>
      byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 ? String.fromCharCode(byte) : other(byte),
    )
    .join('')
const x = (byte: number) => `\\x${byte.toString(16).padStart(2, '0')}`
const octal = (byte: number) => `\\${byte.toString(8).padStart(3, '0')}`

const oneWay: readonly (readonly [string, string])[] = [
  ['ESP-IDF, ESP_LOG_BUFFER_HEX', rows(client, (row) => `\x1b[0;32mI (1234) MQTT: ${pairs(row)} \x1b[0m`)],
  [
    'ESP-IDF, ESP_LOG_BUFFER_HEXDUMP',
    rows(
      client,
      (row, at) =>
        `I (1234) MQTT: 0x${offset(0x3ffb_5e10 + at, 8)}   ${halves(row).padEnd(48)}  |${chars(row)}|`,
    ),
  ],
  ['Zephyr', `[00:00:01.234,000] <inf> net_mqtt: packet\n${zephyr(client)}`],
  ['Netty', netty(client)],
  ['socat -x -v', rows(client, (row) => ` ${pairs(row).padEnd(48)} ${chars(row)}`)],
  [
    'PowerShell 7, Format-Hex',
    `\n   Label: String (System.String) <1A2B3C4D>\n\n          Offset Bytes                                           Ascii\n                 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n          ------ ----------------------------------------------- -----\n${rows(client, (row, at) => `${offset(at, 16).toUpperCase()} ${pairs(row).toUpperCase().padEnd(47)} ${chars(row)}`)}`,
  ],
  [
    'PowerShell 5, Format-Hex',
    `\n           00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n\n${rows(client, (row, at) => `${offset(at, 8).toUpperCase()}   ${pairs(row).toUpperCase().padEnd(47)}  ${chars(row)}`)}`,
  ],
  ['C# BitConverter', pairs(client, '-').toUpperCase()],
  [
    'C with comments',
    `static const uint8_t packet[${client.length}] = { // CONNECT and more\n  /* fixed header,\n     remaining length */ 0x10, 0x13,\n  ${[...client.subarray(2)].map((byte) => `0x${byte.toString(16)}`).join(', ')} // 57 bytes\n};\nsize_t length = ${client.length};\n`,
  ],
  [
    'C with suffixes and characters',
    `uint8_t p[] = {0x10u, 0x13U, 0, 4, 'M', 'Q', 'T', 'T', ${[...client.subarray(8)].join('u, ')}};`,
  ],
  ['a string of C', `const char *p = "${escapes(client, octal)}";`],
  [
    'JavaScript',
    `const packet = Buffer.from([\n${[...client].map((byte) => `  0x${byte.toString(16).padStart(2, '0')}, // ${byte}`).join('\n')}\n])`,
  ],
  ['Uint8Array of Node', inspect(new Uint8Array(client))],
  ['a Buffer in JSON', JSON.stringify(client)],
  ['console.log of an array', inspect([...client])],
  ['Go, a literal', `var packet = []byte{${pairs(client, ', 0x').replace(/^/, '0x')}}`],
  ['Go, a string', `packet := []byte("${escapes(client, x)}")`],
  ['Go, %v', `[${[...client].join(' ')}]`],
  ['Rust, a byte string', `let packet = b"${escapes(client, x)}";`],
  [
    'Rust, a slice',
    `let packet: [u8; ${client.length}] = [${[...client].map((byte) => `${byte}u8`).join(', ')}];`,
  ],
  ['Rust, Debug', `[${[...client].join(', ')}]`],
  ['Python, a log', `DEBUG:mqtt:sent b'${escapes(client, x)}'`],
  ['Python, bytearray', `bytearray(b"${escapes(client, x)}")`],
  [
    'Python, in lines',
    `packet = (\n    b'${escapes(client.subarray(0, 30), x)}'\n    b'${escapes(client.subarray(30), x)}'\n)`,
  ],
  ['Python, fromhex', `bytes.fromhex("${hex(client)}")  # a packet`],
  ['Java, Arrays.toString', `[${[...client].map((byte) => (byte > 127 ? byte - 256 : byte)).join(', ')}]`],
  [
    'Java, a literal',
    `byte[] p = new byte[] { ${[...client].map((byte) => (byte > 127 ? `(byte) 0x${byte.toString(16)}` : byte)).join(', ')} };`,
  ],
  ['Erlang', `<<${[...client.subarray(0, 4)].join(',')},"MQTT",${[...client.subarray(8)].join(',')}>>`],
  ['decimal numbers', [...client].join(' ')],
  ['decimal numbers with commas', [...client].join(', ')],
  ['decimal numbers in lines', [...client].join(',\n')],
  ['a log with compact hex', `2026-11-21 09:30:00 DEBUG sending ${client.length} bytes: ${hex(client)}`],
  ['a log with 0x', `09:30:00 TX ${pairs(client, ' 0x').replace(/^/, '0x')}`],
]

test.each(oneWay)('%s', (_name, text) => {
  const log = read(Buffer.from(text, 'latin1'))
  expect(log.notes).toEqual([])
  expect(sides(log)).toEqual(one)
})

test.each(oneWay)('%s, with CRLF, in UTF-16, with a byte order mark, in small chunks', (_name, text) => {
  const lines = text.replace(/\r?\n/g, '\r\n')
  const marked = (body: Buffer, mark: string) => Buffer.concat([Buffer.from(mark, 'hex'), body])
  const little = Buffer.from(lines, 'utf16le')
  for (const file of [
    marked(Buffer.from(lines), 'efbbbf'),
    marked(little, 'fffe'),
    marked(Buffer.from(little).swap16(), 'feff'),
    little,
  ]) {
    expect(sides(read(file))).toEqual(one)
    expect(sides(read(cutAt(file, [1, 2, 3, 20, 41])))).toEqual(one)
  }
})

describe('both directions', () => {
  const parts = [
    client.subarray(0, 21),
    server.subarray(0, 4),
    client.subarray(21, 33),
    server.subarray(4),
    client.subarray(33),
  ]
  const talk = (line: (bytes: Buffer, isClient: boolean) => string) =>
    parts.map((part, index) => line(part, index % 2 === 0)).join('\n')
  test.each([
    ['> and <', talk((part, out) => `10:00:00.123 ${out ? '>' : '<'} ${pairs(part)}`)],
    ['> and < of a broker', talk((part, out) => `10:00:00.123 ${out ? '<' : '>'} ${pairs(part)}`)],
    ['>>> and <<<', talk((part, out) => `${out ? '>>>' : '<<<'} ${pairs(part)}`)],
    ['--> and <--', talk((part, out) => `[12] ${out ? '-->' : '<--'} ${hex(part)}`)],
    ['arrows', talk((part, out) => `${out ? '→' : '←'} ${pairs(part)}`)],
    ['TX and RX', talk((part, out) => `[${out ? 'TX' : 'RX'}] ${pairs(part)}`)],
    [
      'sent and received',
      talk(
        (part, out) =>
          `2026-11-21T10:00:00Z ${out ? 'Sent' : 'Received'} ${part.length} bytes: ${pairs(part, ':')}`,
      ),
    ],
    ['C->S and S->C', talk((part, out) => `${out ? 'C->S' : 'S->C'} ${pairs(part)}`)],
    [
      'addresses',
      talk(
        (part, out) =>
          `${out ? '10.0.0.1:40000 -> 10.0.0.2:1883' : '10.0.0.2:1883 -> 10.0.0.1:40000'}: ${pairs(part)}`,
      ),
    ],
    [
      'Netty',
      talk(
        (part, out) =>
          `09:30 DEBUG [id: 0x1f2e3d4c, L:/127.0.0.1:1 - R:/127.0.0.1:1883] ${out ? 'WRITE' : 'READ'}: ${part.length}B\n${netty(part)}`,
      ),
    ],
    [
      'openssl s_client -debug',
      talk(
        (part, out) =>
          `${out ? 'write to' : 'read from'} 0x55d0c8 [0x55d0d0] (${part.length} bytes => ${part.length} (0x${part.length.toString(16)}))\n${openssl(part)}`,
      ),
    ],
    [
      'socat -x',
      talk(
        (part, out) =>
          `${out ? '>' : '<'} 2026/11/21 09:30:00.000012345  length=${part.length} from=0 to=${part.length - 1}\n${socat(part)}--`,
      ),
    ],
    [
      'Zephyr',
      talk((part, out) => `[00:00:01.234,000] <dbg> mqtt: ${out ? 'TX' : 'RX'} packet\n${zephyr(part)}`),
    ],
    ['byte strings', talk((part, out) => `${out ? 'send' : 'recv'}: b'${escapes(part, x)}'`)],
    ['lists', talk((part, out) => `${out ? 'tx' : 'rx'} = [${[...part].join(', ')}];`)],
  ])('%s', (_name, text) => {
    const log = read(Buffer.from(text))
    expect(log.notes).toEqual([])
    expect(sides(log)).toEqual(two)
  })
})

test.each([
  ['groups that look like offsets', hex(client).replace(/.{8}/g, '$& ')],
  ['groups that look like offsets, in lines', hex(client).replace(/.{24}/g, '$&\n').replace(/.{8}/g, '$& ')],
  ['a byte string without text', `b'${[...client].map(x).join('')}'`],
])('%s', (_name, text) => {
  const log = read(Buffer.from(text))
  expect(log.notes).toEqual([])
  expect(sides(log)).toEqual(one)
})

test('the first packet decides whose log it is, later ones do not unless they are CONNECT', () => {
  const [connect, subscribe] = [client.subarray(0, 21), client.subarray(21, 33)]
  const lines = [
    `--> ${pairs(connect)}`,
    `<-- ${pairs(server)}`,
    // Part of a payload.
    `<-- ${pairs(subscribe)}`,
    `--> ${pairs(subscribe)}`,
  ]
  expect(sides(read(Buffer.from(lines.join('\n'))))).toEqual([
    `${hex(connect)}${hex(subscribe)}/${hex(server)}${hex(subscribe)}`,
  ])
})

test('without a direction in the text, the packets decide', () => {
  const lines = [client.subarray(0, 21), server.subarray(0, 4), client.subarray(21, 33), server.subarray(4)]
  const { notes, flows } = read(Buffer.from(lines.map((part) => `log: ${pairs(part)}`).join('\n')))
  expect(notes).toEqual([])
  expect(flows[0]!.bytes).toEqual({ c2s: client.subarray(0, 33), s2c: server })
})

describe('omitted bytes are a gap', () => {
  test.each([
    ['Node', inspect(client), 6],
    ['Node, an array', inspect(new Uint8Array(Buffer.concat([client, client]))), 12],
    ['Node, within a log', `sent: ${inspect(client)}`, 6],
  ])('%s', (_name, text, count) => {
    const { flows, notes } = read(Buffer.from(text))
    const missing = flows[0]!.gaps.map((gap) => gap.split(' ').slice(0, 3).join(' '))
    expect(missing).toEqual([`c2s ${count === 6 ? 50 : 100} ${count}`])
    expect(notes).toHaveLength(1)
  })

  test.each([
    [16, '0013', 'c2s 16 3'],
    [20, '001b', 'c2s 20 7'],
  ])('openssl: spaces and zeros at the end, after %i bytes', (length, end, gap) => {
    const text = `write to 0x1 [0x2]\n${openssl(client.subarray(0, length))}${end} - <SPACES/NULS>\n`
    expect(read(Buffer.from(text)).flows[0]!.gaps).toEqual([`${gap} left out in the dump`])
  })
})

function output(program: string, options: readonly string[], input?: Buffer): Buffer | undefined {
  try {
    return execFileSync(program, options, { input, stdio: ['pipe', 'pipe', 'ignore'] })
  } catch {
    return undefined // not installed
  }
}

describe('output of the real programs', () => {
  const odd = client.subarray(0, 55)
  const repeated = Buffer.concat([client.subarray(0, 48), Buffer.alloc(3000, 0x61), Buffer.from([1, 2, 3])])
  test.each([
    ...['', '-C', '-x', '-d', '-o', '-b', '-c'].map(
      (option) => ['hexdump', option === '' ? [] : [option]] as const,
    ),
    ...[
      '',
      '-x',
      '-b',
      '-c',
      '-d',
      '-o',
      '-tx1',
      '-tx2',
      '-tx4',
      '-tx8',
      '-to4',
      '-tu1',
      '-to1',
      '-to2',
      '-tu4',
      '-td1',
      '-td2',
      '-td4',
      '-tu2',
      '-tx1z',
    ].map((option) => ['od', option === '' ? [] : [option]] as const),
    ['od', ['-Ax', '-tx2']],
    ['od', ['-Ad', '-tx2']],
    ['od', ['-Ad', '-c']],
    ['xxd', ['-g4']],
    ['xxd', ['-i']],
  ] as const)('%s %j', (program, options) => {
    for (const bytes of [client, odd, client.subarray(0, 16), repeated]) {
      const text = output(program, options, bytes)
      if (text === undefined) continue
      const log = read(text)
      expect(log.notes).toEqual([])
      expect(sides(log)).toEqual([`${hex(bytes)}/`])
    }
  })

  // The bytes by which the kind is chosen end within a row.
  test.each(['-x', '-o', '-b', '-td2', '-tx8', '-c'])('od %s, longer than its head', (option) => {
    const bytes = Buffer.alloc(10_007, client)
    const text = output('od', [option], bytes)
    if (text === undefined) return
    for (const shift of [0, 1, 2, 3, 4]) {
      const { flows, notes } = read(Buffer.concat([Buffer.alloc(shift, '\n'), text]))
      expect(notes).toEqual([])
      expect(flows[0]!.bytes.c2s.equals(bytes)).toBe(true)
    }
  })

  test.each([
    ['a repeated first row', '0000000 0010 0410\n*\n0000020\n', Buffer.alloc(32, '10001004', 'hex')],
    [
      'a repeated row from the middle',
      '0000020 0010 0410\n*\n0000040\n',
      Buffer.alloc(32, '10001004', 'hex'),
    ],
    ['one row', '0000000 0c10 0400\n', Buffer.from('100c0004', 'hex')],
    [
      'rows from the middle',
      '0000020 0c10 0400\n0000024 514d 5454\n',
      Buffer.from('100c00044d515454', 'hex'),
    ],
  ])('a dump of words, %s', (_name, text, bytes) => {
    expect(sides(read(Buffer.from(text)))).toEqual([`${hex(bytes)}/`])
  })

  const capture = resolve(import.meta.dirname, '../fixtures/inspect/cases/gre.pcap')
  const wanted = read(readFileSync(capture))
  test.each([
    ...['-x', '-xx', '-X', '-XX'].map((option) => ['tcpdump', ['-n', option]] as const),
    ['tcpdump', ['-n', '-tttt', '-XX']],
    ['tcpdump', ['-n', '-v', '-X']],
    ['tshark', ['-n', '-x']],
    ['tshark', ['-n', '-V', '-x']],
    ['tshark', ['-n', '-P', '-x', '-t', 'ad']],
  ] as const)('%s %j', (program, options) => {
    const text = output(program, [...options, '-r', capture])
    if (text === undefined) return
    const { flows, notes } = read(text)
    expect(notes).toEqual([])
    expect(flows.map(({ client: from, c2s, s2c }) => [from, c2s, s2c])).toEqual(
      wanted.flows.map(({ client: from, c2s, s2c }) => [from, c2s, s2c]),
    )
    if (!options.some((option) => option === '-tttt' || option === 'ad')) return
    const [first] = flows[0]!.segments
    expect(first!.segment.origin.second % 3600).toBe(
      wanted.flows[0]!.segments[0]!.segment.origin.second % 3600,
    )
  })

  test('strace: strings, hexadecimal, several threads, dumps', () => {
    const folder = scratch('strace')
    const file = join(folder, 'packets')
    writeFileSync(file, client)
    const run = (...options: string[]) => {
      if (output('strace', [...options, '-o', join(folder, 'out'), 'cat', file]) === undefined)
        return undefined
      return readFileSync(join(folder, 'out'))
    }
    const written = 'c2s'
    for (const options of [
      ['-s', '65536'],
      ['-s', '65536', '-x'],
      ['-s', '65536', '-xx'],
      ['-f', '-tt', '-s', '65536'],
      ['-s', '8', '-e', 'write=1', '-e', 'read=3'],
    ]) {
      const text = run(...options)
      if (text === undefined) return
      const { flows } = read(text)
      expect(
        flows.map((flow) => flow.bytes[written]).filter((bytes) => bytes.equals(client)),
      ).not.toHaveLength(0)
    }
    const short = run('-s', '8')!
    const { flows, notes } = read(short)
    expect(flows[0]!.gaps).toEqual([`c2s 8 ${client.length - 8} left out by strace (-s)`])
    expect(notes.join()).toContain('run it with -s 65536')
  })

  test('python', () => {
    const program =
      'import sys; b = sys.stdin.buffer.read(); print(b); print(list(b)) if len(sys.argv) > 1 else None'
    const text = output('python3', ['-c', program], client)
    if (text !== undefined) expect(sides(read(text))).toEqual(one)
  })
})

test('reassembled bytes of tshark -x are no frames', () => {
  const frames = ['hello', 'no frame', 'world'].map((payload, index) =>
    ethernet(ipv4(tcp({ seq: [1000, 1000, 1005][index]!, flags: 'P', payload }))),
  )
  const [first, reassembled, last] = frames.map((bytes) =>
    rows(bytes, (row, at) => `${offset(at, 4)}  ${pairs(row).padEnd(47)}   ${chars(row)}`),
  )
  const text = `Frame (59 bytes):\n${first}\nReassembled TCP (62 bytes):\n${reassembled}\nFrame (59 bytes):\n${last}`
  const { flows, notes } = read(Buffer.from(text))
  expect(notes).toEqual([])
  expect(flows[0]).toMatchObject({ c2s: '<?>helloworld', retransmitted: { c2s: 0 } })
  expect(flows[0]!.segments.map(({ segment }) => segment.origin.record)).toEqual([1, 2])
})

test.each([
  ...[':', '>', '<', '|', ']', ')', '=', '-', '\xe2\x86\x90', '\xe2\x86\x92'].flatMap((mark) => [
    [`x${mark}`, true] as const,
    [`x${mark}  `, true] as const,
  ]),
  ...['tx', 'rx', 'send', 'recv', 'sent', 'received', 'in', 'out', 'data', 'Bytes'].flatMap((word) => [
    [`log ${word} `, true] as const,
    [`log x${word} `, false] as const,
  ]),
  ['', true],
  ['  ', true],
  ['log ', false],
  ['tx, ', false],
] as const)('two bytes after %j are bytes: %s', (prefix, isRow) => {
  expect(hexRowOf(`${prefix}c000`)?.bytes.toString('hex')).toBe(isRow ? 'c000' : undefined)
  expect(hexRowOf(`${prefix}c0000d`)?.bytes.toString('hex')).toBe('c0000d')
})

test('a line of 1,024 characters may have a column of characters, a longer one not', () => {
  const row = `0000: ${'10 '.repeat(16)} `
  expect(hexRowOf(row.padEnd(1024, '.'))?.bytes).toHaveLength(16)
  expect(hexRowOf(row.padEnd(1025, '.'))).toBeUndefined()
})

test('strace: vectors, unfinished calls, another descriptor in between', () => {
  const text = [
    'read(5, "plain text\\n", 100) = 11',
    'writev(3, [{iov_base="\\20\\23", iov_len=2}, {iov_base="\\0\\4MQTT\\4\\2\\0<\\0\\7esp32-1", iov_len=19}], 2) = 21',
    '[pid  12] recvfrom(3,  <unfinished ...>',
    '[pid  13] write(5, "noise", 5) = 5',
    '[pid  12] <... recvfrom resumed>"\\x20\\x02\\x00\\x00", 4096, 0, NULL, NULL) = 4',
    'sendto(3, "\\300\\0", 2, MSG_NOSIGNAL, NULL, 0) = 2',
    'read(3, 0x7ffd, 100) = -1 EAGAIN (Resource temporarily unavailable)',
    'read(3, "\\320\\0", 100) = 2',
  ].join('\n')
  expect(sides(read(Buffer.from(text)))).toEqual([`${hex(client.subarray(0, 21))}c000/20020000d000`])
})

describe('text crafted to take long', () => {
  test('a dump of repetitions: 6 KB stand for some megabytes only (H24)', () => {
    let text = '00000000  00 00 00 00  |....|\n'
    for (let index = 1; text.length < 6000; index++)
      text += `*\n${offset(index * 0x10_0000, 8)}  00 00  |..|\n`
    const started = process.cpuUsage()
    const { flows, notes } = read(Buffer.from(text))
    expect(flows[0]!.bytes.c2s.length).toBeLessThan(6 * 1024 * 1024)
    expect(notes.length).toBeLessThan(20)
    expect(process.cpuUsage(started).user).toBeLessThan(10_000_000)
    let words = '0000000 0000 0000\n'
    for (let index = 1; words.length < 6000; index++)
      words += `*\n${(index * 0x10_0000).toString(8).padStart(8, '0')} 0000\n`
    expect(read(Buffer.from(words)).flows[0]!.bytes.c2s.length).toBeLessThan(6 * 1024 * 1024)
  })

  test.each([
    ['pairs', '10 '.repeat(60_000)],
    ['quotes', `x = "\\x10${'\\'.repeat(60_000)}`],
    ['brackets', '[0x10, 0x13, '.repeat(10_000)],
    ['open comments', '[/*'.repeat(20_000)],
    ['spaces', `> 10 13${' '.repeat(60_000)}x`],
    ['offsets', `log 0000 ${'0000 '.repeat(20_000)}`],
    ['arrows', `${'<'.repeat(60_000)} 10 13`],
    ['comments', `{ 0x10, 0x13, ${'/*'.repeat(30_000)}`],
    ['calls', `write(3, "${'\\20'.repeat(20_000)}`],
    ['calls with escaped quotes', `write(3, "\\20"${'\\"'.repeat(30_000)}) = 60000`],
    ['escaped quotes', `x = "\\x10\\x13" ${'\\"'.repeat(30_000)}`],
    ['a dump with spaces', `0000000 0013 0004${' '.repeat(60_000)}x`],
    ['spaces in a dump of characters', `0000000   a   b${' '.repeat(60_000)}xyz`],
  ])('a line of %s', (_name, text) => {
    const started = process.cpuUsage()
    read(Buffer.from(`> 10 0c 00 04\n${text}\n${text}\n`))
    read(Buffer.from(`${text}\n${text}\n`))
    expect(process.cpuUsage(started).user).toBeLessThan(10_000_000)
  })
})
