import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineSplitter, LineTooLong } from '../../src/io/lines.js'
import { cutAt, everyCut } from '../helpers/cuts.js'

interface Split {
  readonly lines: Buffer[]
  /** The last of the lines has no line feed. */
  readonly open: boolean
}

function split(chunks: Iterable<Buffer>, splitter = new LineSplitter(1_000_000)): Split {
  const lines: Buffer[] = []
  const take = () => void lines.push(Buffer.from(splitter.bytes.subarray(splitter.start, splitter.end)))
  for (const chunk of chunks) {
    splitter.push(chunk)
    while (splitter.next()) take()
  }
  const open = splitter.rest()
  if (open) take()
  return { lines, open }
}

describe('the lines do not depend on the chunk boundaries:', () => {
  test.each<[string, string, string[]]>([
    ['each line feed ends a line', 'one\ntwo\n', ['one', 'two']],
    ['a last line without line feed counts', 'één\r\n\nlast, without', ['één\r', '', 'last, without']],
    ['carriage returns belong to the line', 'a\r\nb\rc\n\r\n', ['a\r', 'b\rc', '\r']],
    ['blank lines are lines', '\n\n\na\n\n', ['', '', '', 'a', '']],
    ['NUL is a byte like any other', 'a\0b\n\0\n\0', ['a\0b', '\0', '\0']],
    ['one line feed is one empty line', '\n', ['']],
    ['nothing is no line', '', []],
    ['a space is something', ' ', [' ']],
  ])('%s', (_, input, lines) => {
    for (const chunks of everyCut(Buffer.from(input))) {
      expect(split(chunks).lines.map(String)).toEqual(lines)
    }
  })

  test('bytes that are not UTF-8 are unchanged', () => {
    const input = Buffer.from([0xff, 0xfe, 10, 0xc3, 10, 0xe2, 0x82, 10, 0x80])
    const lines = [[0xff, 0xfe], [0xc3], [0xe2, 0x82], [0x80]].map((bytes) => Buffer.from(bytes))
    for (const chunks of everyCut(input)) expect(split(chunks).lines).toEqual(lines)
  })

  test('the lines, joined by line feeds, are the input', () => {
    const input = fc.uint8Array({ maxLength: 200 }).chain((bytes) =>
      fc.array(fc.nat(Math.max(0, bytes.length - 1)), { maxLength: 20 }).map((feeds) => {
        const buffer = Buffer.from(bytes)
        for (const at of feeds) if (at < buffer.length) buffer[at] = 10
        return buffer
      }),
    )
    fc.assert(
      fc.property(input, fc.array(fc.nat(200)), (bytes, cuts) => {
        const places = cuts.filter((place) => place > 0 && place < bytes.length).sort((a, b) => a - b)
        const { lines, open } = split(cutAt(bytes, places))
        const joined = lines.flatMap((line, index) => {
          return open && index === lines.length - 1 ? [line] : [line, Buffer.of(10)]
        })
        expect(Buffer.concat(joined)).toEqual(bytes)
        expect(lines.every((line) => !line.includes(10))).toBe(true)
      }),
    )
  })
})

test('empty chunks are ignored', () => {
  const chunks = ['', 'a', '', '', 'b\n', '', 'c'].map((text) => Buffer.from(text))
  expect(split(chunks).lines.map(String)).toEqual(['ab', 'c'])
})

test('a line within one chunk is a view of it; one that crosses chunks is copied', () => {
  const splitter = new LineSplitter(100)
  const chunk = Buffer.from('one\ntw')
  splitter.push(chunk)
  splitter.next()
  expect(splitter.bytes).toBe(chunk)
  splitter.next()
  splitter.push(Buffer.from('o\n'))
  splitter.next()
  expect(splitter.bytes.toString()).toBe('two')
})

test('a line of 200,000 chunks is copied once', () => {
  const bytes = Buffer.alloc(200_000, 'x')
  expect(split(cutAt(bytes, Array.from(bytes.keys()).slice(1))).lines[0]).toHaveLength(200_000)
})

describe('a line over the limit of 4 bytes', () => {
  /** The lines before the refused one. */
  function linesBefore(chunks: Iterable<Buffer>): string[] {
    const splitter = new LineSplitter(4)
    const lines: string[] = []
    const attempt = () => {
      for (const chunk of chunks) {
        splitter.push(chunk)
        while (splitter.next()) lines.push(splitter.bytes.toString('latin1', splitter.start, splitter.end))
      }
    }
    expect(attempt).toThrow(LineTooLong)
    return lines
  }

  test.each(['1234\n12345\nx\n', '1234\n12345', '1234\n1234567890\n'])(
    '%j is refused at the second line with any chunk boundaries',
    (input) => {
      for (const chunks of everyCut(Buffer.from(input))) expect(linesBefore(chunks)).toEqual(['1234'])
    },
  )

  test('is refused as soon as it is too long, before its end', () => {
    expect(linesBefore([Buffer.from('12'), Buffer.from('34'), Buffer.from('5')])).toEqual([])
  })

  test('of exactly the limit is accepted, with and without line feed', () => {
    for (const chunks of everyCut(Buffer.from('1234\n1234'))) {
      expect(split(chunks, new LineSplitter(4)).lines.map(String)).toEqual(['1234', '1234'])
    }
  })

  test('a limit of 0 allows empty lines', () => {
    for (const chunks of everyCut(Buffer.from('\n\n'))) {
      expect(split(chunks, new LineSplitter(0)).lines).toHaveLength(2)
    }
  })
})
