// Splits one direction of TLS into records (RFC 8446, 5.1), and resynchronises after a gap.
import type { RecordOrigin } from '../frame.js'
import type { Segment } from '../segment.js'

/** RFC 8446 (5.2) allows 2^14 + 256 bytes, RFC 5246 (6.2.3) 2^14 + 2048. */
const maxFragment = 18_432
const headerLength = 5

export interface TlsRecord {
  readonly type: number
  /** Header and fragment. */
  readonly bytes: Buffer
  readonly origin: RecordOrigin
}

export interface RecordOutput {
  record(record: TlsRecord): void
  /** Records are missing; `count` is undefined if their number is unknown. */
  missing(count: number | undefined, why: string): void
}

export class RecordReader {
  readonly #output: RecordOutput
  #head = Buffer.alloc(0)
  #origin: RecordOrigin | undefined
  /** Bytes of the current record that are missing. */
  #damaged = 0
  #lost = false

  constructor(output: RecordOutput) {
    this.#output = output
  }

  /** Bytes of an incomplete record. */
  get waiting(): number {
    return this.#head.length
  }

  push({ bytes, origin }: Segment): void {
    if (this.#lost) {
      if (!isRecordHeader(bytes, 0)) return
      this.#lost = false
    }
    let at = 0
    while (at < bytes.length && !this.#lost) at = this.#take(bytes, at, origin)
  }

  /** Takes the bytes of the current record; returns the position after them. */
  #take(bytes: Buffer, at: number, origin: RecordOrigin): number {
    const place = at === 0 ? origin : origin.at(origin.fileOffset + at)
    if (this.#head.length === 0) {
      this.#origin = place
      const whole = isRecordHeader(bytes, at) ? at + headerLength + bytes.readUInt16BE(at + 3) : -1
      if (whole !== -1 && whole <= bytes.length) {
        this.#output.record({ type: bytes[at]!, bytes: bytes.subarray(at, whole), origin: place })
        return whole
      }
    }
    const end = Math.min(bytes.length, at + this.#wanted())
    this.#head = Buffer.concat([this.#head, bytes.subarray(at, end)])
    if (this.#head.length >= headerLength && !isRecordHeader(this.#head, 0)) this.#lose('not a TLS record')
    else if (this.#wanted() === 0) this.#finish()
    return end
  }

  /** Bytes needed to complete the header, then the record. */
  #wanted(): number {
    const { length } = this.#head
    if (length < headerLength) return headerLength - length
    return headerLength + this.#head.readUInt16BE(3) - length - this.#damaged
  }

  #finish(): void {
    const bytes = this.#head
    const isWhole = this.#damaged === 0
    this.#head = Buffer.alloc(0)
    this.#damaged = 0
    if (isWhole) this.#output.record({ type: bytes[0]!, bytes, origin: this.#origin! })
    else this.#output.missing(1, 'a TLS record with missing bytes')
  }

  gap(length: number | undefined, why: string): void {
    const inFragment = this.#head.length >= headerLength && length !== undefined && length <= this.#wanted()
    if (!inFragment) return this.#lose(why)
    this.#damaged += length
    if (this.#wanted() === 0) this.#finish()
  }

  #lose(why: string): void {
    this.#lost = true
    this.#head = Buffer.alloc(0)
    this.#damaged = 0
    this.#output.missing(undefined, why)
  }
}

function isRecordHeader(bytes: Buffer, at: number): boolean {
  if (bytes.length - at < headerLength) return false
  const type = bytes[at]!
  const minor = bytes[at + 2]!
  return (
    type >= 20 && type <= 24 && bytes[at + 1] === 3 && minor <= 4 && bytes.readUInt16BE(at + 3) <= maxFragment
  )
}
