// Selects the packets to show: --type, --client, --topic, --connection, --from and --to, --only violations, --count.
import { nanosecondsOf } from '../capture/stream.js'
import { isForwarded } from '../codec/mqtt-sn-names.js'
import { matches } from '../session/topic-filter.js'
import { boundedKey } from './content-hash.js'
import type { Packet } from './packet.js'
import { typeName } from './views/text.js'
import type { ConnectionFacts } from './views/view.js'

export interface FilterOptions {
  /** Packet type names in upper case. */
  readonly types?: readonly string[]
  readonly clients?: readonly string[]
  readonly topics?: readonly string[]
  readonly connections?: readonly number[]
  /** Nanoseconds since 1970. */
  readonly from?: bigint | undefined
  readonly to?: bigint | undefined
  readonly onlyViolations?: boolean
  readonly count?: number | undefined
}

export class Filter {
  readonly #options: FilterOptions
  readonly #types: ReadonlySet<string>
  /** Cached results by topic. */
  readonly #known = new Map<string, boolean>()

  /** The filter has Client Identifiers. */
  readonly isByClient: boolean

  constructor(options: FilterOptions) {
    this.#options = options
    this.isByClient = (options.clients ?? []).length > 0
    this.#types = new Set(options.types)
  }

  /** False if no packet of the connection can pass. */
  connection({ number, clientId }: ConnectionFacts): boolean {
    const { connections = [], clients = [] } = this.#options
    if (connections.length > 0 && !connections.includes(number)) return false
    return clients.length === 0 || (clientId !== undefined && clients.includes(clientId))
  }

  packet(packet: Packet, connection: ConnectionFacts): boolean {
    const { topics = [], from, to, onlyViolations = false } = this.#options
    if (onlyViolations && packet.violations.length === 0) return false
    if (this.#types.size > 0 && !this.#type(packet)) return false
    if (from !== undefined && nanosecondsOf(packet) < from) return false
    if (to !== undefined && nanosecondsOf(packet) > to) return false
    return this.connection(connection) && (topics.length === 0 || this.#topic(packet, topics))
  }

  /** A forwarded message matches its own type and FORWARDED. */
  #type(packet: Packet): boolean {
    if (this.#types.has(typeName(packet))) return true
    const { protocol, bytes, start } = packet
    return protocol === 'mqtt-sn' && this.#types.has('FORWARDED') && isForwarded(bytes, start)
  }

  isFull(shown: number): boolean {
    return this.#options.count !== undefined && shown >= this.#options.count
  }

  /** Matches a PUBLISH by its topic, a SUBSCRIBE or UNSUBSCRIBE by an equal Topic Filter. */
  #topic({ topic, subscriptions }: Packet, filters: readonly string[]): boolean {
    if (subscriptions !== undefined) return subscriptions.some(({ filter }) => filters.includes(filter))
    if (topic === undefined || topic === '') return false
    const key = boundedKey(topic)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size > 10_000) this.#known.clear()
    const passes = filters.some((filter) => matches(filter, topic))
    this.#known.set(key, passes)
    return passes
  }
}
