// One direction of a connection with faults: cuts it into packets, has them decided, and passes on what is left of them.
import type { Direction, FaultRule } from './fault-language.js'
import type { FaultedConnection, Faults, Plan } from './faults.js'
import { type Aliases, type Head, headOf } from './packet-head.js'

/** A fault that was applied to a packet. */
export interface AppliedFault {
  readonly rule: FaultRule
  readonly connection: number
  readonly direction: Direction
  /** Control Packet type, or MsgType of MQTT-SN. */
  readonly type: number
  /** Offset of the packet in the bytes that arrived in this direction. */
  readonly offset: number
  readonly size: number
}

/** Receives, in order, what is to be done. */
export interface FaultSink {
  /** `bytesPerSecond`: not faster than that. */
  send(bytes: Uint8Array, bytesPerSecond: number | undefined): void
  /** What follows is sent so many milliseconds after now at the earliest. */
  delay(ms: number): void
  /** Ends the connection after what was sent. Nothing follows. */
  end(how: 'close' | 'reset'): void
  /** Answers the CONNECT and ends the connection. Nothing follows. */
  answer(connack: Buffer): void
  applied(fault: AppliedFault): void
}

export class FaultStream {
  readonly #direction: Direction
  readonly #connection: FaultedConnection
  readonly #faults: () => Faults
  readonly #sink: FaultSink
  readonly #aliases: Aliases = new Map()
  /** The beginning of a packet, until it can be decided. */
  #pieces: Buffer[] = []
  #collected = 0
  #needed = 0
  /** Bytes of the current packet that have not arrived. */
  #remaining = 0
  /** Those of them that are forwarded. */
  #keep = 0
  #plan: Plan | undefined
  /** The current packet, if it is sent again. */
  #copy: Buffer[] | undefined
  /** Bytes that have been decided. */
  #offset = 0
  #state: 'packets' | 'bytes' | 'ended' = 'packets'

  /** `faults`: those of now; they may change between packets. */
  constructor(direction: Direction, connection: FaultedConnection, faults: () => Faults, sink: FaultSink) {
    this.#direction = direction
    this.#connection = connection
    this.#faults = faults
    this.#sink = sink
  }

  /** Bytes that wait for the rest of the head of their packet. */
  get held(): number {
    return this.#collected
  }

  push(chunk: Buffer): void {
    if (this.#collected > 0) {
      this.#pieces.push(chunk)
      this.#collected += chunk.length
      if (this.#collected < this.#needed) return
      chunk = Buffer.concat(this.#pieces, this.#collected)
      this.#pieces = []
      this.#collected = 0
    }
    let at = 0
    /** Bytes from here on pass unchanged, and are sent together. */
    let run = 0
    while (at < chunk.length && this.#state === 'packets') {
      if (this.#remaining === 0) {
        const head = this.#next(chunk, at)
        if (typeof head === 'number') {
          this.#send(chunk, run, at)
          this.#pieces = [chunk.subarray(at)]
          this.#collected = chunk.length - at
          this.#needed = head
          return
        }
        if (head === undefined) break
        const plan = this.#faults().decide({ ...head, direction: this.#direction }, this.#connection)
        this.#remaining = head.size
        if (plan !== undefined) {
          this.#send(chunk, run, at)
          this.#begin(head, plan)
          if (this.#plan === undefined) return
          run = at
        }
      }
      const part = Math.min(this.#remaining, chunk.length - at)
      this.#remaining -= part
      this.#offset += part
      at += part
      if (this.#plan !== undefined) {
        this.#part(chunk.subarray(run, at))
        run = at
      }
    }
    if (this.#state !== 'ended') this.#send(chunk, run, chunk.length)
  }

  /** The end of what arrives: a head that is not complete passes. */
  end(): void {
    if (this.#collected > 0 && this.#state === 'packets')
      this.#sink.send(Buffer.concat(this.#pieces), undefined)
    this.#pieces = []
    this.#collected = 0
  }

  /** The head of the packet at `at`. */
  #next(chunk: Buffer, at: number): Head | number | undefined {
    const { needsTopicIn, needsClient } = this.#faults()
    const needsTopic = needsTopicIn[this.#direction]
    const isFirst = this.#direction === 'c2s' && this.#offset === 0
    const head =
      isFirst && chunk[at] !== 0x10
        ? undefined
        : headOf(chunk, at, {
            connection: this.#connection,
            aliases: this.#aliases,
            questions: { needsTopic, needsClient },
          })
    if (head === undefined) this.#state = 'bytes'
    return head
  }

  #begin({ type, size }: Head, plan: Plan): void {
    const { id: connection, version } = this.#connection
    const [direction, offset] = [this.#direction, this.#offset]
    for (const rule of plan.applied) this.#sink.applied({ rule, connection, direction, type, offset, size })
    if (plan.answer !== undefined) {
      this.#state = 'ended'
      return this.#sink.answer(connack(plan.answer, version))
    }
    if (plan.delayMs > 0) this.#sink.delay(plan.delayMs)
    if (plan.end !== undefined && plan.keep === 0) {
      this.#state = 'ended'
      return this.#sink.end(plan.end)
    }
    this.#plan = plan
    this.#keep = Math.min(plan.keep, size)
    this.#copy = plan.copies > 1 ? [] : undefined
  }

  /** A part of a packet with a plan. */
  #part(bytes: Buffer): void {
    const plan = this.#plan!
    const kept = bytes.subarray(0, this.#keep)
    this.#keep -= kept.length
    if (kept.length > 0) {
      this.#sink.send(kept, plan.bytesPerSecond)
      this.#copy?.push(kept)
    }
    if (plan.end !== undefined && (this.#keep === 0 || this.#remaining === 0)) {
      this.#state = 'ended'
      return this.#sink.end(plan.end)
    }
    if (this.#remaining > 0) return
    for (let copy = 1; copy < plan.copies && this.#copy !== undefined; copy++)
      for (const piece of this.#copy) this.#sink.send(piece, plan.bytesPerSecond)
    this.#plan = undefined
    this.#copy = undefined
  }

  #send(chunk: Buffer, start: number, end: number): void {
    if (end > start)
      this.#sink.send(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end), undefined)
  }
}

/** Return Codes of MQTT 3.1.1 (3.2.2.3) by the Reason Code that means the same. */
const returnCodes: Readonly<Record<number, number>> = {
  ...{ 132: 1, 133: 2, 136: 3, 137: 3, 134: 4, 140: 4, 135: 5, 138: 5 },
}

/** A CONNACK that refuses. MQTT 3.1 and 3.1.1 get the Return Code that is nearest, else 3 (server unavailable). */
export function connack(code: number, version: number): Buffer {
  if (version !== 5) return Buffer.of(0x20, 2, 0, code < 0x80 ? code : (returnCodes[code] ?? 3))
  const reason = code >= 0x80 ? code : [0x84, 0x84, 0x85, 0x88, 0x86, 0x87][code]!
  return Buffer.of(0x20, 3, 0, reason, 0)
}
