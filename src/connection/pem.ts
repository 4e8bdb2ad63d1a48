// PEM files (RFC 7468), also with a byte order mark or without a line end between two blocks.

/**
 * The PEM blocks of a text, each with a line end. OpenSSL silently skips a block that does not start a line, as after a
 * byte order mark or right after another block.
 */
export function pemBlocks(text: string): string[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*(?:-(?!----)[^-]*)*-----END \1-----/g)
  return Array.from(blocks, ([block]) => `${block}\n`)
}

/** The blocks as one file; a file without a complete block is unchanged. */
export function normalPem(bytes: Buffer): Buffer {
  const blocks = pemBlocks(bytes.toString('latin1'))
  return blocks.length === 0 ? bytes : Buffer.from(blocks.join(''), 'latin1')
}
