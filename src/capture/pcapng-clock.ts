// Times of pcapng: 64-bit ticks, whose length and origin each interface tells (draft-ietf-opsawg-pcapng, 4.2).
import type { Clock } from './frame.js'

/** The options of an Interface Description Block that times depend on. */
export interface TickOptions {
  /** if_tsresol: a power of 10, or of 2 with the highest bit set; both negative. Default 10^-6. */
  readonly resolution: number
  /** if_tsoffset: seconds to add. */
  readonly offset: bigint
}

export class TickClock implements Clock {
  readonly #multiplier: bigint
  readonly #divisor: bigint
  readonly #offset: bigint
  readonly #perSecond: number

  constructor({ resolution, offset }: TickOptions) {
    const exponent = resolution & 0x7f
    const perSecond = (resolution & 0x80 ? 2n : 10n) ** BigInt(exponent)
    const decimal = (resolution & 0x80) === 0 && exponent <= 9
    this.#multiplier = decimal ? 10n ** BigInt(9 - exponent) : 1_000_000_000n
    this.#divisor = decimal ? 1n : perSecond
    this.#offset = offset * 1_000_000_000n
    this.#perSecond = Number(perSecond)
  }

  nanoseconds(high: number, low: number): bigint {
    const ticks = (BigInt(high) << 32n) | BigInt(low)
    return (ticks * this.#multiplier) / this.#divisor + this.#offset
  }

  seconds(high: number, low: number): number {
    return (high * 4_294_967_296 + low) / this.#perSecond
  }
}
