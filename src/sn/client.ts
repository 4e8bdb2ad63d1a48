// A client of MQTT-SN 1.2 without sockets and clocks: datagrams and the time in, datagrams and a deadline out. Times are
// milliseconds of any monotonic clock.
import { decodeMessage, encodeMessage } from '../codec/mqtt-sn.js'
import { SnCode, type SnMessage } from '../codec/mqtt-sn-messages.js'
import { Handshake } from './client-handshake.js'
import { Incoming } from './client-incoming.js'
import { Outgoing } from './client-outgoing.js'
import type { LossReason, SnClientSettings, SnClientSink, SnPublication, SnTarget } from './client-types.js'
import { Pace } from './pace.js'
import { Retransmission } from './retransmission.js'

type State =
  | 'off'
  | 'connecting'
  | 'active'
  /** DISCONNECT with a duration has no answer yet. */
  | 'falling-asleep'
  | 'asleep'
  /** PINGREQ of a sleeping client has no answer yet. */
  | 'awake'
  | 'disconnecting'

/** PINGREQ is sent so many milliseconds before the Keep Alive interval ends, at most a tenth of it. */
const mostLeadMs = 5000
/** A sleeping client wakes after this part of the duration that it has announced, so that its gateway does not lose it. */
const wakePart = 0.9

export class SnClient {
  readonly #settings: SnClientSettings
  readonly #sink: SnClientSink
  readonly #handshake: Handshake
  readonly #outgoing: Outgoing
  readonly #incoming: Incoming
  /** Of PINGREQ and DISCONNECT. */
  readonly #retry: Retransmission
  readonly #pace: Pace
  #state: State = 'off'
  #now = 0
  #lastSent = 0
  #lastReceived = 0
  #wakeAt = Number.POSITIVE_INFINITY
  #hasConnected = false
  #lostMessages = 0
  /** PINGRESP has said that a client that is awake has all its messages. */
  #hasAll = false

  constructor(settings: SnClientSettings, sink: SnClientSink) {
    this.#settings = settings
    this.#sink = sink
    const send = (message: SnMessage) => this.#send(message)
    this.#handshake = new Handshake(settings, send)
    this.#incoming = new Incoming(settings, sink, send)
    this.#outgoing = new Outgoing(settings, sink, send, (id, name) => this.#incoming.assigned(id, name))
    this.#retry = new Retransmission(settings)
    this.#pace = new Pace(settings.retryMs)
  }

  get state(): State {
    return this.#state
  }

  /** True while `publish` may be called: nothing is outstanding, and the gateway has read what was sent. */
  get ready(): boolean {
    return this.#state === 'active' && this.#outgoing.isIdle && !this.#pace.full
  }

  /** Nothing is outstanding. */
  get isIdle(): boolean {
    return this.#outgoing.isIdle
  }

  /** Messages at QoS 1 and 2 without their last acknowledgement. */
  get inFlight(): number {
    return this.#outgoing.inFlight
  }

  /** Messages at QoS 2 that were delivered, and that the gateway has not released. */
  get unreleased(): number {
    return this.#incoming.unreleased
  }

  /** Messages at QoS 0 that were lost, or may have been, as the gateway did not answer afterwards. */
  get lost(): number {
    return this.#lostMessages
  }

  /** Messages at QoS 0 after which the gateway has not answered a PINGREQ. */
  get unconfirmed(): number {
    return this.#pace.unconfirmed
  }

  /** `publish` sends a message at QoS 0 to this target at once, and does not keep its data. */
  sendsAtOnce(target: SnTarget): boolean {
    return this.#state === 'active' && this.#outgoing.sendsAtOnce(target)
  }

  /** When to call `tick` next; Infinity: never. */
  get deadline(): number {
    switch (this.#state) {
      case 'off':
        return Number.POSITIVE_INFINITY
      case 'connecting':
        return this.#handshake.deadline
      case 'asleep':
        return this.#wakeAt
      case 'active':
        return Math.min(
          this.#outgoing.deadline,
          this.#retry.deadline,
          this.#pace.deadline,
          this.#retry.running ? Number.POSITIVE_INFINITY : this.#pingAt(),
        )
      default:
        return this.#retry.deadline
    }
  }

  /** Sends CONNECT. Only in the state 'off'. */
  connect(now: number): void {
    this.#now = now
    this.#state = 'connecting'
    this.#pace.reset()
    this.#handshake.start(now)
  }

  /**
   * Call it only while `ready`, or for one message before the client is connected.
   * @returns MsgId, which `settled` reports at QoS 1 and 2
   */
  publish(publication: SnPublication, now: number): number {
    this.#now = now
    return this.#outgoing.publish(publication, now)
  }

  /** @returns MsgId, which `answered` reports */
  subscribe(target: SnTarget, qos: 0 | 1 | 2, now: number): number {
    this.#now = now
    return this.#outgoing.request('subscribe', target, qos, now)
  }

  /** @returns MsgId, which `answered` reports */
  unsubscribe(target: SnTarget, now: number): number {
    this.#now = now
    return this.#outgoing.request('unsubscribe', target, 0, now)
  }

  /** Sends the acknowledgements of delivered messages, and lets a client sleep that sleeps. Call it after each `receive`. */
  acknowledge(now: number): void {
    this.#now = now
    this.#incoming.acknowledge()
    this.#sleepIfIdle()
  }

  /** Drops acknowledgements that are not sent: the gateway will send the messages again. */
  discard(): void {
    this.#incoming.discard()
  }

  /** Delivers and acknowledges no further message. */
  stopDelivery(): void {
    this.#incoming.isDelivering = false
  }

  /** Sends DISCONNECT; `closed` reports the answer. */
  disconnect(now: number): void {
    this.#now = now
    if (this.#state === 'off' || this.#state === 'connecting') return this.#sink.closed(true)
    this.#state = 'disconnecting'
    this.#send({ type: 'disconnect', duration: undefined })
    this.#retry.start(now)
  }

  /** The connection is lost for a reason that the client does not know of, such as an error of the network. */
  drop(): void {
    this.#off()
  }

  /**
   * Takes a datagram of the gateway.
   * @param observe is called with the message before anything is done with it
   * @returns why it is not a message of MQTT-SN
   */
  receive(datagram: Uint8Array, now: number, observe?: (message: SnMessage) => void): string | undefined {
    const message = decodeMessage(datagram)
    if (message.type === undefined) return message.fault
    observe?.(message)
    this.take(message, now)
    return undefined
  }

  /** Takes a message of the gateway. */
  take(message: SnMessage, now: number): void {
    this.#now = now
    if (this.#state === 'off') return
    this.#lastReceived = now
    if (this.#state === 'connecting') return this.#onHandshake(message)
    if (message.type === 'disconnect') return this.#onDisconnect()
    // A PUBACK may still refuse a message at QoS 0.
    if (this.#state === 'disconnecting' && message.type !== 'puback') return
    // Any message shows that the gateway is there.
    if (this.#state === 'active') this.#retry.stop()
    else if (this.#state === 'awake') this.#retry.start(now)
    switch (message.type) {
      case 'pingresp':
        return this.#onPingresp()
      case 'pingreq':
        return void this.#send({ type: 'pingresp' })
      case 'publish':
        return this.#incoming.publish(message, now)
      case 'pubrel':
        return this.#incoming.release(message.messageId, now)
      case 'register':
        if (this.#incoming.register(message)) this.#outgoing.assigned(message.topicId, message.name)
        return
      default:
        this.#outgoing.receive(message, now)
    }
  }

  /** Does what is due at `now`. */
  tick(now: number): void {
    this.#now = now
    switch (this.#state) {
      case 'connecting':
        if (this.#handshake.tick(now) === 'silent') this.#lost('silent')
        return
      case 'active':
        return this.#tickActive()
      case 'asleep':
        if (now >= this.#wakeAt) this.#wake()
        return
      case 'falling-asleep':
      case 'awake':
      case 'disconnecting':
        this.#tickWaiting()
    }
  }

  #tickActive(): void {
    const now = this.#now
    if (this.#outgoing.tick(now) === 'silent') return this.#lost('silent')
    const due = this.#retry.tick(now)
    if (due === 'silent') return this.#lost('silent')
    if (due === 'again') this.#send({ type: 'pingreq', clientId: '' })
    else if (!this.#retry.running && now >= this.#pingAt()) this.#ping()
    if (this.#pace.tick(now)) this.#ping()
  }

  #tickWaiting(): void {
    const due = this.#retry.tick(this.#now)
    if (due === undefined) return
    const { clientId, sleep } = this.#settings
    if (due === 'again') {
      if (this.#state === 'awake') this.#send({ type: 'pingreq', clientId })
      else
        this.#send({
          type: 'disconnect',
          duration: this.#state === 'falling-asleep' ? sleep : undefined,
        })
    } else if (this.#state === 'disconnecting') this.#closed(false)
    else this.#lost('silent')
  }

  #ping(): void {
    this.#send({ type: 'pingreq', clientId: '' })
    if (!this.#retry.running) this.#retry.start(this.#now)
  }

  /** Keep Alive (6.11), and also when nothing was received for so long. */
  #pingAt(): number {
    const interval = this.#settings.keepAlive * 1000
    if (interval === 0) return Number.POSITIVE_INFINITY
    return Math.min(this.#lastSent, this.#lastReceived) + interval - Math.min(mostLeadMs, interval / 10)
  }

  #onHandshake(message: SnMessage): void {
    const returnCode = this.#handshake.receive(message, this.#now)
    if (returnCode === undefined) return
    if (returnCode !== SnCode.accepted) {
      this.#off()
      return this.#sink.refused(returnCode)
    }
    this.#state = 'active'
    this.#lastSent = this.#now
    if (this.#settings.cleanSession || !this.#hasConnected) this.#incoming.begin()
    this.#hasConnected = true
    if (!this.#outgoing.connected(this.#now)) return this.#lost('session')
    this.#sink.connected()
  }

  #onDisconnect(): void {
    switch (this.#state) {
      case 'disconnecting':
        return this.#closed(true)
      case 'falling-asleep':
        return this.#asleep()
      case 'asleep':
        return // the answer to a DISCONNECT that was sent twice
      default:
        this.#lost('disconnect')
    }
  }

  #onPingresp(): void {
    if (this.#state === 'awake') {
      this.#retry.stop()
      this.#hasAll = true
      return
    }
    this.#pace.answered()
    if (this.#pace.isDue) this.#pingForPace()
  }

  #pingForPace(): void {
    this.#pace.ping(this.#now)
    this.#ping()
  }

  /** 6.14: with nothing outstanding, a client may sleep. */
  #sleepIfIdle(): void {
    const { sleep } = this.#settings
    if (this.#hasAll && this.#state === 'awake') return this.#asleep()
    if (sleep === undefined || this.#state !== 'active' || !this.#outgoing.isIdle) return
    if (this.#incoming.unreleased > 0) return
    this.#state = 'falling-asleep'
    this.#send({ type: 'disconnect', duration: sleep })
    this.#retry.start(this.#now)
  }

  #asleep(): void {
    this.#retry.stop()
    this.#state = 'asleep'
    const waitMs = this.#settings.sleep! * 1000 * wakePart
    this.#wakeAt = this.#now + waitMs
    this.#sink.asleep(waitMs)
  }

  #wake(): void {
    this.#state = 'awake'
    this.#hasAll = false
    this.#send({ type: 'pingreq', clientId: this.#settings.clientId })
    this.#retry.start(this.#now)
  }

  #send(message: SnMessage): void {
    const datagram = encodeMessage(message)
    this.#lastSent = this.#now
    this.#sink.send(datagram, message)
    if (message.type === 'publish' && message.qos === 0 && this.#pace.sent(datagram.length)) {
      this.#pingForPace()
    }
  }

  #lost(reason: LossReason): void {
    this.#off()
    this.#sink.lost(reason)
  }

  #closed(isAnswered: boolean): void {
    if (isAnswered) this.#pace.reset() // it has read all that was sent before
    this.#off()
    this.#sink.closed(isAnswered)
  }

  #off(): void {
    this.#state = 'off'
    this.#retry.stop()
    this.#lostMessages += this.#pace.unconfirmed
    this.#pace.reset()
    this.#outgoing.disconnected()
    this.#incoming.disconnected()
  }
}
