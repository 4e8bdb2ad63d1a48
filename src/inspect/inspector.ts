// The pipeline from a capture to the views: frames streams into packets, decodes, checks and filters them, and passes them
// to the views.
import type {
  CaptureSink,
  CloseDetail,
  Direction,
  Flow,
  FlowFact,
  NotePlace,
  StreamSegment,
} from '../capture/stream.js'
import type { Budget } from './boundary-search.js'
import { InspectedConnection } from './connection.js'
import { decode } from './decode.js'
import { FastDecoder } from './fast-decoder.js'
import { Fields } from './fields.js'
import type { Filter } from './filter.js'
import { headerAt } from './fixed-header.js'
import { looksLikeMessage, messageOf } from './mqtt-sn.js'
import { connack } from './names.js'
import { Packet } from './packet.js'
import { hasLegalFlags } from './plausible.js'
import { isPortOf } from './ports.js'
import { propertyId } from './properties.js'
import type { Severity } from './rules.js'
import { InspectedStream, type Item, type Listener } from './stream.js'
import { TrackedChecks } from './tracked-checks.js'
import { closings, notFollowed, type Skipped, type View } from './views/view.js'

export interface InspectorOptions {
  readonly view: View
  readonly filter?: Filter | undefined
  /** -V */
  readonly version?: number | undefined
  /** Treat raw bytes, and datagrams of that form, as MQTT-SN. */
  readonly protocol?: 'mqtt-sn' | undefined
  /** Ports whose traffic is always treated as MQTT. */
  readonly ports?: readonly number[]
  /** Connections whose state is kept for checks at a time; default 5000. */
  readonly followed?: number | undefined
  /** Bytes of a packet that are kept; default 1 MiB. */
  readonly keep?: number | undefined
  /** The input is MQTT, without detection (--hex). */
  readonly certain?: boolean
  /**
   * Receives remarks about the input, for standard error. `fileOffset` is negative if there is none; `isLoss`: a part of
   * the input cannot be read.
   */
  note?(text: string, fileOffset: number, isLoss: boolean): void
  /** Decodes payloads (--sparkplug). */
  readonly payloads?: ((packet: Packet) => Packet['decoded']) | undefined
  /** A second view (--write). */
  readonly also?: View | undefined
}

/** Packets of a connection that wait until the server assigns a Client Identifier. */
const mostUnnamed = 16
/** Bytes of unfinished packets of all streams. */
const mostUnfinished = 32 * 1024 * 1024
/** Bytes of an unknown stream in which a packet boundary must be found, or it is not MQTT. */
const mostUndetected = 32 * 1024

export class Inspector implements CaptureSink {
  /** Packets found and shown, for the exit status and the summary. */
  packets = 0
  shown = 0
  /** A connection was passed to the views. */
  introduced = false
  readonly found: Record<Severity, number> = { error: 0, warning: 0, info: 0 }
  readonly #options: InspectorOptions
  readonly #views: readonly View[]
  readonly #filter: Filter | undefined
  readonly #streams = new Map<number, InspectedStream>()
  readonly #budget: Budget = { left: mostUnfinished }
  readonly #listener: Listener = { framed: (stream, packet) => this.#show(stream, packet) }
  /** Streams that hold items to be released at the end of the chunk. */
  readonly #holding = new Set<InspectedStream>()
  readonly #quick = new FastDecoder()
  readonly #fields = new Fields()
  readonly #watch: TrackedChecks
  #connections = 0
  /** --count was reached. */
  done = false

  constructor(options: InspectorOptions) {
    this.#options = options
    this.#views = options.also === undefined ? [options.view] : [options.view, options.also]
    this.#filter = options.filter
    this.#watch = new TrackedChecks(options.followed)
  }

  open(flow: Flow): void {
    const connection = new InspectedConnection(flow, this.#options.version)
    const { keep, certain = false } = this.#options
    const showUnfinished = flow.protocol === 'raw'
    const [listener, budget] = [this.#listener, this.#budget]
    const synchronised = certain || flow.sawStart
    const version = (): number => connection.version
    const options = { listener, synchronised, budget, showUnfinished, keep, version }
    this.#streams.set(flow.id, new InspectedStream(flow, connection, options))
  }

  data(flow: Flow, direction: Direction, segment: StreamSegment): void {
    const stream = this.#streams.get(flow.id)
    if (stream === undefined || stream.not || this.done) return
    if (this.#isDatagrams(flow)) return this.#datagram(stream, direction, segment)
    if (!stream.opened && !this.#mayBeMqtt(stream, direction, segment)) return
    stream.arrives(segment.origin)
    stream[direction].push(segment)
    if (stream.isHolding) this.#settle(stream)
  }

  gap(flow: Flow, direction: Direction, offset: number, length: number | undefined, why: string): void {
    const stream = this.#streams.get(flow.id)
    if (stream === undefined || stream.not || this.done) return
    stream.connection.holes = true
    if (this.#isDatagrams(flow)) return
    stream[direction].gap(offset, length, why)
    // Adjacent gaps are merged, so a gap is reported with the next data.
    if (stream.isHolding) this.#holding.add(stream)
  }

  /** True if each segment is an MQTT-SN message. */
  #isDatagrams({ protocol }: Flow): boolean {
    return protocol === 'udp' || (protocol === 'raw' && this.#options.protocol === 'mqtt-sn')
  }

  retransmitted(flow: Flow, _direction: Direction, bytes: number): void {
    const stream = this.#streams.get(flow.id)
    if (stream === undefined) return
    stream.connection.retransmitted += bytes
    if (stream.opened) for (const view of this.#views) view.retransmitted?.(stream.connection, bytes)
  }

  /** The packets of a flow do not all reach the other end: checks that depend on it are suppressed. */
  doubt(flow: Flow): void {
    const stream = this.#streams.get(flow.id)
    if (stream !== undefined) stream.connection.holes = true
  }

  fact(flow: Flow, fact: FlowFact): void {
    const stream = this.#streams.get(flow.id)
    if (stream === undefined) return
    if (fact.kind === 'preamble') stream.connection.preamble = fact.text
    else this.#watch.of(stream.connection).fact(fact)
  }

  close(flow: Flow, how: 'fin' | 'rst' | 'timeout' | 'end', detail?: CloseDetail): void {
    const stream = this.#streams.get(flow.id)
    if (stream === undefined) return
    this.#streams.delete(flow.id)
    if (stream.not) {
      this.#holding.delete(stream)
      return void this.#watch.end(stream.connection)
    }
    if (!this.done) {
      stream.c2s.end()
      stream.s2c.end()
      this.#settle(stream, true)
      this.#releaseUnnamed(stream)
    }
    const checks = this.#watch.end(stream.connection)
    if (!stream.opened) return
    const late = this.done ? [] : (checks?.closed(how, detail) ?? [])
    for (const violation of late) this.found[violation.severity]++
    if (this.#filter?.connection(stream.connection) === false) return
    if (late.length > 0) this.#introduce(stream)
    if (!stream.shown) return
    for (const view of this.#views)
      view.closed?.(stream.connection, this.done ? notFollowed : closings[how], late)
  }

  note(text: string, { fileOffset, isLoss = false }: NotePlace): void {
    if (this.done) return
    this.#options.note?.(text, fileOffset, isLoss)
  }

  flush(): void {
    for (const stream of this.#holding) this.#settle(stream)
    for (const view of this.#views) view.flush?.()
  }

  /** The input has ended. Closes flows that are still open. */
  end(): void {
    for (const { flow } of [...this.#streams.values()]) this.close(flow, 'end')
    for (const view of this.#views) view.end?.()
  }

  /** Detects MQTT: on unknown ports a stream must begin with CONNECT, or a packet boundary must be found soon. */
  #mayBeMqtt(stream: InspectedStream, direction: Direction, segment: StreamSegment): boolean {
    const { flow } = stream
    const { chunk, start, end } = segment
    stream.seen += end - start
    if (this.#options.certain || isPortOf(flow, this.#options.ports)) return true
    if (!stream[direction].synchronised) {
      if (stream.seen > mostUndetected) this.#forget(stream)
      return !stream.not
    }
    if (segment.offset > 0) return true
    // The server's packets come first only if the CONNECT was not captured.
    const first = direction === 'c2s' ? 0x10 : stream.c2s.synchronised ? -1 : 0x20
    if (flow.protocol === 'tcp' && chunk[start] !== first) return this.#forget(stream)
    const header = headerAt(segment.bytes, 0)
    return (hasLegalFlags(chunk[start]!) && header !== 'none') || this.#forget(stream)
  }

  #forget(stream: InspectedStream): false {
    stream.not = true
    return false
  }

  #datagram(stream: InspectedStream, direction: Direction, segment: StreamSegment): void {
    const { bytes, offset, origin, cut } = segment
    const { protocol, ports } = this.#options
    if (!stream.opened && protocol !== 'mqtt-sn' && !isPortOf(stream.flow, ports) && !looksLikeMessage(bytes))
      return
    const packet = messageOf(bytes, direction, cut)
    if (packet === undefined) return
    packet.offset = offset
    packet.first = origin
    packet.last = origin
    stream.connection.version = 1
    this.#show(stream, packet)
  }

  /** Shows the items the stream holds, if they can be released. */
  #settle(stream: InspectedStream, isEnd = false): void {
    for (const item of stream.release(isEnd) ?? none) {
      if ('packet' in item) this.#show(stream, item.packet)
      else this.#skipped(stream, item.skipped)
    }
    if (!stream.isHolding) this.#holding.delete(stream)
  }

  #skipped(stream: InspectedStream, skipped: Skipped): void {
    if (this.done) return
    if (!stream.opened) this.#opened(stream)
    if (stream.unnamed !== undefined && stream.unnamed.length < mostUnnamed) {
      stream.unnamed.push(skipped)
      return
    }
    this.#releaseUnnamed(stream)
    this.#presentSkipped(stream, skipped)
  }

  #presentSkipped(stream: InspectedStream, skipped: Skipped): void {
    if (this.done || this.#filter?.connection(stream.connection) === false) return
    this.#introduce(stream)
    for (const view of this.#views) view.skipped?.(stream.connection, skipped)
  }

  #opened(stream: InspectedStream): void {
    stream.opened = true
    stream.connection.assumeVersion()
    stream.connection.number = ++this.#connections
  }

  /** Passes a connection to the views, before its first packet that is shown. */
  #introduce(stream: InspectedStream): void {
    if (stream.shown) return
    stream.shown = true
    this.introduced = true
    for (const view of this.#views) view.opened?.(stream.connection)
  }

  #show(stream: InspectedStream, packet: Packet): void {
    if (this.done) return
    const { connection } = stream
    if (packet.type === connack && packet.protocol === 'mqtt') connection.answered(packet)
    packet.version = connection.version
    if (!stream.opened) {
      if (packet.type === 1 && packet.protocol === 'mqtt') decode(this.#fields, packet)
      connection.clientId = packet.connect?.clientId
      this.#opened(stream)
    }
    packet.number = ++this.packets
    packet.connection = connection.number
    connection.packets++
    if (!this.#quick.read(packet)) decode(this.#fields, packet)
    // A forwarder has many clients.
    if (packet.connect !== undefined && packet.sn?.node === undefined)
      connection.clientId = packet.connect.clientId
    this.#watch.ofPacket(connection, packet).packet(packet)
    if (packet.violations.length > 0) for (const { severity } of packet.violations) this.found[severity]++
    if (packet.type === connack && packet.version === 5) assignClientId(packet, connection)
    if (this.#filter?.isByClient === true) {
      if (this.#isUnnamed(stream, packet)) return
      this.#releaseUnnamed(stream)
    }
    this.#present(stream, packet)
  }

  /** Holds packets back until CONNACK assigns the Client Identifier (MQTT 5.0, 3.2.2.3.7). */
  #isUnnamed(stream: InspectedStream, packet: Packet): boolean {
    if (packet.connect?.clientId === '' && packet.version === 5) stream.unnamed ??= []
    const { unnamed } = stream
    if (unnamed === undefined || packet.type === connack || unnamed.length === mostUnnamed) return false
    unnamed.push(packet)
    return true
  }

  #releaseUnnamed(stream: InspectedStream): void {
    const { unnamed } = stream
    if (unnamed === undefined) return
    stream.unnamed = undefined
    for (const item of unnamed) {
      if (item instanceof Packet) this.#present(stream, item)
      else this.#presentSkipped(stream, item)
    }
  }

  /** Passes a packet to the views if the filter accepts it. */
  #present(stream: InspectedStream, packet: Packet): void {
    const { connection } = stream
    if (this.done || (this.#filter !== undefined && !this.#filter.packet(packet, connection))) return
    this.shown++
    if (this.#options.payloads !== undefined && packet.payload >= 0 && packet.isWhole)
      packet.decoded = this.#options.payloads(packet)
    if (!stream.shown) this.#introduce(stream)
    this.#options.view.packet(packet, connection)
    this.#options.also?.packet(packet, connection)
    if (this.#filter?.isFull(this.shown) === true) this.done = true
  }
}

/** Sets the Client Identifier that the server assigned (MQTT 5.0, 3.2.2.3.7). */
function assignClientId(connackPacket: Packet, connection: InspectedConnection): void {
  const assigned = connackPacket.property(propertyId.assignedClientIdentifier)
  if (typeof assigned === 'string' && connection.clientId === '') connection.clientId = assigned
}

const none: readonly Item[] = []
