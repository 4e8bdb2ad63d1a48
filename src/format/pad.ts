// Width, precision and hexadecimal layout of the fields of -F.
import type { ByteSink } from './message.js'
import type { Layout } from './specifier.js'

type TextSink = Pick<ByteSink, 'text'>

const piece = 16_384 // characters: the longest run of padding or digits built at once

/** A decimal number as printf lays it out: zeros follow the sign; `precision` is ignored. */
export function putNumber(digits: string, layout: Layout, sink: ByteSink): void {
  const missing = layout.width - digits.length
  const sign = layout.zero && missing > 0 && digits.startsWith('-') ? '-' : ''
  if (sign !== '') sink.text(sign)
  if (!layout.left) fill(layout.zero ? '0' : ' ', missing, sink)
  sink.text(digits.slice(sign.length))
  if (layout.left) fill(' ', missing, sink)
}

/** A string: width and precision count bytes, as in the C locale; `0` pads with spaces. */
export function putText(text: string, layout: Layout, sink: ByteSink): void {
  if (layout.width === 0 && layout.precision === undefined) sink.text(text)
  else putBytes(Buffer.from(text).subarray(0, layout.precision), { ...layout, zero: false }, sink)
}

/** A payload: the width also truncates it. */
export function putPayload(payload: Uint8Array, layout: Layout, sink: ByteSink): void {
  putBytes(layout.width > 0 ? payload.subarray(0, layout.width) : payload, layout, sink)
}

/** An absent property: padding to the width. */
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
 * A payload in lower-case hexadecimal digits, cut to `width` bytes and padded to `width` characters. With a precision
 * above 0 a separator follows every `precision` characters, left padding included.
 */
export function putHex(payload: Buffer, layout: Layout, sink: TextSink): void {
  const bytes = layout.width > 0 ? payload.subarray(0, layout.width) : payload
  const missing = layout.width - 2 * bytes.length
  const digits = layout.precision ? grouped(layout.precision, layout.separator ?? ' ', sink) : sink
  if (!layout.left) fill(layout.zero ? '0' : ' ', missing, digits)
  for (let at = 0; at < bytes.length; at += piece) digits.text(bytes.toString('hex', at, at + piece))
  if (layout.left) fill(' ', missing, sink)
}

/** As putHex, in upper case. */
export function putUpperHex(payload: Buffer, layout: Layout, sink: TextSink): void {
  // A separator is never a letter, so the whole text can be upper-cased.
  putHex(payload, layout, { text: (text) => sink.text(text.toUpperCase()) })
}

/** A sink that inserts `separator` between every `size` characters. */
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
