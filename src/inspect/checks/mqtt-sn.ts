// Stateful checks of MQTT-SN for the clients of one flow: the one at its address, and those behind a forwarder (5.5).
import type { InspectedConnection } from '../connection.js'
import type { Packet } from '../packet.js'
import type { LateViolation } from '../views/view.js'
import { SnClientChecks } from './mqtt-sn-client.js'

/** Clients of a forwarder whose state is kept. */
const mostNodes = 1000
/** What makes a client known: CONNECT, REGISTER, SUBSCRIBE. Their bytes are counted (tracked-checks.ts). */
const introduces: readonly number[] = [0x04, 0x0a, 0x12]

export class MqttSnChecks {
  readonly #connection: InspectedConnection
  #direct: SnClientChecks | undefined
  /** By Wireless Node Id, the least recently used first. */
  readonly #nodes = new Map<string, SnClientChecks>()

  constructor(connection: InspectedConnection) {
    this.#connection = connection
  }

  packet(packet: Packet): void {
    const node = packet.sn?.node
    if (node === undefined) {
      this.#direct ??= new SnClientChecks(this.#connection)
      return this.#direct.packet(packet)
    }
    const known = this.#nodes.get(node)
    if (known === undefined && !introduces.includes(packet.type)) return
    const client = known ?? new SnClientChecks(this.#connection)
    if (known !== undefined) this.#nodes.delete(node)
    else if (this.#nodes.size >= mostNodes) this.#nodes.delete(this.#nodes.keys().next().value!)
    this.#nodes.set(node, client)
    client.packet(packet)
  }

  /** Violations that show when the capture ends. */
  *closed(): Generator<LateViolation> {
    if (this.#direct !== undefined) yield* this.#direct.closed()
    for (const client of this.#nodes.values()) yield* client.closed()
  }
}
