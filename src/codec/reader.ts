// Reads and checks the fields of a Control Packet (MQTT 5.0, 1.5).
import { ProtocolError } from '../errors.js'
import { utf8Fault } from './utf8.js'
import { afterInteger, incomplete, integerAt, tooLong } from './variable-byte-integer.js'

export class Reader {
  readonly #bytes: Buffer
  readonly #packet: string
  readonly #remark: (text: string) => void
  at: number
  end: number

  /**
   * Reads `bytes` from `start` to `end`. `packet` is its name in error texts; `remark` reports harmless violations.
   */
  constructor(
    bytes: Buffer,
    {
      start,
      end,
      packet,
      remark,
    }: { start: number; end: number; packet: string; remark: (text: string) => void },
  ) {
    this.#bytes = bytes
    this.#packet = packet
    this.#remark = remark
    this.at = start
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  byte(field: string): number {
    return this.#bytes[this.#take(1, field)]!
  }

  twoBytes(field: string): number {
    return this.#bytes.readUInt16BE(this.#take(2, field))
  }

  fourBytes(field: string): number {
    return this.#bytes.readUInt32BE(this.#take(4, field))
  }

  /** A Variable Byte Integer (1.5.5). */
  variable(field: string): number {
    const start = this.at
    const value = integerAt(this.#bytes, start, this.end)
    if (value === incomplete) throw this.malformed(`it ends within its ${field}`)
    if (value === tooLong) throw this.malformed(`${field} has more than 4 bytes [MQTT-1.5.5-1]`)
    this.at = afterInteger(this.#bytes, start)
    if (this.at - start > 1 && this.#bytes[this.at - 1] === 0)
      this.remark(`${field} is longer than necessary [MQTT-1.5.5-1]`)
    return value
  }

  /** A Packet Identifier (2.2.1). */
  identifier(): number {
    const messageId = this.twoBytes('Packet Identifier')
    if (messageId === 0) throw this.error('Packet Identifier is 0 [MQTT-2.2.1-3]')
    return messageId
  }

  /** A UTF-8 Encoded String (1.5.4). */
  text(field: string): string {
    const length = this.twoBytes(field)
    const start = this.#take(length, field)
    const fault = utf8Fault(this.#bytes, start, start + length)
    if (fault === 'nul') throw this.malformed(`${field} contains U+0000 [MQTT-1.5.4-2]`)
    if (fault !== undefined) throw this.malformed(`${field} is not UTF-8 [MQTT-1.5.4-1]`)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** Binary Data (1.5.6), as a view. */
  binary(field: string): Buffer {
    const length = this.twoBytes(field)
    const start = this.#take(length, field)
    return this.#bytes.subarray(start, start + length)
  }

  /** The bytes from `start` to the next field: a view. */
  range(start: number): Buffer {
    return this.#bytes.subarray(start, this.at)
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.at, this.end)
  }

  /** A malformed packet: 0x81. */
  malformed(what: string): ProtocolError {
    return new ProtocolError(`Malformed packet: ${this.#packet}: ${what}`, 0x81)
  }

  /** A protocol error: 0x82. */
  error(what: string): ProtocolError {
    return new ProtocolError(`${this.#packet}: ${what}`, 0x82)
  }

  remark(what: string): void {
    this.#remark(`${this.#packet}: ${what}`)
  }

  #take(length: number, field: string): number {
    const start = this.at
    if (start + length > this.end) throw this.malformed(`it ends within its ${field}`)
    this.at = start + length
    return start
  }
}
