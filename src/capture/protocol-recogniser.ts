// Recognises what a connection carries by its first bytes: MQTT, TLS, WebSocket, or a proxy preamble before them. At the
// start of a connection there is no ambiguity: TLS begins with 0x16, HTTP with 'G' or 'H', which are not valid in MQTT.
import type { CaptureContext } from './context.js'
import { HeldEvents } from './held.js'
import { looksLikePackets } from './mqtt-packets.js'
import { type Preamble, preambleOf } from './preamble.js'
import { PreambleLayer } from './preamble-layer.js'
import type { Segment } from './segment.js'
import type { Direction, FlowFact } from './stream.js'
import type { StreamLayer } from './stream-layer.js'
import { TlsLayer } from './tls/layer.js'
import { dividesIntoFrames } from './websocket/frames.js'
import { WebSocketLayer } from './websocket/layer.js'

/** In mid-stream the first bytes may not be recognisable. At these limits the connection counts as MQTT. */
const maxHeldBytes = 64 * 1024
const maxHeldEvents = 64

export interface RecogniserOptions {
  readonly sawStart: boolean
  /** TLS, WebSocket and preambles are possible; not in datagrams, which are MQTT-SN. */
  readonly layered: boolean
  /** How many preambles may still come. */
  readonly preambles?: number
}

/** A load balancer's header, then a client's request to a proxy. */
const maxPreambles = 2

const empty = Buffer.alloc(0)

type Kind = 'plain' | 'tls' | 'http' | 'websocket' | Preamble

export class ProtocolRecogniser implements StreamLayer {
  readonly #context: CaptureContext
  readonly #next: StreamLayer
  readonly #sawStart: boolean
  readonly #preambles: number
  #layer: StreamLayer | undefined
  /** Like `#heads`, only set until the decision. */
  #held: HeldEvents<Direction> | undefined
  #heads: Record<Direction, Buffer> | undefined = { c2s: empty, s2c: empty }

  constructor(
    context: CaptureContext,
    next: StreamLayer,
    { sawStart, layered, preambles = maxPreambles }: RecogniserOptions,
  ) {
    this.#context = context
    this.#next = next
    this.#sawStart = sawStart
    this.#preambles = preambles
    this.#held = new HeldEvents(context.budget)
    if (!layered) this.#become(next)
  }

  data(direction: Direction, segment: Segment): void {
    if (this.#layer !== undefined) return this.#layer.data(direction, segment)
    const { bytes } = segment
    const held = this.#held!
    held.data(direction, segment)
    const { budget } = this.#context
    const before = this.#heads![direction]
    const head = before.length < 16 ? Buffer.concat([before, bytes]) : before
    this.#heads![direction] = head
    const isFull = held.bytes > maxHeldBytes || held.count > maxHeldEvents || budget.isSpent
    const kind = this.#kind(head, direction) ?? (isFull ? 'plain' : undefined)
    if (kind !== undefined) this.#decide(kind)
  }

  gap(direction: Direction, offset: number, length: number | undefined, why: string): void {
    if (this.#layer === undefined && length !== undefined && this.#heads![direction].length > 0)
      this.#decide('plain')
    if (this.#layer !== undefined) this.#layer.gap(direction, offset, length, why)
    else {
      this.#held!.gap(direction, offset, length, why)
      if (this.#held!.count > maxHeldEvents) this.#decide('plain')
    }
  }

  fact(fact: FlowFact): void {
    this.#next.fact(fact)
  }

  end(): void {
    if (this.#layer === undefined) this.#decide('plain')
    if (this.#layer !== this.#next) this.#layer?.end()
  }

  #decide(kind: Kind): void {
    const layer = this.#open(kind)
    const held = this.#held!
    this.#become(layer)
    held.release(layer)
  }

  /** Frees what only the decision needed. */
  #become(layer: StreamLayer): void {
    this.#layer = layer
    this.#held = undefined
    this.#heads = undefined
  }

  #kind(head: Buffer, direction: Direction): Kind | undefined {
    const preamble = this.#preambles > 0 ? preambleOf(head, direction, this.#sawStart) : 'none'
    return preamble === 'none' ? recognise(head, direction, this.#sawStart) : preamble
  }

  #open(kind: Kind): StreamLayer {
    const start = { sawStart: this.#sawStart, layered: true }
    if (typeof kind === 'object') {
      // The connection begins after it.
      const inner = new ProtocolRecogniser(this.#context, this.#next, {
        ...{ sawStart: true, layered: true, preambles: this.#preambles - 1 },
      })
      return new PreambleLayer(this.#context, inner, kind)
    }
    switch (kind) {
      case 'plain':
        return this.#next
      case 'tls':
        // TLS may carry MQTT or WebSocket: the first bytes of the plaintext decide.
        return new TlsLayer(this.#context, new ProtocolRecogniser(this.#context, this.#next, start))
      default:
        return new WebSocketLayer(this.#context, this.#next, { handshake: kind === 'http' })
    }
  }
}

/** The protocol of a stream that begins with `head`; undefined if more bytes, or the other direction, are needed. */
function recognise(head: Buffer, direction: Direction, sawStart: boolean): Kind | undefined {
  const first = head[0]
  if (first === undefined) return undefined
  const other = sawStart ? 'plain' : undefined
  if (first === 0x47) return prefix(head, 'GET ', 'http', other)
  if (first === 0x48) return prefix(head, 'HTTP/1.', 'http', other)
  if (first === 0x16) return prefix(head, '\x16\x03', 'tls', other)
  if (sawStart) return 'plain'
  if (first === 0x17 || first === 0x14 || first === 0x15) return isRecord(head)
  if (dividesIntoFrames(head, direction)) return 'websocket'
  return looksLikePackets(head) ? 'plain' : undefined
}

function prefix(head: Buffer, wanted: string, kind: Kind, other: Kind | undefined): Kind | undefined {
  const length = Math.min(head.length, wanted.length)
  if (head.toString('latin1', 0, length) !== wanted.slice(0, length)) return other
  return length === wanted.length ? kind : undefined
}

/** A TLS record in mid-stream: type, version 3.1 to 3.4, and a valid length (RFC 8446, 5.1). */
function isRecord(head: Buffer): Kind | undefined {
  if (head.length < 5) return undefined
  const version = head.readUInt16BE(1)
  const length = head.readUInt16BE(3)
  return version >= 0x0301 && version <= 0x0304 && length > 0 && length <= 16_640 ? 'tls' : undefined
}
