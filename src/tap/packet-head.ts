// Reads what rules ask of a packet from its first bytes: type, size, topic, and of CONNECT version and Client Identifier.
import { afterInteger, incomplete, integerAt, tooLong } from '../codec/variable-byte-integer.js'
import type { FaultedConnection } from './faults.js'

export interface Head {
  readonly type: number
  /** In bytes, with the Fixed Header. */
  readonly size: number
  readonly topic: string | undefined
}

/** Topic Aliases of one direction of a connection (MQTT 5.0, 3.3.2.3.4). */
export type Aliases = Map<number, string>

interface Questions {
  readonly needsTopic: boolean
  readonly needsClient: boolean
}

/** Bytes of a packet that are looked at: a topic or a Client Identifier of any length, and the usual properties. */
const longestHead = 128 * 1024
/** Topic Aliases that are followed; topics in characters. */
const [mostAliases, longestAliased] = [1000, 1000]
const [connect, publish] = [1, 3]
const topicAlias = 0x23

/** Lengths of the values of properties that have a fixed one, by identifier (MQTT 5.0, 2.2.2.2). */
const fixedLengths: Readonly<Record<number, number>> = { 1: 1, 2: 4, 35: 2 }

/**
 * The head of the packet in `bytes` from `start`; the number of bytes needed before it can be read; or undefined if this
 * is not MQTT. Sets version and Client Identifier of `connection` at CONNECT.
 */
export function headOf(
  bytes: Buffer,
  start: number,
  {
    connection,
    aliases,
    questions,
  }: { connection: FaultedConnection; aliases: Aliases; questions: Questions },
): Head | number | undefined {
  const there = bytes.length - start
  const remaining = integerAt(bytes, start + 1, bytes.length)
  if (remaining === incomplete) return there + 1
  if (remaining === tooLong) return undefined
  const body = afterInteger(bytes, start + 1) - start
  const size = body + remaining
  const type = bytes[start]! >> 4
  if (type === 0) return undefined
  const reader = new HeadReader(bytes, start + body, start + Math.min(size, longestHead))
  let topic: string | undefined
  if (type === connect) readConnect(reader, connection, questions)
  else if (type === publish && questions.needsTopic) {
    topic = readTopic(reader, (bytes[start]! & 6) > 0, connection.version === 5 ? aliases : undefined)
  }
  return reader.missing > 0 ? there + reader.missing : { type, size, topic }
}

function readConnect(reader: HeadReader, connection: FaultedConnection, { needsClient }: Questions): void {
  reader.skip(reader.integer(2))
  const version = reader.integer(1) & 0x7f // the bit is that of a bridge
  if (reader.missing === 0) connection.version = version
  if (!needsClient) return
  reader.skip(3)
  if (version === 5) reader.skip(reader.variable())
  const clientId = reader.text()
  if (reader.missing === 0) connection.clientId = clientId
}

function readTopic(reader: HeadReader, hasId: boolean, aliases: Aliases | undefined): string | undefined {
  const name = reader.text()
  if (aliases === undefined) return name
  if (hasId) reader.skip(2)
  const end = reader.variable() + reader.at
  let alias = 0
  while (reader.at < end && reader.missing === 0 && !reader.ended) {
    const property = reader.integer(1)
    if (property === topicAlias) alias = reader.integer(2)
    else if (fixedLengths[property] !== undefined) reader.skip(fixedLengths[property])
    else if (property === 0x0b) reader.variable()
    else {
      reader.skip(reader.integer(2))
      if (property === 0x26) reader.skip(reader.integer(2))
    }
  }
  if (reader.missing > 0 || alias === 0) return name
  if (name === '') return aliases.get(alias)
  if (aliases.size >= mostAliases || name.length > longestAliased) aliases.delete(alias)
  else aliases.set(alias, name)
  return name
}

/** Reads up to the end of the packet; counts the bytes that have not arrived. */
class HeadReader {
  at: number
  missing = 0
  readonly #bytes: Buffer
  /** Of the packet, or of what is looked at of it. */
  readonly #end: number

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes
    this.at = at
    this.#end = end
  }

  get ended(): boolean {
    return this.at >= this.#end
  }

  skip(count: number): void {
    this.at += count
    const needed = Math.min(this.at, this.#end) - this.#bytes.length
    if (needed > 0 && this.missing === 0) this.missing = needed
  }

  /** Big-endian; 0 if it is not there. */
  integer(size: number): number {
    this.skip(size)
    return this.missing > 0 || this.at > this.#end ? 0 : this.#bytes.readUIntBE(this.at - size, size)
  }

  /** A Variable Byte Integer. */
  variable(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.integer(1)
      value += (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return value
  }

  text(): string {
    const length = this.integer(2)
    this.skip(length)
    if (this.missing > 0 || this.at > this.#end) return ''
    return this.#bytes.toString('utf8', this.at - length, this.at)
  }
}
