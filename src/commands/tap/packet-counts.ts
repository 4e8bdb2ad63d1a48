// Counts packets by type and direction, for the summary.
import type { Packet } from '../../inspect/packet.js'
import type { ConnectionFacts, LateViolation, Skipped, View } from '../../inspect/views/view.js'
import { packetTypes } from '../../tap/fault-language.js'

export class PacketCounts implements View {
  readonly #counts = { c2s: Array<number>(16).fill(0), s2c: Array<number>(16).fill(0) }
  readonly #next: View | undefined

  /** Passes all on to `next`. */
  constructor(next: View | undefined) {
    this.#next = next
  }

  packet(packet: Packet, connection: ConnectionFacts): void {
    this.#counts[packet.direction][packet.type & 15]!++
    this.#next?.packet(packet, connection)
  }

  skipped(connection: ConnectionFacts, skipped: Skipped): void {
    this.#next?.skipped?.(connection, skipped)
  }

  closed(connection: ConnectionFacts, how: string, late: readonly LateViolation[]): void {
    this.#next?.closed?.(connection, how, late)
  }

  /** `3 CONNECT, 12 PUBLISH`. */
  text(direction: 'c2s' | 's2c'): string {
    const parts = this.#counts[direction].flatMap((count, type) =>
      count === 0 ? [] : [`${count} ${packetTypes[type]?.toUpperCase() || 'reserved'}`],
    )
    return parts.length === 0 ? 'nothing' : parts.join(', ')
  }
}
