// The layer of a connection that begins with a proxy preamble: reports it as a fact and passes on what follows.
import type { CaptureContext } from './context.js'
import { maxPreamble, type Preamble } from './preamble.js'
import { Segment } from './segment.js'
import type { Direction, FlowFact } from './stream.js'
import type { StreamLayer } from './stream-layer.js'

interface SideState {
  /** Segments held until the end of the preamble is known. */
  held: Segment[] | undefined
  head: Buffer
  /** Bytes of the preamble. */
  length: number
}

export class PreambleLayer implements StreamLayer {
  readonly #context: CaptureContext
  readonly #next: StreamLayer
  readonly #preamble: Preamble
  readonly #sides: Record<Direction, SideState>
  #budgeted = 0

  constructor(context: CaptureContext, next: StreamLayer, preamble: Preamble) {
    this.#context = context
    this.#next = next
    this.#preamble = preamble
    const side = (): SideState => ({ held: [], head: Buffer.alloc(0), length: 0 })
    this.#sides = { c2s: side(), s2c: side() }
  }

  data(direction: Direction, segment: Segment): void {
    const side = this.#sides[direction]
    if (side.held === undefined) return this.#pass(direction, segment, side.length)
    const { bytes, offset, origin, gapBefore } = segment
    const copy = Buffer.from(bytes)
    side.held.push(new Segment(copy, offset, origin, gapBefore))
    side.head = Buffer.concat([side.head, copy])
    const { budget } = this.#context
    this.#budgeted = budget.change(this.#budgeted, this.#budgeted + 2 * copy.length)
    const length = this.#preamble[direction](side.head)
    if (length === 'bad' || side.head.length > maxPreamble || budget.isSpent) return this.#giveUp()
    if (length === undefined) return
    if (direction === 'c2s') this.#next.fact({ kind: 'preamble', text: this.#preamble.describe(side.head) })
    this.#release(direction, length)
  }

  gap(direction: Direction, offset: number, length: number | undefined, why: string): void {
    if (this.#sides[direction].held !== undefined) this.#giveUp()
    this.#next.gap(direction, offset - this.#sides[direction].length, length, why)
  }

  fact(fact: FlowFact): void {
    this.#next.fact(fact)
  }

  end(): void {
    // What is still held is an HTTP request that the proxy refused, or a preamble that the end of the capture cut.
    this.#budgeted = this.#context.budget.change(this.#budgeted, 0)
    this.#next.end()
  }

  /** This is not a preamble: passes on everything unchanged. */
  #giveUp(): void {
    for (const direction of ['c2s', 's2c'] as const) {
      if (this.#sides[direction].held !== undefined) this.#release(direction, 0)
    }
  }

  /** Passes on the held bytes after the first `length`. */
  #release(direction: Direction, length: number): void {
    const side = this.#sides[direction]
    const held = side.held!
    side.held = undefined
    side.length = length
    side.head = Buffer.alloc(0)
    for (const segment of held) this.#pass(direction, segment, length)
    const { c2s, s2c } = this.#sides
    if (c2s.held === undefined && s2c.held === undefined)
      this.#budgeted = this.#context.budget.change(this.#budgeted, 0)
  }

  #pass(direction: Direction, segment: Segment, before: number): void {
    const { chunk, start, end, offset, origin, gapBefore } = segment
    const skip = Math.max(0, before - offset)
    if (skip >= end - start && end > start) return
    const place = skip === 0 ? origin : origin.at(origin.fileOffset + skip)
    const passed = new Segment(chunk, offset + skip - before, place, gapBefore)
    passed.start = start + skip
    passed.end = end
    this.#next.data(direction, passed)
  }
}
