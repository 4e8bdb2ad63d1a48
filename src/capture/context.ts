// State shared by all connections of one capture: the sink, the options, the limits.
import { ByteBudget } from './byte-budget.js'
import type { Notes } from './notes.js'
import type { CaptureOptions } from './options.js'
import type { FrameStage } from './pcap.js'
import type { CaptureSink } from './stream.js'
import type { KeyLog } from './tls/key-log.js'

/** Ports of MQTT servers: registered with IANA, from the manuals of brokers, and of HTTP for WebSocket. */
const wellKnown = [1883, 8883, 8083, 8084, 9001, 8884, 8080, 8081, 8000, 80, 443]
/** Ports of MQTT-SN gateways. MQTT-SN 1.2 names none; Eclipse Paho, RSMB, EMQX and others use these. */
const wellKnownUdp = [1883, 1884, 1885, 2442, 10_000, 20_000]

/** Bytes: 2,000 connections with compression in both directions. */
const maxWindows = 128 * 1024 * 1024

/** The stages from frames to connections; an interface, as their implementation depends on the context. */
export interface NetworkStages {
  /** Takes every frame. */
  readonly link: FrameStage
  /** Records of all files, and the size of the last: for the note at the end. */
  records: number
  position: number
  end(): void
}

interface Settings {
  readonly options: CaptureOptions
  readonly keyLog: KeyLog
  readonly network: (context: CaptureContext) => NetworkStages
}

export class CaptureContext {
  readonly sink: CaptureSink
  readonly notes: Notes
  readonly options: CaptureOptions
  readonly keyLog: KeyLog
  /** Bytes in buffers. */
  readonly budget = new ByteBudget()
  /** Bytes in LZ77 windows of compressed WebSocket messages: 32 KiB for each direction of an open connection. */
  readonly windows = new ByteBudget(maxWindows)
  readonly tcpPorts: ReadonlySet<number>
  readonly udpPorts: ReadonlySet<number>
  #flows = 0
  readonly #newNetwork: (context: CaptureContext) => NetworkStages
  #network: NetworkStages | undefined

  constructor(sink: CaptureSink, notes: Notes, settings: Settings) {
    const { options, keyLog, network } = settings
    this.sink = sink
    this.notes = notes
    this.options = options
    this.keyLog = keyLog
    this.#newNetwork = network
    this.tcpPorts = new Set([...wellKnown, ...(options.ports ?? [])])
    this.udpPorts = new Set([...wellKnownUdp, ...(options.ports ?? [])])
  }

  nextFlowId(): number {
    this.#flows += 1
    return this.#flows
  }

  /** Created for the first file that holds packets. */
  get network(): NetworkStages {
    this.#network ??= this.#newNetwork(this)
    return this.#network
  }

  /** Call after the end of the last file. */
  end(): void {
    this.#network?.end()
    this.notes.end()
  }
}
