// A client's network connection: what the core writes goes into its stream.
import type { Duplex } from 'node:stream'
import { farewell } from '../transport/farewell.js'
import type { Origin } from '../transport/listeners.js'
import type { Sink } from './core/caller.js'
import type { ConnectRequest } from './core/connect.js'
import type { Connection } from './core/connection.js'
import { Outbox } from './outbox.js'

export interface PeerOptions {
  /** The system has taken so many more bytes. */
  taken(peer: Peer, bytes: number): void
  /** These bytes are about to be written. */
  readonly writing?: ((bytes: Uint8Array) => void) | undefined
  /** A CONNECT without a fault: may the client connect? */
  connecting(peer: Peer, request: ConnectRequest): void
}

export class Peer implements Sink {
  readonly stream: Duplex
  readonly origin: Origin
  /** Set right after the peer has been made. */
  connection!: Connection
  readonly #options: PeerOptions
  readonly #outbox: Outbox

  constructor(stream: Duplex, origin: Origin, options: PeerOptions) {
    this.stream = stream
    this.origin = origin
    this.#options = options
    this.#outbox = new Outbox(stream, (bytes) => options.taken(this, bytes))
  }

  write(bytes: Uint8Array): void {
    this.#options.writing?.(bytes)
    this.#outbox.add(bytes)
  }

  end(): void {
    farewell(this.stream, this.#outbox.takeRest())
  }

  pause(): void {
    this.stream.pause()
  }

  resume(): void {
    this.stream.resume()
  }

  connecting(request: ConnectRequest): void {
    this.#options.connecting(this, request)
  }
}
