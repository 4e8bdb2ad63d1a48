// Types of the formatters: the received message, the output sink and the clock.

/** PUBLISH properties (MQTT 5.0, 3.3.2.3) in the order of the packet, under mqtt-packet's names. */
export interface MessageProperties {
  readonly payloadFormatIndicator?: boolean
  /** Seconds left when the server sent the message. */
  readonly messageExpiryInterval?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Buffer
  /** Several if more than one subscription matched. */
  readonly subscriptionIdentifier?: number | readonly number[]
  readonly topicAlias?: number
  /** A repeated name has a list of values. */
  readonly userProperties?: Readonly<Record<string, string | readonly string[]>>
}

/** A received message. The payload may be a view of a chunk, valid only until the formatter returns. */
export interface ReceivedMessage {
  readonly topic: string
  readonly payload: Buffer
  /** The chunk with the payload from `payloadStart` to `payloadEnd`: saves a Buffer per message. */
  readonly bytes: Uint8Array
  readonly payloadStart: number
  readonly payloadEnd: number
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: boolean
  /** The Packet Identifier; 0 at QoS 0. */
  readonly messageId: number
  /** Undefined before MQTT 5. */
  readonly properties: MessageProperties | undefined
}

/** The output. Bytes passed in must not change afterwards: long payloads are not copied. */
export interface ByteSink {
  bytes(bytes: Uint8Array): void
  /** Appends `bytes` from `start` to `end`. */
  range(bytes: Uint8Array, start: number, end: number): void
  /** Appends text of the format itself, which is not escaped for a terminal. */
  fixed(text: string): void
  /** Appends a line feed. */
  newline(): void
  /** Appends the text in UTF-8. */
  text(text: string): void
}

/** A wall-clock time. */
export interface WallTime {
  /** Whole seconds since 1970-01-01T00:00:00Z. */
  readonly seconds: number
  /** 0 to 999,999,999. */
  readonly nanoseconds: number
}

/** Reads the wall clock; formatters do not read it themselves. */
export type WallClock = () => WallTime

/** Writes one message in its final form. */
export type Formatter = (message: ReceivedMessage, sink: ByteSink) => void
