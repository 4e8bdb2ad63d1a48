// The stateful checks of all connections. The state of one takes several kilobytes, so it is kept only for the most recently
// active connections; for others the stateful checks are suppressed.
import { ConnectionChecks } from './checks/checks.js'
import { ServerStates } from './checks/servers.js'
import type { InspectedConnection } from './connection.js'
import type { Packet } from './packet.js'

/** Connections with state. */
export const defaultFollowed = 5000
/** Bytes of requests and long topics of all connections, which may be kept until they are answered. */
const mostKept = 64 * 1024 * 1024
const longTopic = 256
/** Bytes of the state of a client that a forwarder introduces, and of a topic of MQTT-SN beside its text. */
const [clientOfForwarder, topicOverhead] = [1500, 100]
const [snConnect, snRegister, snSubscribe] = [0x04, 0x0a, 0x12]
/** At the limit a quarter is dropped at once, because finding the oldest takes a sort. */
const part = 4

interface Followed {
  readonly checks: ConnectionChecks
  /** Time of last use, by a logical clock. */
  last: number
  /** Bytes counted against `mostKept`. */
  kept: number
}

export class TrackedChecks {
  readonly #servers = new ServerStates()
  readonly #followed = new Map<InspectedConnection, Followed>()
  readonly #limit: number
  #kept = 0
  #clock = 0
  #latest: InspectedConnection | undefined
  #checks: ConnectionChecks | undefined

  constructor(limit = defaultFollowed) {
    this.#limit = limit
  }

  /** The checks of a connection; creates them if there are none. */
  of(connection: InspectedConnection): ConnectionChecks {
    if (connection === this.#latest) return this.#checks!
    const followed = this.#followed.get(connection) ?? this.#follow(connection)
    this.#clock += 1
    followed.last = this.#clock
    this.#latest = connection
    this.#checks = followed.checks
    return followed.checks
  }

  /** The checks of a connection that will process `packet`, whose kept bytes are counted. */
  ofPacket(connection: InspectedConnection, packet: Packet): ConnectionChecks {
    const checks = this.of(connection)
    const kept = keptOf(packet)
    if (kept > 0) this.#keep(connection, kept)
    return checks
  }

  #keep(connection: InspectedConnection, bytes: number): void {
    this.#followed.get(connection)!.kept += bytes
    this.#kept += bytes
    if (this.#kept <= mostKept) return
    const largest = [...this.#followed].sort(([, a], [, b]) => b.kept - a.kept)
    for (const [other] of largest) {
      if (this.#kept <= mostKept / 2) return
      this.#drop(other)
    }
  }

  /** Removes and returns the checks of a connection that ended; undefined if it has none. */
  end(connection: InspectedConnection): ConnectionChecks | undefined {
    const followed = this.#followed.get(connection)
    this.#kept -= followed?.kept ?? 0
    this.#followed.delete(connection)
    if (connection === this.#latest) this.#latest = undefined
    return followed?.checks
  }

  #follow(connection: InspectedConnection): Followed {
    if (this.#followed.size >= this.#limit) this.#forget()
    const followed = { checks: new ConnectionChecks(connection, this.#servers), last: 0, kept: 0 }
    this.#followed.set(connection, followed)
    return followed
  }

  #forget(): void {
    const oldest = [...this.#followed].sort(([, a], [, b]) => a.last - b.last)
    for (const [connection] of oldest.slice(0, Math.ceil(this.#limit / part))) {
      this.#drop(connection)
    }
  }

  /** Marked as gapped: stateful checks are suppressed. */
  #drop(connection: InspectedConnection): void {
    connection.holes = true
    this.#kept -= this.#followed.get(connection)?.kept ?? 0
    this.#followed.delete(connection)
    if (connection === this.#latest) this.#latest = undefined
  }
}

/** Bytes of a packet that the checks may keep. */
function keptOf({ subscriptions, topic, connect, length, protocol, type, sn }: Packet): number {
  if (protocol === 'mqtt-sn') {
    if (type !== snConnect && type !== snRegister && type !== snSubscribe) return 0
    return (sn?.node === undefined ? 0 : clientOfForwarder) + topicOverhead + (topic?.length ?? 0)
  }
  if (subscriptions !== undefined || connect !== undefined) return length
  return topic !== undefined && topic.length > longTopic ? topic.length : 0
}
