// The types of tap().
import type { QoS, TlsOptions, Url } from './types.js'

export interface TapOptions {
  /**
   * The server: `mqtt://`, `mqtts://`, `ws://` or `wss://` with host and port; `unix:///path`; `mqtt-sn://` for a gateway
   * of MQTT-SN: the tap is then one over UDP.
   */
  readonly to: Url | string
  /** Port to listen on, 0 to 65,535. Default 0: a free one. */
  readonly listen?: number
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string
  /** Port for WebSocket as well; 0 is a free one. */
  readonly wsPort?: number
  /** For the connection to the server. */
  readonly tls?: TlsOptions
  /** Rules as in `mqttx tap --fault`: `puback s2c #2 drop`. */
  readonly faults?: string | readonly string[]
  /** Seed of the condition `p=` of rules, 0 to 4,294,967,295. Default 1. */
  readonly seed?: number
  /** Called with each line of the log, without its end. If it throws, a process warning is emitted once. */
  readonly onLog?: (line: string) => void
}

/** A packet that has arrived at a tap, with the fields of `mqttx inspect --view json`. */
export interface TapPacket {
  /** From 1, in the order of their first packets. */
  readonly connection: number
  readonly direction: 'c2s' | 's2c'
  /** In capitals: `PUBLISH`. */
  readonly type: string
  readonly topic_name?: string
  readonly packet_identifier?: number
  readonly qos?: QoS | -1
  readonly dup?: boolean
  readonly retain?: boolean
  readonly [field: string]: unknown
}

/** Packets in the order in which they have arrived; ends when the tap is closed. */
export interface TapPackets extends AsyncIterableIterator<TapPacket> {
  /** Packets that were left out because 1,000 waited to be read. */
  readonly dropped: number
}

/** A tap that runs in this process. */
export interface Tap {
  /** For clients, as `mqtt://127.0.0.1:40123`. */
  readonly url: string
  /** Of all listeners, MQTT over TCP first. */
  readonly urls: readonly string[]
  readonly host: string
  readonly port: number
  /** Replaces all rules, also for connections that are open. Counters begin anew. @throws MqttxError for an invalid rule */
  setFaults(rules: string | readonly string[]): void
  /** The rules, and how often each was applied. */
  faults(): { readonly rule: string; readonly applied: number }[]
  /** The packets from now on. May be called more than once. */
  packets(): TapPackets
  /** Ends all connections and stops listening. */
  close(): Promise<void>
  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
