// One connection of a capture: its addresses, the protocol version its packets are decoded as, and counters.
import type { Flow } from '../capture/stream.js'
import { isClean } from './fixed-header.js'
import { connect } from './names.js'
import type { Packet } from './packet.js'
import type { ConnectionFacts } from './views/view.js'

/** Packets that decode in both versions before one is assumed. */
const patience = 64

const bridge = 0x80

export class InspectedConnection implements ConnectionFacts {
  number = 0
  readonly flow: number
  readonly transport: 'tcp' | 'udp' | 'raw'
  readonly client: string
  readonly server: string
  readonly sawStart: boolean
  version = 0
  versionFrom: ConnectionFacts['versionFrom'] = 'assumed'
  clientId: string | undefined
  preamble: string | undefined
  /** Bytes are missing or could not be framed: stateful checks are suppressed. */
  holes = false
  readonly #isLive: boolean
  packets = 0
  retransmitted = 0
  #voters = 0
  #clean4 = 0
  #clean5 = 0

  constructor(flow: Flow, forced: number | undefined) {
    this.flow = flow.id
    this.transport = flow.protocol
    this.client = flow.client
    this.server = flow.server
    this.sawStart = flow.sawStart
    this.#isLive = flow.isLive === true
    if (forced !== undefined) {
      this.version = forced
      this.versionFrom = 'forced'
    }
  }

  /** All packets that passed are known. */
  get isLossless(): boolean {
    return this.#isLive && !this.holes
  }

  /** Determines the version from a packet, if possible. */
  decide(packet: Packet): void {
    if (packet.type === connect) this.#fromConnect(packet)
    else this.#vote(packet)
  }

  /** A CONNACK to a CONNECT of unknown version: only in MQTT 5.0 has it more than two bytes (3.2). */
  answered({ start, body, length }: Packet): void {
    if (this.versionFrom === 'assumed' && length - (body - start) > 2) this.version = 5
  }

  /** Assumes a version if none was found. */
  assumeVersion(): void {
    if (this.version === 0) this.version = this.#clean5 > this.#clean4 ? 5 : 4
  }

  #fromConnect({ bytes, start, body, end, holes }: Packet): void {
    const there = holes.length === 0 ? end : Math.min(end, start + holes[0]!.offset)
    const name = body + 1 < there ? (bytes[body]! << 8) | bytes[body + 1]! : 0
    const level = body + 2 + name < there ? bytes[body + 2 + name]! & ~bridge : 0
    this.version = level === 5 ? 5 : level === 3 ? 3 : 4
    this.versionFrom = level >= 3 && level <= 5 ? 'connect' : 'assumed'
  }

  /** A packet that decodes without errors in one version only determines it. */
  #vote(packet: Packet): void {
    packet.version = 4
    const is4 = isClean(packet)
    packet.version = 5
    const is5 = isClean(packet)
    if (is4) this.#clean4++
    if (is5) this.#clean5++
    if (is4 !== is5) {
      this.version = is5 ? 5 : 4
      this.versionFrom = 'inferred'
    } else if (++this.#voters >= patience) this.assumeVersion()
  }
}
