// The WebSocket layer of a captured connection (MQTT 5.0, 6): the handshake, then the payload of both directions.
import type { CaptureContext } from '../context.js'
import { Segment } from '../segment.js'
import type { Direction, FlowFact } from '../stream.js'
import type { StreamLayer } from '../stream-layer.js'
import { HeadReader, type HttpHead, isUpgrade, protocolsIn } from './handshake.js'
import { MessageReader } from './messages.js'

/** One direction: an HTTP head, then frames. */
interface SideState {
  head: HeadReader | undefined
  /** The head was read. */
  isGreeted: boolean
  readonly messages: MessageReader
}

export class WebSocketLayer implements StreamLayer {
  readonly #context: CaptureContext
  readonly #next: StreamLayer
  readonly #sides: Record<Direction, SideState>
  #offered: string[] = []
  #isReported = false
  /** HTTP without an upgrade: nothing is passed on. */
  #isOther = false
  #held = 0

  /** `handshake`: the captured bytes begin with the handshake. */
  constructor(context: CaptureContext, next: StreamLayer, { handshake }: { handshake: boolean }) {
    this.#context = context
    this.#next = next
    const side = (direction: Direction): SideState => ({
      head: handshake ? new HeadReader() : undefined,
      isGreeted: false,
      messages: new MessageReader(context, next, direction),
    })
    this.#sides = { c2s: side('c2s'), s2c: side('s2c') }
  }

  data(direction: Direction, segment: Segment): void {
    if (this.#isOther) return
    this.#take(direction, segment)
    this.#account()
  }

  /** Updates the budget with the bytes of both directions. */
  #account(): void {
    const { c2s, s2c } = this.#sides
    const heads = (c2s.head?.waiting ?? 0) + (s2c.head?.waiting ?? 0)
    const now = this.#isOther ? 0 : heads + c2s.messages.waiting + s2c.messages.waiting
    this.#held = this.#context.budget.change(this.#held, now)
    if (heads > 0 && this.#context.budget.isSpent) this.#leave()
  }

  #leave(): void {
    this.#isOther = true
    this.#held = this.#context.budget.change(this.#held, 0)
    for (const side of Object.values(this.#sides)) side.head = undefined
  }

  #take(direction: Direction, segment: Segment): void {
    const side = this.#sides[direction]
    if (side.head === undefined) {
      if (this.#sides.s2c.head === undefined) this.#report(undefined)
      return side.messages.push(segment)
    }
    const head = side.head.push(segment.bytes)
    if (head === undefined) return
    if (head === 'bad' || !(direction === 'c2s' ? this.#request(head) : this.#answer(head))) {
      this.#leave()
      return
    }
    side.head = undefined
    side.isGreeted = true
    if (direction === 's2c') this.#report(protocolsIn(head)[0])
    if (head.restAt === segment.bytes.length) return
    const origin = segment.origin.at(segment.origin.fileOffset + head.restAt)
    side.messages.push(new Segment(segment.bytes.subarray(head.restAt), 0, origin))
  }

  #request(head: HttpHead): boolean {
    this.#offered = protocolsIn(head)
    return isUpgrade(head)
  }

  #answer(head: HttpHead): boolean {
    if (!/^HTTP\/1\.\d 101\b/.test(head.line) || !isUpgrade(head)) return false
    const deflates = /permessage-deflate/i.test(head.fields.get('sec-websocket-extensions') ?? '')
    if (deflates && this.#context.options.inflate === undefined) {
      this.#context.notes.say(
        'compressed WebSocket',
        'compressed WebSocket messages cannot be read: no inflate function was given',
        0,
      )
    }
    return true
  }

  #report(selected: string | undefined): void {
    if (this.#isReported) return
    this.#isReported = true
    const handshake = this.#sides.c2s.isGreeted && this.#sides.s2c.isGreeted
    this.#next.fact({ kind: 'websocket', offered: this.#offered, selected, handshake })
  }

  gap(direction: Direction, _offset: number, length: number | undefined, why: string): void {
    if (this.#isOther) return
    const side = this.#sides[direction]
    // The end of an incomplete head is unknown: continue at the next segment that begins with a frame.
    if (side.head !== undefined) {
      side.head = undefined
      side.messages.gap(length ?? 1, why)
    } else side.messages.gap(length, why)
  }

  fact(fact: FlowFact): void {
    this.#next.fact(fact)
  }

  end(): void {
    for (const { messages } of Object.values(this.#sides)) messages.end()
    this.#held = this.#context.budget.change(this.#held, 0)
    this.#next.end()
  }
}
