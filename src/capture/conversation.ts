// The streams of one connection: decides which end is the client, then passes the bytes to the protocol recogniser.
// Events are held in order until the roles are known.
import type { CaptureContext } from './context.js'
import { HeldEvents } from './held.js'
import { ProtocolRecogniser } from './protocol-recogniser.js'
import { senderOf, senderOfDatagram } from './roles.js'
import type { Segment } from './segment.js'
import type { CloseDetail, Direction, Origin } from './stream.js'
import { FlowOutput } from './stream-layer.js'

/** Limits of a connection whose roles are unknown. When one is reached, the roles are guessed. */
const maxHeldBytes = 64 * 1024
const maxHeldEvents = 256

export type Side = 0 | 1

export interface ConnectionEnds {
  readonly protocol: 'tcp' | 'udp' | 'raw'
  /** address:port of side 0 and of side 1. */
  readonly names: readonly [string, string]
  readonly ports: readonly [number, number]
  /** The client, if it is known. */
  readonly client: Side | undefined
  readonly sawStart: boolean
}

export class Conversation {
  readonly #context: CaptureContext
  /** Like `#held` and `#retransmitted`, only set until the roles are known. */
  #ends: ConnectionEnds | undefined
  #client: Side = 0
  #delivery: FlowOutput | undefined
  #recogniser: ProtocolRecogniser | undefined
  #held: HeldEvents<Side> | undefined
  #retransmitted: [number, number] | undefined = [0, 0]

  constructor(context: CaptureContext, ends: ConnectionEnds) {
    this.#context = context
    this.#ends = ends
    this.#held = new HeldEvents(context.budget)
    const client = ends.client ?? byPort(context, ends)
    if (client !== undefined) this.#start(client)
  }

  data(side: Side, segment: Segment): void {
    if (this.#recogniser !== undefined) this.#recogniser.data(side === this.#client ? 'c2s' : 's2c', segment)
    else this.#hold(side, segment)
  }

  gap(side: Side, offset: number, length: number | undefined, why: string): void {
    if (this.#recogniser !== undefined) this.#recogniser.gap(this.#direction(side), offset, length, why)
    else this.#held!.gap(side, offset, length, why)
  }

  retransmitted(side: Side, bytes: number): void {
    if (this.#delivery !== undefined) this.#delivery.retransmitted(this.#direction(side), bytes)
    else this.#retransmitted![side] += bytes
  }

  close(how: 'fin' | 'rst' | 'timeout' | 'end', last?: { side: Side; origin: Origin }): void {
    if (this.#held !== undefined && this.#held.count > 0) this.#start(this.#guess())
    this.#recogniser?.end()
    const detail: CloseDetail | undefined = last && {
      direction: this.#direction(last.side),
      origin: last.origin,
    }
    this.#delivery?.close(how, detail)
  }

  #direction(side: Side): Direction {
    return side === this.#client ? 'c2s' : 's2c'
  }

  #hold(side: Side, segment: Segment): void {
    const held = this.#held!
    held.data(side, segment)
    const { bytes } = segment
    const { budget } = this.#context
    const sender = this.#ends!.protocol === 'udp' ? senderOfDatagram(bytes) : senderOf(bytes)
    if (sender !== undefined) this.#start(sender === 'client' ? side : otherSide(side))
    else if (held.bytes > maxHeldBytes || held.count > maxHeldEvents || budget.isSpent) {
      this.#start(this.#guess())
    }
  }

  /** Clients use ephemeral ports, which are the higher ones (RFC 6335, 6). If the ports are equal, the first sender. */
  #guess(): Side {
    const [first, second] = this.#ends!.ports
    if (first !== second) return first > second ? 0 : 1
    return this.#held!.first ?? 0
  }

  #start(client: Side): void {
    const { protocol, names, sawStart } = this.#ends!
    const held = this.#held!
    const retransmitted = this.#retransmitted!
    this.#ends = undefined
    this.#held = undefined
    this.#retransmitted = undefined
    this.#client = client
    this.#delivery = new FlowOutput(this.#context, {
      protocol,
      client: names[client],
      server: names[otherSide(client)],
      sawStart,
    })
    for (const side of [0, 1] as const) {
      const bytes = retransmitted[side]
      if (bytes > 0) this.#delivery.retransmitted(this.#direction(side), bytes)
    }
    const isSn = protocol === 'udp' || (protocol === 'raw' && this.#context.options.protocol === 'mqtt-sn')
    this.#recogniser = new ProtocolRecogniser(this.#context, this.#delivery, { sawStart, layered: !isSn })
    held.release(this)
  }
}

function byPort(
  { udpPorts, tcpPorts }: CaptureContext,
  { protocol, ports }: ConnectionEnds,
): Side | undefined {
  const known = protocol === 'udp' ? udpPorts : tcpPorts
  const [first, second] = [known.has(ports[0]), known.has(ports[1])]
  if (first === second) return undefined
  return first ? 1 : 0
}

export function otherSide(side: Side): Side {
  return side === 0 ? 1 : 0
}
