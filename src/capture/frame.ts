// The record at hand, as it travels from the container through the layers: one object, filled again for each record,
// because a capture of 2 GB has ten million of them.
import type { Origin } from './stream.js'

/** Tells what the two 32-bit words of a record's timestamp mean. */
export interface Clock {
  nanoseconds(high: number, low: number): bigint
  /** For the bounds of waiting; precise to a microsecond. */
  seconds(high: number, low: number): number
}

/** For input without times. Time stands still, so that nothing ever times out. */
export const noClock: Clock = { nanoseconds: () => -1n, seconds: () => 0 }

/** What an Origin is made from: a Frame, or another Origin. */
export interface Moment {
  readonly record: number
  readonly high: number
  readonly low: number
  readonly clock: Clock
}

/** An Origin that turns its timestamp into a BigInt only when somebody looks. */
export class RecordOrigin implements Origin {
  readonly record: number
  readonly fileOffset: number
  readonly high: number
  readonly low: number
  readonly clock: Clock

  constructor(moment: Moment, fileOffset: number) {
    this.record = moment.record
    this.fileOffset = fileOffset
    this.high = moment.high
    this.low = moment.low
    this.clock = moment.clock
  }

  get time(): bigint {
    return this.clock.nanoseconds(this.high, this.low)
  }

  get seconds(): number {
    return this.clock.seconds(this.high, this.low)
  }

  /** The same moment at another place of the file. */
  at(fileOffset: number): RecordOrigin {
    return new RecordOrigin(this, fileOffset)
  }
}

const empty = Buffer.alloc(0)

/** A captured packet. Layers move `start` past their header and cut `end` and `wireEnd` to what they carry. */
export class Frame implements Moment {
  bytes: Buffer = empty
  /** File offset of `bytes[0]`. */
  base = 0
  start = 0
  /** Where what was captured ends. */
  end = 0
  /** Where the packet ended on the wire: behind `end` where the snap length cut it. */
  wireEnd = 0
  record = 0
  high = 0
  low = 0
  clock: Clock = noClock
  /** The LINKTYPE_ number. */
  link = 0
  /** Where in `bytes` the IP addresses are: the source, and the destination right behind it. */
  addresses = 0
  addressLength = 4

  /** `bytes` were put together from several places of the file: `base` is one of them, and stands for all. */
  isJoined = false

  /** Where a byte of `bytes` is in the file. */
  place(position: number): number {
    return this.isJoined ? this.base : this.base + position
  }

  get fileOffset(): number {
    return this.place(Math.min(this.start, this.end))
  }

  get seconds(): number {
    return this.clock.seconds(this.high, this.low)
  }
}
