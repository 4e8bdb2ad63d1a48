// A persistent session (Clean Session 0): its subscriptions, and the QoS 1 and 2 messages that its client has not
// acknowledged yet, whether it is connected or not.

/** A PUBLISH as aedes hands it about. `brokerCounter` numbers the messages of this broker. */
export interface Message {
  readonly cmd: 'publish'
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: boolean
  readonly brokerId?: string | undefined
  readonly brokerCounter?: number | undefined
}

/** What is sent again, or for the first time, when the client returns: the PUBLISH, or the PUBREL that it waits for. */
export type Resend =
  | (Message & { messageId: number | undefined })
  | { cmd: 'pubrel'; messageId: number | undefined; brokerId: string | undefined; brokerCounter: number }

interface Outgoing {
  /** undefined once the client has the message (PUBREC) and only PUBREL and PUBCOMP are outstanding. */
  message: Message | undefined
  readonly size: number
  readonly counter: number
  readonly brokerId: string | undefined
  messageId: number | undefined
  /** The round of sending again in which it was handed to aedes. */
  round: number
  /** Handed to aedes, not on its way yet. */
  offered: boolean
}

/** What one absent client may cost: the reference keeps 1,000 messages; a test that publishes 100,000 fits as well. */
const maxMessages = 100_000
const maxBytes = 64 * 1024 * 1024

/** Bytes that all sessions of a broker hold together, with what each message costs beside its payload. */
export class Holding {
  readonly #most: number
  bytes = 0

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most
  }

  hasRoomFor(size: number): boolean {
    return this.bytes + size <= this.#most
  }
}

/** What a message costs beside its payload and topic, in bytes. */
export const messageOverhead = 400

export class StoredSession {
  readonly clientId: string
  /** Topic Filter -> QoS. */
  readonly subscriptions = new Map<string, number>()
  /** True from the first message that found the queue full until the client returns. */
  overflowed = false
  readonly #queue = new Map<number, Outgoing>()
  readonly #byId = new Map<number, Outgoing>()
  readonly #holding: Holding
  #bytes = 0
  /** The one that the round in progress, or the last one, is for: the only one that gets messages. */
  #connection: object | undefined
  /** True until all that waited has been sent: new messages queue behind it, and do not overtake it [MQTT-4.6.0-6]. */
  #resuming = false
  #round = 0
  /** How many are offered. */
  #offered = 0
  #taken = (): void => {}

  constructor(clientId: string, holding = new Holding()) {
    this.clientId = clientId
    this.#holding = holding
  }

  get queued(): number {
    return this.#queue.size
  }

  /** Keeps a message until it is acknowledged; false if the queue is full, as for the reference the newest is dropped. */
  enqueue(message: Message, qos: 1 | 2): boolean {
    const size = message.payload.length + message.topic.length
    if (this.#queue.size >= maxMessages || this.#bytes + size > maxBytes) return false
    if (!this.#holding.hasRoomFor(size + messageOverhead)) return false
    const counter = message.brokerCounter ?? 0
    const kept = { ...message, qos, retain: false, dup: false }
    const { brokerId } = message
    this.#queue.set(counter, {
      message: kept,
      size,
      counter,
      brokerId,
      messageId: undefined,
      round: 0,
      offered: false,
    })
    this.#bytes += size
    this.#holding.bytes += size + messageOverhead
    return true
  }

  /**
   * Whether that connection may be sent that message now. Not if it comes later in the order of the queue, if another
   * connection has begun, before CONNACK, or if there was no room for the message: without a place in the queue it
   * would go out of turn, with an identifier that may be in use.
   */
  maySend(connection: object, counter: number | undefined): boolean {
    const outgoing = this.#queue.get(counter ?? 0)
    if (outgoing === undefined || connection !== this.#connection) return false
    return !this.#resuming || (outgoing.round === this.#round && !outgoing.offered)
  }

  /** The message is about to be written: gives it a Packet Identifier that no other message of the session has. */
  sending(
    connection: object,
    packet: { messageId?: number | undefined; brokerCounter?: number | undefined },
  ): void {
    const outgoing = this.#queue.get(packet.brokerCounter ?? 0)
    if (outgoing === undefined || connection !== this.#connection) return
    this.#take(outgoing)
    if (outgoing.messageId === undefined && this.#byId.size < 65_535) {
      let id = packet.messageId ?? 1
      while (this.#byId.has(id)) id = (id % 65_535) + 1
      outgoing.messageId = id
      this.#byId.set(id, outgoing)
    }
    packet.messageId = outgoing.messageId ?? packet.messageId
  }

  /** PUBREC: the client has the message; the payload can go. Also when that PUBREL is sent once more. */
  release(connection: object, messageId: number): void {
    const outgoing = this.#byId.get(messageId)
    if (outgoing === undefined) return
    if (connection === this.#connection) this.#take(outgoing)
    this.#forget(outgoing)
  }

  /** PUBACK or PUBCOMP. */
  acknowledge(messageId: number): void {
    const outgoing = this.#byId.get(messageId)
    if (outgoing === undefined) return
    this.#take(outgoing)
    this.#byId.delete(messageId)
    this.#queue.delete(outgoing.counter)
    this.#forget(outgoing)
    this.#holding.bytes -= messageOverhead
  }

  /** The session ends: what it holds is forgotten. */
  discard(): void {
    for (const outgoing of this.#queue.values()) this.#forget(outgoing)
    this.#holding.bytes -= this.#queue.size * messageOverhead
    this.#queue.clear()
    this.#byId.clear()
  }

  /** The payload is not needed any more. */
  #forget(outgoing: Outgoing): void {
    if (outgoing.message === undefined) return
    this.#bytes -= outgoing.size
    this.#holding.bytes -= outgoing.size
    outgoing.message = undefined
  }

  /**
   * All that the client has not acknowledged, in order, then what arrives meanwhile; ends when nothing is left that
   * was not sent. A round that another connection of the same client begins ends this one.
   */
  async *resend(connection: object): AsyncGenerator<Resend> {
    const round = ++this.#round
    this.#connection = connection
    this.#resuming = true
    this.#taken() // an earlier round may be waiting
    this.#offered = 0
    for (const outgoing of this.#queue.values()) outgoing.offered = false
    for (;;) {
      for (const outgoing of this.#queue.values()) {
        if (outgoing.round === round) continue
        outgoing.round = round
        outgoing.offered = true
        this.#offered++
        yield asPacket(outgoing)
        if (this.#round !== round) return
      }
      if (this.#offered === 0) break
      await new Promise<void>((resolve) => {
        this.#taken = resolve
      })
      if (this.#round !== round) return
    }
    this.#resuming = false
  }

  #take(outgoing: Outgoing): void {
    if (!outgoing.offered) return
    outgoing.offered = false
    if (--this.#offered === 0) this.#taken()
  }
}

/** A message that has an identifier was sent before: [MQTT-3.3.1-1]. */
function asPacket({ message, messageId, brokerId, counter }: Outgoing): Resend {
  if (message === undefined) return { cmd: 'pubrel', messageId, brokerId, brokerCounter: counter }
  return { ...message, messageId, dup: messageId !== undefined }
}
