// The record at hand, as it travels from the container through the layers: one object, filled again for each record,
// because a capture of 2 GB has ten million of them.
import { type Instant, type Origin, secondsOf, unknownSecond } from './stream.js'

/** What an Origin is made from: a Frame, or another Origin. */
export interface Moment extends Instant {
  readonly record: number
  readonly file?: string | undefined
}

/** Where a Frame's bytes, or some of them, were captured. */
export class RecordOrigin implements Origin {
  readonly record: number
  readonly file: string | undefined
  readonly fileOffset: number
  readonly second: number
  readonly nanos: number

  constructor(moment: Moment, fileOffset: number) {
    this.record = moment.record
    this.file = moment.file
    this.fileOffset = fileOffset
    this.second = moment.second
    this.nanos = moment.nanos
  }

  get seconds(): number {
    return secondsOf(this)
  }

  /** The same moment at another place of the file. */
  at(fileOffset: number): RecordOrigin {
    return new RecordOrigin(this, fileOffset)
  }
}

/** A file that records come from. */
export class Source {
  /**
   * Files that go on from each other have the same lane. One that has captured the same connections at the same time, at
   * another place, gets a lane of its own.
   */
  lane = 0
  ended = false
  /** The name of the file, where a capture has several. */
  readonly name: string | undefined

  constructor(name?: string) {
    this.name = name
  }
}

const single = new Source()

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
  source = single
  /** When it was captured, as in Origin. */
  second = unknownSecond
  nanos = 0
  /** The LINKTYPE_ number. */
  link = 0
  /** Where in `bytes` the IP addresses are: the source, and the destination right behind it. */
  addresses = 0
  addressLength = 4

  /** `bytes` were put together from several places of the file: `base` is one of them, and stands for all. */
  isJoined = false

  /** What it has from `start` on, in memory of its own: for whoever keeps it. */
  kept(start: number): Frame {
    const copy = new Frame()
    copy.bytes = Buffer.from(this.bytes.subarray(start, Math.max(start, this.end)))
    copy.base = this.place(start)
    copy.isJoined = this.isJoined
    copy.end = copy.bytes.length
    copy.wireEnd = this.wireEnd - start
    copy.record = this.record
    copy.source = this.source
    copy.second = this.second
    copy.nanos = this.nanos
    return copy
  }

  get file(): string | undefined {
    return this.source.name
  }

  /** Where a byte of `bytes` is in the file. */
  place(position: number): number {
    return this.isJoined ? this.base : this.base + position
  }

  get fileOffset(): number {
    return this.place(Math.min(this.start, this.end))
  }

  /** For the bounds of waiting. Where the input has no times it stands still, so that nothing ever times out. */
  get seconds(): number {
    return secondsOf(this)
  }
}
