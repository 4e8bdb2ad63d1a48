// Counts packets by type and direction, for the summary.
import type { Packet } from '../../inspect/packet.js'
import type { ConnectionFacts, LateViolation, Skipped, View } from '../../inspect/views/view.js'
import { type TapProtocol, typeNames } from '../../tap/fault-language.js'

const reserved = 30

export class PacketCounts implements View {
  /** By type; the last is for those that are reserved. */
  readonly #counts = { c2s: Array<number>(reserved + 1).fill(0), s2c: Array<number>(reserved + 1).fill(0) }
  readonly #names: readonly string[]
  readonly #next: View | undefined

  /** Passes all on to `next`. */
  constructor(next: View | undefined, protocol: TapProtocol) {
    this.#names = typeNames[protocol]
    this.#next = next
  }

  packet(packet: Packet, connection: ConnectionFacts): void {
    this.#counts[packet.direction][Math.min(packet.type, reserved)]!++
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
      count === 0 ? [] : [`${count} ${this.#names[type]?.toUpperCase() || 'reserved'}`],
    )
    return parts.length === 0 ? 'nothing' : parts.join(', ')
  }
}
