// The bytes of live connections, passed to an Inspector as they come.
import { type Direction, type Flow, type Instant, segmentOf } from '../capture/stream.js'
import type { Inspector } from './inspector.js'

interface Open {
  readonly flow: Flow
  /** Bytes so far. */
  readonly offsets: Record<Direction, number>
}

/** Calls for an `id` that is not open are ignored. */
export class LiveConnections {
  readonly #inspector: Inspector
  readonly #open = new Map<number, Open>()

  constructor(inspector: Inspector) {
    this.#inspector = inspector
  }

  /** `id` is of this connection alone; `client` and `server` are its ends, as `address:port`. */
  opened(id: number, client: string, server: string, protocol: 'tcp' | 'udp' = 'tcp'): void {
    const flow = { id, protocol, client, server, sawStart: true } as const
    this.#open.set(id, { flow, offsets: { c2s: 0, s2c: 0 } })
    this.#inspector.open({ ...flow, isLive: true })
  }

  /** Decodes `bytes`, which must not change afterwards. `time` is in milliseconds since 1970. */
  passed(id: number, direction: Direction, bytes: Uint8Array, time: number): void {
    const connection = this.#open.get(id)
    if (connection === undefined) return
    const { flow, offsets } = connection
    this.#inspector.data(flow, direction, segmentOf(bytes, offsets[direction], originAt(time)))
    offsets[direction] += bytes.length
  }

  /** `length` bytes have passed that are not decoded, for the reason `why`. */
  missed(id: number, direction: Direction, length: number, why: string): void {
    const connection = this.#open.get(id)
    if (connection === undefined) return
    const { flow, offsets } = connection
    this.#inspector.gap(flow, direction, offsets[direction], length, why)
    offsets[direction] += length
  }

  /** One end does not get all that the other sends: rules that depend on it are suppressed. */
  doubt(id: number): void {
    const connection = this.#open.get(id)
    if (connection !== undefined) this.#inspector.doubt(connection.flow)
  }

  closed(id: number, how: 'fin' | 'rst' | 'timeout'): void {
    const connection = this.#open.get(id)
    if (connection === undefined) return
    this.#open.delete(id)
    this.#inspector.close(connection.flow, how)
  }
}

/** For bytes that are in no file. */
function originAt(time: number): Instant & { record: number; fileOffset: number } {
  const second = Math.floor(time / 1000)
  return { record: 0, fileOffset: 0, second, nanos: Math.floor((time - second * 1000) * 1e3) * 1e3 }
}
