// What a broker core grants its clients, and its limits.

/** What the server grants and announces in CONNACK (MQTT 5.0, 3.2.2.3). */
export interface Settings {
  /** Maximum QoS. */
  readonly maxQos: 0 | 1 | 2
  /** Retain Available. */
  readonly retain: boolean
  /** Maximum Packet Size in bytes; undefined: only the limit of the Remaining Length. */
  readonly maxPacketSize: number | undefined
  /** Receive Maximum: QoS 1 and 2 messages that an MQTT 5 client may have in flight. */
  readonly receiveMaximum: number
  /** The longest Keep Alive in seconds; 0 for no limit. */
  readonly maxKeepAlive: number
  readonly topicAliasMaximum: number
}

export const defaultSettings: Settings = {
  maxQos: 2,
  retain: true,
  maxPacketSize: undefined,
  receiveMaximum: 65_535,
  maxKeepAlive: 0,
  topicAliasMaximum: 10, // the reference's
}

export interface Limits {
  /** Time for a client to send a complete CONNECT. Milliseconds. */
  readonly connectMs: number
  /** A client that takes no bytes for this long, while some wait for it, is disconnected. Milliseconds. */
  readonly stallMs: number
  /** Publishers wait for a subscriber that is behind, unless it has taken nothing for this long. Milliseconds. */
  readonly patienceMs: number
  /** Sessions that outlive their connection. */
  readonly sessions: number
  /** Limits for one session: QoS 1 and 2 messages, and their bytes. */
  readonly queuedMessages: number
  readonly queuedBytes: number
  /** Limit in bytes for the queues of all sessions. */
  readonly allQueuedBytes: number
  readonly retainedBytes: number
  /** Limit in bytes for the Topic Filters of one client; see `filterCost`. */
  readonly filterBytes: number
}

const mebibyte = 1024 * 1024

export const defaultLimits: Limits = {
  connectMs: 10_000,
  stallMs: 60_000,
  patienceMs: 1000,
  sessions: 10_000,
  queuedMessages: 100_000,
  queuedBytes: 64 * mebibyte,
  allQueuedBytes: 512 * mebibyte,
  retainedBytes: 256 * mebibyte,
  filterBytes: 16 * mebibyte,
}

/** Bytes that may wait for a client before its publishers wait, or before it gets no more. */
export const fullAt = 64 * 1024

/** Bytes that may wait for a client whose publishers do not wait, before QoS 0 messages to it are dropped. */
export const overfullAt = 1024 * 1024

/** Messages that may wait in the queue of a connected client before its publishers wait. */
export const longQueue = 1000

/** QoS 1 and 2 messages in flight to a client, if its Receive Maximum is not lower. */
export const largestWindow = 1000
