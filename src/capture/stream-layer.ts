// The layers between a reassembled connection and the sink. Each takes bytes in order and passes on other bytes.
import type { CaptureContext } from './context.js'
import type { Segment } from './segment.js'
import type { CaptureSink, CloseDetail, Direction, Flow, FlowFact } from './stream.js'

/** A layer: WebSocket, TLS, a proxy's preamble, the recogniser of these, and the sink at the end. */
export interface StreamLayer {
  data(direction: Direction, segment: Segment): void
  gap(direction: Direction, offset: number, length: number | undefined, why: string): void
  fact(fact: FlowFact): void
  /** The connection has ended. */
  end(): void
}

/** The last layer: passes everything to the sink, and opens the flow at its first event. */
export class FlowOutput implements StreamLayer {
  readonly #context: CaptureContext
  readonly #sink: CaptureSink
  /** Set until the flow is open. */
  #ends: Omit<Flow, 'id'> | undefined
  #flow: Flow | undefined
  /** Retransmissions before the flow was opened. */
  #retransmitted: Record<Direction, number> | undefined

  constructor(context: CaptureContext, ends: Omit<Flow, 'id'>) {
    this.#context = context
    this.#sink = context.sink
    this.#ends = ends
  }

  data(direction: Direction, segment: Segment): void {
    this.#sink.data(this.#flow ?? this.#open(), direction, segment)
  }

  gap(direction: Direction, offset: number, length: number | undefined, why: string): void {
    this.#sink.gap(this.#flow ?? this.#open(), direction, offset, length, why)
  }

  fact(fact: FlowFact): void {
    this.#sink.fact?.(this.#flow ?? this.#open(), fact)
  }

  retransmitted(direction: Direction, bytes: number): void {
    if (this.#flow !== undefined) return this.#sink.retransmitted(this.#flow, direction, bytes)
    this.#retransmitted ??= { c2s: 0, s2c: 0 }
    this.#retransmitted[direction] += bytes
  }

  /** Nothing: `close` ends the flow. */
  end(): void {}

  close(how: 'fin' | 'rst' | 'timeout' | 'end', detail?: CloseDetail): void {
    if (this.#flow === undefined) return
    if (detail === undefined) this.#sink.close(this.#flow, how)
    else this.#sink.close(this.#flow, how, detail)
  }

  #open(): Flow {
    const { protocol, client, server, sawStart } = this.#ends!
    const flow: Flow = { id: this.#context.nextFlowId(), protocol, client, server, sawStart }
    this.#flow = flow
    this.#ends = undefined
    this.#sink.open(flow)
    for (const direction of ['c2s', 's2c'] as const) {
      const bytes = this.#retransmitted?.[direction] ?? 0
      if (bytes > 0) this.#sink.retransmitted(flow, direction, bytes)
    }
    return flow
  }
}
