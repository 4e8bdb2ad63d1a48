// What `import { connect } from 'mqttx'` offers: every name that a user of the library can meet, and nothing of ours.
// It compiles without @types/node, and without TypeScript's library of explicit resource management.

declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

/** Quality of Service (MQTT 5.0, 4.3). */
export type QoS = 0 | 1 | 2

/** Bytes are sent unchanged, a string as UTF-8. */
export type Payload = string | Uint8Array

/** Buffer if @types/node is present, otherwise Uint8Array. */
export type Bytes = typeof globalThis extends { Buffer: { isBuffer(value: unknown): value is infer B } }
  ? B
  : Uint8Array

/** The class URL if its type is present (@types/node or lib `dom`). */
export type Url = typeof globalThis extends { URL: { prototype: infer U } } ? U : never

/** The class AbortSignal if its type is present. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : never

/** A Will Message (MQTT 5.0, 3.1.2.5), published by the server if the connection is lost. */
export interface Will {
  readonly topic: string
  readonly payload?: Payload
  readonly qos?: QoS
  readonly retain?: boolean
  /** MQTT 5 only. */
  readonly properties?: WillProperties
}

/**
 * Files are in PEM format. `mqtts:`, `wss:` and port 8883 turn TLS on; so do `ca`, `cafile` and `capath` with any URL.
 * Without TLS the other options are errors.
 */
export interface TlsOptions {
  /** CA certificates to trust instead of the operating system's. */
  readonly cafile?: string
  readonly capath?: string
  /** CA certificates as PEM text or bytes. */
  readonly ca?: string | Uint8Array
  /**
   * Client certificate and key: both or none. Bytes, or a string that contains `-----BEGIN `, are PEM text; any other
   * string is a path, which is read for each connection.
   */
  readonly cert?: string | Uint8Array
  readonly key?: string | Uint8Array
  /** Passphrase of an encrypted key. */
  readonly keyPassphrase?: string
  /** File with the passphrase of an encrypted key. Without it, prompts on the terminal, if there is one. */
  readonly keyPassphraseFile?: string
  /** The ALPN protocol to offer (RFC 7301). */
  readonly alpn?: string
  /** Accepts a certificate for another host; the chain is still verified. */
  readonly insecure?: boolean
}

/**
 * `connect()` rejects if an option is unknown, of the wrong type, out of range, or without effect. Only own properties
 * are read, here and in all other options.
 */
export interface ConnectOptions {
  /** 3 is MQTT 3.1, 4 is MQTT 3.1.1 (the default), 5 is MQTT 5.0. */
  readonly protocolVersion?: 3 | 4 | 5
  /** The Client Identifier; by default the server assigns one. */
  readonly clientId?: string
  /** False to resume the Session of `clientId`, which is then required. Default true. */
  readonly cleanStart?: boolean
  /** Session Expiry Interval in seconds, 0 to 4,294,967,295 (never expires); MQTT 5 only. Default 0. */
  readonly sessionExpiry?: number
  /** Keep Alive in seconds, 0 (off) to 65,535. Default 60. */
  readonly keepAlive?: number
  /** Override those in the URL. Before MQTT 5 a password needs a user name. */
  readonly username?: string
  readonly password?: Payload
  readonly will?: Will
  readonly tls?: TlsOptions
  /** Additional HTTP headers of the WebSocket handshake as [name, value]; `ws:` and `wss:` only. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** Seconds from dialling to CONNACK, 1 to 2,000,000. Default 30. */
  readonly connectTimeout?: number
  /** Retries of the first connection, at least 0. Default 0: `connect()` rejects at once. */
  readonly retries?: number
  /** Reconnect attempts in a row before the client gives up, at least 0 (no reconnect). Default Infinity. */
  readonly reconnects?: number
  /** In-flight window: messages at QoS 1 and 2 at a time, 1 to 65,535. Default 20. */
  readonly maxInFlight?: number
  /** Aborts connecting: `connect()` rejects with its reason. No effect later: use `close()`. */
  readonly signal?: Signal
  /**
   * Called after each CONNACK, the first and later ones. The client resubscribes by itself.
   */
  readonly onConnect?: (connected: Connected) => void
  /** Called when the connection was lost or failed; the next attempt is in `delayMs` milliseconds. */
  readonly onRetry?: (error: Error, delayMs: number) => void
  /**
   * Called when messages were dropped because the queue of `subscription` was full, at most once per chunk read from the
   * network. `subscription.dropped` is their number. Without this callback a process warning is emitted once.
   */
  readonly onDrop?: (subscription: Subscription) => void
}

export interface Connected {
  /** Session Present of the CONNACK. */
  readonly sessionPresent: boolean
  /** True for the first connection, false for a reconnect. */
  readonly first: boolean
}

/** Names and values; a repeated name has a list of values. */
export type UserProperties = Readonly<Record<string, string | readonly string[]>>

/**
 * The name and value of each User Property in the order of the packet, which an object cannot always hold: it groups
 * repeated names and moves numbers to the front.
 */
export type UserPropertyPairs = readonly (readonly [name: string, value: string])[]

/** Properties of a PUBLISH to send (MQTT 5.0, 3.3.2.3). */
export interface PublishProperties {
  /** True: the payload is UTF-8 text. */
  readonly payloadFormatIndicator?: boolean
  /** Seconds. */
  readonly messageExpiryInterval?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Uint8Array
  readonly userProperties?: UserProperties | UserPropertyPairs
}

/** Properties of a Will Message (MQTT 5.0, 3.1.3.2). */
export interface WillProperties extends PublishProperties {
  /** Will Delay Interval in seconds, 0 to 4,294,967,295. */
  readonly willDelayInterval?: number
}

/** Properties of a received PUBLISH (MQTT 5.0, 3.3.2.3). */
export interface MessageProperties extends PublishProperties {
  readonly correlationData?: Bytes
  /** `userPropertyPairs()` returns them in their order. */
  readonly userProperties?: UserProperties
}

export interface PublishOptions {
  /** Default 0. */
  readonly qos?: QoS
  readonly retain?: boolean
  /** MQTT 5 only. */
  readonly properties?: PublishProperties
  /** Withdraws a message that has not been sent. A message already sent stays in flight, though `publish()` rejects. */
  readonly signal?: Signal
}

export interface SubscribeOptions {
  /** Maximum QoS of received messages. Default 0. */
  readonly qos?: QoS
  /** Do not receive own messages. This and the next two options: MQTT 5 only. */
  readonly noLocal?: boolean
  /** Keep the RETAIN flag as set by the publisher. */
  readonly retainAsPublished?: boolean
  /** Retained messages: 0 (default) send them, 1 only for a new subscription, 2 never. */
  readonly retainHandling?: 0 | 1 | 2
  /** Unsubscribes. `subscribe()` or the loop over the messages throws its reason. */
  readonly signal?: Signal
}

export interface RequestOptions {
  /** QoS of the request. Default 0. The answer has the QoS that the responder chooses. */
  readonly qos?: QoS
  /** Seconds to wait for the answer, 0.001 to 2,147,483. Default 10. */
  readonly timeout?: number
  readonly properties?: AnswerProperties
  /** Aborts waiting for the answer. */
  readonly signal?: Signal
}

export type AnswerProperties = Omit<PublishProperties, 'responseTopic' | 'correlationData'>

/** The answer of a handler; undefined publishes nothing. */
export type Answer =
  | Payload
  | { readonly payload: Payload; readonly qos?: QoS; readonly properties?: AnswerProperties }
  | undefined

export interface RespondOptions extends SubscribeOptions {
  /** Requests handled at a time, 1 to 1,000. Default 1: in order of arrival. */
  readonly concurrency?: number
  /**
   * Called if the handler throws, the request has no valid Response Topic, or the answer is refused. The responder
   * continues. Without this callback an error of the handler ends it (`closed` rejects), and other errors emit a process
   * warning once.
   */
  readonly onError?: (error: Error, request: Message) => void
}

/** Answers requests on its Topic Filters. */
export interface Responder {
  readonly filters: readonly string[]
  /** Stops accepting requests. Resolves with UNSUBACK. */
  unsubscribe(): Promise<void>
  /**
   * Resolves after `unsubscribe()` or `close()` when pending requests are answered. Rejects if the connection failed for
   * good or the handler threw.
   */
  readonly closed: Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A received message. */
export interface Message {
  readonly topic: string
  readonly payload: Bytes
  readonly qos: QoS
  readonly retain: boolean
  /** MQTT 5 only, if there are any. */
  readonly properties: MessageProperties | undefined
}

/**
 * Messages of its Topic Filters, in order of arrival. The queue holds 1,000 messages. Beyond that:
 * - At QoS 1 and 2 messages are queued but not acknowledged, nor are later ones of other subscriptions [MQTT-4.6.0-2].
 *   The server stops at its limit of messages in flight: with MQTT 5 at most 1,000 (Receive Maximum), before that its
 *   own. More than 65,535 end the connection.
 * - At QoS 0, if this is the only subscription and no other call awaits the server, the connection is not read until
 *   the queue has room. Otherwise messages are dropped and counted, and `onDrop` is called.
 *
 * Publishing, other subscriptions at QoS 0 and PINGREQ are not affected. The loop ends after `unsubscribe()` or
 * `close()`, and throws if the connection failed for good. Leaving the loop unsubscribes.
 */
export interface Subscription extends AsyncIterableIterator<Message> {
  /** The first Topic Filter. */
  readonly filter: string
  readonly filters: readonly string[]
  /** The granted QoS; for several Topic Filters the lowest. */
  readonly qos: QoS
  /** Number of messages dropped because the queue was full. */
  readonly dropped: number
  unsubscribe(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A client that reconnects after a lost connection and keeps its subscriptions and messages in flight. */
export interface Client {
  /** True from CONNACK until the connection is lost or closed. */
  readonly connected: boolean
  /** Session Present of the last CONNACK. */
  readonly sessionPresent: boolean
  /**
   * Resolves when the message is passed to the connection (QoS 0) or acknowledged (QoS 1 and 2). Do not change
   * `payload` before that.
   * @throws MqttxError for an invalid topic or option, a message that is refused (`reasonCode`) or cannot be sent, or if
   * the connection fails for good before the acknowledgement
   */
  publish(topic: string, payload: Payload, options?: PublishOptions): Promise<void>
  /**
   * Resolves when the server has granted the subscription. Several Topic Filters are sent in one packet and succeed or
   * fail together. If Topic Filters overlap, a server sends a message once or once for each; every copy is delivered to
   * every matching subscription.
   * @throws MqttxError for an invalid Topic Filter or option, or if it is refused (`reasonCode`)
   */
  subscribe(filter: string | readonly string[], options?: SubscribeOptions): Promise<Subscription>
  /**
   * Publishes with a Response Topic and Correlation Data (MQTT 5.0, 4.10) and resolves to the answer. A request that
   * times out before it is sent is dropped.
   * @throws MqttxError before MQTT 5, for an invalid topic or option, if the request is refused, or with `exitCode` 27 if
   * no answer arrives in time
   */
  request(topic: string, payload: Payload, options?: RequestOptions): Promise<Message>
  /**
   * Subscribes, calls `handler` for each request, and publishes its result to the Response Topic with the Correlation
   * Data and QoS of the request (MQTT 5.0, 4.10).
   * @throws MqttxError before MQTT 5, for an invalid Topic Filter or option, or if the subscription is refused
   */
  respond(
    filter: string | readonly string[],
    handler: (request: Message) => Answer | Promise<Answer>,
    options?: RespondOptions,
  ): Promise<Responder>
  /**
   * Waits until all published messages are sent and acknowledged, then sends DISCONNECT and closes. Calls waiting for a
   * reconnect, and all later calls, reject with `The client is closed`. Without a connection and without unacknowledged
   * messages it ends at once. It always ends: limited by `reconnects`, or by `connectTimeout` without an acknowledgement.
   * @throws MqttxError if some messages were not sent or acknowledged; `cause` is the last connection error if there is
   * no connection
   */
  close(): Promise<void>
  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
  /** Resolves after `close()`; rejects if the connection failed for good or `close()` rejected. */
  readonly closed: Promise<void>
}

/** A client, as `authorize` is asked about it. */
export interface BrokerClient {
  readonly clientId: string
  readonly username: string | undefined
}

export interface StartBrokerOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string
  /** TCP port, 0 to 65,535. Default 0: a free one. */
  readonly port?: number
  /** Port for WebSocket as well; 0 is a free one. */
  readonly wsPort?: number
  /**
   * Whether the password is right; a promise is waited for at most 10 seconds. If it throws, the client is refused.
   * Without it there are no users, and a user name is ignored.
   */
  readonly authenticate?: (username: string, password: Bytes) => boolean | Promise<boolean>
  /**
   * Whether a client may publish to a topic, subscribe to a Topic Filter or receive a message of a topic. Called for each
   * message; must return a boolean. If it throws, the answer is no. Default: everything is allowed.
   */
  readonly authorize?: (
    client: BrokerClient,
    action: 'publish' | 'subscribe' | 'receive',
    topic: string,
  ) => boolean
  /** Admit clients without a user name from other machines, or beside `authenticate`. Default false. */
  readonly allowAnonymous?: boolean
  /** Maximum QoS. Default 2. */
  readonly maxQos?: QoS
  /** Retain Available. Default true. */
  readonly retain?: boolean
  /** Maximum Packet Size in bytes, 20 to 268,435,460 (the default). */
  readonly maxPacketSize?: number
  /** Receive Maximum, 1 to 65,535 (the default). */
  readonly receiveMaximum?: number
  /** Longest Keep Alive in seconds, to 65,535. Default 0: no limit. */
  readonly maxKeepAlive?: number
  /** Topic Alias Maximum, 0 to 65,535. Default 10. */
  readonly topicAliasMaximum?: number
  /** Called with each line of the log, without its end. If it throws, a process warning is emitted once. */
  readonly onLog?: (line: string) => void
}

/** A broker that runs in this process. */
export interface Broker {
  /** For clients, as `mqtt://127.0.0.1:40123`. */
  readonly url: string
  /** Of all listeners, MQTT over TCP first. */
  readonly urls: readonly string[]
  readonly host: string
  readonly port: number
  /** Disconnects all clients and stops listening. */
  close(): Promise<void>
  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
