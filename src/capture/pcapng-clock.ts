// Timestamps of pcapng: 64-bit ticks with the resolution and offset of the interface (draft-ietf-opsawg-pcapng, 4.2).
import { unknownSecond } from './stream.js'

/** The options of an Interface Description Block for timestamps. */
export interface TickOptions {
  /** if_tsresol: the negative exponent of 10, or of 2 if the highest bit is set. Default 6. */
  readonly resolution: number
  /** if_tsoffset: seconds to add. */
  readonly offset: bigint
}

/** Ticks below this are exact as a number. */
const exact = 2 ** 53
const aSecond = 1_000_000_000n

/** Turns ticks into seconds and nanoseconds. */
export class TickClock {
  second = unknownSecond
  nanos = 0
  readonly #offset: bigint
  readonly #perSecond: bigint
  /** Ticks per second, if a tick is a whole number of nanoseconds; otherwise 0. */
  readonly #decimal: number

  constructor({ resolution, offset }: TickOptions) {
    const exponent = resolution & 0x7f
    const decimal = (resolution & 0x80) === 0
    this.#perSecond = (decimal ? 10n : 2n) ** BigInt(exponent)
    this.#decimal = decimal && exponent <= 9 ? 10 ** exponent : 0
    this.#offset = offset
  }

  /** Sets `second` and `nanos` from the two halves of a timestamp. */
  read(high: number, low: number): void {
    const ticks = high * 4_294_967_296 + low
    if (this.#decimal === 0 || this.#offset !== 0n || ticks >= exact) return this.#readLarge(high, low)
    this.second = Math.floor(ticks / this.#decimal)
    this.nanos = (ticks - this.second * this.#decimal) * (1e9 / this.#decimal)
  }

  #readLarge(high: number, low: number): void {
    const ticks = (BigInt(high) << 32n) | BigInt(low)
    const nanos = (ticks * aSecond) / this.#perSecond + this.#offset * aSecond
    const whole = nanos / aSecond
    this.second = nanos < 0n ? unknownSecond : Number(whole)
    this.nanos = nanos < 0n ? 0 : Number(nanos - whole * aSecond)
  }
}
