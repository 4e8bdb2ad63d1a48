// One flow: its two assemblers, and packets held back until the version and the packet boundaries of both directions are
// known, so that they are shown in capture order.
import type { Direction, Flow, Origin } from '../capture/stream.js'
import { Assembler, type AssemblerOptions, type AssemblerSink } from './assembler.js'
import type { InspectedConnection } from './connection.js'
import type { Packet } from './packet.js'
import type { Skipped } from './views/view.js'

/** Items and bytes held for one stream. Beyond that a version is assumed, and the order may differ. */
const mostHeld = 256
const mostBytes = 1024 * 1024

/** A packet, or a range without packets. */
export type Item = {
  /** Number of the segment that the packet ends in. */
  readonly order: number
} & ({ readonly packet: Packet } | { readonly skipped: Skipped })

export interface Listener {
  /** Receives a packet that need not be held. */
  framed(stream: InspectedStream, packet: Packet): void
}

export class InspectedStream implements AssemblerSink {
  readonly flow: Flow
  readonly connection: InspectedConnection
  readonly c2s: Assembler
  readonly s2c: Assembler
  /** Bytes received while the stream has not been recognised as MQTT. */
  seen = 0
  /** The stream is not MQTT. */
  not = false
  /** Packets were found, so the connection has a number. */
  opened = false
  /** The connection was passed to the views. */
  shown = false
  /** Items that wait for an assigned Client Identifier, in order; undefined if not waiting. */
  unnamed: (Packet | Skipped)[] | undefined
  #held: Item[] | undefined
  #bytes = 0
  /** Packets or losses prove that the stream is MQTT. */
  #isCertain = false
  /** Too much was held: packets found during a boundary search are shown at once. */
  #isImpatient = false
  /** Fast path: nothing in the current segment has to be held. */
  #isPlain = false
  #segments = 0
  #orders: Map<Origin, number> | undefined
  readonly #listener: Listener

  constructor(
    flow: Flow,
    connection: InspectedConnection,
    options: AssemblerOptions & { readonly listener: Listener },
  ) {
    this.flow = flow
    this.connection = connection
    this.#listener = options.listener
    this.c2s = new Assembler('c2s', this, options)
    this.s2c = new Assembler('s2c', this, options)
  }

  /** True if the version, or a packet boundary in buffered bytes, is unknown. */
  get isUndecided(): boolean {
    if (this.connection.version === 0) return true
    if (this.c2s.isSearching || this.s2c.isSearching) return !this.#isImpatient
    this.#isImpatient = false
    return false
  }

  get isHolding(): boolean {
    return this.#held !== undefined
  }

  /** Call this before a segment is pushed into an assembler. */
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
    // Held packets get the version found by a later packet.
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

  /** Returns the held items in order; undefined if they must still wait. `isEnd`: the stream has ended. */
  release(isEnd: boolean): readonly Item[] | undefined {
    const held = this.#held
    if (held === undefined) return undefined
    const isFull = held.length > mostHeld || this.#bytes > mostBytes
    if (!isEnd && !isFull && this.isUndecided) return undefined
    if (!this.opened && !this.#isCertain) {
      if (isFull) held.splice(0, held.length - mostHeld)
      if (!isEnd) return undefined
    }
    this.connection.assumeVersion()
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
