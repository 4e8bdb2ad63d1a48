// A sink that records the events of a capture in a form that tests can compare.
import { openCapture } from '../../src/capture/open.js'
import type { CaptureOptions } from '../../src/capture/options.js'
import type { CaptureSink, Direction, Flow, FlowFact, StreamSegment } from '../../src/capture/stream.js'

export interface LoggedFlow {
  readonly flow: Flow
  readonly client: string
  readonly server: string
  /** What each side sent, as text; a hole of n bytes is `<n>`, one of unknown length `<?>`. */
  c2s: string
  s2c: string
  bytes: { c2s: Buffer; s2c: Buffer }
  retransmitted: { c2s: number; s2c: number }
  closed: string
  readonly gaps: string[]
  readonly facts: FlowFact[]
  readonly segments: { direction: Direction; segment: StreamSegment }[]
}

export class CaptureLog implements CaptureSink {
  readonly flows: LoggedFlow[] = []
  readonly notes: string[] = []
  readonly noteOffsets: number[] = []
  readonly #byFlow = new Map<Flow, LoggedFlow>()
  readonly #next = new Map<string, number>()

  open(flow: Flow): void {
    const { client, server } = flow
    const empty = { c2s: Buffer.alloc(0), s2c: Buffer.alloc(0) }
    const logged: LoggedFlow = {
      ...{ flow, client, server, c2s: '', s2c: '', bytes: empty, closed: '' },
      ...{ retransmitted: { c2s: 0, s2c: 0 }, gaps: [], facts: [], segments: [] },
    }
    if (flow.id !== this.flows.length + 1)
      throw new Error(`flow ${flow.id} opened as number ${this.flows.length + 1}`)
    this.flows.push(logged)
    this.#byFlow.set(flow, logged)
  }

  data(flow: Flow, direction: Direction, segment: StreamSegment): void {
    const logged = this.#of(flow)
    if (segment.bytes.length === 0) throw new Error('an empty segment')
    this.#continues(flow, direction, segment.offset, segment.bytes.length)
    logged[direction] += Buffer.from(segment.bytes).toString('latin1')
    logged.bytes[direction] = Buffer.concat([logged.bytes[direction], segment.bytes])
    logged.segments.push({ direction, segment })
  }

  gap(flow: Flow, direction: Direction, offset: number, length: number | undefined, why: string): void {
    const logged = this.#of(flow)
    if (length !== undefined && length <= 0) throw new Error(`a gap of ${length}`)
    this.#continues(flow, direction, offset, length ?? 0)
    logged[direction] += `<${length ?? '?'}>`
    logged.gaps.push(`${direction} ${offset} ${length ?? '?'} ${why}`)
  }

  retransmitted(flow: Flow, direction: Direction, bytes: number): void {
    this.#of(flow).retransmitted[direction] += bytes
  }

  close(flow: Flow, how: string): void {
    this.#of(flow).closed = how
  }

  note(text: string, { fileOffset }: { fileOffset: number }): void {
    this.notes.push(text)
    this.noteOffsets.push(fileOffset)
  }

  fact(flow: Flow, fact: FlowFact): void {
    this.#of(flow).facts.push(fact)
  }

  /** Checks the guarantees of a sink: the flow is open, and offsets are continuous. */
  #of(flow: Flow): LoggedFlow {
    const logged = this.#byFlow.get(flow)
    if (logged === undefined) throw new Error(`flow ${flow.id} was not opened`)
    if (logged.closed !== '') throw new Error(`flow ${flow.id} is closed`)
    return logged
  }

  #continues(flow: Flow, direction: Direction, offset: number, length: number): void {
    const key = `${flow.id} ${direction}`
    const expected = this.#next.get(key) ?? 0
    if (offset !== expected) throw new Error(`${key}: offset ${offset} where ${expected} was expected`)
    this.#next.set(key, expected + length)
  }
}

/** Reads a capture in the given chunks. */
export function read(chunks: Uint8Array | readonly Uint8Array[], options: CaptureOptions = {}): CaptureLog {
  const log = new CaptureLog()
  const capture = openCapture(log, options)
  for (const chunk of Array.isArray(chunks) ? chunks : [chunks]) capture.push(chunk)
  capture.end()
  for (const { flow, closed } of log.flows)
    if (closed === '') throw new Error(`flow ${flow.id} was not closed`)
  return log
}
