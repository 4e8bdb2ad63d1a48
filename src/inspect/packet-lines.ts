// The packets of live connections as lines, those of `--view line`: for `mqttx broker --verbose`.
import type { Direction } from '../capture/stream.js'
import { Inspector } from './inspector.js'
import { LiveConnections } from './live.js'
import { CollectedText } from './views/collected-text.js'
import { LineView } from './views/line.js'

/** What passes over connections. `id` is of one connection alone. */
export interface PacketLines {
  /** `client` is its address and port. */
  opened(id: number, client: string): void
  passed(id: number, direction: Direction, bytes: Uint8Array): void
  closed(id: number): void
}

/** `print` gets lines without the last line feed; `now` is the wall clock in milliseconds since 1970. */
export function packetLines(print: (lines: string) => void, now: () => number): PacketLines {
  const collected = new CollectedText()
  const inspector = new Inspector({ view: new LineView(collected), certain: true })
  const live = new LiveConnections(inspector)
  const flush = (): void => {
    inspector.flush()
    const lines = collected.take()
    if (lines !== '') print(lines.trimEnd())
  }
  return {
    opened: (id, client) => live.opened(id, client, 'this broker'),
    passed(id, direction, bytes) {
      live.passed(id, direction, bytes, now())
      flush()
    },
    closed(id) {
      live.closed(id, 'fin')
      flush()
    },
  }
}
