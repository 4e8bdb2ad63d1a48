// PEM files (RFC 7468) as they are found: with a byte order mark, or without a line end between two blocks.

/**
 * The blocks of a text in PEM form, each with its line ends. OpenSSL finds a block only at the start of a line, so one
 * after a byte order mark or right after another block would be skipped silently.
 */
export function pemBlocks(text: string): string[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*(?:-(?!----)[^-]*)*-----END \1-----/g)
  return Array.from(blocks, ([block]) => `${block}\n`)
}

/** The same as one file; what has no whole block is left as it is. */
export function normalPem(bytes: Buffer): Buffer {
  const blocks = pemBlocks(bytes.toString('latin1'))
  return blocks.length === 0 ? bytes : Buffer.from(blocks.join(''), 'latin1')
}
