// What `import { connect } from 'mqttx'` offers: every name that a user of the library can meet, and nothing of ours.
// It compiles without @types/node, and without TypeScript's library of explicit resource management.

declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

/** Quality of Service (MQTT 5.0, 4.3). */
export type QoS = 0 | 1 | 2

/** Bytes go out as they are, a string in UTF-8. */
export type Payload = string | Uint8Array

/** Buffer where the types of Node are there (@types/node); without them Uint8Array, which every Buffer is. */
export type Bytes = typeof globalThis extends { Buffer: { isBuffer(value: unknown): value is infer B } }
  ? B
  : Uint8Array

/** The class URL where its type is there (@types/node, or the library `dom`). */
export type Url = typeof globalThis extends { URL: { prototype: infer U } } ? U : never

/** The class AbortSignal where its type is there. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : never

/** A Will Message (MQTT 5.0, 3.1.2.5): published by the server when the connection is lost. */
export interface Will {
  readonly topic: string
  readonly payload?: Payload
  readonly qos?: QoS
  readonly retain?: boolean
  /** MQTT 5 only. */
  readonly properties?: WillProperties
}

/**
 * Paths are those of PEM files. `mqtts:`, `wss:` and port 8883 turn TLS on, and so do `ca`, `cafile` and `capath`, with any
 * URL; without TLS the others are refused.
 */
export interface TlsOptions {
  /** Certificates to trust instead of the operating system's. */
  readonly cafile?: string
  readonly capath?: string
  /** The certificates themselves, in PEM form, as one text or its bytes. */
  readonly ca?: string | Uint8Array
  /**
   * Our own certificate, for a server that asks, and its key: both or none. Bytes, and a string that has `-----BEGIN `,
   * are the PEM text itself; any other string is a path, which is read again for each connection.
   */
  readonly cert?: string | Uint8Array
  readonly key?: string | Uint8Array
  /** The passphrase of an encrypted key. */
  readonly keyPassphrase?: string
  /** A file with the passphrase of an encrypted key; without one it is asked for on the terminal, where there is one. */
  readonly keyPassphraseFile?: string
  /** The one protocol to offer (RFC 7301). */
  readonly alpn?: string
  /** Takes a certificate that was made for another host; its chain is checked all the same. */
  readonly insecure?: boolean
}

/**
 * What is unknown, of the wrong type, out of range, or has no effect where it stands makes `connect()` reject with an
 * error that names it. Only own properties are read, here and in all other options.
 */
export interface ConnectOptions {
  /** 3 is MQTT 3.1, 4 is MQTT 3.1.1 (the default), 5 is MQTT 5.0. */
  readonly protocolVersion?: 3 | 4 | 5
  /** The Client Identifier; by default the server chooses one. */
  readonly clientId?: string
  /** False to carry on with the Session of `clientId`, which is needed then. Default true. */
  readonly cleanStart?: boolean
  /** Seconds that the Session outlives the connection, 0 to 4,294,967,295 (never ends); MQTT 5 only. Default 0. */
  readonly sessionExpiry?: number
  /** Seconds, 0 for none, at most 65,535. Default 60. */
  readonly keepAlive?: number
  /** Instead of those in the URL. Before MQTT 5 a password needs a user name. */
  readonly username?: string
  readonly password?: Payload
  readonly will?: Will
  readonly tls?: TlsOptions
  /** Names and values of further header lines of the WebSocket's upgrade; for `ws:` and `wss:` only. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** Seconds from dialling to CONNACK, 1 to 2,000,000. Default 30. */
  readonly connectTimeout?: number
  /** Further attempts where the first connection cannot be made, at least 0. Default 0: `connect()` rejects at once. */
  readonly retries?: number
  /** Attempts in a row after a loss before the client gives up, at least 0 (a loss is the end). Default Infinity. */
  readonly reconnects?: number
  /** Messages at QoS 1 and 2 under way at once, 1 to 65,535. Default 20. */
  readonly maxInFlight?: number
  /** Ends the attempts to connect: `connect()` rejects with its reason. Later it has no effect: use `close()`. */
  readonly signal?: Signal
  /**
   * The server has accepted a connection, the first or a later one. Subscriptions are made again by the client, with
   * and without an earlier Session.
   */
  readonly onConnect?: (connected: Connected) => void
  /** The connection was lost, or could not be made: the next attempt comes in `delayMs`. */
  readonly onRetry?: (error: Error, delayMs: number) => void
  /**
   * Messages were dropped because `subscription` was full (see there); called at most once for each chunk read from the
   * network. `subscription.dropped` is their number. Without this callback a warning of the process says it once.
   */
  readonly onDrop?: (subscription: Subscription) => void
}

export interface Connected {
  /** The server has carried on with an earlier Session. */
  readonly sessionPresent: boolean
  /** False after a loss. */
  readonly first: boolean
}

/** Names and values; a name that is there several times has a list. */
export type UserProperties = Readonly<Record<string, string | readonly string[]>>

/** Properties of a message to be published (MQTT 5.0, 3.3.2.3). */
export interface PublishProperties {
  /** True: the payload is text in UTF-8. */
  readonly payloadFormatIndicator?: boolean
  /** Seconds. */
  readonly messageExpiryInterval?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Uint8Array
  readonly userProperties?: UserProperties
}

/** Properties of a Will Message (MQTT 5.0, 3.1.3.2). */
export interface WillProperties extends PublishProperties {
  /** Seconds that the server waits before it publishes the Will Message, 0 to 4,294,967,295. */
  readonly willDelayInterval?: number
}

/** Properties of a message that was received (MQTT 5.0, 3.3.2.3). */
export interface MessageProperties extends PublishProperties {
  readonly correlationData?: Bytes
}

export interface PublishOptions {
  /** Default 0. */
  readonly qos?: QoS
  readonly retain?: boolean
  /** MQTT 5 only. */
  readonly properties?: PublishProperties
  /** Takes back a message that has not been sent; one that has been is under way, though `publish()` rejects. */
  readonly signal?: Signal
}

export interface SubscribeOptions {
  /** The most that messages come with. Default 0. */
  readonly qos?: QoS
  /** None of our own messages; MQTT 5 only, as are the next two. */
  readonly noLocal?: boolean
  /** The RETAIN flag as the publisher set it. */
  readonly retainAsPublished?: boolean
  /** Retained messages: 0 (the default) send them, 1 for a new subscription only, 2 never. */
  readonly retainHandling?: 0 | 1 | 2
  /** Unsubscribes: `subscribe()`, or the loop over the messages, throws its reason. */
  readonly signal?: Signal
}

export interface RequestOptions {
  /** Of the request. Default 0. The answer comes at the QoS that the responder sends it with. */
  readonly qos?: QoS
  /** Seconds until the wait for the answer ends, 0.001 to 2,147,483. Default 10. */
  readonly timeout?: number
  readonly properties?: AnswerProperties
  /** Ends the wait for the answer. */
  readonly signal?: Signal
}

export type AnswerProperties = Omit<PublishProperties, 'responseTopic' | 'correlationData'>

/** What a responder answers; undefined: nothing is published. */
export type Answer =
  | Payload
  | { readonly payload: Payload; readonly qos?: QoS; readonly properties?: AnswerProperties }
  | undefined

export interface RespondOptions extends SubscribeOptions {
  /** Requests that are worked on at the same time, at least 1. Default 1: in the order in which they come. */
  readonly concurrency?: number
  /**
   * The handler has thrown, the request has no Response Topic that can be published to, or the answer was refused. The
   * responder goes on. Without this callback an error of the handler ends it (`closed` rejects), and the others are a
   * warning of the process, once.
   */
  readonly onError?: (error: Error, request: Message) => void
}

/** Answers the requests of its Topic Filters. */
export interface Responder {
  readonly filters: readonly string[]
  /** Takes no further request, and resolves when the server has forgotten the filters. */
  unsubscribe(): Promise<void>
  /**
   * Resolves after `unsubscribe()` or `close()`, when the requests at hand have been answered; rejects where the
   * connection has ended for good, or the handler has thrown.
   */
  readonly closed: Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A message that was received. */
export interface Message {
  readonly topic: string
  readonly payload: Bytes
  readonly qos: QoS
  readonly retain: boolean
  /** Of MQTT 5, where there are some. */
  readonly properties: MessageProperties | undefined
}

/**
 * Messages of its Topic Filters, in the order in which they came. Up to 1,000 wait here to be taken. Beyond that:
 * - At QoS 1 and 2 further messages are queued but not acknowledged, nor are those that come after them in other
 *   subscriptions [MQTT-4.6.0-2]. The server stops at its limit of messages in flight: with MQTT 5 at most 1,000
 *   (Receive Maximum), before that its own. More than 65,535 end the connection.
 * - At QoS 0 nothing can be withheld. Where this is the only subscription and no other call waits for the server, the
 *   connection is not read until there is room. Else messages are dropped and counted, and `onDrop` is called.
 *
 * Publishing, other subscriptions at QoS 0 and PINGREQ go on in any case. The loop ends after `unsubscribe()` or
 * `close()`, and throws where the connection has ended for good. Leaving it unsubscribes.
 */
export interface Subscription extends AsyncIterableIterator<Message> {
  /** The Topic Filter; of several the first. */
  readonly filter: string
  readonly filters: readonly string[]
  /** What the server has granted; for several filters the least of it. */
  readonly qos: QoS
  /** Messages that were dropped because nobody took them in time. */
  readonly dropped: number
  unsubscribe(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A connection to a server, which is made again when it is lost: subscriptions and messages under way live on. */
export interface Client {
  /** True between CONNACK and the loss or end of the connection. */
  readonly connected: boolean
  /** The server has carried on with an earlier Session, on the connection at hand or the last one. */
  readonly sessionPresent: boolean
  /**
   * Resolves at QoS 0 when the message has been given to the connection, at QoS 1 and 2 when the server has it. Until
   * then `payload` must not be changed.
   * @throws MqttxError where the topic or an option is wrong, the message is refused (`reasonCode`),
   * cannot be sent, or the connection has ended for good before it was acknowledged
   */
  publish(topic: string, payload: Payload, options?: PublishOptions): Promise<void>
  /**
   * Resolves when the server has granted the subscription; several filters go in one packet, and are granted all or
   * none. Where Topic Filters overlap, a server sends a message once
   * or once for each; each copy is given to every subscription that it matches.
   * @throws MqttxError where the filter or an option is wrong, or it is refused (`reasonCode`)
   */
  subscribe(filter: string | readonly string[], options?: SubscribeOptions): Promise<Subscription>
  /**
   * Publishes with a Response Topic and Correlation Data (MQTT 5.0, 4.10) and resolves to the answer. What waits for
   * a connection when the time is over is not sent.
   * @throws MqttxError before MQTT 5, where the topic or an option is wrong, where the request is refused, or with
   * `exitCode` 27 when no answer comes in time
   */
  request(topic: string, payload: Payload, options?: RequestOptions): Promise<Message>
  /**
   * Subscribes, calls `handler` with each request, and publishes what it returns to the Response Topic, with the
   * Correlation Data and at the QoS of the request (MQTT 5.0, 4.10). The next request waits for it.
   * @throws MqttxError before MQTT 5, where a filter or an option is wrong, or a subscription is refused
   */
  respond(
    filter: string | readonly string[],
    handler: (request: Message) => Answer | Promise<Answer>,
    options?: RespondOptions,
  ): Promise<Responder>
  /**
   * Waits until all that was published before is sent and acknowledged, sends DISCONNECT and closes. Calls that wait for
   * a lost connection to come back, and all later ones, reject: `The client is closed`. Without a connection, and
   * with nothing to be acknowledged, it ends at once. In any case it ends: by `reconnects`, or when for the seconds of
   * `connectTimeout` nothing has been acknowledged.
   * @throws MqttxError where the server did not take, or acknowledge, all that was sent; `cause` is the last loss of the
   * connection where there is none
   */
  close(): Promise<void>
  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
  /** Resolves after `close()`; rejects when the connection has ended for good by itself, or `close()` did. */
  readonly closed: Promise<void>
}
