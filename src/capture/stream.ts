// What a capture is turned into, whatever file it came from: bytes in order, per connection and direction, each range
// with its place in the file. The one interface between the reading of captures and the annotation of packets.

export type Direction = 'c2s' | 's2c'

/** When something was captured. Two numbers, as one would lose digits and a BigInt is an object. */
export interface Instant {
  /** Whole seconds since 1970, `unknownSecond` where the input does not say. */
  readonly second: number
  /** And nanoseconds, from 0 to 999999999. */
  readonly nanos: number
}

export const unknownSecond = -1

/** The same in seconds, exact to a microsecond; negative where nobody knows. */
export function secondsOf({ second, nanos }: Instant): number {
  return second + nanos / 1e9
}

/** The same in nanoseconds; negative where nobody knows. */
export function nanosecondsOf({ second, nanos }: Instant): bigint {
  return BigInt(second) * 1_000_000_000n + BigInt(nanos)
}

/** Nanoseconds from one to the other, exact for some months. */
export function nanosBetween(from: Instant, to: Instant): number {
  return (to.second - from.second) * 1e9 + to.nanos - from.nanos
}

/** Where and when bytes were captured. */
export interface Origin extends Instant {
  /** Record (frame) number from 1, in its file. */
  readonly record: number
  /** The file of the record, where a capture has several. */
  readonly file?: string | undefined
  /**
   * Offset in the file of the first byte of the segment. Where the bytes are not the file's own (put together from
   * fragments, inflated, decrypted, read from text), of the first byte that they were made from.
   */
  readonly fileOffset: number
}

export interface StreamSegment {
  /**
   * It is in `chunk`, from `start` to `end`: in what was pushed, wherever possible. Valid as long as the caller of `push`
   * does not reuse that.
   */
  readonly chunk: Uint8Array
  readonly start: number
  readonly end: number
  /** The same by itself, made when asked for: most segments are read where they are. */
  readonly bytes: Uint8Array
  /** Of the first byte, in this direction's stream. Missing bytes of known number are counted. */
  readonly offset: number
  readonly origin: Origin
  /** How many bytes are missing just before this segment; `gap` has told it too. */
  readonly gapBefore?: number | undefined
}

/** A segment of bytes that are by themselves. */
export function segmentOf(bytes: Uint8Array, offset: number, origin: Origin): StreamSegment {
  return { chunk: bytes, start: 0, end: bytes.length, bytes, offset, origin }
}

/** A TCP connection, a pair of UDP endpoints, or the stream of a file that knows no network ('raw'). */
export interface Flow {
  /** From 1, in the order of `open`. */
  readonly id: number
  readonly protocol: 'tcp' | 'udp' | 'raw'
  /** address:port, [address]:port for IPv6. */
  readonly client: string
  readonly server: string
  /** The SYN was captured, or the input begins with the stream's first byte. */
  readonly sawStart: boolean
}

/** What lies between TCP and MQTT on a flow, and how it keeps to the rules of MQTT over WebSocket (MQTT 5.0, 6). */
export type FlowFact =
  /** TLS that could be decrypted; of other TLS only a note tells. */
  | { readonly kind: 'tls'; readonly version: string; readonly serverName: string | undefined }
  | {
      readonly kind: 'websocket'
      /** Subprotocols of the request; of the answer. Empty and undefined also where the handshake was not captured. */
      readonly offered: readonly string[]
      readonly selected: string | undefined
      readonly handshake: boolean
    }
  /** What a proxy's protocol says before MQTT begins, in printable characters. */
  | { readonly kind: 'preamble'; readonly text: string }
  /** A data frame that is not binary [MQTT-6.0.0-1]. `offset` is that of the next byte of MQTT in this direction. */
  | {
      readonly kind: 'text-frame'
      readonly direction: Direction
      readonly offset: number
      readonly origin: Origin
    }
  /** A client's frame without a mask, or a server's with one (RFC 6455, 5.1). */
  | {
      readonly kind: 'masking'
      readonly direction: Direction
      readonly offset: number
      readonly origin: Origin
    }

/** Which side ended a connection, and when. Undefined where it was not seen to end. */
export interface CloseDetail {
  readonly direction: Direction
  readonly origin: Origin
}

/**
 * Told in the order of the capture. For each flow: `open`, then anything, then one `close`. A flow is opened just before
 * its first byte (or gap, or fact): connections that carry nothing, HTTP and undecodable TLS do not show up.
 */
export interface CaptureSink {
  open(flow: Flow): void
  data(flow: Flow, direction: Direction, segment: StreamSegment): void
  /**
   * Bytes of this direction are missing. With a known `length` the next segment's offset is `offset + length`; with
   * `undefined` (the capture starts in mid-stream, a record could not be decrypted) offsets go on from `offset`.
   */
  gap(flow: Flow, direction: Direction, offset: number, length: number | undefined, why: string): void
  retransmitted(flow: Flow, direction: Direction, bytes: number): void
  close(flow: Flow, how: 'fin' | 'rst' | 'timeout' | 'end', detail?: CloseDetail): void
  /** Something about the input that the reader should know, in one sentence, with what was done about it. */
  note(text: string, at: { readonly fileOffset: number }): void
  fact?(flow: Flow, fact: FlowFact): void
}
