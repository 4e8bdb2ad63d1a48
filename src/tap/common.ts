// What a tap over TCP and one over UDP have in common: options, and who sees what passes.
import type { Direction } from './fault-language.js'
import type { AppliedFault } from './fault-stream.js'
import type { Faults } from './faults.js'

/** Sees the MQTT or MQTT-SN that passes. `id` is of one connection, from 1. */
export interface Watcher {
  /** The ends of the connection: `address:port`, or what is known. */
  opened(id: number, client: string, server: string): void
  /** Bytes that have arrived and are forwarded when this returns: keep them for later. */
  passed(id: number, direction: Direction, bytes: Buffer): void
  /** A fault is applied to a packet, after the bytes that complete its head were `passed`. */
  applied(id: number, fault: AppliedFault): void
  /** The client gets a CONNACK of our own. */
  answered(id: number, connack: Buffer): void
  closed(id: number, how: 'closed' | 'reset'): void
}

export interface CommonOptions {
  /** Time limit for the connection to the server, in milliseconds. */
  readonly connectMs: number
  /** Those of now; undefined: there are never any. */
  readonly faults?: (() => Faults) | undefined
  readonly watcher?: Watcher | undefined
  /** What the user should know: a sentence, and what to try. */
  report(line: string, hint?: string): void
}

export interface RunningTap {
  /** Where clients can connect, in the order of the options. */
  readonly urls: readonly string[]
  /** Clients so far. */
  connections(): number
  /** Ends all connections and stops listening. */
  close(): Promise<void>
}
