// One flow on its way to the views: its two assemblers, and what has to wait until its version and the packet boundaries
// of both directions are known, so that it is shown in the order in which it was captured.
import type { Direction, Flow, Origin } from '../capture/stream.js'
import { Assembler, type AssemblerOptions, type AssemblerSink } from './assembler.js'
import type { Connection } from './connection.js'
import type { Packet } from './packet.js'
import type { Skipped } from './views/view.js'

/** What is held of one stream. Then the version is decided by what there is, and order is given up. */
const mostHeld = 256
const mostBytes = 1024 * 1024

/** A packet, or a range without packets. */
export type Item = {
  /** Counts the segments: the one that the packet ends in. */
  readonly order: number
} & ({ readonly packet: Packet } | { readonly skipped: Skipped })

export interface Listener {
  /** A packet that need not wait. */
  framed(stream: Stream, packet: Packet): void
}

export class Stream implements AssemblerSink {
  readonly flow: Flow
  readonly connection: Connection
  readonly c2s: Assembler
  readonly s2c: Assembler
  /** Bytes, while it may turn out not to be MQTT. */
  seen = 0
  not = false
  /** Packets were found in it, so that it has a number. */
  opened = false
  /** The views know of it. */
  shown = false
  /** What waits for the Client Identifier that the server assigns, in order; undefined where nothing has to. */
  unnamed: (Packet | Skipped)[] | undefined
  #held: Item[] | undefined
  #bytes = 0
  /** Packets or losses that show that it is MQTT. */
  #isCertain = false
  /** Too much was held: what is found while a boundary is looked for is shown at once. */
  #isImpatient = false
  /** Nothing in the segment at hand has to wait, as almost always. */
  #isPlain = false
  #segments = 0
  #orders: Map<Origin, number> | undefined
  readonly #listener: Listener

  constructor(
    flow: Flow,
    connection: Connection,
    options: AssemblerOptions & { readonly listener: Listener },
  ) {
    this.flow = flow
    this.connection = connection
    this.#listener = options.listener
    this.c2s = new Assembler('c2s', this, options)
    this.s2c = new Assembler('s2c', this, options)
  }

  /** The version, or where packets begin in bytes that are there, is not known. */
  get isUndecided(): boolean {
    if (this.connection.version === 0) return true
    if (this.c2s.isSearching || this.s2c.isSearching) return !this.#isImpatient
    this.#isImpatient = false
    return false
  }

  get isHolding(): boolean {
    return this.#held !== undefined
  }

  /** A segment is about to be read. */
  arrives(origin: Origin): void {
    this.#isPlain = this.#held === undefined && this.connection.version !== 0 && this.#isSynchronised
    if (this.#isPlain || !this.isUndecided) return
    this.#orders ??= new Map()
    this.#orders.set(origin, ++this.#segments)
  }

  get #isSynchronised(): boolean {
    return this.c2s.synchronised && this.s2c.synchronised
  }

  packet(packet: Packet): void {
    if (this.#isPlain) return this.#listener.framed(this, packet)
    if (this.#held === undefined && !this.isUndecided) return this.#listener.framed(this, packet)
    const { connection } = this
    // The connection is decided where a packet tells its version; those that wait are of that version too.
    if (connection.version === 0) connection.decide(packet)
    const order = packet.last === undefined ? undefined : this.#orders?.get(packet.last)
    this.#isCertain = true
    this.#bytes += packet.end - packet.start
    this.#hold({ order: order ?? this.#segments, packet })
  }

  skipped(direction: Direction, offset: number, length: number | undefined, why: string, at?: Origin): void {
    this.connection.holes = true
    this.#isPlain = false
    if (this[direction].synchronised) this.#isCertain = true
    const last = this.#held?.at(-1)
    if (last !== undefined && 'skipped' in last && follows(last.skipped, direction, offset, why)) {
      last.skipped.length! += length ?? 0
      return
    }
    const order = at === undefined ? undefined : this.#orders?.get(at)
    this.#hold({ order: order ?? this.#segments, skipped: { direction, offset, length, why } })
  }

  /**
   * What is held, in order, if that can be known now; undefined while it has to wait. `isEnd`: nothing more will come.
   */
  release(isEnd: boolean): readonly Item[] | undefined {
    const held = this.#held
    if (held === undefined) return undefined
    const isFull = held.length > mostHeld || this.#bytes > mostBytes
    if (!isEnd && !isFull && this.isUndecided) return undefined
    if (!this.opened && !this.#isCertain) {
      if (isFull) held.splice(0, held.length - mostHeld)
      if (!isEnd) return undefined
    }
    this.connection.giveUp()
    this.#isImpatient = isFull
    this.#held = undefined
    this.#bytes = 0
    this.#orders = undefined
    if (!this.opened && !this.#isCertain) return undefined
    return held.sort((a, b) => a.order - b.order)
  }

  #hold(item: Item): void {
    this.#held ??= []
    this.#held.push(item)
  }
}

function follows(before: Skipped, direction: Direction, offset: number, why: string): boolean {
  if (before.direction !== direction || before.why !== why || before.length === undefined) return false
  return before.offset + before.length === offset
}
