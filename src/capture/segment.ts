// The bytes that are passed on, as one class so that all of them have one shape for the engine.
import type { RecordOrigin } from './frame.js'
import type { StreamSegment } from './stream.js'

export class Segment implements StreamSegment {
  readonly bytes: Buffer
  readonly offset: number
  readonly origin: RecordOrigin
  readonly gapBefore: number | undefined

  constructor(bytes: Buffer, offset: number, origin: RecordOrigin, gapBefore?: number) {
    this.bytes = bytes
    this.offset = offset
    this.origin = origin
    this.gapBefore = gapBefore
  }
}
