// The MQTT connection core: one object across reconnects, in which Session, codec and transport meet.
import type { Duplex } from 'node:stream'
import type { IDisconnectPacket, Packet } from 'mqtt-packet'
import { type AcknowledgeType, encodeAcknowledge } from '../codec/acknowledge.js'
import { type ControlPacket, encodePacket } from '../codec/encoder.js'
import { encodePublish, type Outgoing, type Publish, type PublishTemplate } from '../codec/publish.js'
import { MqttxError } from '../errors.js'
import { Session } from '../session/session.js'
import { attempt } from './attempt.js'
import { type Accepted, disconnectPacket } from './connect-packet.js'
import type { ConnectionEvents, SubscribeOptions } from './events.js'
import { closeIncomplete, disconnected, reconnectFailed, sessionLost } from './failures.js'
import { Handshake } from './handshake.js'
import { LikelyCause } from './likely-cause.js'
import { Link, type LinkHandler } from './link.js'
import { Negotiated } from './negotiated.js'
import type { ConnectOptions } from './options.js'
import { QoS0Losses } from './qos0-losses.js'
import { Receiver } from './receiver.js'
import { isTransient, Reconnector } from './reconnect.js'
import type { PublishRefused } from './server-limits.js'
import { SessionSteps } from './session-steps.js'
import { type Connected, type Connecting, ConnectionState } from './state.js'
import { optionsByte, subscribePacket, unsubscribePacket } from './subscribe-packet.js'
import type { Trace } from './trace.js'
import { Waiters } from './waiters.js'

export class Connection {
  readonly #options: ConnectOptions
  readonly #events: ConnectionEvents
  readonly #trace: Trace | undefined
  readonly #session: Session<Outgoing, Publish>
  readonly #state = new ConnectionState()
  readonly #receiver: Receiver
  readonly #waiters = new Waiters()
  readonly #qos0Losses = new QoS0Losses()
  readonly #reconnector: Reconnector
  readonly #likelyCause: LikelyCause
  readonly #steps: SessionSteps | undefined

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
          this.#reconnector.delivered()
          this.#events.message?.(publish, this.#session)
        },
        settle: (messageId, reasonCode, reason) => {
          this.#reconnector.delivered()
          this.#events.settled?.(reasonCode, { messageId, reason })
        },
      },
      options,
    )
    const { steps } = options.endpoint
    this.#steps = steps && new SessionSteps(steps)
    this.#likelyCause = new LikelyCause(options.clientId, steps !== undefined && options.reconnects === 0)
    this.#receiver = new Receiver({
      state: this.#state,
      session: this.#session,
      events,
      trace,
      steps: this.#steps,
      version: options.version,
      handshake: (connecting, packet) => this.#onHandshake(connecting, packet),
      disconnect: (packet) => this.#onDisconnect(packet),
    })
    this.#reconnector = new Reconnector(
      (signal, again) => attempt(this.#options, { again, begin: this.#begin.bind(this) }, signal),
      (error, delayMs) => this.#events.retrying?.(error, delayMs),
    )
  }

  /** True while `publish` may be called. */
  get ready(): boolean {
    const { connected } = this.#state
    return connected?.link.batch.writable === true && this.#session.open
  }

  /** True from CONNACK to the loss or the close of the network connection. */
  get up(): boolean {
    return this.#state.connected !== undefined
  }

  /** PUBLISH packets at QoS 1 and 2 without their last acknowledgement. */
  get inFlight(): number {
    return this.#session.inFlight
  }

  /** PUBLISH packets at QoS 0 that were lost with a network connection: the operating system had not taken them. */
  get lost(): number {
    return this.#qos0Losses.lost
  }

  /**
   * Connects, with as many further attempts as the options allow.
   * @throws ConnectionError, ConnectRefused, ProtocolError
   */
  async connect(): Promise<void> {
    if (this.#state.ending) throw this.#state.failure ?? new MqttxError('The connection is closed')
    await this.#reconnector.connect(this.#options.retries).catch((error: unknown) => {
      throw this.#state.failure ?? error
    })
  }

  /**
   * Sends `payload` from `start` to `end`. Call it only while `ready`; after a loss, a message at QoS 1 or 2 is sent on
   * the next connection and one at QoS 0 counts as lost. The payload of QoS 1 and 2 is kept, not copied, until it is
   * acknowledged.
   * @returns the Packet Identifier, which `settled` reports at QoS 1 and 2; at QoS 0 a number that is not sent
   * @throws PublishRefused when CONNACK has said that the server would refuse it
   */
  publish(template: PublishTemplate, payload: Uint8Array, start = 0, end = payload.length): number {
    const { qos } = template
    const { connected } = this.#state
    if (connected === undefined) {
      if (qos === 0) this.#qos0Losses.addLost()
      return this.#session.publish(qos, { template, payload, start, end })
    }
    const { link, negotiated } = connected
    const form = negotiated.firstForm(template, end - start)
    const messageId = this.#session.publish(qos, qos === 0 ? undefined : { template, payload, start, end })
    encodePublish(link.batch, form, messageId, false, payload, start, end)
    if (qos === 0) this.#qos0Losses.add(link)
    this.#trace?.sendingPublish(form, messageId, false, end - start)
    return messageId
  }

  /** Writes what `publish` has collected. */
  flush(): void {
    this.#state.link?.batch.flush()
  }

  /**
   * Resolves when `publish` may be called again.
   * @throws the error that has ended the connection
   */
  drain(): Promise<void> {
    this.flush()
    return this.#until(() => this.ready)
  }

  /** Resolves when every PUBLISH at QoS 1 and 2 has its last acknowledgement and the connection is up. */
  idle(): Promise<void> {
    this.flush()
    return this.#until(() => this.up && this.#session.inFlight === 0)
  }

  /**
   * Resolves when the server has released every message at QoS 2 that was acknowledged: until then it would send the
   * message again when the Session is resumed. Resolves at once if the Session ends with the connection.
   */
  released(): Promise<void> {
    const { version, cleanStart } = this.#options
    const kept = version === 5 ? this.#state.sessionExpiry > 0 : !cleanStart
    return this.#until(() => !kept || this.#session.unreleased === 0)
  }

  /** Resolves after `close()` or `destroy()`; rejects with the error that ends the connection otherwise. */
  ended(): Promise<void> {
    return this.#until(() => this.#state.ending)
  }

  #until(ready: () => boolean): Promise<void> {
    const { failure } = this.#state
    return failure === undefined ? this.#waiters.until(ready) : Promise.reject(failure)
  }

  /**
   * Sends one SUBSCRIBE with all `filters`; the event `suback` reports the answer.
   * @returns the Packet Identifier
   * @throws MqttxError when CONNACK has said that the server would refuse it; nothing is sent then
   */
  subscribe(filters: readonly string[], options: SubscribeOptions): number {
    const { version } = this.#options
    this.#state.connected?.negotiated.checkSubscribe(filters, options)
    const packetOf = (id: number) => subscribePacket(id, filters, { options, version })
    const messageId = this.#request('suback', filters.length, packetOf)
    this.#steps?.subscribed(messageId, filters)
    const shown = { qos: options.qos, options: optionsByte(options, version) }
    this.#trace?.sendingSubscribe(messageId, filters, shown)
    return messageId
  }

  /** Sends one UNSUBSCRIBE, as above; the event `unsuback` reports the answer. */
  unsubscribe(filters: readonly string[]): number {
    const packetOf = (id: number) => unsubscribePacket(id, filters, this.#options.properties)
    const messageId = this.#request('unsuback', filters.length, packetOf)
    this.#trace?.sending(`UNSUBSCRIBE (Mid: ${messageId}, Topic: ${filters.join(', Topic: ')})`)
    return messageId
  }

  #request(
    answer: 'suback' | 'unsuback',
    filters: number,
    packetOf: (messageId: number) => ControlPacket,
  ): number {
    const { connected } = this.#state
    const messageId = this.#session.request(answer, filters)
    const bytes = encodePacket(packetOf(messageId), this.#options.version)
    const refusal = connected?.negotiated.refusesSize(bytes.length)
    if (refusal !== undefined) {
      this.#session.answered(answer, messageId) // the Packet Identifier is free again
      throw refusal
    }
    connected?.link.batch.append(bytes, 0, bytes.length)
    return messageId
  }

  /** Drops acknowledgements that are not written yet: the server will send their messages again. */
  discard(): void {
    this.#state.link?.batch.discard()
  }

  /** Delivers and acknowledges no further message: the server will send them again. */
  stopDelivery(): void {
    this.#receiver.delivering = false
  }

  /**
   * Writes everything, sends DISCONNECT and FIN, and waits for the server to close.
   * @param reasonCode of the DISCONNECT (MQTT 5.0, 3.14.2.1); 4 asks for the Will Message
   * @param limitMs closes after this many milliseconds whatever the server does
   * @throws ConnectionError when the server did not take what was written; the error passed to `abort` meanwhile
   */
  async close(reasonCode = 0, limitMs?: number): Promise<void> {
    if (this.#state.ending) return
    const { connected } = this.#state
    if (connected === undefined) return this.destroy()
    const { link } = connected
    this.#state.closing()
    this.#waiters.wake()
    this.#trace?.sending('DISCONNECT')
    const { version, properties } = this.#options
    const before = link.unsent + link.batch.pending
    const closed = await link.close(encodePacket(disconnectPacket(reasonCode, properties), version), limitMs)
    this.#state.ended()
    this.#steps?.ended(undefined)
    if (this.#state.failure !== undefined) throw this.#state.failure
    if (closed !== 'taken' && before > 0) throw closeIncomplete(closed)
  }

  /** Ends the connection at once, also while `close` waits. All waiting calls reject with `error`. */
  abort(error: Error): void {
    this.#end(error)
  }

  /** Ends the connection at once. Nothing more is sent. */
  destroy(): void {
    this.#end()
  }

  #end(failure?: Error): void {
    const { link } = this.#state
    if (!this.#state.ended(failure)) return
    this.#steps?.ended(failure)
    this.#reconnector.stop()
    if (failure === undefined) this.#waiters.wake()
    else this.#waiters.fail(failure)
    link?.destroy()
  }

  /** Resolves when the server has accepted the connection. */
  async #begin(stream: Duplex, options: ConnectOptions, signal: AbortSignal): Promise<void> {
    const { version, properties } = options
    const maxPacketSize = properties.connect?.maximumPacketSize as number | undefined
    const { encoded } = this.#qos0Losses
    options.observe?.(stream)
    const link = new Link(stream, this.#handler(), { version, maxPacketSize, encoded })
    try {
      const cleanStart = options.cleanStart && this.#state.sessionExpiry === 0
      const transmit = (packet: ControlPacket) => transmitTo(link, packet, this.#options.version)
      const handshake = new Handshake({ connect: options, cleanStart, trace: this.#trace, transmit })
      signal.addEventListener('abort', () => handshake.fail(signal.reason as Error), { once: true })
      if (!this.#state.opened(link, handshake)) throw signal.reason
      await handshake.start()
    } catch (error) {
      this.#state.lost()
      link.destroy()
      throw error
    }
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

  #onHandshake({ link, handshake }: Connecting, packet: Packet): void {
    let accepted: Accepted | undefined
    try {
      accepted = handshake.receive(packet)
      if (accepted === undefined) return
      this.#accept(accepted, link)
    } catch (error) {
      link.stopReading()
      return handshake.fail(error as Error)
    }
    try {
      this.#session.resume()
      this.#events.connected?.(accepted.sessionPresent, accepted.properties)
    } catch (error) {
      handshake.fail(error as Error)
      throw error
    }
    handshake.succeed()
  }

  /** @throws MqttxError when the server has lost the Session and QoS 2 messages are in flight */
  #accept(accepted: Accepted, link: Link): void {
    const negotiated = new Negotiated(accepted, this.#options)
    this.#session.limit(negotiated.receiveMaximum)
    if (!accepted.sessionPresent && this.#session.begin()) throw sessionLost()
    link.startKeepAlive(negotiated.keepAlive)
    this.#state.accepted(negotiated, performance.now())
    this.#steps?.accepted()
  }

  #onDisconnect({ reasonCode = 0, properties }: IDisconnectPacket): void {
    this.#trace?.plain(`Received DISCONNECT (${reasonCode})`)
    this.#state.link?.destroy()
    this.#onLost(disconnected(reasonCode, properties))
  }

  #onChunkEnd(): void {
    this.#state.link?.flushAfter(this.#events.chunkEnd?.())
    this.#waiters.wake()
  }

  #onLost(failure: MqttxError): void {
    const { connecting, connected } = this.#state
    if (connecting !== undefined) return connecting.handshake.fail(failure)
    if (connected === undefined) return
    const upMs = performance.now() - connected.since
    const { requests, inFlight: publishes } = this.#session
    const error = this.#likelyCause.explain(failure, { requests, publishes, upMs })
    this.#steps?.ended(error)
    this.#disconnected(connected)
    if (this.#options.reconnects === 0 || !isTransient(error, true)) return this.#end(error)
    this.#reconnector.connect(this.#options.reconnects, { error, upMs }).catch((last: unknown) => {
      if (!this.#state.ending) this.#end(reconnectFailed(last as Error))
    })
  }

  #disconnected({ link }: Connected): void {
    this.#state.lost()
    this.#qos0Losses.lostLink(link)
    this.#session.disconnected()
  }

  /** One of `#events` has thrown `error`: it ends the connection, and all waiting calls reject with it. */
  #onFailed(error: Error): void {
    const { connecting, connected } = this.#state
    connecting?.handshake.fail(error)
    if (connected !== undefined) this.#disconnected(connected)
    this.#end(error)
  }

  #acknowledge(type: AcknowledgeType, messageId: number, reasonCode: number): void {
    const { connected } = this.#state
    if (connected === undefined) return // released after the end: the server sends the message again
    this.#trace?.sendingAcknowledge(type, messageId, reasonCode)
    connected.link.acknowledged()
    encodeAcknowledge(connected.link.batch, type, messageId, reasonCode)
  }

  /** @returns the error if the server would refuse the message: it is not sent then */
  #republish({ template, payload, start, end }: Outgoing, messageId: number): PublishRefused | undefined {
    const { link, negotiated } = this.#state.connected!
    const form = negotiated.repeatedForm(template, end - start)
    if ('reasonCode' in form) return form
    this.#trace?.sendingPublish(form, messageId, true, end - start)
    encodePublish(link.batch, form, messageId, true, payload, start, end)
    return undefined
  }
}

function transmitTo({ batch }: Link, packet: ControlPacket, version: ConnectOptions['version']): void {
  const bytes = encodePacket(packet, version)
  batch.append(bytes, 0, bytes.length)
  batch.flush()
}
