// What the caller of the core provides: network connections, access control, and a receiver of events.
import type { ProtocolVersion } from '../../codec/publish.js'
import type { ConnectRequest } from './connect.js'

/** The actions that access control decides. `receive`: for each message before it is sent to the client. */
export type Action = 'publish' | 'subscribe' | 'receive'

/** The identity of a client, for access control. */
export interface Identity {
  readonly clientId: string
  readonly user: string | undefined
}

export type Authorize = (client: Identity, action: Action, topic: string) => boolean

/** The network connection of a client. */
export interface Sink {
  /** Writes bytes; `Connection.taken` is called when the network has taken them. */
  write(bytes: Uint8Array): void
  /** Closes after the bytes written so far. */
  end(): void
  /** Stops or resumes reading. Bytes that arrive nevertheless are kept. */
  pause(): void
  resume(): void
  /** Decides about a valid CONNECT: calls `Connection.accept` or `refuse`, now or later. */
  connecting(request: ConnectRequest): void
}

/** The facts about a client in events. */
export interface Client {
  readonly sink: Sink
  /** '' before there is one. */
  readonly clientId: string
  readonly version: ProtocolVersion
  /** Set once a valid CONNECT was read. */
  readonly request: ConnectRequest | undefined
  /** Seconds; 0: none. */
  readonly keepAlive: number
}

/** How a connection ended. */
export type Ending =
  /** DISCONNECT. */
  | { readonly by: 'client'; readonly reasonCode: number }
  /** The network closed. */
  | { readonly by: 'network' }
  /** By the server; `why` without a full stop. */
  | { readonly by: 'server'; readonly why: string; readonly reasonCode: number }

/** What is worth a line in a log. */
export interface Events {
  accepted(client: Client): void
  /** It got no further than CONNECT. */
  refused(client: Client, why: string): void
  closed(client: Client, ending: Ending): void
  /** A message to this client is lost for lack of room: the first one, or another in a row. */
  dropped(clientId: string, occasion: 'first' | 'again'): void
  /** A message could not be retained: there is no room. */
  notRetained(topic: string): void
  /** A client subscribes to topics of $SYS: they should have their values of now before it is sent them. */
  watched(): void
  /** A PUBLISH that this client may not send; it goes nowhere. */
  denied(client: Client, topic: string): void
}
