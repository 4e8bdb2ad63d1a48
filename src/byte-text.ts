// Bytes as text without loss. Bytes that are not UTF-8 become lone surrogates U+DC80..U+DCFF, as in Python's PEP 383.
// A payload gets its bytes back; a topic with such characters is refused.
import { isUtf8 } from 'node:buffer'

const firstByte = 0xdc00 // the surrogate of byte 0

/** Decodes UTF-8; each byte that is not UTF-8 becomes a lone surrogate. */
export function bytesToText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find(
      (size) => at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)),
    )
    text +=
      length === undefined
        ? String.fromCharCode(firstByte + bytes[at]!)
        : bytes.toString('utf8', at, at + length)
    at += length ?? 1
  }
  return text
}

/** The reverse of `bytesToText`. */
export function textToBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text)
  const pieces = text.split(/(\p{Surrogate})/u)
  return Buffer.concat(
    pieces.map((piece) =>
      piece.isWellFormed() ? Buffer.from(piece) : Buffer.from([piece.charCodeAt(0) - firstByte]),
    ),
  )
}
