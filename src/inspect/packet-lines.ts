// The packets of live connections as lines, those of `--view line`: for `mqttx broker --verbose`.
import { type Direction, type Flow, segmentOf } from '../capture/stream.js'
import { Inspector } from './inspector.js'
import { LineView } from './views/line.js'

interface Open {
  readonly flow: Flow
  /** Bytes so far. */
  readonly offsets: Record<Direction, number>
}

/** What passes over connections. `id` is of one connection alone. */
export interface PacketLines {
  /** `client` is its address and port. */
  opened(id: number, client: string): void
  passed(id: number, direction: Direction, bytes: Uint8Array): void
  closed(id: number): void
}

/** `print` gets lines without the last line feed; `now` is the wall clock in milliseconds since 1970. */
export function packetLines(print: (lines: string) => void, now: () => number): PacketLines {
  let pending = ''
  const decoder = new TextDecoder()
  const sink = {
    text: (text: string) => void (pending += text),
    range: (bytes: Uint8Array, start: number, end: number) =>
      void (pending += decoder.decode(bytes.subarray(start, end))),
  }
  const inspector = new Inspector({ view: new LineView(sink), certain: true })
  const open = new Map<number, Open>()
  const flush = (): void => {
    inspector.flush()
    if (pending !== '') print(pending.trimEnd())
    pending = ''
  }
  return {
    opened(id, client) {
      const flow = { id, protocol: 'tcp', client, server: 'this broker', sawStart: true } as const
      open.set(id, { flow, offsets: { c2s: 0, s2c: 0 } })
      inspector.open(flow)
    },
    passed(id, direction, bytes) {
      const connection = open.get(id)
      if (connection === undefined) return
      const { flow, offsets } = connection
      inspector.data(flow, direction, segmentOf(bytes, offsets[direction], originAt(now())))
      offsets[direction] += bytes.length
      flush()
    },
    closed(id) {
      const connection = open.get(id)
      if (connection === undefined) return
      open.delete(id)
      inspector.close(connection.flow, 'fin')
      flush()
    },
  }
}

/** Bytes that are in no file. */
function originAt(milliseconds: number) {
  const second = Math.floor(milliseconds / 1000)
  return { record: 0, fileOffset: 0, second, nanos: Math.floor((milliseconds - second * 1000) * 1e3) * 1e3 }
}
