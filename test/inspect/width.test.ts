// On a terminal no line is wider than the terminal, and its width is used. Other output is neither wrapped nor cut.
import { Buffer } from 'node:buffer'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openCapture } from '../../src/capture/open.js'
import { createView } from '../../src/commands/packet-view.js'
import { Inspector } from '../../src/inspect/inspector.js'
import { wrapped } from '../../src/inspect/views/wrap.js'
import { style } from '../../src/io/style.js'
import { displayWidth, fitted } from '../../src/width.js'
import { fixtures } from './captures.js'

const views = ['bytes', 'line', 'tree', 'flow', 'stats'] as const
type Name = (typeof views)[number]

/** Output of a view for a capture or bytes on a terminal with `columns` columns. */
function shown(view: Name, columns: number | undefined, input: Uint8Array, full = false): string {
  let text = ''
  const sink = {
    text: (more: string) => void (text += more),
    range: (bytes: Uint8Array, start: number, end: number) =>
      void (text += Buffer.from(bytes.subarray(start, end)).toString()),
  }
  const showing = { view, full, fields: false, showSecrets: true, columns }
  const inspector = new Inspector({
    view: createView(showing, sink, columns === undefined ? undefined : style),
  })
  const capture = openCapture(inspector)
  capture.push(input)
  capture.end()
  inspector.end()
  return text
}

const lines = (text: string): string[] => stripVTControlCharacters(text).trimEnd().split('\n')

const topic = `${'a/long/topic/'.repeat(9)}日本語`
const publish = Buffer.from(
  `\0${String.fromCharCode(Buffer.byteLength(topic))}${topic}${'words and more words '.repeat(9)}`,
)
/** A PUBLISH whose topic, with wide characters, is wider than any terminal here; and a PUBLISH of QoS 3, an error. */
const long = Buffer.concat([
  Buffer.from([0x30, 0x80 | (publish.length & 0x7f), publish.length >> 7]),
  publish,
  Buffer.from([0x36, 5, 0, 1, 0x61, 0, 1]),
])
const inputs: Readonly<Record<string, Buffer>> = {
  ...Object.fromEntries(Object.entries(fixtures).map(([name, { file }]) => [name, file])),
  long,
}

describe.each([40, 80, 160])('%i columns', (columns) => {
  test.each(views.flatMap((view) => Object.keys(inputs).map((name) => [view, name] as const)))(
    '--view %s of %s stays within the width',
    (view, name) => {
      for (const full of [false, true]) {
        for (const line of lines(shown(view, columns, inputs[name]!, full))) {
          expect(displayWidth(line), line).toBeLessThanOrEqual(columns)
        }
      }
    },
  )

  test.each(['line', 'tree'] as const)('--view %s loses nothing', (view) => {
    const squeezed = (text: string) => stripVTControlCharacters(text).replace(/\s/g, '')
    for (const input of Object.values(inputs)) {
      expect(squeezed(shown(view, columns, input))).toBe(squeezed(shown(view, undefined, input)))
    }
  })

  test('--view bytes shows every byte and the complete values', () => {
    const text = lines(shown('bytes', columns, long, true)).join('\n')
    expect(text.replace(/[^日本語]/g, '')).toContain('日本語')
    expect(text).toContain('(qos-3)')
  })
})

test('the width of a wide terminal is used', () => {
  const rows = (columns: number) => lines(shown('bytes', columns, long)).length
  expect(rows(160)).toBeLessThan(rows(80))
  expect(rows(80)).toBeLessThan(rows(40))
  const widest = (columns: number) => Math.max(...lines(shown('flow', columns, long)).map(displayWidth))
  expect(widest(160)).toBeGreaterThan(100)
})

test.each([
  [undefined, 8, 16],
  [40, 4, 16],
  [63, 4, 16],
  [64, 8, 16],
  [80, 8, 16],
  [119, 8, 16],
  [120, 16, 32],
  [160, 16, 32],
])('--view bytes on %j columns: %i bytes a line, %i of a long field', (columns, bytesPerLine, folded) => {
  const size = 50
  const input = Buffer.concat([Buffer.from([0x30, size + 3, 0, 1, 0x61]), Buffer.alloc(size, 0xff)])
  const counts = (full: boolean) =>
    lines(shown('bytes', columns, input, full))
      .map((line) => line.match(/ ff\b/g)?.length ?? 0)
      .filter((count) => count > 0)
  const rowsOf = (bytes: number) =>
    Array.from({ length: Math.ceil(bytes / bytesPerLine) }, (_, i) =>
      Math.min(bytesPerLine, bytes - i * bytesPerLine),
    )
  expect(counts(true)).toEqual(rowsOf(size))
  expect(counts(false)).toEqual(rowsOf(folded))
  expect(
    lines(shown('bytes', columns, input))
      .join(' ')
      .replace(/\s+/g, ' '),
  ).toContain(`... ${size - folded} more bytes (--full shows them)`)
})

test('--view bytes wraps texts at the width of the terminal', () => {
  const rows = lines(shown('bytes', 160, long, true)).filter((line) => /^(?:[0-9a-f]{4} | {6})/.test(line))
  expect(Math.max(...rows.map(displayWidth))).toBeGreaterThan(140)
})

test.each(views)('--view %s is the same without a terminal', (view) => {
  const text = shown(view, undefined, long)
  if (view !== 'flow' && view !== 'bytes') expect(text).toContain(topic)
  expect(text).toBe(stripVTControlCharacters(text))
})

test.each([
  ['', 0],
  ['abc', 3],
  ['日本語', 6],
  ['e\u0301', 1],
  ['→ ─', 3],
])('%s takes %i columns', (text, width) => {
  expect(displayWidth(text)).toBe(width)
})

test.each([
  ['short', 8, 'short'],
  ['a long text', 8, 'a lon...'],
  ['日本語日本語', 8, '日本...'],
])('%s in %i columns is %s', (text, width, result) => {
  expect(fitted(text, width)).toBe(result)
})

test.each([
  ['one two three four', 10, 2, ['one two', '  three', '  four']],
  ['onetwothreefour', 9, 0, ['onetwothr', 'eefour']],
  ['日本語日本語', 5, 0, ['日本', '語日', '本語']],
  ['\u001b[31mone two three\u001b[39m', 9, 0, ['\u001b[31mone two\u001b[0m', '\u001b[31mthree\u001b[39m']],
])('%j in %i columns', (text, columns, indent, result) => {
  expect(wrapped(text, columns, indent)).toEqual(result)
})
