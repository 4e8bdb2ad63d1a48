// Passes events to a sink in portions. A few kilobytes of compressed input can become megabytes, and the reader must
// handle signals and wait for its output in between.
import type {
  CaptureSink,
  CloseDetail,
  Direction,
  Flow,
  FlowFact,
  NotePlace,
  StreamSegment,
} from './stream.js'
import { segmentOf } from './stream.js'

/** Stream bytes of one portion. */
const portion = 256 * 1024

export class PacedSink implements CaptureSink {
  readonly #sink: CaptureSink
  #left = portion
  /** Calls to the sink for later portions, in order. */
  #waiting: (() => void)[] = []

  constructor(sink: CaptureSink) {
    this.#sink = sink
  }

  /** Passes on the next portion. Returns whether more is waiting. */
  next(): boolean {
    this.#left = portion
    const waiting = this.#waiting
    this.#waiting = []
    let at = 0
    // An event that is too large puts its remainder into the empty queue.
    while (at < waiting.length && this.#waiting.length === 0) waiting[at++]!()
    if (at < waiting.length) this.#waiting = this.#waiting.concat(waiting.slice(at))
    return this.#waiting.length > 0
  }

  open(flow: Flow): void {
    if (this.#isFree) this.#sink.open(flow)
    else this.#waiting.push(() => this.#sink.open(flow))
  }

  data(flow: Flow, direction: Direction, segment: StreamSegment): void {
    const length = segment.end - segment.start
    if (this.#isFree && length <= this.#left) {
      this.#left -= length
      this.#sink.data(flow, direction, segment)
    } else if (this.#isFree && this.#left > 0) this.#part(flow, direction, segment)
    else this.#waiting.push(() => this.data(flow, direction, segment))
  }

  /** Passes on as much as fits into this portion. */
  #part(flow: Flow, direction: Direction, { bytes, offset, origin }: StreamSegment): void {
    const length = this.#left
    this.#left = 0
    this.#sink.data(flow, direction, segmentOf(bytes.subarray(0, length), offset, origin))
    const rest = segmentOf(bytes.subarray(length), offset + length, origin)
    this.#waiting.push(() => this.data(flow, direction, rest))
  }

  gap(flow: Flow, direction: Direction, offset: number, length: number | undefined, why: string): void {
    if (this.#isFree) this.#sink.gap(flow, direction, offset, length, why)
    else this.#waiting.push(() => this.#sink.gap(flow, direction, offset, length, why))
  }

  retransmitted(flow: Flow, direction: Direction, bytes: number): void {
    if (this.#isFree) this.#sink.retransmitted(flow, direction, bytes)
    else this.#waiting.push(() => this.#sink.retransmitted(flow, direction, bytes))
  }

  close(flow: Flow, how: 'fin' | 'rst' | 'timeout' | 'end', detail?: CloseDetail): void {
    if (this.#isFree) this.#sink.close(flow, how, detail)
    else this.#waiting.push(() => this.#sink.close(flow, how, detail))
  }

  fact(flow: Flow, fact: FlowFact): void {
    if (this.#isFree) this.#sink.fact?.(flow, fact)
    else this.#waiting.push(() => this.#sink.fact?.(flow, fact))
  }

  /** Notes are about the input, not a stream: passed on at once. */
  note(text: string, at: NotePlace): void {
    this.#sink.note(text, at)
  }

  get #isFree(): boolean {
    return this.#waiting.length === 0
  }
}
