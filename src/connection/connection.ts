// The MQTT connection core: Session, codec and transport meet here, and only here. One object lives across
// reconnects; commands publish, subscribe, wait and close.
import type { Duplex } from 'node:stream'
import type { IDisconnectPacket, ISubackPacket, IUnsubackPacket, Packet } from 'mqtt-packet'
import { type AcknowledgeType, encodeAcknowledge } from '../codec/acknowledge.js'
import { generate } from '../codec/mqtt-packet.js'
import { encodePublish, type Publish, type PublishTemplate } from '../codec/publish.js'
import { type MqttxError, ProtocolError } from '../errors.js'
import { Session } from '../session/session.js'
import { attempt } from './attempt.js'
import type { Accepted } from './connect-packet.js'
import { Departures } from './departures.js'
import type { Answer, ConnectionEvents, SubscribeOptions } from './events.js'
import { beforeConnack, disconnected, notAllTaken, nothingTaken, sessionLost, told } from './failures.js'
import { Handshake } from './handshake.js'
import { Link, type LinkHandler } from './link.js'
import type { ConnectOptions } from './options.js'
import { isPassing, Redial } from './reconnect.js'
import { optionsByte, subscribePacket } from './subscribe-packet.js'
import { Terms } from './terms.js'
import type { Trace } from './trace.js'
import { Waiters } from './waiters.js'

interface Kept {
  readonly template: PublishTemplate
  readonly payload: Uint8Array
  readonly start: number
  readonly end: number
}

/**
 * `down`: no network connection, before the first and between two; `handshake`: from CONNECT to CONNACK; `up`: from
 * there to the loss; `closing`: DISCONNECT is on its way; `over`: for good.
 */
type Phase = 'down' | 'handshake' | 'up' | 'closing' | 'over'

export class Connection {
  readonly #options: ConnectOptions
  readonly #events: ConnectionEvents
  readonly #trace: Trace | undefined
  readonly #session: Session<Kept, Publish>
  #phase: Phase = 'down'
  #link: Link | undefined
  /** While the phase is 'handshake'. */
  #handshake: Handshake | undefined
  #failure: Error | undefined
  #delivering = true
  /** Of the connection at hand, or of the last one. */
  #terms: Terms | undefined
  #reason: string | undefined
  #lastMessageId = 0
  readonly #waiters = new Waiters()
  readonly #departures = new Departures()
  readonly #redial: Redial

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
          this.#events.message?.(publish)
        },
        settle: (messageId, reasonCode) => {
          this.#redial.useful()
          this.#events.settled?.(reasonCode, { messageId, reason: this.#reason })
        },
      },
      { version: options.version, maxInFlight: options.maxInFlight },
    )
    this.#redial = new Redial(
      (abort) => attempt(this.#options, (stream, signal) => this.#begin(stream, signal), abort),
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

  /** Resolves after `close()` or `destroy()`; rejects when the connection ends for good by itself. */
  ended(): Promise<void> {
    return this.#waiters.until(() => this.#ending)
  }

  /**
   * One SUBSCRIBE with all `filters`, under the Packet Identifier that it returns; the answer goes to `suback`.
   * @throws MqttxError when the server has said that it cannot
   */
  subscribe(filters: readonly string[], options: SubscribeOptions): number {
    const { version } = this.#options
    this.#terms!.checkSubscribe(filters, options)
    const messageId = this.#session.request('suback')
    const shown = { qos: options.qos, options: optionsByte(options, version) }
    this.#trace?.sendingSubscribe(messageId, filters, shown)
    this.#transmit(subscribePacket(messageId, filters, { options, version }))
    return messageId
  }

  /** One UNSUBSCRIBE, as above; the answer goes to `unsuback`. */
  unsubscribe(filter: string): number {
    const messageId = this.#session.request('unsuback')
    this.#trace?.sending(`UNSUBSCRIBE (Mid: ${messageId}, Topic: ${filter})`)
    const { unsubscribe: properties } = this.#options.properties
    this.#transmit({
      cmd: 'unsubscribe',
      messageId,
      unsubscriptions: [filter],
      ...(properties && { properties }),
    })
    return messageId
  }

  /** Forgets acknowledgements that are collected but not written: their messages stay the server's. */
  discard(): void {
    this.#link?.batch.discard()
  }

  /** Hands no further message to the command and acknowledges none: they stay the server's. */
  stopDelivery(): void {
    this.#delivering = false
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
    const { disconnect: properties } = this.#options.properties
    const goodbye: IDisconnectPacket = { cmd: 'disconnect', reasonCode, ...(properties && { properties }) }
    const packet = generate(goodbye, this.#options.version)
    const before = link.unsent + link.batch.pending
    const closed = await link.close(packet, limitMs)
    this.#phase = 'over'
    if (this.#failure !== undefined) throw this.#failure
    if (closed !== 'taken' && before > 0) throw closed === 'stuck' ? nothingTaken() : notAllTaken()
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

  async #begin(stream: Duplex, signal: AbortSignal): Promise<void> {
    const { version, properties } = this.#options
    const maxPacketSize = properties.connect?.maximumPacketSize as number | undefined
    const link = new Link(stream, this.#handler(), { version, maxPacketSize, mark: this.#departures.sent })
    this.#link = link
    await this.#shakeHands(signal).catch((error: unknown) => {
      link.destroy()
      throw error
    })
  }

  async #shakeHands(signal: AbortSignal): Promise<void> {
    const sessionKept = (this.#terms?.sessionExpiry ?? 0) > 0
    const cleanStart = this.#options.cleanStart && !sessionKept
    const transmit = (packet: Packet) => this.#transmit(packet)
    const handshake = new Handshake({ connect: this.#options, cleanStart, trace: this.#trace, transmit })
    this.#phase = 'handshake'
    this.#handshake = handshake
    handshake.start()
    this.flush()
    signal.addEventListener('abort', () => this.#handshakeFailed(signal.reason as Error), { once: true })
    return handshake.done
  }

  #handshakeFailed(error: Error): void {
    if (this.#phase === 'handshake') this.#phase = 'down'
    this.#handshake?.fail(error)
    this.#handshake = undefined
  }

  #handler(): LinkHandler {
    return {
      publish: (publish) => this.#onPublish(publish),
      acknowledge: (type, messageId, reasonCode, properties) => {
        this.#reason = told(properties)
        this.#onAcknowledge(type, messageId, reasonCode)
      },
      packet: (packet) => this.#onPacket(packet),
      chunkEnd: () => this.#onChunkEnd(),
      drained: () => this.#waiters.wake(),
      pinged: () => this.#trace?.sending('PINGREQ'),
      lost: (error) => this.#onLost(error),
      failed: (error) => this.#onFailed(error),
    }
  }

  #onPublish(publish: Publish): void {
    this.#checkAccepted('PUBLISH')
    if (!this.#delivering) return
    this.#terms!.resolve(publish)
    this.#trace?.receivedPublish(publish)
    this.#session.receive(publish)
  }

  #onAcknowledge(type: AcknowledgeType, messageId: number, reasonCode: number): void {
    this.#checkAccepted('An acknowledgement')
    this.#trace?.receivedAcknowledge(type, messageId, reasonCode)
    this.#session.acknowledged(type, messageId, reasonCode)
  }

  /** @throws ProtocolError 0x82 before CONNACK: whoever sends has not proved to be the server [MQTT-3.2.0-1] */
  #checkAccepted(what: string): void {
    if (this.#handshake !== undefined) throw beforeConnack(what)
  }

  #onPacket(packet: Packet): void {
    if (this.#handshake !== undefined) return this.#onHandshake(this.#handshake, packet)
    switch (packet.cmd) {
      case 'suback':
        return this.#onSuback(packet)
      case 'unsuback':
        return this.#onUnsuback(packet)
      case 'pingresp':
        return this.#trace?.received('PINGRESP')
      case 'disconnect':
        return this.#onDisconnect(packet)
      default:
        throw new ProtocolError(`${packet.cmd.toUpperCase()} from the server`, 0x82)
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
    this.#handshake = undefined // what follows in the same chunk is no longer part of it
    handshake.succeed()
  }

  #adopt(accepted: Accepted): void {
    this.#terms = new Terms(accepted, this.#options)
    this.#session.limit(this.#terms.receiveMaximum)
    if (!accepted.sessionPresent && this.#session.begin()) throw sessionLost()
    this.#link!.startKeepAlive(this.#terms.keepAlive)
  }

  #onSuback(packet: ISubackPacket): void {
    this.#trace?.received('SUBACK')
    this.#session.answered('suback', packet.messageId!)
    this.#events.suback?.(packet.granted as number[], answerOf(packet))
  }

  #onUnsuback(packet: IUnsubackPacket): void {
    this.#trace?.received('UNSUBACK')
    this.#session.answered('unsuback', packet.messageId!)
    this.#events.unsuback?.([packet.granted ?? []].flat() as number[], answerOf(packet))
  }

  #onDisconnect(packet: IDisconnectPacket): void {
    const code = packet.reasonCode ?? 0
    this.#trace?.plain(`Received DISCONNECT (${code})`)
    if (this.#options.version < 5) throw new ProtocolError('DISCONNECT from a MQTT 3.1.1 server', 0x82)
    this.#link!.destroy()
    this.#onLost(disconnected(code, packet.properties))
  }

  #onChunkEnd(): void {
    this.#link!.flushAfter(this.#events.chunkEnd?.())
    this.#waiters.wake()
  }

  #onLost(error: MqttxError): void {
    if (this.#phase === 'handshake') return this.#handshakeFailed(error)
    if (this.#phase !== 'up') return
    this.#down()
    if (this.#options.reconnects === 0 || !isPassing(error)) return this.#fail(error)
    const lost = { error, now: performance.now() }
    this.#redial.connect(this.#options.reconnects, lost).catch((last: unknown) => {
      if (!this.#ending) this.#fail(last as Error)
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
    const { batch } = this.#link!
    batch.append(bytes, 0, bytes.length)
  }

  #acknowledge(type: AcknowledgeType, messageId: number, reasonCode: number): void {
    this.#trace?.sendingAcknowledge(type, messageId, reasonCode)
    const link = this.#link!
    link.acknowledged()
    encodeAcknowledge(link.batch, type, messageId, reasonCode)
  }

  #republish({ template, payload, start, end }: Kept, messageId: number): void {
    this.#trace?.sendingPublish(template, messageId, true, end - start)
    encodePublish(this.#link!.batch, template, messageId, true, payload, start, end)
  }
}

function answerOf({ messageId = 0, properties }: ISubackPacket | IUnsubackPacket): Answer {
  return { messageId, reason: told(properties) }
}
