// A packet that was found in a stream: where it is, and the facts about it that the checks and the views ask for.
import { type Direction, type Instant, type Origin, secondsOf, unknownSecond } from '../capture/stream.js'
import type { PropertyBag } from './properties.js'
import type { Violation } from './rules.js'

export type { Direction }

/** One Topic Filter of a SUBSCRIBE. */
export interface Subscription {
  readonly filter: string
  readonly options: number
  /** Where it begins in the packet. */
  readonly offset: number
}

/** What CONNECT asks for. */
export interface ConnectFacts {
  clientId: string
  keepAlive: number
  cleanStart: boolean
  level: number
  willTopic: string | undefined
  willQos: number
  /** The print of its payload (content.ts); 0 where it was not captured. */
  willPrint: number
  willProperties: PropertyBag | undefined
}

/** A range of a packet's bytes that the capture does not have, from the beginning of the packet. */
export interface Hole {
  readonly offset: number
  readonly length: number
}

export class Packet implements Instant {
  protocol: 'mqtt' | 'mqtt-sn' = 'mqtt'
  direction: Direction = 'c2s'
  /** Counted over all connections, from 1; 0 for a packet that was never in a stream. */
  number = 0
  connection = 0
  /** Where its first and its last segment were captured; undefined for a packet that was never in a capture. */
  first: Origin | undefined = undefined
  last: Origin | undefined = undefined
  /** In the stream of its direction. */
  offset = 0
  version = 4

  readonly bytes: Uint8Array
  /** The packet is in `bytes` from `start`, what follows its Fixed Header is from `body`, to `end` it was captured. */
  readonly start: number
  readonly body: number
  readonly end: number
  /** What the packet says of its own length; more than what was captured where bytes are missing. */
  readonly length: number
  holes: readonly Hole[] = noHoles

  type: number
  flags: number
  packetIdentifier = 0
  reasonCode = 0
  topic: string | undefined = undefined
  topicAlias = 0
  /** In `bytes`. */
  payload = -1
  sessionPresent = false
  connect: ConnectFacts | undefined = undefined
  subscriptions: Subscription[] | undefined = undefined
  /** SUBACK and UNSUBACK. */
  codes: number[] | undefined = undefined
  properties: PropertyBag | undefined = undefined
  violations: readonly Violation[] = none
  /** What the payload is to the application: in JSON under this name, elsewhere as lines. */
  decoded: { readonly name: string; readonly value: unknown; readonly lines: readonly string[] } | undefined =
    undefined
  /** What this packet answers: the number of that packet and the nanoseconds since. */
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

  /** When its last byte was captured. */
  get second(): number {
    return this.last === undefined ? unknownSecond : this.last.second
  }

  get nanos(): number {
    return this.last === undefined ? 0 : this.last.nanos
  }

  get seconds(): number {
    return this.last === undefined ? unknownSecond : secondsOf(this.last)
  }

  /** Bytes of it that were not captured. */
  get missing(): number {
    let sum = 0
    for (const { length } of this.holes) sum += length
    return sum
  }

  /** All of its bytes are there. */
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

  /** The one value of a property that may be there once. */
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

/** A packet of bytes that were never in a capture: what other commands show. */
export function packetOf(bytes: Uint8Array, direction: Direction, version: number): Packet {
  let body = 1
  let length = 0
  for (let byte = 128; byte >= 128 && body < 5 && body < bytes.length; body++) {
    byte = bytes[body]!
    length += (byte & 0x7f) * 128 ** (body - 1)
  }
  const end = body + length
  const packet = new Packet(bytes, 0, body, Math.min(end, bytes.length), end)
  packet.direction = direction
  packet.version = version
  return packet
}
