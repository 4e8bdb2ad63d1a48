// Converts string literals of programming languages to bytes.

const simple: Record<string, number> = { n: 10, r: 13, t: 9, a: 7, b: 8, f: 12, v: 11, e: 27 }

/** The bytes of a string of C, Python, Go, Rust, JavaScript, Java or strace, without its quotes. Characters are Latin-1. */
export function bytesOfLiteral(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(text.length)
  let length = 0
  const pattern = /\\(?:x([0-9a-f]{1,2})|u\{?00([0-9a-f]{2})\}?|([0-7]{1,3})|([\s\S]))/iy
  for (let at = 0; at < text.length; ) {
    pattern.lastIndex = at
    const match = text[at] === '\\' ? pattern.exec(text) : null
    if (match === null) {
      bytes[length++] = text.charCodeAt(at++)
      continue
    }
    const [whole, x, u, octal, other = ''] = match
    if (x !== undefined || u !== undefined) bytes[length++] = Number.parseInt(x ?? u!, 16)
    else if (octal !== undefined) bytes[length++] = Number.parseInt(octal, 8)
    else bytes[length++] = simple[other] ?? other.charCodeAt(0)
    at += whole.length
  }
  return bytes.subarray(0, length)
}
