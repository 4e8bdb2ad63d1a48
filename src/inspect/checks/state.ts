// What a connection has shown so far, as far as checks ask for it, and how sure one can be of it.
import type { Connection } from '../connection.js'
import type { ConnectFacts, Direction, Packet } from '../packet.js'
import { type PropertyBag, propertyId } from '../properties.js'
import { type RuleKey, violation } from '../rules.js'

/** The largest that a limit can be, and its default (MQTT 5.0, 3.1.2.11.3). */
const defaultReceiveMaximum = 65_535

/** What one side accepts. */
export interface Limits {
  receiveMaximum: number
  maximumPacketSize: number
  topicAliasMaximum: number
}

function limitsOf(properties: PropertyBag | undefined): Limits {
  const number = (id: number, otherwise: number) => Number(properties?.get(id)?.[0] ?? otherwise)
  return {
    receiveMaximum: number(propertyId.receiveMaximum, defaultReceiveMaximum),
    maximumPacketSize: number(propertyId.maximumPacketSize, Number.POSITIVE_INFINITY),
    topicAliasMaximum: number(propertyId.topicAliasMaximum, 0),
  }
}

export class State {
  readonly connection: Connection
  connect: ConnectFacts | undefined
  connectProperties: PropertyBag | undefined
  connectTime = -1
  /** -1 while no CONNACK was seen. */
  connackCode = -1
  connackTime = -1
  connackProperties: PropertyBag | undefined
  sessionPresent = false
  /** What the server takes from the client (c2s), and the client from the server. */
  limits: Record<Direction, Limits> = { c2s: limitsOf(undefined), s2c: limitsOf(undefined) }
  readonly packets: Record<Direction, number> = { c2s: 0, s2c: 0 }
  readonly lastTime: Record<Direction, number> = { c2s: -1, s2c: -1 }
  /** The client has broken a rule with one of its packets: the server may treat it as it likes. */
  faulty = false
  /** When the server has accepted another connection of this Client Identifier; -1 while it has not. */
  takenOverAt = -1
  /** The client has refused what it got: DISCONNECT with a Reason Code of an error. */
  refused = false
  /** How long the session outlives the connection, in seconds; infinite before MQTT 5.0 without Clean Session. */
  expiry = 0
  readonly disconnected: Record<Direction, number | undefined> = { c2s: undefined, s2c: undefined }

  constructor(connection: Connection) {
    this.connection = connection
  }

  get version(): number {
    return this.connection.version
  }

  /** All of this direction was seen, from its first byte to here. */
  get whole(): boolean {
    return this.connection.sawStart && this.connection.transport === 'tcp' && !this.connection.holes
  }

  /** All of both directions was seen. */
  get sure(): boolean {
    return this.whole && this.connect !== undefined && this.connackCode >= 0
  }

  /** And nothing is under way from an earlier connection. */
  get fresh(): boolean {
    return this.sure && !this.sessionPresent
  }

  /** Notes what `packet` says about the connection. */
  learn(packet: Packet): void {
    if (packet.connect !== undefined) {
      this.connect = packet.connect
      this.connectProperties = packet.properties
      this.connectTime = packet.seconds
      this.limits.s2c = limitsOf(packet.properties)
      this.expiry = this.#expiry()
    } else if (packet.type === 2 && packet.direction === 's2c') {
      this.connackCode = packet.reasonCode
      this.connackTime = packet.seconds
      this.connackProperties = packet.properties
      this.sessionPresent = packet.sessionPresent
      this.limits.c2s = limitsOf(packet.properties)
      this.expiry = this.#expiry()
    } else if (packet.type === 14 && packet.direction === 'c2s') {
      this.refused = packet.reasonCode >= 0x80
      const expiry = packet.property(propertyId.sessionExpiry)
      if (expiry !== undefined && this.expiry > 0) this.expiry = Number(expiry)
    }
  }

  /** Counts `packet`, which all checks have seen. */
  passed(packet: Packet): void {
    const { seconds } = packet
    if (packet.direction === 'c2s') {
      this.packets.c2s++
      this.lastTime.c2s = seconds
    } else {
      this.packets.s2c++
      this.lastTime.s2c = seconds
    }
  }

  /** MQTT 5.0, 3.1.2.11.2 and 3.2.2.3.2; MQTT 3.1.1, 3.1.2.4. */
  #expiry(): number {
    if (this.version < 5) return this.connect?.cleanStart === false ? Number.POSITIVE_INFINITY : 0
    return Number(this.told(propertyId.sessionExpiry) ?? this.asked(propertyId.sessionExpiry) ?? 0)
  }

  /** A property of the CONNECT. */
  asked(id: number): unknown {
    return this.connectProperties?.get(id)?.[0]
  }

  /** A property of the CONNACK. */
  told(id: number): unknown {
    return this.connackProperties?.get(id)?.[0]
  }
}

/** Says that `packet` breaks a rule, at `offset` of it. */
export function wrong(packet: Packet, key: RuleKey, detail?: string, offset = 0): void {
  packet.add(violation(key, packet.version, offset, detail))
}

/** An address without its port. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'))
}
