// State shared by all connections of one capture: the sink, the options, the limits.
import { Budget } from './budget.js'
import { Network } from './network.js'
import type { Notes } from './notes.js'
import type { CaptureOptions } from './open.js'
import type { CaptureSink } from './stream.js'
import type { KeyLog } from './tls/key-log.js'

/** Ports of MQTT servers: registered with IANA, from the manuals of brokers, and of HTTP for WebSocket. */
const wellKnown = [1883, 8883, 8083, 8084, 9001, 8884, 8080, 8081, 8000, 80, 443]
/** Ports of MQTT-SN gateways. MQTT-SN 1.2 names none; Eclipse Paho, RSMB, EMQX and others use these. */
const wellKnownUdp = [1883, 1884, 1885, 2442, 10_000, 20_000]

/** Bytes: 2,000 connections with compression in both directions. */
const maxWindows = 128 * 1024 * 1024

export class Context {
  readonly sink: CaptureSink
  readonly notes: Notes
  readonly options: CaptureOptions
  readonly keyLog: KeyLog
  /** Bytes in buffers. */
  readonly budget = new Budget()
  /** Bytes in LZ77 windows of compressed WebSocket messages: 32 KiB for each direction of an open connection. */
  readonly windows = new Budget(maxWindows)
  readonly tcpPorts: ReadonlySet<number>
  readonly udpPorts: ReadonlySet<number>
  #flows = 0
  #network: Network | undefined

  constructor(sink: CaptureSink, notes: Notes, settings: { options: CaptureOptions; keyLog: KeyLog }) {
    const { options, keyLog } = settings
    this.sink = sink
    this.notes = notes
    this.options = options
    this.keyLog = keyLog
    this.tcpPorts = new Set([...wellKnown, ...(options.ports ?? [])])
    this.udpPorts = new Set([...wellKnownUdp, ...(options.ports ?? [])])
  }

  nextFlowId(): number {
    this.#flows += 1
    return this.#flows
  }

  /** Created for the first file that holds packets. */
  get network(): Network {
    this.#network ??= new Network(this)
    return this.#network
  }

  /** Call after the end of the last file. */
  end(): void {
    this.#network?.end()
    this.notes.end()
  }
}
