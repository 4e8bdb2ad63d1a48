// One TCP connection: both directions in order, and each segment after the bytes that it acknowledges. If a segment
// acknowledges bytes that were not seen, these come in the next packets (captures from several queues or processors
// reorder packets), or were not captured.
import type { CaptureContext } from './context.js'
import { type Conversation, otherSide, type Side } from './conversation.js'
import { type Frame, RecordOrigin } from './frame.js'
import type { Segment } from './segment.js'
import { graceFrames, notCaptured, type ReassemblyOutput, TcpReassembler } from './tcp-reassembler.js'

export const finFlag = 1
export const synFlag = 2
export const rstFlag = 4
export const ackFlag = 16

/** Seconds of capture time within which reordered packets come. */
const patience = 1

/** How a connection ended. */
export type CloseReason = 'fin' | 'rst' | 'timeout' | 'end'
type LastPacket = { readonly side: Side; readonly origin: RecordOrigin }

/** A segment with data, FIN or RST. */
export interface Arrival {
  readonly side: Side
  readonly frame: Frame
  /** Sequence number of the byte at `payload`. */
  readonly seq: number
  /** Start of its data in the frame. */
  readonly payload: number
  readonly flags: number
  /** Only valid with the flag ACK. */
  readonly acknowledged: number
}

const nothing: Arrival[] = []

export class CapturedConnection implements ReassemblyOutput {
  readonly reassemblers: readonly [TcpReassembler, TcpReassembler]
  closed = false
  readonly #conversation: Conversation
  readonly #context: CaptureContext
  #reportedLateData = false
  /** Segments that wait for bytes of the other side, in the order of the capture. */
  #waiting = nothing
  #bytes = 0
  /** Packets until the first of them is passed on, and the time from which it waits. */
  #grace = 0
  #since = 0
  /** While a segment is given up, a close is deferred until the segments before it are passed on. */
  #isGivingUp = false
  #closing: { how: CloseReason; last: LastPacket | undefined } | undefined

  constructor(context: CaptureContext, conversation: Conversation) {
    const { budget } = context
    this.reassemblers = [new TcpReassembler(0, this, budget), new TcpReassembler(1, this, budget)]
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
    const text = 'a retransmission has other bytes than the original; the original was kept'
    this.#context.notes.say('retransmission with other bytes', text, fileOffset)
  }

  dataAfterClose(frame: Frame): void {
    if (this.#reportedLateData) return
    this.#reportedLateData = true
    const text = `record ${frame.record} has data for a connection that was reset; it was ignored`
    this.#context.notes.say('data after a reset', text, frame.fileOffset)
  }

  /** Segments wait, so that `afterPacket` must be called for each packet of the connection. */
  get isHolding(): boolean {
    return this.#waiting.length > 0
  }

  /** Whether a segment has to wait. If so, call `hold`, otherwise `take`. */
  mustWait(side: Side, seq: number, flags: number, acknowledged: number): boolean {
    return this.#mustWaitForBytes(side, seq, flags, acknowledged) || !this.isComplete(side)
  }

  /** Takes the data of a segment, and its FIN or RST. */
  take(frame: Frame, side: Side, seq: number, payload: number, flags: number): void {
    if (this.closed) return
    const own = this.reassemblers[side]
    if (payload < frame.wireEnd) own.push(frame, seq, payload)
    if ((flags & rstFlag) !== 0)
      return this.close('rst', { side, origin: new RecordOrigin(frame, frame.fileOffset) })
    if ((flags & finFlag) !== 0) own.fin(seq + frame.wireEnd - payload, frame.seconds)
    if (own.isWaiting && this.isComplete(side)) own.check(frame.seconds)
    if (own.finished && this.reassemblers[otherSide(side)].finished) {
      this.close('fin', { side, origin: new RecordOrigin(frame, frame.fileOffset) })
    }
  }

  hold(arrival: Arrival): void {
    const frame = arrival.frame.copyFrom(arrival.payload)
    if (this.#waiting.length === 0) {
      this.#waiting = []
      this.#restartGrace(frame)
    }
    this.#waiting.push({ ...arrival, frame, payload: 0 })
    this.#account(frame.end)
  }

  /** Passes on what no longer has to wait, after a packet of the connection at this time. */
  afterPacket(seconds: number): void {
    this.passOnReady()
    if (this.#waiting.length === 0) return
    this.#grace -= 1
    while (
      this.isHolding &&
      (this.#grace < 0 || seconds - this.#since > patience || this.#context.budget.isSpent)
    ) {
      this.#giveUp()
      this.passOnReady()
    }
  }

  /** No segment of this side waits here, except a reset, which must not delay the data that it waits for. */
  isComplete(side: Side): boolean {
    for (const one of this.#waiting) if (one.side === side && (one.flags & rstFlag) === 0) return false
    return true
  }

  /**
   * A client that has only sent its SYN acknowledges the SYN of the server, as servers do not send first in the protocols
   * supported here. If that was not captured, the bytes of the server begin at `acknowledged`.
   */
  anchorByAcknowledgement(side: Side, seq: number, acknowledged: number): void {
    const { isn, expected, isFresh } = this.reassemblers[side]
    if (isn === undefined || !isFresh || seq !== expected) return
    this.reassemblers[otherSide(side)].anchor(acknowledged)
  }

  close(how: CloseReason, last?: LastPacket): void {
    if (this.closed) return
    if (this.#isGivingUp) {
      this.#closing ??= { how, last }
      return
    }
    this.#isGivingUp = true
    while (this.isHolding) this.#passOnFirst()
    for (const reassembler of this.reassemblers) reassembler.flush(notCaptured)
    this.closed = true
    const ending = this.#closing ?? { how, last }
    const ended = ending.how === 'end' && this.reassemblers.some((reassembler) => reassembler.finished)
    this.#conversation.close(ended ? 'fin' : ending.how, ending.last)
  }

  /** Whether the segment acknowledges bytes that were not seen, or is a reset after such bytes. */
  #mustWaitForBytes(side: Side, seq: number, flags: number, acknowledged: number): boolean {
    if ((flags & ackFlag) !== 0 && this.reassemblers[otherSide(side)].lacksBefore(acknowledged)) return true
    return (flags & rstFlag) !== 0 && this.reassemblers[side].lacksBefore(seq)
  }

  /** Passes on the segments whose bytes have come, each side in its own order. */
  passOnReady(): void {
    for (let i = 0; i < this.#waiting.length; i++) {
      const one = this.#waiting[i]!
      if (this.#mustWaitForBytes(one.side, one.seq, one.flags, one.acknowledged) || this.#isBehind(i))
        continue
      this.#remove(i)
      if (i === 0 && this.isHolding) this.#restartGrace(this.#waiting[0]!.frame)
      this.#takeHeld(one)
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

  /** The bytes that the first segment waits for are lost: passes it on. */
  #giveUp(): void {
    this.#isGivingUp = true
    this.#passOnFirst()
    this.#isGivingUp = false
    if (this.#closing !== undefined) this.close(this.#closing.how, this.#closing.last)
  }

  #passOnFirst(): void {
    const first = this.#remove(0)
    const { side, seq, flags, acknowledged } = first
    if ((flags & ackFlag) !== 0) {
      const peer = otherSide(side)
      // Segments that wait for each other: no real sender makes these.
      for (let i = 0; i < this.#waiting.length && this.reassemblers[peer].lacksBefore(acknowledged); ) {
        const one = this.#waiting[i]!
        if (one.side === peer && ((one.seq - acknowledged) | 0) < 0) {
          this.#remove(i)
          this.#takeHeld(one)
        } else i++
      }
      this.reassemblers[peer].skipTo(acknowledged, notCaptured)
    }
    if ((flags & rstFlag) !== 0) this.reassemblers[side].skipTo(seq, notCaptured)
    if (this.isHolding) this.#restartGrace(this.#waiting[0]!.frame)
    this.#takeHeld(first)
  }

  #takeHeld({ frame, side, seq, payload, flags }: Arrival): void {
    this.take(frame, side, seq, payload, flags)
  }

  #remove(index: number): Arrival {
    const [one] = this.#waiting.splice(index, 1)
    this.#account(-one!.frame.end)
    return one!
  }

  #restartGrace({ seconds }: Frame): void {
    this.#grace = graceFrames
    this.#since = seconds
  }

  #account(change: number): void {
    this.#bytes = this.#context.budget.change(this.#bytes, this.#bytes + change)
  }
}
