// What a view is: it takes packets and what happened around them, and writes text.
import type { Direction, Packet } from '../packet.js'
import type { Severity, Violation } from '../rules.js'

/** Where a view writes to; io/output.ts is one. */
export interface TextSink {
  text(text: string): void
  /** Up to 16 KiB are read before it returns; more must never change. */
  range(bytes: Uint8Array, start: number, end: number): void
}

/** A connection as views tell of it. */
export interface ConnectionFacts {
  /** From 1, in the order of their first packets. */
  readonly number: number
  readonly transport: 'tcp' | 'udp' | 'raw'
  readonly client: string
  readonly server: string
  readonly version: number
  /** How the version was found: by its CONNECT, from what decodes cleanly, or because neither tells (or -V). */
  readonly versionFrom: 'connect' | 'inferred' | 'assumed' | 'forced'
  readonly clientId: string | undefined
  /** What a proxy's protocol says before MQTT begins. */
  readonly preamble: string | undefined
  readonly sawStart: boolean
}

/** A range of a stream in which no packet was found. */
export interface Skipped {
  readonly direction: Direction
  readonly offset: number
  /** Undefined where nobody knows how much is missing. */
  length: number | undefined
  readonly why: string
}

/** A rule that was broken by something that did not happen: it shows when the connection ends. */
export interface LateViolation extends Violation {
  /** The packet that was not answered; 0 where there is none. */
  readonly packet: number
  readonly direction: Direction
}

/** How a connection ended. */
export const closings = {
  fin: 'closed',
  rst: 'reset',
  timeout: 'fell silent',
  end: 'still open when the capture ends',
} as const

/** How a connection ended for the views when --count was reached before. */
export const notFollowed = 'not followed to its end'

export interface View {
  packet(packet: Packet, connection: ConnectionFacts): void
  opened?(connection: ConnectionFacts): void
  skipped?(connection: ConnectionFacts, skipped: Skipped): void
  closed?(connection: ConnectionFacts, how: string, late: readonly LateViolation[]): void
  retransmitted?(connection: ConnectionFacts, bytes: number): void
  /** Hands on what is waiting: a chunk of the input has been worked through. */
  flush?(): void
  /** The input is at its end. */
  end?(): void
}

/** Colours of a view. They never change the text. */
export interface Paint {
  c2s(text: string): string
  s2c(text: string): string
  faint(text: string): string
  /** By severity, of which none looks like a direction. */
  readonly found: Readonly<Record<Severity, (text: string) => string>>
}

const same = (text: string): string => text
const plainFound = { error: same, warning: same, info: same }
export const plainPaint: Paint = { c2s: same, s2c: same, faint: same, found: plainFound }
