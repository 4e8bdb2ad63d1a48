// Decodes UTF-16 text, as Windows shells write it to files, to one byte per character.

/** Byte order, and the length of the byte order mark. */
export interface Utf16Kind {
  readonly little: boolean
  readonly mark: 0 | 2
}

/** Recognises UTF-16 by a byte order mark, or by zeros in every second byte. */
export function utf16Of(head: Buffer): Utf16Kind | undefined {
  const first = head.length < 4 ? 0 : head.readUInt16BE(0)
  const mark = first === 0xfffe || first === 0xfeff ? 2 : 0
  const sample = head.subarray(mark, Math.min(head.length & ~1, 256))
  if (sample.length < 8 - 3 * mark) return undefined
  const isAscii = (byte: number) => (byte >= 0x20 && byte < 0x7f) || [9, 10, 13, 0x1b].includes(byte)
  const fits = (odd: 0 | 1) => sample.every((byte, at) => ((at & 1) === odd ? isAscii(byte) : byte === 0))
  if (first !== 0xfeff && fits(0)) return { little: true, mark }
  return first !== 0xfffe && fits(1) ? { little: false, mark } : undefined
}

/** Characters above U+00FF become "?": dumps do not use them. */
export class Utf16 {
  readonly #little: boolean
  #skip: number
  /** The first byte of a character that continues in the next chunk; otherwise -1. */
  #half = -1

  constructor({ little, mark }: Utf16Kind) {
    this.#little = little
    this.#skip = mark
  }

  read(chunk: Uint8Array): Buffer {
    const text = Buffer.allocUnsafe((chunk.length >> 1) + 1)
    let length = 0
    for (const byte of chunk) {
      if (this.#skip > 0) {
        this.#skip -= 1
      } else if (this.#half === -1) {
        this.#half = byte
      } else {
        const [low, high] = this.#little ? [this.#half, byte] : [byte, this.#half]
        text[length++] = high === 0 ? low : 0x3f
        this.#half = -1
      }
    }
    return text.subarray(0, length)
  }
}
