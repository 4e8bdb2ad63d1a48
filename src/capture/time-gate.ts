// Passes on the frames of one file up to a time and holds the others, so that several files are read in order of time.
import { Frame } from './frame.js'
import type { FrameStage } from './pcap.js'
import { type Instant, unknownSecond } from './stream.js'

/** A time before all frames. */
export const beforeAllFrames: Instant = { second: -2, nanos: 0 }

export class TimeGate implements FrameStage {
  /** Frames after this time are held. Undefined: no frame is held. */
  limit: Instant | undefined
  readonly #next: FrameStage
  readonly #held: Frame[] = []
  #first = 0

  constructor(next: FrameStage, limit: Instant | undefined) {
    this.#next = next
    this.limit = limit
  }

  /** Time of the first held frame. */
  get next(): Instant | undefined {
    return this.#held[this.#first]
  }

  push(frame: Frame): void {
    if (this.#held.length === 0 && this.#mayPass(frame)) this.#next.push(frame)
    else this.#held.push(Object.assign(new Frame(), frame))
  }

  /** Passes on the held frames up to `limit`. */
  release(): void {
    while (this.#first < this.#held.length && this.#mayPass(this.#held[this.#first]!)) {
      this.#next.push(this.#held[this.#first++]!)
    }
    if (this.#first < this.#held.length) return
    this.#held.length = 0
    this.#first = 0
  }

  /** A frame without a time follows the frame before it. */
  #mayPass(frame: Instant): boolean {
    if (this.limit === undefined) return true
    if (frame.second === unknownSecond && this.limit !== beforeAllFrames) return true
    return !isLater(frame, this.limit)
  }
}

export function isLater(one: Instant, other: Instant): boolean {
  return one.second === other.second ? one.nanos > other.nanos : one.second > other.second
}
