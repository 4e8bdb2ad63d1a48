// What `import { connect } from 'mqttx'` offers: every name that a user of the library can meet, and nothing of ours.

/** Quality of Service (MQTT 5.0, 4.3). */
export type QoS = 0 | 1 | 2

/** Bytes go out as they are, a string in UTF-8. */
export type Payload = string | Uint8Array

/** A Will Message (MQTT 5.0, 3.1.2.5): published by the server when the connection is lost. */
export interface Will {
  readonly topic: string
  readonly payload?: Payload
  readonly qos?: QoS
  readonly retain?: boolean
}

/**
 * Paths are those of PEM files. `mqtts:`, `wss:` and port 8883 turn TLS on, and so do `cafile` and `capath`, with any
 * URL; without TLS the others are refused.
 */
export interface TlsOptions {
  /** Certificates to trust instead of the operating system's. */
  readonly cafile?: string
  readonly capath?: string
  /** Our own certificate, for a server that asks, and its key: both or none. */
  readonly cert?: string
  readonly key?: string
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
  /** Attempts in a row after a loss before the client gives up, at least 0 (a loss is the end). Default Infinity. */
  readonly reconnects?: number
  /** Messages at QoS 1 and 2 under way at once, 1 to 65,535. Default 20. */
  readonly maxInFlight?: number
  /** The connection was lost: the next attempt comes in `delayMs`. */
  readonly onRetry?: (error: Error, delayMs: number) => void
  /**
   * Messages were dropped because `subscription` was full (see there); called at most once for each chunk read from the
   * network. `subscription.dropped` is their number. Without this callback a warning of the process says it once.
   */
  readonly onDrop?: (subscription: Subscription) => void
}

/** Properties of a message (MQTT 5.0, 3.3.2.3). */
export interface MessageProperties {
  /** True: the payload is text in UTF-8. */
  readonly payloadFormatIndicator?: boolean
  /** Seconds. */
  readonly messageExpiryInterval?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Buffer
  readonly userProperties?: Readonly<Record<string, string | string[]>>
}

export interface PublishOptions {
  /** Default 0. */
  readonly qos?: QoS
  readonly retain?: boolean
  /** MQTT 5 only. */
  readonly properties?: MessageProperties
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
}

export interface RequestOptions {
  /** Of the request. Default 0. The answer comes at the QoS that the responder sends it with. */
  readonly qos?: QoS
  /** Seconds until the wait for the answer ends, 0.001 to 2,147,483. Default 10. */
  readonly timeout?: number
  readonly properties?: Omit<MessageProperties, 'responseTopic' | 'correlationData'>
}

/** A message that was received. */
export interface Message {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: QoS
  readonly retain: boolean
  /** Of MQTT 5, where there are some. */
  readonly properties: MessageProperties | undefined
}

/**
 * Messages of one Topic Filter, in the order in which they came. Up to 1,000 wait here to be taken. Beyond that:
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
  readonly filter: string
  /** What the server has granted. */
  readonly qos: QoS
  /** Messages that were dropped because nobody took them in time. */
  readonly dropped: number
  unsubscribe(): Promise<void>
}

/** A connection to a server, which is made again when it is lost: subscriptions and messages under way live on. */
export interface Client {
  /**
   * Resolves at QoS 0 when the message has been given to the connection, at QoS 1 and 2 when the server has it. Until
   * then `payload` must not be changed.
   * @throws MqttxError where the topic or an option is wrong, the message is refused (`exitCode` is the Reason Code),
   * cannot be sent, or the connection has ended for good before it was acknowledged
   */
  publish(topic: string, payload: Payload, options?: PublishOptions): Promise<void>
  /**
   * Resolves when the server has granted the subscription. Where Topic Filters overlap, a server sends a message once
   * or once for each; each copy is given to every subscription that it matches.
   * @throws MqttxError where the filter or an option is wrong, or it is refused (`exitCode` is the Reason Code)
   */
  subscribe(filter: string, options?: SubscribeOptions): Promise<Subscription>
  /**
   * Publishes with a Response Topic and Correlation Data (MQTT 5.0, 4.10) and resolves to the answer. What waits for
   * a connection when the time is over is not sent.
   * @throws MqttxError before MQTT 5, where the topic or an option is wrong, where the request is refused, or with
   * `exitCode` 27 when no answer comes in time
   */
  request(topic: string, payload: Payload, options?: RequestOptions): Promise<Message>
  /**
   * Waits until all that was published before is sent and acknowledged, sends DISCONNECT and closes. Calls that wait for
   * a lost connection to come back, and all later ones, reject: `The client is closed`. Without a connection, and
   * with nothing to be acknowledged, it ends at once. In any case it ends: by `reconnects`, or when for the seconds of
   * `connectTimeout` nothing has been acknowledged.
   * @throws MqttxError where the server did not take, or acknowledge, all that was sent; `cause` is the last loss of the
   * connection where there is none
   */
  close(): Promise<void>
  /** Resolves after `close()`; rejects when the connection has ended for good by itself, or `close()` did. */
  readonly closed: Promise<void>
}
