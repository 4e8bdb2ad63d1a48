// A range of bytes that layers pass on. One class, so that V8 sees one object shape.
import type { RecordOrigin } from './frame.js'
import type { StreamSegment } from './stream.js'

export class Segment implements StreamSegment {
  readonly chunk: Buffer
  /** The range in `chunk`; by default all of it. */
  start = 0
  end: number
  readonly offset: number
  readonly origin: RecordOrigin
  readonly gapBefore: number | undefined
  cut = 0

  constructor(chunk: Buffer, offset: number, origin: RecordOrigin, gapBefore?: number) {
    this.chunk = chunk
    this.end = chunk.length
    this.offset = offset
    this.origin = origin
    this.gapBefore = gapBefore
  }

  get length(): number {
    return this.end - this.start
  }

  get bytes(): Buffer {
    const { chunk, start, end } = this
    return start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end)
  }
}
