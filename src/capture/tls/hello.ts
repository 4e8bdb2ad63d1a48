// ClientHello and ServerHello (RFC 8446, 4.1): the values that keys depend on, the server name and ALPN.

export interface ClientHello {
  readonly random: Buffer
  readonly serverName: string | undefined
  /** Offered ALPN protocols. */
  readonly protocols: readonly string[]
}

export interface ServerHello {
  readonly random: Buffer
  readonly suite: number
  /** 0x0303 is TLS 1.2, 0x0304 is TLS 1.3. */
  readonly version: number
}

/** SHA-256 of "HelloRetryRequest", used as the random value of a HelloRetryRequest (RFC 8446, 4.1.3). */
const retryRandom = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'

/** Reads fields in order; `broken` is set if the message ends too early. */
class Cursor {
  readonly #bytes: Buffer
  #at = 0
  broken = false

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) this.broken = true
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = Math.min(end, this.#bytes.length)
    return taken
  }

  number(size: 1 | 2): number {
    const bytes = this.take(size)
    return bytes.length < size ? 0 : bytes.readUIntBE(0, size)
  }

  /** A vector after its length of `size` bytes. */
  vector(size: 1 | 2): Buffer {
    return this.take(this.number(size))
  }
}

/** `body` is the handshake message without its header of four bytes. Returns undefined if it is damaged. */
export function readClientHello(body: Buffer): ClientHello | undefined {
  const cursor = new Cursor(body)
  cursor.take(2)
  const random = cursor.take(32)
  cursor.vector(1) // session id
  cursor.vector(2) // cipher suites
  cursor.vector(1) // compression
  if (cursor.broken) return undefined
  const extensions = readExtensions(cursor)
  return {
    random: Buffer.from(random),
    serverName: readServerName(extensions.get(0)),
    protocols: readProtocols(extensions.get(16)),
  }
}

/** Returns undefined if it is damaged, and for a HelloRetryRequest, after which the ServerHello follows. */
export function readServerHello(body: Buffer): ServerHello | undefined {
  const cursor = new Cursor(body)
  const legacy = cursor.number(2)
  const random = cursor.take(32)
  cursor.vector(1)
  const suite = cursor.number(2)
  cursor.take(1)
  if (cursor.broken || random.toString('hex') === retryRandom) return undefined
  const supported = readExtensions(cursor).get(43)
  return {
    random: Buffer.from(random),
    suite,
    version: supported?.length === 2 ? supported.readUInt16BE(0) : legacy,
  }
}

function readExtensions(cursor: Cursor): Map<number, Buffer> {
  const extensions = new Map<number, Buffer>()
  if (cursor.isAtEnd) return extensions
  const list = new Cursor(cursor.vector(2))
  while (!list.isAtEnd) extensions.set(list.number(2), list.vector(2))
  return extensions
}

/** RFC 6066, 3: a list of names; host names are the only type. */
function readServerName(extension: Buffer | undefined): string | undefined {
  if (extension === undefined || extension.length === 0) return undefined
  const list = new Cursor(new Cursor(extension).vector(2))
  list.take(1)
  const name = list.vector(2)
  return list.broken ? undefined : name.toString('latin1')
}

/** RFC 7301, 3.1. */
function readProtocols(extension: Buffer | undefined): string[] {
  const names: string[] = []
  if (extension === undefined) return names
  const list = new Cursor(new Cursor(extension).vector(2))
  while (!list.isAtEnd) names.push(list.vector(1).toString('latin1'))
  return names
}
