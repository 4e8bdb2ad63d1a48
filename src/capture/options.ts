// The options of a capture and its files, and the interface of their readers.
import type { Inflate, TlsCrypto } from './crypto.js'

export interface CaptureOptions {
  /** TCP and UDP ports of servers (`--port`), in addition to the well-known ones. */
  readonly ports?: readonly number[]
  /** The direction of a raw byte stream. Default: by its first packet. */
  readonly direction?: 'c2s' | 's2c' | undefined
  /** A raw byte stream consists of MQTT-SN messages. Default: MQTT, TLS or WebSocket, by its first bytes. */
  readonly protocol?: 'mqtt-sn' | undefined
  /** Report the recognised kind of text as a note. */
  readonly tellsKind?: boolean
  readonly inflate?: Inflate
  readonly crypto?: TlsCrypto
  /** The text of a key log file (NSS format). Secrets in a pcapng file are also used. */
  readonly keyLog?: string | undefined
}

/** Reads the chunks of one file. */
export interface FileReader {
  push(chunk: Uint8Array): void
  end(): void
}

/** A capture of one file. */
export type Capture = FileReader

export interface FileOptions {
  /** For the suggested command; undefined for standard input. */
  readonly name?: string | undefined
  /** Origin.file of the packets, if the capture has several files. */
  readonly label?: string | undefined
  /** Frames are held until `release` passes them on. */
  readonly gated?: boolean
}
