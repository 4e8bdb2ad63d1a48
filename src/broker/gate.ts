// What stands between a connection and aedes: a Duplex that aedes reads and writes, and the limits that aedes lacks.
//
// - Towards aedes at most 16 KiB at a time, and nothing while a PUBLISH of this client is still on its way to a
//   subscriber: aedes itself reads on, and buffers without bound when each chunk holds one large message.
// - A client that has not answered 1,000 QoS 1 and 2 messages counts as full, like one whose socket is: aedes sends
//   without a window, so that Packet Identifiers would come round while they are in use, and a QoS 2 message be lost.
//
// So what a slow subscriber costs is bounded by 64 KiB or 1,000 messages, and what 16 KiB of each publisher add to that.
// One that takes nothing at all is for the caller to end: `stalledSince` tells.
import { Duplex } from 'node:stream'
import { limitFrames } from '../transport/frame-limit.js'
import { farewell } from './farewell.js'
import { Meter, type Passed } from './meter.js'
import { Outbox } from './outbox.js'

/** What aedes is given at a time. */
export const pieceSize = 16 * 1024
const inboxLimit = 64 * 1024
const fullAt = 64 * 1024
const windowSize = 1000

/** Packet types (MQTT 3.1.1, 2.2.1). */
const publish = 3
const puback = 4
const pubcomp = 7
const disconnect = 14

export class Gate {
  /** aedes' end. */
  readonly stream: Duplex
  readonly received = new Meter((packet) => this.#onReceived(packet))
  readonly sent = new Meter((packet) => this.#onSent(packet))
  /** True once the client has sent DISCONNECT: its will is void, its leaving no surprise. */
  saidGoodbye = false
  readonly #raw: Duplex
  readonly #now: () => number
  #inbox: Buffer[] = []
  #inboxBytes = 0
  #ended = false
  #wanted = false
  /** aedes has accepted the client. Before, it sets packets aside and handles later ones first: it gets one piece only. */
  #ready = false
  /** PUBLISH packets that aedes has been given and has not published yet. */
  #unpublished = 0
  readonly #outbox: Outbox
  /** QoS 1 and 2 messages that the client has not answered with PUBACK or PUBCOMP. */
  #unanswered = 0
  #full = false
  #heard: number
  #answered: number

  constructor(raw: Duplex, first: Buffer, now: () => number) {
    this.#raw = raw
    this.#now = now
    this.#heard = this.#answered = now()
    this.#outbox = new Outbox(raw, { now, meter: this.sent, moved: () => this.#isFull() })
    this.stream = new Duplex({
      readableHighWaterMark: 1,
      writableHighWaterMark: Number.MAX_SAFE_INTEGER, // fullness is decided here
      read: () => this.#onRead(),
      write: (chunk, _encoding, done) => {
        this.#outbox.add([{ chunk }])
        done()
      },
      writev: (chunks, done) => {
        this.#outbox.add(chunks)
        done()
      },
      destroy: (error, done) => this.#onDestroy(error, done),
    })
    const write = this.stream.write.bind(this.stream) as (chunk: Buffer) => boolean
    this.stream.write = (chunk: Buffer) => write(chunk) && !this.#isFull()
    raw.on('data', (chunk: Buffer) => this.#onData(chunk))
    for (const event of ['end', 'close', 'error']) raw.on(event, () => this.#onEnd())
    this.#onData(first)
    raw.resume()
  }

  /** aedes has accepted the client and caught up with what it sent behind its CONNECT. */
  ready(): void {
    this.#ready = true
    limitFrames(this.#raw, Number.POSITIVE_INFINITY)
    process.nextTick(() => this.#offer())
  }

  /** aedes is through with a PUBLISH of this client: every subscriber has taken it. */
  published(): void {
    this.#unpublished = Math.max(0, this.#unpublished - 1) // a will is published too
    if (this.#unpublished === 0) process.nextTick(() => this.#offer())
  }

  /** When the client was last heard; a client that we do not listen to is not silent. */
  get heardAt(): number {
    return this.#inboxBytes > 0 ? this.#now() : this.#heard
  }

  /** Since when the client has been owing us to take bytes, or to answer a full window; undefined if it is not. */
  get stalledSince(): number | undefined {
    if (this.#outbox.waiting > 0) return this.#outbox.movedAt
    return this.#isFull() ? this.#answered : undefined
  }

  #onData(chunk: Buffer): void {
    this.#heard = this.#now()
    this.#inbox.push(chunk)
    this.#inboxBytes += chunk.length
    if (this.#inboxBytes >= inboxLimit) this.#raw.pause()
    this.#offer()
  }

  #onEnd(): void {
    this.#ended = true
    this.#offer()
    this.#isFull()
  }

  /** Never answered at once: aedes reads from within its parser, which does not bear to be called by itself. */
  #onRead(): void {
    this.#wanted = true
    process.nextTick(() => this.#offer())
  }

  #offer(): void {
    this.#isFull()
    if (!this.#wanted || this.#unpublished > 0 || this.stream.destroyed) return
    if (!this.#ready && this.received.packets > 1) return
    const head = this.#inbox[0]
    if (head !== undefined) {
      this.#wanted = false
      const piece = head.subarray(0, pieceSize)
      if (piece.length === head.length) this.#inbox.shift()
      else this.#inbox[0] = head.subarray(pieceSize)
      this.#inboxBytes -= piece.length
      this.received.push(piece)
      this.stream.push(piece)
    } else if (this.#ended) {
      this.#wanted = false
      this.stream.push(null)
    }
    if (this.#inboxBytes < inboxLimit && this.#raw.isPaused()) this.#raw.resume()
  }

  #onReceived({ type }: Passed): void {
    if (type === publish) this.#unpublished++
    if (type === disconnect) this.saidGoodbye = true
    if (type !== puback && type !== pubcomp) return
    this.#unanswered = Math.max(0, this.#unanswered - 1)
    this.#answered = this.#now()
    this.#isFull()
  }

  #onSent({ type, qos }: Passed): void {
    if (type === publish && qos > 0) this.#unanswered++
  }

  /** Answers may be behind what we do not read yet: a client that we keep waiting is not asked for them. */
  #isFull(): boolean {
    const owes = this.#inboxBytes === 0 && !this.#raw.destroyed ? this.#unanswered : 0
    const wasFull = this.#full
    const factor = wasFull ? 0.5 : 1
    this.#full = this.#outbox.waiting >= fullAt * factor || owes >= windowSize * factor
    if (!wasFull && this.#full) this.#answered = this.#now()
    if (wasFull && !this.#full) this.stream.emit('drain')
    return this.#full
  }

  #onDestroy(error: Error | null, done: (error: Error | null) => void): void {
    farewell(this.#raw, this.#outbox.takeRest())
    done(error)
  }
}
