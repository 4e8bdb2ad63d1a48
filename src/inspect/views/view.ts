// The interface of views: they receive packets and events, and write text.
import type { Direction, Packet } from '../packet.js'
import type { Severity, Violation } from '../rules.js'

/** Output of a view; implemented by io/output.ts. */
export interface TextSink {
  text(text: string): void
  /** Ranges of up to 16 KiB are copied before this returns; the bytes of larger ones must never change. */
  range(bytes: Uint8Array, start: number, end: number): void
}

/** Facts about a connection for the views. */
export interface ConnectionFacts {
  /** From 1, in the order of their first packets. */
  readonly number: number
  /** The id of its Flow. */
  readonly flow: number
  readonly transport: 'tcp' | 'udp' | 'raw'
  readonly client: string
  readonly server: string
  readonly version: number
  /** How the version was found: from CONNECT, from packets that decode in one version only, by assumption, or -V. */
  readonly versionFrom: 'connect' | 'inferred' | 'assumed' | 'forced'
  readonly clientId: string | undefined
  /** Description of a proxy protocol header before MQTT. */
  readonly preamble: string | undefined
  readonly sawStart: boolean
}

/** A range of a stream in which no packet was found. */
export interface Skipped {
  readonly direction: Direction
  readonly offset: number
  /** Undefined if unknown. */
  length: number | undefined
  readonly why: string
}

/** A violation found when the connection ends, such as a missing answer. */
export interface LateViolation extends Violation {
  /** Number of the unanswered packet; 0 if there is none. */
  readonly packet: number
  readonly direction: Direction
}

/** Texts for the end of a connection. */
export const closings = {
  fin: 'closed',
  rst: 'reset',
  timeout: 'fell silent',
  end: 'still open when the capture ends',
} as const

/** The end of a connection for the views if --count was reached before. */
export const notFollowed = 'not followed to its end'

export interface View {
  packet(packet: Packet, connection: ConnectionFacts): void
  opened?(connection: ConnectionFacts): void
  skipped?(connection: ConnectionFacts, skipped: Skipped): void
  closed?(connection: ConnectionFacts, how: string, late: readonly LateViolation[]): void
  retransmitted?(connection: ConnectionFacts, bytes: number): void
  /** Writes buffered output; called after each chunk of the input. */
  flush?(): void
  /** The input has ended. */
  end?(): void
}

/** Colours of a view: functions that add escape sequences. */
export interface Paint {
  c2s(text: string): string
  s2c(text: string): string
  faint(text: string): string
  /** By severity; distinct from the colours of the directions. */
  readonly found: Readonly<Record<Severity, (text: string) => string>>
}

const same = (text: string): string => text
const plainFound = { error: same, warning: same, info: same }
export const plainPaint: Paint = { c2s: same, s2c: same, faint: same, found: plainFound }
