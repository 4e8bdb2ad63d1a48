// Reads the HTTP heads of a WebSocket opening handshake (RFC 6455, 4).

/** Bytes of a request or response head; most HTTP servers accept 8 to 16 KiB. */
const maxHead = 16 * 1024

export interface HttpHead {
  readonly line: string
  readonly fields: ReadonlyMap<string, string>
  /** Position after the head in the chunk that was pushed last; frames may follow. */
  readonly restAt: number
}

/** Collects a head in chunks. */
export class HeadReader {
  #text = ''

  /** Bytes of an incomplete head. */
  get waiting(): number {
    return this.#text.length
  }

  /** Returns the head if it is complete, undefined if not, 'bad' if it is too long. */
  push(bytes: Buffer): HttpHead | undefined | 'bad' {
    const before = this.#text.length
    this.#text += bytes.toString('latin1')
    const end = this.#text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end === -1) return this.#text.length > maxHead ? 'bad' : undefined
    const [line = '', ...lines] = this.#text.slice(0, end).split('\r\n')
    const fields = new Map<string, string>()
    for (const field of lines) {
      const colon = field.indexOf(':')
      const name = field.slice(0, colon).trim().toLowerCase()
      const value = field.slice(colon + 1).trim()
      const earlier = fields.get(name)
      fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`) // RFC 9110, 5.3
    }
    this.#text = ''
    return { line, fields, restAt: end + 4 - before }
  }
}

export function isUpgrade({ fields }: HttpHead): boolean {
  return listIn(fields.get('upgrade')).some((name) => name.toLowerCase() === 'websocket')
}

/** The subprotocols of a list such as `mqtt, mqttv3.1`. */
export function protocolsIn({ fields }: HttpHead): string[] {
  return listIn(fields.get('sec-websocket-protocol'))
}

function listIn(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
