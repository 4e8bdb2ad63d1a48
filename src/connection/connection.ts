// The MQTT connection core: one object across reconnects, in which Session, codec and transport meet.
import type { Duplex } from 'node:stream'
import type { IDisconnectPacket, Packet } from 'mqtt-packet'
import { type AcknowledgeType, encodeAcknowledge } from '../codec/acknowledge.js'
import { generate } from '../codec/mqtt-packet.js'
import { encodePublish, type Outgoing, type Publish, type PublishTemplate } from '../codec/publish.js'
import type { MqttxError } from '../errors.js'
import { Session } from '../session/session.js'
import { attempt } from './attempt.js'
import { type Accepted, disconnectPacket } from './connect-packet.js'
import { Departures } from './departures.js'
import type { ConnectionEvents, SubscribeOptions } from './events.js'
import { disconnected, notMadeAgain, notTaken, sessionLost } from './failures.js'
import { Handshake } from './handshake.js'
import { LikelyCause } from './likely-cause.js'
import { Link, type LinkHandler } from './link.js'
import type { ConnectOptions } from './options.js'
import { Receiver } from './receiver.js'
import { isPassing, Redial } from './reconnect.js'
import { optionsByte, subscribePacket, unsubscribePacket } from './subscribe-packet.js'
import { Terms } from './terms.js'
import type { Trace } from './trace.js'
import { Waiters } from './waiters.js'

/**
 * `down`: no network connection, before the first and between two; `handshake`: from CONNECT to CONNACK; `up`: from
 * there to the loss; `closing`: DISCONNECT is on its way; `over`: for good.
 */
type Phase = 'down' | 'handshake' | 'up' | 'closing' | 'over'

export class Connection {
  readonly #options: ConnectOptions
  readonly #events: ConnectionEvents
  readonly #trace: Trace | undefined
  readonly #session: Session<Outgoing, Publish>
  #phase: Phase = 'down'
  #link: Link | undefined
  readonly #receiver: Receiver
  #failure: Error | undefined
  /** Of the connection at hand, or of the last one. */
  #terms: Terms | undefined
  #lastMessageId = 0
  readonly #waiters = new Waiters()
  readonly #departures = new Departures()
  readonly #redial: Redial
  readonly #likelyCause: LikelyCause

  constructor(options: ConnectOptions, events: ConnectionEvents, trace?: Trace) {
    this.#options = options
    this.#events = events
    this.#trace = trace
    if (trace !== undefined) trace.clientId = options.clientId
    this.#session = new Session(
      {
        republish: (kept, messageId) => this.#republish(kept, messageId),
        acknowledge: (type, messageId, reasonCode) => this.#acknowledge(type, messageId, reasonCode),
        deliver: (publish) => {
          this.#redial.useful()
          this.#events.message?.(publish, this.#session)
        },
        settle: (messageId, reasonCode) => {
          this.#redial.useful()
          this.#events.settled?.(reasonCode, { messageId, reason: this.#receiver.reason })
        },
      },
      options,
    )
    this.#likelyCause = new LikelyCause(options.clientId)
    this.#receiver = new Receiver({
      session: this.#session,
      events,
      trace,
      version: options.version,
      handshake: (handshake, packet) => this.#onHandshake(handshake, packet),
      disconnect: (packet) => this.#onDisconnect(packet),
    })
    this.#redial = new Redial(
      (signal, again) => attempt(this.#options, { again, begin: this.#begin.bind(this) }, signal),
      (error, delayMs) => this.#events.retrying?.(error, delayMs),
    )
  }

  /** True while `publish` may be called. */
  get ready(): boolean {
    return this.#phase === 'up' && this.#link!.batch.writable && this.#session.open
  }

  /** True between CONNACK and the loss or end of the network connection. */
  get up(): boolean {
    return this.#phase === 'up'
  }

  /** PUBLISH packets at QoS 1 and 2 without their last acknowledgement. */
  get inFlight(): number {
    return this.#session.inFlight
  }

  /** PUBLISH packets at QoS 0 that were given to a connection that was lost before the system had taken them. */
  get lost(): number {
    return this.#departures.lost
  }

  /** The Packet Identifier of the last PUBLISH, under which `settled` tells how it went; at QoS 0 nobody will. */
  get lastMessageId(): number {
    return this.#lastMessageId
  }

  /**
   * Connects, with as many further attempts as the options allow.
   * @throws ConnectionError, ConnectRefused, ProtocolError
   */
  async connect(): Promise<void> {
    await this.#redial.connect(this.#options.retries).catch((error: unknown) => {
      throw this.#failure ?? error
    })
  }

  /**
   * Sends `payload` from `start` to `end`. Call it only while `ready`; false says that `drain()` must be awaited
   * before the next. The payload of QoS 1 and 2 is kept, not copied, until it is acknowledged.
   * @throws MqttxError when the server has said that it would not take it; nothing is sent then
   */
  publish(template: PublishTemplate, payload: Uint8Array, start = 0, end = payload.length): boolean {
    const { qos } = template
    const link = this.#link!
    const wire = this.#terms!.wire(template, end - start)
    const messageId = this.#session.publish(qos, qos === 0 ? undefined : { template, payload, start, end })
    this.#lastMessageId = messageId
    encodePublish(link.batch, wire, messageId, false, payload, start, end)
    if (qos === 0) this.#departures.next(link)
    this.#trace?.sendingPublish(wire, messageId, false, end - start)
    return link.batch.writable && (qos === 0 || this.#session.open)
  }

  /** Writes what `publish` has collected. */
  flush(): void {
    this.#link?.batch.flush()
  }

  /**
   * Resolves when `publish` may be called again.
   * @throws the error that ended the connection for good
   */
  drain(): Promise<void> {
    this.flush()
    return this.#waiters.until(() => this.ready)
  }

  /** Resolves when every PUBLISH at QoS 1 and 2 has its last acknowledgement and the connection is up. */
  idle(): Promise<void> {
    this.flush()
    return this.#waiters.until(() => this.up && this.#session.inFlight === 0)
  }

  /**
   * Resolves when the server has released every message at QoS 2 that was delivered: before that, it would send the
   * message again to whoever takes the Session up. At once where the Session ends with the connection.
   */
  released(): Promise<void> {
    const kept = this.#options.version === 5 ? this.#sessionKept : !this.#options.cleanStart
    return this.#waiters.until(() => !kept || this.#session.unreleased === 0)
  }

  /** Resolves after `close()` or `destroy()`; rejects when the connection ends for good by itself. */
  ended(): Promise<void> {
    return this.#waiters.until(() => this.#ending)
  }

  /**
   * One SUBSCRIBE with all `filters`, under the Packet Identifier that it returns; the answer goes to `suback`.
   * @throws MqttxError when the server has said that it takes no such packet; nothing is sent then
   */
  subscribe(filters: readonly string[], options: SubscribeOptions): number {
    const { version } = this.#options
    this.#terms!.checkSubscribe(filters, options)
    const packetOf = (id: number) => subscribePacket(id, filters, { options, version })
    const messageId = this.#request('suback', filters.length, packetOf)
    const shown = { qos: options.qos, options: optionsByte(options, version) }
    this.#trace?.sendingSubscribe(messageId, filters, shown)
    return messageId
  }

  /** One UNSUBSCRIBE, as above; the answer goes to `unsuback`. */
  unsubscribe(filters: readonly string[]): number {
    const packetOf = (id: number) => unsubscribePacket(id, filters, this.#options.properties)
    const messageId = this.#request('unsuback', filters.length, packetOf)
    this.#trace?.sending(`UNSUBSCRIBE (Mid: ${messageId}, Topic: ${filters.join(', Topic: ')})`)
    return messageId
  }

  #request(answer: 'suback' | 'unsuback', filters: number, packetOf: (messageId: number) => Packet): number {
    const messageId = this.#session.request(answer, filters)
    const bytes = generate(packetOf(messageId), this.#options.version)
    const refusal = this.#terms!.refusesSize(bytes.length)
    if (refusal !== undefined) {
      this.#session.answered(answer, messageId) // the Packet Identifier is free again
      throw refusal
    }
    this.#link!.batch.append(bytes, 0, bytes.length)
    return messageId
  }

  /** Forgets acknowledgements that are collected but not written: their messages stay the server's. */
  discard(): void {
    this.#link?.batch.discard()
  }

  /** Hands no further message to the command and acknowledges none: they stay the server's. */
  stopDelivery(): void {
    this.#receiver.delivering = false
  }

  /**
   * The polite end: everything written, DISCONNECT, FIN, and the server's own close.
   * @param reasonCode of the DISCONNECT (MQTT 5.0, 3.14.2.1); 4 asks for the Will Message
   * @param limitMs after so many milliseconds it ends whatever the server does
   * @throws ConnectionError when the server did not take what was written; what `abort` was given meanwhile
   */
  async close(reasonCode = 0, limitMs?: number): Promise<void> {
    if (this.#ending) return
    const link = this.#link
    const wasUp = this.up
    this.#finish(wasUp ? 'closing' : 'over')
    if (link === undefined || !wasUp) return link?.destroy()
    this.#trace?.sending('DISCONNECT')
    const { version, properties } = this.#options
    const before = link.unsent + link.batch.pending
    const closed = await link.close(generate(disconnectPacket(reasonCode, properties), version), limitMs)
    this.#phase = 'over'
    if (this.#failure !== undefined) throw this.#failure
    if (closed !== 'taken' && before > 0) throw notTaken(closed)
  }

  /** Ends at once with `error`, also while `close` waits; everybody who waits here gets it. */
  abort(error: Error): void {
    if (this.#phase === 'over') return
    this.#fail(error)
    this.destroy()
  }

  /** Nothing more is sent. */
  destroy(): void {
    this.#finish('over')
    this.#link?.destroy()
  }

  get #ending(): boolean {
    return this.#phase === 'closing' || this.#phase === 'over'
  }

  #finish(phase: 'closing' | 'over'): void {
    this.#phase = phase
    this.#redial.stop()
    this.#waiters.wake()
  }

  /** Resolves when the server has accepted the connection. */
  async #begin(stream: Duplex, options: ConnectOptions, signal: AbortSignal): Promise<void> {
    const { version, properties } = options
    const maxPacketSize = properties.connect?.maximumPacketSize as number | undefined
    const link = new Link(stream, this.#handler(), { version, maxPacketSize, mark: this.#departures.sent })
    this.#link = link
    signal.addEventListener('abort', () => this.#handshakeFailed(signal.reason as Error), { once: true })
    try {
      const cleanStart = options.cleanStart && !this.#sessionKept
      const transmit = (packet: Packet) => this.#transmit(packet)
      const handshake = new Handshake({ connect: options, cleanStart, trace: this.#trace, transmit })
      this.#phase = 'handshake'
      this.#receiver.handshake = handshake
      handshake.start()
      await handshake.done
    } catch (error) {
      this.#handshakeFailed(error as Error)
      link.destroy()
      throw error
    }
  }

  /** The Session outlives the network connection. */
  get #sessionKept(): boolean {
    return (this.#terms?.sessionExpiry ?? 0) > 0
  }

  #handshakeFailed(error: Error): void {
    if (this.#phase === 'handshake') this.#phase = 'down'
    this.#receiver.handshake?.fail(error)
    this.#receiver.handshake = undefined
  }

  #handler(): LinkHandler {
    const receiver = this.#receiver
    return {
      publish: (publish) => receiver.publish(publish),
      acknowledge: (...acknowledgement) => receiver.acknowledge(...acknowledgement),
      packet: (packet) => receiver.packet(packet),
      remark: (text) => this.#events.remark?.(`The server breaks a rule of MQTT: ${text}`),
      chunkEnd: () => this.#onChunkEnd(),
      drained: () => this.#waiters.wake(),
      pinged: () => this.#trace?.sending('PINGREQ'),
      lost: (error) => this.#onLost(error),
      failed: (error) => this.#onFailed(error),
    }
  }

  #onHandshake(handshake: Handshake, packet: Packet): void {
    let accepted: Accepted | undefined
    try {
      accepted = handshake.receive(packet)
      if (accepted === undefined) return
      this.#adopt(accepted)
    } catch (error) {
      this.#link!.stopReading()
      return this.#handshakeFailed(error as Error)
    }
    this.#phase = 'up'
    this.#redial.up(performance.now())
    this.#session.resume()
    this.#events.connected?.(accepted.sessionPresent)
    this.#receiver.handshake = undefined // what follows in the same chunk is no longer part of it
    handshake.succeed()
  }

  #adopt(accepted: Accepted): void {
    this.#terms = new Terms(accepted, this.#options)
    this.#receiver.terms = this.#terms
    this.#session.limit(this.#terms.receiveMaximum)
    if (!accepted.sessionPresent && this.#session.begin()) throw sessionLost()
    this.#link!.startKeepAlive(this.#terms.keepAlive)
  }

  #onDisconnect({ reasonCode = 0, properties }: IDisconnectPacket): void {
    this.#trace?.plain(`Received DISCONNECT (${reasonCode})`)
    this.#link!.destroy()
    this.#onLost(disconnected(reasonCode, properties))
  }

  #onChunkEnd(): void {
    this.#link!.flushAfter(this.#events.chunkEnd?.())
    this.#waiters.wake()
  }

  #onLost(failure: MqttxError): void {
    if (this.#phase === 'handshake') return this.#handshakeFailed(failure)
    if (this.#phase !== 'up') return
    const now = performance.now()
    const { requests, inFlight: publishes } = this.#session
    const error = this.#likelyCause.explain(failure, { requests, publishes, upMs: this.#redial.upFor(now) })
    this.#down()
    if (this.#options.reconnects === 0 || !isPassing(error, true)) return this.#fail(error)
    const lost = { error, now }
    this.#redial.connect(this.#options.reconnects, lost).catch((last: unknown) => {
      if (!this.#ending) this.#fail(notMadeAgain(last as Error))
    })
  }

  #down(): void {
    this.#phase = 'down'
    this.#departures.lostWith(this.#link!)
    this.#session.disconnected()
  }

  /** One of `#events` has thrown: that ends the connection, and reaches everybody who waits for it. */
  #onFailed(error: Error): void {
    if (this.#phase === 'up') this.#down()
    this.#handshakeFailed(error)
    this.abort(error)
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#phase = 'over'
    this.#waiters.fail(error)
  }

  #transmit(packet: Packet): void {
    const bytes = generate(packet, this.#options.version)
    this.#link!.batch.append(bytes, 0, bytes.length)
    this.flush()
  }

  #acknowledge(type: AcknowledgeType, messageId: number, reasonCode: number): void {
    this.#trace?.sendingAcknowledge(type, messageId, reasonCode)
    const link = this.#link!
    link.acknowledged()
    encodeAcknowledge(link.batch, type, messageId, reasonCode)
  }

  /** @returns 0, or the Reason Code with which the server would refuse it: then it is not sent */
  #republish({ template, payload, start, end }: Outgoing, messageId: number): number {
    const length = end - start
    const wire = this.#terms!.again(template, length)
    if ('reasonCode' in wire) {
      this.#receiver.reason = wire.hint
      return wire.reasonCode
    }
    this.#trace?.sendingPublish(wire, messageId, true, length)
    encodePublish(this.#link!.batch, wire, messageId, true, payload, start, end)
    return 0
  }
}
