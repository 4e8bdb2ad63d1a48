// The output of reading a capture, in whatever format: ordered bytes per connection and direction, with their places in
// the file. The only interface between reading captures and decoding packets.

export type Direction = 'c2s' | 's2c'

/** A time. Two numbers, as one number has too few digits and a BigInt is an object. */
export interface Instant {
  /** Whole seconds since 1970, or `unknownSecond` if the input does not say. */
  readonly second: number
  /** Nanoseconds after it, 0 to 999999999. */
  readonly nanos: number
}

export const unknownSecond = -1

/** The time in seconds, exact to a microsecond; negative if unknown. */
export function secondsOf({ second, nanos }: Instant): number {
  return second + nanos / 1e9
}

/** The time in nanoseconds; negative if unknown. */
export function nanosecondsOf({ second, nanos }: Instant): bigint {
  return BigInt(second) * 1_000_000_000n + BigInt(nanos)
}

/** Nanoseconds between two times, exact up to some months. */
export function nanosBetween(from: Instant, to: Instant): number {
  return (to.second - from.second) * 1e9 + to.nanos - from.nanos
}

/** Where and when bytes were captured. */
export interface Origin extends Instant {
  /** Record (frame) number in its file, from 1; 0 for bytes that are in no file. */
  readonly record: number
  /** The file of the record, if the capture has several. */
  readonly file?: string | undefined
  /**
   * File offset of the first byte of the segment. If the bytes are not in the file as such (joined from fragments,
   * inflated, decrypted, read from text), of the first byte that they were made from.
   */
  readonly fileOffset: number
}

export interface StreamSegment {
  /**
   * The bytes are `chunk` from `start` to `end`; if possible a chunk that was pushed. Valid until the caller of `push`
   * reuses it.
   */
  readonly chunk: Uint8Array
  readonly start: number
  readonly end: number
  /** A view of these bytes, created at each access: most segments are read in place. */
  readonly bytes: Uint8Array
  /** Offset of the first byte in the stream of this direction, including missing bytes of known number. */
  readonly offset: number
  readonly origin: Origin
  /** Bytes missing just before this segment; they were also reported by `gap`. */
  readonly gapBefore?: number | undefined
  /** Bytes at the end of a datagram that were not captured; they are also reported by `gap`. */
  readonly cut?: number
}

/** A segment of all of `bytes`. */
export function segmentOf(bytes: Uint8Array, offset: number, origin: Origin): StreamSegment {
  return { chunk: bytes, start: 0, end: bytes.length, bytes, offset, origin }
}

/** A TCP connection, a pair of UDP endpoints, or the stream of a file without packets ('raw'). */
export interface Flow {
  /** From 1, in the order of `open`. */
  readonly id: number
  readonly protocol: 'tcp' | 'udp' | 'raw'
  /** address:port, or [address]:port for IPv6. */
  readonly client: string
  readonly server: string
  /** The SYN was captured, or the input begins with the first byte of the stream. */
  readonly sawStart: boolean
  /** The bytes pass through this process: none are missing that `gap` does not report. */
  readonly isLive?: boolean
}

/** Protocols between TCP and MQTT on a flow, and violations of the rules for MQTT over WebSocket (MQTT 5.0, 6). */
export type FlowFact =
  /** TLS that was decrypted. Other TLS is only reported by a note. */
  | { readonly kind: 'tls'; readonly version: string; readonly serverName: string | undefined }
  | {
      readonly kind: 'websocket'
      /** Subprotocols of the request and of the response. Empty and undefined if the handshake was not captured. */
      readonly offered: readonly string[]
      readonly selected: string | undefined
      readonly handshake: boolean
    }
  /** The contents of a proxy preamble, in printable characters. */
  | { readonly kind: 'preamble'; readonly text: string }
  /** A data frame that is not binary [MQTT-6.0.0-1]. `offset` is that of the next MQTT byte in this direction. */
  | {
      readonly kind: 'text-frame'
      readonly direction: Direction
      readonly offset: number
      readonly origin: Origin
    }
  /** A frame of the client without a mask, or of the server with one (RFC 6455, 5.1). */
  | {
      readonly kind: 'masking'
      readonly direction: Direction
      readonly offset: number
      readonly origin: Origin
    }

/** Which side ended a connection, and when. */
export interface CloseDetail {
  readonly direction: Direction
  readonly origin: Origin
}

export interface NotePlace {
  readonly fileOffset: number
  /** A part of the file cannot be read. */
  readonly isLoss?: boolean
}

/**
 * Called in the order of the capture. For each flow: `open`, then any other calls, then one `close`. A flow is opened at
 * its first byte, gap or fact: connections without data, with HTTP or with unreadable TLS are not reported.
 */
export interface CaptureSink {
  open(flow: Flow): void
  data(flow: Flow, direction: Direction, segment: StreamSegment): void
  /**
   * Bytes of this direction are missing. The next segment has offset `offset + length`; if the length is unknown (the
   * capture starts in mid-stream, a record could not be decrypted), it has offset `offset`.
   */
  gap(flow: Flow, direction: Direction, offset: number, length: number | undefined, why: string): void
  retransmitted(flow: Flow, direction: Direction, bytes: number): void
  close(flow: Flow, how: 'fin' | 'rst' | 'timeout' | 'end', detail?: CloseDetail): void
  /** Something about the input that the user should know, with what was done about it, in one sentence. */
  note(text: string, at: NotePlace): void
  fact?(flow: Flow, fact: FlowFact): void
}
