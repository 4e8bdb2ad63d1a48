// The state of one connection as the checks need it, and how complete the capture of it is.
import type { InspectedConnection } from '../connection.js'
import type { ConnectFacts, Direction, Packet } from '../packet.js'
import { type PropertyBag, propertyId } from '../properties.js'
import { type RuleKey, violation } from '../rules.js'

/** Default and largest Receive Maximum (MQTT 5.0, 3.1.2.11.3). */
const defaultReceiveMaximum = 65_535

/** Limits that one side has announced. */
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

export class ConnectionState {
  readonly connection: InspectedConnection
  connect: ConnectFacts | undefined
  connectProperties: PropertyBag | undefined
  connectTime = -1
  /** -1 until a CONNACK was captured. */
  connackCode = -1
  connackTime = -1
  connackProperties: PropertyBag | undefined
  sessionPresent = false
  /** c2s: limits of the server for the client; s2c: limits of the client for the server. */
  limits: Record<Direction, Limits> = { c2s: limitsOf(undefined), s2c: limitsOf(undefined) }
  readonly packets: Record<Direction, number> = { c2s: 0, s2c: 0 }
  readonly lastTime: Record<Direction, number> = { c2s: -1, s2c: -1 }
  /** The client sent a packet with an error, after which the server may do anything. */
  faulty = false
  /** When the server accepted another connection with this Client Identifier; -1 if it did not. */
  takenOverAt = -1
  /** No earlier connection of this client is known, of which it could resend messages. */
  isFirstOfClient = false
  /** The client sent DISCONNECT with an error Reason Code. */
  refused = false
  /** Session expiry in seconds; infinite before MQTT 5.0 without Clean Session. */
  expiry = 0
  readonly disconnected: Record<Direction, number | undefined> = { c2s: undefined, s2c: undefined }

  constructor(connection: InspectedConnection) {
    this.connection = connection
  }

  get version(): number {
    return this.connection.version
  }

  /** The connection was captured from its start without gaps. */
  get whole(): boolean {
    return this.connection.sawStart && this.connection.transport === 'tcp' && !this.connection.holes
  }

  /** `whole`, and both CONNECT and CONNACK were seen. */
  get sure(): boolean {
    return this.whole && this.connect !== undefined && this.connackCode >= 0
  }

  /**
   * `sure`, and the session is new: no exchange is open from an earlier connection. CONNACK of MQTT 3.1 does not say:
   * there the client must have asked for a clean session.
   */
  get fresh(): boolean {
    return this.sure && !this.sessionPresent && (this.version > 3 || this.connect?.cleanStart === true)
  }

  /** Updates the state from CONNECT, CONNACK and DISCONNECT. */
  update(packet: Packet): void {
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

  /** Counts `packet`, after all checks. */
  count(packet: Packet): void {
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
    return Number(
      this.connackProperty(propertyId.sessionExpiry) ?? this.connectProperty(propertyId.sessionExpiry) ?? 0,
    )
  }

  /** A property of the CONNECT. */
  connectProperty(id: number): unknown {
    return this.connectProperties?.get(id)?.[0]
  }

  /** A property of the CONNACK. */
  connackProperty(id: number): unknown {
    return this.connackProperties?.get(id)?.[0]
  }
}

/** Reports that `packet` breaks a rule at byte `offset`. Does nothing if the rule does not apply to its version. */
export function report(packet: Packet, key: RuleKey, detail?: string, offset = 0): void {
  packet.add(violation(key, packet.version, offset, detail))
}

/** An address without its port. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'))
}
