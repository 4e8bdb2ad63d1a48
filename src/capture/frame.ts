// The current record on its way from the file through the layers. One object is reused for all records: a capture of 2 GB
// has ten million.
import { type Instant, type Origin, secondsOf, unknownSecond } from './stream.js'

/** Time and record of an Origin, taken from a Frame or another Origin. */
export interface RecordTime extends Instant {
  readonly record: number
  readonly file?: string | undefined
}

/** Where bytes of a Frame were captured. */
export class RecordOrigin implements Origin {
  readonly record: number
  readonly file: string | undefined
  readonly fileOffset: number
  readonly second: number
  readonly nanos: number

  constructor(time: RecordTime, fileOffset: number) {
    this.record = time.record
    this.file = time.file
    this.fileOffset = fileOffset
    this.second = time.second
    this.nanos = time.nanos
  }

  get seconds(): number {
    return secondsOf(this)
  }

  /** The same record at another file offset. */
  at(fileOffset: number): RecordOrigin {
    return new RecordOrigin(this, fileOffset)
  }
}

/** The file of a record. */
export class FrameSource {
  /**
   * Files that continue each other have the same number. A file that captured the same connections at the same time at
   * another point of the network gets its own.
   */
  capturePoint = 0
  ended = false
  /** The name of the file, if the capture has several. */
  readonly name: string | undefined

  constructor(name?: string) {
    this.name = name
  }
}

const single = new FrameSource()

const empty = Buffer.alloc(0)

/** A captured packet. Each layer moves `start` past its header, and `end` and `wireEnd` to the end of its payload. */
export class Frame implements RecordTime {
  bytes: Buffer = empty
  /** File offset of `bytes[0]`. */
  base = 0
  start = 0
  /** End of the captured bytes. */
  end = 0
  /** End of the packet on the wire: after `end` if the snap length cut the packet. */
  wireEnd = 0
  record = 0
  source = single
  /** Time of capture, as in Origin. */
  second = unknownSecond
  nanos = 0
  /** The LINKTYPE_ number. */
  link = 0
  /** Position in `bytes` of the source IP address; the destination address follows it. */
  addresses = 0
  addressLength = 4

  /** `bytes` were joined from several places of the file: `base` is the file offset of one of them, used for all. */
  isJoined = false

  /** A copy of the bytes from `start` that can be kept after this frame is reused. */
  copyFrom(start: number): Frame {
    const copy = new Frame()
    copy.bytes = Buffer.from(this.bytes.subarray(start, Math.max(start, this.end)))
    copy.base = this.fileOffsetOf(start)
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

  /** The file offset of a position in `bytes`. */
  fileOffsetOf(position: number): number {
    return this.isJoined ? this.base : this.base + position
  }

  get fileOffset(): number {
    return this.fileOffsetOf(Math.min(this.start, this.end))
  }

  /** For timeouts. Constant if the input has no times, so that nothing times out. */
  get seconds(): number {
    return secondsOf(this)
  }
}
