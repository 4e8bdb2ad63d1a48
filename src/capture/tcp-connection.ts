// One TCP connection: both directions in order, and each segment after what it acknowledges. A segment that acknowledges
// bytes of the other side that were not seen yet is evidence about the capture: these bytes come in the next packets
// (captures of several queues or processors swap neighbours), or were not captured.
import type { Context } from './context.js'
import { type Conversation, other, type Side } from './conversation.js'
import { type Frame, RecordOrigin } from './frame.js'
import { graceFrames, Half, type HalfOutput, notCaptured } from './half.js'
import type { Segment } from './segment.js'

export const finFlag = 1
export const synFlag = 2
export const rstFlag = 4
export const ackFlag = 16

/** Seconds of capture time in which neighbours that were swapped come. */
const patience = 1

/** How a connection ends, and the packet that ended it. */
export type Closing = 'fin' | 'rst' | 'timeout' | 'end'
type Last = { readonly side: Side; readonly origin: RecordOrigin }

/** A segment with data or the end of its side. */
export interface Arrival {
  readonly side: Side
  readonly frame: Frame
  /** Sequence number of the byte at `payload`. */
  readonly seq: number
  /** Where its data begins in the frame. */
  readonly payload: number
  readonly flags: number
  /** Means nothing without the flag ACK. */
  readonly acknowledged: number
}

const nothing: Arrival[] = []

export class Connection implements HalfOutput {
  readonly halves: readonly [Half, Half]
  closed = false
  readonly #conversation: Conversation
  readonly #context: Context
  #toldOfRest = false
  /** What waits for bytes of the other side, in the order of the capture. */
  #waiting = nothing
  #bytes = 0
  /** Packets until the first of them is let through, and since when it waits. */
  #grace = 0
  #since = 0
  /** While it gives up, what closes the connection comes after all that goes before it. */
  #isGivingUp = false
  #closing: { how: Closing; last: Last | undefined } | undefined

  constructor(context: Context, conversation: Conversation) {
    const { budget } = context
    this.halves = [new Half(0, this, budget), new Half(1, this, budget)]
    this.#context = context
    this.#conversation = conversation
  }

  data(side: Side, segment: Segment): void {
    this.#conversation.data(side, segment)
  }

  gap(side: Side, offset: number, length: number | undefined, why: string): void {
    this.#conversation.gap(side, offset, length, why)
  }

  retransmitted(side: Side, bytes: number): void {
    this.#conversation.retransmitted(side, bytes)
  }

  differs(fileOffset: number): void {
    const text = 'bytes were sent twice and differ the second time; the first were kept'
    this.#context.notes.say('retransmission with other bytes', text, fileOffset)
  }

  dataAfterClose(frame: Frame): void {
    if (this.#toldOfRest) return
    this.#toldOfRest = true
    const text = `record ${frame.record} has data for a connection that was reset; it was left out`
    this.#context.notes.say('data after a reset', text, frame.fileOffset)
  }

  /** Segments wait, so that each packet of the connection has to be told by `packet`. */
  get isHolding(): boolean {
    return this.#waiting.length > 0
  }

  /** Whether a segment has to wait: it goes to `hold` then, otherwise to `take`. */
  mustWait(side: Side, seq: number, flags: number, acknowledged: number): boolean {
    return this.#lacks(side, seq, flags, acknowledged) || !this.isComplete(side)
  }

  /** Puts data in order, and sees its side end. */
  take(frame: Frame, side: Side, seq: number, payload: number, flags: number): void {
    if (this.closed) return
    const own = this.halves[side]
    if (payload < frame.wireEnd) own.push(frame, seq, payload)
    if ((flags & rstFlag) !== 0)
      return this.close('rst', { side, origin: new RecordOrigin(frame, frame.fileOffset) })
    if ((flags & finFlag) !== 0) own.fin(seq + frame.wireEnd - payload, frame.seconds)
    if (own.isWaiting && this.isComplete(side)) own.check(frame.seconds)
    if (own.finished && this.halves[other(side)].finished) {
      this.close('fin', { side, origin: new RecordOrigin(frame, frame.fileOffset) })
    }
  }

  hold(arrival: Arrival): void {
    const frame = arrival.frame.kept(arrival.payload)
    if (this.#waiting.length === 0) {
      this.#waiting = []
      this.#wait(frame)
    }
    this.#waiting.push({ ...arrival, frame, payload: 0 })
    this.#account(frame.end)
  }

  /** A packet of the connection was read, at this time: lets through what need not wait any longer. */
  packet(seconds: number): void {
    this.proceed()
    if (this.#waiting.length === 0) return
    this.#grace -= 1
    while (
      this.isHolding &&
      (this.#grace < 0 || seconds - this.#since > patience || this.#context.budget.isSpent)
    ) {
      this.#giveUp()
      this.proceed()
    }
  }

  /** No bytes of this side wait here. A reset does not hold up the data that it waits for. */
  isComplete(side: Side): boolean {
    for (const one of this.#waiting) if (one.side === side && (one.flags & rstFlag) === 0) return false
    return true
  }

  /**
   * A client that has sent nothing but its SYN has nothing to acknowledge but the SYN of the server, which does not speak
   * first in any protocol that is read here: where that was not captured, the server's bytes begin at `acknowledged`.
   */
  anchorByAcknowledgement(side: Side, seq: number, acknowledged: number): void {
    const { isn, expected, isFresh } = this.halves[side]
    if (isn === undefined || !isFresh || seq !== expected) return
    this.halves[other(side)].anchor(acknowledged)
  }

  close(how: Closing, last?: Last): void {
    if (this.closed) return
    if (this.#isGivingUp) {
      this.#closing ??= { how, last }
      return
    }
    this.#isGivingUp = true
    while (this.isHolding) this.#letThrough()
    for (const half of this.halves) half.flush(notCaptured)
    this.closed = true
    const ending = this.#closing ?? { how, last }
    const ended = ending.how === 'end' && this.halves.some((half) => half.finished)
    this.#conversation.close(ended ? 'fin' : ending.how, ending.last)
  }

  /** It acknowledges, or ends its side after, bytes that were not seen. */
  #lacks(side: Side, seq: number, flags: number, acknowledged: number): boolean {
    if ((flags & ackFlag) !== 0 && this.halves[other(side)].lacks(acknowledged)) return true
    return (flags & rstFlag) !== 0 && this.halves[side].lacks(seq)
  }

  /** Lets through what has got what it waits for, each side in its own order. */
  proceed(): void {
    for (let i = 0; i < this.#waiting.length; i++) {
      const one = this.#waiting[i]!
      if (this.#lacks(one.side, one.seq, one.flags, one.acknowledged) || this.#isBehind(i)) continue
      this.#remove(i)
      if (i === 0 && this.isHolding) this.#wait(this.#waiting[0]!.frame)
      this.#pass(one)
      i = -1
    }
  }

  /** An earlier segment of the same side waits. */
  #isBehind(index: number): boolean {
    const { side } = this.#waiting[index]!
    for (let i = 0; i < index; i++) {
      const { side: earlier, flags } = this.#waiting[i]!
      if (earlier === side && (flags & rstFlag) === 0) return true
    }
    return false
  }

  /** What the first waits for will not come. */
  #giveUp(): void {
    this.#isGivingUp = true
    this.#letThrough()
    this.#isGivingUp = false
    if (this.#closing !== undefined) this.close(this.#closing.how, this.#closing.last)
  }

  #letThrough(): void {
    const first = this.#remove(0)
    const { side, seq, flags, acknowledged } = first
    if ((flags & ackFlag) !== 0) {
      const peer = other(side)
      // They wait for one another: no sender makes such segments.
      for (let i = 0; i < this.#waiting.length && this.halves[peer].lacks(acknowledged); ) {
        const one = this.#waiting[i]!
        if (one.side === peer && ((one.seq - acknowledged) | 0) < 0) {
          this.#remove(i)
          this.#pass(one)
        } else i++
      }
      this.halves[peer].skipTo(acknowledged, notCaptured)
    }
    if ((flags & rstFlag) !== 0) this.halves[side].skipTo(seq, notCaptured)
    if (this.isHolding) this.#wait(this.#waiting[0]!.frame)
    this.#pass(first)
  }

  #pass({ frame, side, seq, payload, flags }: Arrival): void {
    this.take(frame, side, seq, payload, flags)
  }

  #remove(index: number): Arrival {
    const [one] = this.#waiting.splice(index, 1)
    this.#account(-one!.frame.end)
    return one!
  }

  #wait({ seconds }: Frame): void {
    this.#grace = graceFrames
    this.#since = seconds
  }

  #account(change: number): void {
    this.#bytes = this.#context.budget.change(this.#bytes, this.#bytes + change)
  }
}
