// What all connections of one capture share: where things go, what was asked for, what was injected.
import { Budget } from './budget.js'
import { Network } from './network.js'
import type { Notes } from './notes.js'
import type { CaptureOptions } from './open.js'
import type { CaptureSink } from './stream.js'
import type { KeyLog } from './tls/key-log.js'

/** Ports that servers of MQTT listen on: IANA's, those of brokers' manuals, and HTTP's for WebSocket. */
const wellKnown = [1883, 8883, 8083, 8084, 9001, 8884, 8080, 8081, 8000, 80, 443]
/** Ports of MQTT-SN gateways: 1.2 names none, these are what Eclipse Paho, RSMB, EMQX and others use. */
const wellKnownUdp = [1883, 1884, 1885, 2442, 10_000, 20_000]

/** Two thousand connections with compression in both directions. */
const maxWindows = 128 * 1024 * 1024

export class Context {
  readonly sink: CaptureSink
  readonly notes: Notes
  readonly options: CaptureOptions
  readonly keyLog: KeyLog
  /** For what waits. */
  readonly budget = new Budget()
  /** For what compressed WebSocket messages look back on: 32 KiB a direction, as long as the connection is known. */
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

  /** Made for the first file of packets. */
  get network(): Network {
    this.#network ??= new Network(this)
    return this.#network
  }

  /** All files are read. */
  end(): void {
    this.#network?.end()
    this.notes.end()
  }
}
