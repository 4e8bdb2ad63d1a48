// A packet of a stream: its position, and the decoded values that checks and views use.
import { type Direction, type Instant, type Origin, secondsOf, unknownSecond } from '../capture/stream.js'
import type { PropertyBag } from './properties.js'
import type { Violation } from './rules.js'

export type { Direction }

/** One Topic Filter of a SUBSCRIBE. */
export interface Subscription {
  readonly filter: string
  readonly options: number
  /** Byte offset in the packet. */
  readonly offset: number
}

/** Contents of CONNECT. */
export interface ConnectFacts {
  clientId: string
  keepAlive: number
  cleanStart: boolean
  level: number
  willTopic: string | undefined
  willQos: number
  /** Hash of the Will Payload (content.ts); 0 if it was not captured. */
  willHash: number
  willProperties: PropertyBag | undefined
}

/** Contents of an MQTT-SN message for which a Packet has no other member. */
export interface SnFacts {
  /** TopicIdType of the Flags (5.3.4): 0 normal or a Topic Name, 1 predefined, 2 short topic name, 3 reserved; -1: no Flags. */
  topicIdType: number
  /** Flags of CONNECT. */
  will: boolean
  cleanSession: boolean
  /** In seconds, of ADVERTISE, CONNECT and DISCONNECT; undefined if the message has none. */
  duration: number | undefined
  gatewayId: number | undefined
  radius: number | undefined
  /** Of PINGREQ. */
  clientId: string | undefined
  /** Wireless Node Id in hexadecimal, if a forwarder has encapsulated the message. */
  node: string | undefined
}

/** Bytes of a packet that were not captured; `offset` is from the start of the packet. */
export interface Hole {
  readonly offset: number
  readonly length: number
}

export class Packet implements Instant {
  protocol: 'mqtt' | 'mqtt-sn' = 'mqtt'
  direction: Direction = 'c2s'
  /** Counted over all connections, from 1; 0 for a packet that is not from a stream. */
  number = 0
  connection = 0
  /** Where its first and its last segment were captured; undefined for a packet that is not from a capture. */
  first: Origin | undefined = undefined
  last: Origin | undefined = undefined
  /** Offset in the stream of its direction. */
  offset = 0
  version = 4

  readonly bytes: Uint8Array
  /** Indexes in `bytes`: `start` of the packet, `body` after its Fixed Header, `end` of the captured bytes. */
  readonly start: number
  readonly body: number
  readonly end: number
  /** Total length by the Fixed Header, Fixed Header included; more than `end - start` if bytes are missing. */
  readonly length: number
  holes: readonly Hole[] = noHoles

  type: number
  flags: number
  packetIdentifier = 0
  reasonCode = 0
  topic: string | undefined = undefined
  topicAlias = 0
  /** Index in `bytes`; -1 if there is none. */
  payload = -1
  sessionPresent = false
  connect: ConnectFacts | undefined = undefined
  subscriptions: Subscription[] | undefined = undefined
  /** Only of MQTT-SN. */
  sn: SnFacts | undefined = undefined
  /** Return Codes or Reason Codes of SUBACK and UNSUBACK. */
  codes: number[] | undefined = undefined
  properties: PropertyBag | undefined = undefined
  violations: readonly Violation[] = none
  /** The payload decoded for its application: `value` in JSON under `name`, `lines` in other views. */
  decoded: { readonly name: string; readonly value: unknown; readonly lines: readonly string[] } | undefined =
    undefined
  /** Number of the packet this one answers, 0 for none; nanoseconds since then, -1 if unknown. */
  answers = 0
  roundTrip = -1

  constructor(bytes: Uint8Array, start: number, body: number, end: number, length: number) {
    this.bytes = bytes
    this.start = start
    this.body = body
    this.end = end
    this.length = length
    this.type = bytes[start]! >> 4
    this.flags = bytes[start]! & 15
  }

  /** Capture time of its last byte. */
  get second(): number {
    return this.last === undefined ? unknownSecond : this.last.second
  }

  get nanos(): number {
    return this.last === undefined ? 0 : this.last.nanos
  }

  get seconds(): number {
    return this.last === undefined ? unknownSecond : secondsOf(this.last)
  }

  /** Number of bytes that were not captured. */
  get missing(): number {
    let sum = 0
    for (const { length } of this.holes) sum += length
    return sum
  }

  /** True if all bytes were captured. */
  get isWhole(): boolean {
    return this.end - this.start === this.length && this.holes.length === 0
  }

  get qos(): number {
    return (this.flags >> 1) & 3
  }

  get dup(): boolean {
    return (this.flags & 8) !== 0
  }

  get retain(): boolean {
    return (this.flags & 1) !== 0
  }

  /** The value of a property that may occur once. */
  property(identifier: number): number | string | undefined {
    const value = this.properties?.get(identifier)?.[0]
    return typeof value === 'object' ? undefined : value
  }

  add(violation: Violation | undefined): void {
    if (violation !== undefined) this.violations = [...this.violations, violation]
  }
}

export const noHoles: readonly Hole[] = []
const none: readonly Violation[] = []
