// What the formatters take and where they write: a message as it came off the wire, a place for bytes, a clock.

/** The properties of a PUBLISH of MQTT 5.0 (3.3.2.3) in the order of the packet, under mqtt-packet's names. */
export interface MessageProperties {
  readonly payloadFormatIndicator?: boolean
  /** Seconds that the message had left when the server sent it. */
  readonly messageExpiryInterval?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Buffer
  /** Several when more than one of our subscriptions matched. */
  readonly subscriptionIdentifier?: number | readonly number[]
  readonly topicAlias?: number
  /** A name that occurs more than once has the list of its values. */
  readonly userProperties?: Readonly<Record<string, string | readonly string[]>>
}

/** A message as delivered to the user. The payload may be a view of a chunk: only good until the formatter returns. */
export interface ReceivedMessage {
  readonly topic: string
  readonly payload: Buffer
  /** The chunk that has the payload, from `payloadStart` to `payloadEnd`: for those who want no Buffer for each. */
  readonly bytes: Uint8Array
  readonly payloadStart: number
  readonly payloadEnd: number
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: boolean
  /** The Packet Identifier; 0 at QoS 0, which has none. */
  readonly messageId: number
  /** Undefined where the version of the protocol has none. */
  readonly properties: MessageProperties | undefined
}

/** Where output goes. What is handed over is not changed afterwards: long payloads are kept, not copied. */
export interface ByteSink {
  bytes(bytes: Uint8Array): void
  /** Appends what `bytes` has from `start` to `end`. */
  range(bytes: Uint8Array, start: number, end: number): void
  /** Appends text of the format itself, which no terminal needs to be protected from. */
  fixed(text: string): void
  /** Appends a line feed. */
  newline(): void
  /** Appends the text in UTF-8. */
  text(text: string): void
}

/** A moment of the civil clock. */
export interface WallTime {
  /** Whole seconds since 1970-01-01T00:00:00Z. */
  readonly seconds: number
  /** 0 to 999,999,999. */
  readonly nanoseconds: number
}

/** Reads the civil clock; formatters never read it themselves. */
export type WallClock = () => WallTime

/** Writes one message in its final form. */
export type Formatter = (message: ReceivedMessage, sink: ByteSink) => void
