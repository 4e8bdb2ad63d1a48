// Widths, precisions and hexadecimal digits: how a value of a format is laid out on its line.
import type { ByteSink } from './message.js'
import type { Layout } from './specifier.js'

type TextSink = Pick<ByteSink, 'text'>

const piece = 16_384 // characters: the longest run of padding or digits that is built at once

/** A decimal number under the rules of printf: zeros go behind the sign, `precision` is not looked at. */
export function putNumber(digits: string, layout: Layout, sink: ByteSink): void {
  const missing = layout.width - digits.length
  const sign = layout.zero && missing > 0 && digits.startsWith('-') ? '-' : ''
  if (sign !== '') sink.text(sign)
  if (!layout.left) fill(layout.zero ? '0' : ' ', missing, sink)
  sink.text(digits.slice(sign.length))
  if (layout.left) fill(' ', missing, sink)
}

/** A string: width and precision count bytes, as in the C locale; `0` pads with blanks. */
export function putText(text: string, layout: Layout, sink: ByteSink): void {
  if (layout.width === 0 && layout.precision === undefined) sink.text(text)
  else putBytes(Buffer.from(text).subarray(0, layout.precision), { ...layout, zero: false }, sink)
}

/** A payload: the width also cuts it. */
export function putPayload(payload: Uint8Array, layout: Layout, sink: ByteSink): void {
  putBytes(layout.width > 0 ? payload.subarray(0, layout.width) : payload, layout, sink)
}

/** What stands where a property is absent: nothing, or as much padding as the width asks for. */
export function putAbsent(layout: Layout, sink: ByteSink): void {
  fill(layout.zero ? '0' : ' ', layout.width, sink)
}

function putBytes(bytes: Uint8Array, layout: Layout, sink: ByteSink): void {
  const missing = layout.width - bytes.length
  if (!layout.left) fill(layout.zero ? '0' : ' ', missing, sink)
  sink.bytes(bytes)
  if (layout.left) fill(' ', missing, sink)
}

/**
 * A payload in lower-case hexadecimal digits, cut to `width` bytes and padded to `width` characters. With a
 * precision above 0 the separator follows each group of so many characters, padding on the left included.
 */
export function putHex(payload: Buffer, layout: Layout, sink: TextSink): void {
  const bytes = layout.width > 0 ? payload.subarray(0, layout.width) : payload
  const missing = layout.width - 2 * bytes.length
  const digits = layout.precision ? grouped(layout.precision, layout.separator ?? ' ', sink) : sink
  if (!layout.left) fill(layout.zero ? '0' : ' ', missing, digits)
  for (let at = 0; at < bytes.length; at += piece) digits.text(bytes.toString('hex', at, at + piece))
  if (layout.left) fill(' ', missing, sink)
}

/** As putHex, in upper case; the separator keeps its own. */
export function putUpperHex(payload: Buffer, layout: Layout, sink: TextSink): void {
  // No separator is a letter, so upper case may be made of the whole.
  putHex(payload, layout, { text: (text) => sink.text(text.toUpperCase()) })
}

/** Passes text on with `separator` between each `size` characters, wherever its pieces were cut. */
function grouped(size: number, separator: string, sink: TextSink): TextSink {
  let column = 0
  return {
    text(text) {
      let out = ''
      for (let at = 0; at < text.length; ) {
        if (column === size) {
          out += separator
          column = 0
        }
        const next = text.slice(at, at + size - column)
        out += next
        at += next.length
        column += next.length
      }
      sink.text(out)
    },
  }
}

function fill(character: string, count: number, sink: TextSink): void {
  for (let left = count; left > 0; left -= piece) sink.text(character.repeat(Math.min(left, piece)))
}
