// One client of a gateway: connection setup, topics, subscriptions, sleep and keep alive (MQTT-SN 1.2, 6.2 to 6.14).
import { encodeMessage } from '../codec/mqtt-sn.js'
import {
  SnCode,
  type SnConnect,
  type SnMessage,
  type SnPublish,
  type SnTopic,
} from '../codec/mqtt-sn-messages.js'
import { Timer } from '../session/timers.js'
import { ClientAddress } from './gateway-address.js'
import { Outbox } from './gateway-outbox.js'
import { type ClientPorts, isUp, type Phase, sameConnect, silenceOf } from './gateway-phase.js'
import { Publishing } from './gateway-publishing.js'
import { Subscriptions } from './gateway-subscriptions.js'
import { ClientTopics } from './gateway-topics.js'
import type { Leaving, Source, UpstreamEvents, UpstreamLink } from './gateway-types.js'
import { ClientWill, isWillTopic } from './gateway-will.js'

const disconnect = encodeMessage({ type: 'disconnect', duration: undefined })
const pingresp = encodeMessage({ type: 'pingresp' })
const willTopicReq = encodeMessage({ type: 'willtopicreq' })
const willMsgReq = encodeMessage({ type: 'willmsgreq' })

export class GatewayClient {
  readonly clientId: string
  readonly topics: ClientTopics
  readonly outbox: Outbox
  readonly #ports: ClientPorts<GatewayClient>
  readonly #publishing: Publishing
  readonly #subscriptions: Subscriptions
  readonly #timer = new Timer((now) => this.#tick(now))
  #address: ClientAddress
  #phase: Phase = 'away'
  #link: UpstreamLink | undefined
  readonly #will = new ClientWill()
  #connect: SnConnect | undefined
  #connectedAt = 0
  #fresh = true // it has sent nothing since its CONNECT
  #heardAt = 0
  #sleepMs = 0
  #pingWaits = false

  constructor(clientId: string, source: Source, ports: ClientPorts<GatewayClient>) {
    const { options } = ports
    const { settings } = options
    this.clientId = clientId
    this.#ports = ports
    this.#address = new ClientAddress(source)
    this.topics = new ClientTopics(settings.limits, ports.names, options.random)
    const { predefined, retryMs: memoryMs } = settings
    const send = (message: SnMessage): void => this.#send(encodeMessage(message))
    this.#subscriptions = new Subscriptions({ topics: this.topics, predefined, send })
    const dropped = (why: string): void => options.events.dropped(clientId, why)
    const nameOf = (topic: SnTopic): string | undefined => this.#subscriptions.nameOf(topic)
    this.#publishing = new Publishing({ memoryMs, nameOf, send, dropped })
    this.outbox = new Outbox({
      topics: this.topics,
      limits: settings.limits,
      waiting: ports.waiting,
      retry: settings,
      address: () => this.#address,
      predefinedId: (name) => this.#subscriptions.predefinedId(name),
      random: options.random,
      send: (bytes) => this.#transmit(bytes),
      proved: () => this.#proved(),
      dropped,
      hold: (full) => this.#link?.hold(full),
      emptied: () => this.#slumber(),
      silent: () => this.#silent(),
    })
  }

  get source(): Source {
    return this.#address.source
  }

  get proved(): boolean {
    return this.#address.proved
  }

  get phase(): Phase {
    return this.#phase
  }

  /** A datagram of so many bytes has come from the client. */
  heard(bytes: number, now: number): void {
    this.#address.received(bytes)
    this.#heardAt = now
    this.outbox.heard(now)
  }

  /** CONNECT (6.2, 6.3). */
  connect(message: SnConnect, source: Source, bytes: number, now: number): void {
    const here = source.key === this.source.key
    if (here && this.#repeats(message, now)) return this.#connectAgain(bytes, now)
    if (!here && this.#phase !== 'away') this.#transmit(disconnect)
    if (!here) this.#address = new ClientAddress(source)
    this.#address.received(bytes)
    this.outbox.moved()
    this.#heardAt = now
    this.#connectedAt = now
    this.#connect = message
    this.#fresh = true
    this.topics.unlearned()
    if (isUp(this.#phase) && !message.cleanSession && !message.will) return this.#begin(now)
    this.#endLink((link) => this.#will.execute(link))
    if (message.cleanSession) this.#clear()
    this.#phase = message.will ? 'will-topic' : 'connecting'
    if (message.will) this.#transmit(willTopicReq)
    else this.#open()
    this.#arm(now)
  }

  /** A copy of the CONNECT, or sent again as the answer was lost: the session goes on. */
  #repeats(message: SnConnect, now: number): boolean {
    if (this.#phase === 'away' || this.#phase === 'asleep' || !sameConnect(this.#connect, message))
      return false
    return this.#fresh || now - this.#connectedAt < this.#ports.options.settings.retryMs
  }

  #connectAgain(bytes: number, now: number): void {
    const fresh = this.#fresh
    this.heard(bytes, now)
    switch (this.#phase) {
      case 'will-topic':
      case 'will-message':
        this.#phase = 'will-topic'
        return this.#transmit(willTopicReq)
      case 'connecting':
        return
      default:
        if (!fresh) this.topics.unlearned()
        this.#answerConnect(SnCode.accepted)
    }
  }

  /** A new client, or one that is active again: its connection to the server is there. */
  #begin(now: number): void {
    this.#phase = 'active'
    this.#answerConnect(SnCode.accepted)
    this.outbox.open(now)
    this.#arm(now)
  }

  #clear(): void {
    this.outbox.clear()
    this.#publishing.clear()
    this.topics.clear()
    this.#subscriptions.clear()
    this.#will.clear()
  }

  #open(): void {
    this.#phase = 'connecting'
    this.#link = this.#ports.options.upstream.open(
      {
        ...{ clientId: this.clientId, source: this.source },
        ...{ clean: this.#connect!.cleanSession, will: this.#will.take() },
      },
      this.#events(),
    )
  }

  #events(): UpstreamEvents {
    return {
      accepted: (sessionPresent) => this.#accepted(sessionPresent),
      refused: (busy, why) => this.#refused(busy, why),
      settled: (token, accepted) => this.#publishing.settled(token, accepted),
      suback: (token, granted) => this.#subscriptions.suback(token, granted),
      unsuback: (token) => this.#subscriptions.unsuback(token),
      message: (message, done) => {
        const now = this.#ports.options.now()
        this.outbox.push(message, done, now)
        this.#arm(now)
      },
      drained: () => {
        if (this.#pingWaits) this.#send(pingresp)
        this.#pingWaits = false
      },
    }
  }

  #accepted(sessionPresent: boolean): void {
    const now = this.#ports.options.now()
    this.#subscriptions.connectionLost()
    if (!sessionPresent) {
      this.outbox.sessionLost()
      for (const [filter, qos] of this.topics.filters) this.#link!.subscribe(filter, qos)
    }
    if (this.#phase !== 'connecting') return
    const { cleanSession, duration } = this.#connect!
    const { events } = this.#ports.options
    events.connected({
      ...{ clientId: this.clientId, source: this.source },
      ...{ clean: cleanSession, keepAlive: duration },
    })
    this.#begin(now)
  }

  #refused(busy: boolean, why: string): void {
    const { events } = this.#ports.options
    this.#link = undefined
    if (!isUp(this.#phase)) {
      this.#answerConnect(busy ? SnCode.congestion : SnCode.notSupported)
      events.refused(this.clientId, this.source, why)
    } else {
      this.#transmit(disconnect)
      events.left(this.clientId, 'server', why)
    }
    this.#away(busy && !this.#connect!.cleanSession)
  }

  /** Handles any message but CONNECT. */
  receive(message: SnMessage, now: number): void {
    const { type } = message
    if (this.#phase === 'will-topic' || this.#phase === 'will-message' || this.#phase === 'connecting')
      return this.#duringSetup(message, now)
    this.#fresh = false
    switch (type) {
      case 'publish':
        this.#publish(message, now)
        break
      case 'pubrel':
        this.#publishing.pubrel(message.messageId, now)
        break
      case 'regack':
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        if (!this.outbox.answered(message, now) && this.#address.guessed()) return this.leave('evicted')
        break
      case 'register':
      case 'subscribe':
      case 'unsubscribe':
        this.#subscriptions.receive(message, this.#link)
        break
      case 'pingreq':
        this.#ping(message.clientId, now)
        break
      case 'disconnect':
        return this.#disconnect(message.duration, now)
      case 'willtopicupd':
      case 'willmsgupd':
        this.#send(encodeMessage(this.#will.update(message)))
        break
      case 'willmsg':
        this.#answerConnect(SnCode.accepted) // it was sent again: CONNACK was lost
        break
      default:
        this.#ports.options.events.ignored(this.source, `${type.toUpperCase()} has no meaning here`)
    }
    this.#arm(now)
  }

  /** Between CONNECT and CONNACK (6.2). */
  #duringSetup(message: SnMessage, now: number): void {
    const { type } = message
    if (type === 'disconnect') return this.#disconnect(undefined, now)
    if (this.#phase === 'will-topic' && type === 'willtopic') {
      if (!isWillTopic(message)) return this.#refused(false, 'the topic of its will is not a Topic Name')
      if (!this.#will.topic(message)) return this.#open()
      this.#phase = 'will-message'
      this.#transmit(willMsgReq)
    } else if (this.#phase === 'will-message' && type === 'willtopic') this.#transmit(willMsgReq)
    else if (this.#phase === 'will-message' && type === 'willmsg') {
      this.#will.message(message)
      this.#open()
    }
    this.#arm(now)
  }

  #publish(message: SnPublish, now: number): void {
    const { topic } = message
    const known = this.#publishing.publish(message, this.#link, now)
    if (this.#address.proved || topic.kind !== 'normal') return
    if (!known && this.#address.guessed()) this.leave('evicted')
    else if (known && this.topics.gave(topic.id)) this.#proved()
  }

  /** PINGREQ (6.11). With a Client Identifier, a sleeping client asks for its messages (6.14). */
  #ping(clientId: string, now: number): void {
    if (this.#phase === 'asleep' && clientId !== '') {
      this.#phase = 'awake'
      return this.outbox.wake(now)
    }
    if (this.#phase === 'awake') return
    // The client counts on PINGRESP to know that what it has sent is not in a buffer.
    if (this.#link?.up === true && !this.#link.writable) this.#pingWaits = true
    else this.#send(pingresp)
  }

  /** An awake client has what waited for it. */
  #slumber(): void {
    this.#silent()
    this.#send(pingresp)
  }

  /** An awake client that does not answer sleeps again. */
  #silent(): void {
    if (this.#phase !== 'awake') return
    this.#phase = 'asleep'
    this.outbox.close()
  }

  #disconnect(duration: number | undefined, now: number): void {
    this.#send(disconnect)
    if (duration === undefined || duration === 0) return this.leave('disconnected')
    if (this.#phase !== 'asleep') this.#ports.options.events.slept(this.clientId, duration)
    this.#phase = 'asleep'
    this.#sleepMs = duration * 1000
    this.outbox.close()
    this.#arm(now)
  }

  /** Ends the connection to the server: orderly if the client or the gateway wants it, else so that the will is published. */
  leave(how: Leaving): void {
    if (this.#phase === 'away') return this.#away(false)
    const { events } = this.#ports.options
    const wasUp = isUp(this.#phase)
    if (how === 'stopped' || how === 'evicted') this.#transmit(disconnect)
    const orderly = how === 'disconnected' || how === 'stopped'
    this.#endLink((link) => {
      if (orderly) link.close()
      else this.#will.execute(link)
    })
    if (wasUp) events.left(this.clientId, how)
    this.#away(!this.#connect!.cleanSession && how !== 'evicted')
  }

  #endLink(end: (link: UpstreamLink) => void): void {
    const link = this.#link
    this.#link = undefined
    this.#pingWaits = false
    this.outbox.close()
    this.outbox.detach()
    this.#subscriptions.connectionLost()
    this.#publishing.abandon()
    if (link !== undefined) end(link)
  }

  #away(kept: boolean): void {
    this.#ports.timers.clear(this.#timer)
    this.#phase = 'away'
    this.#ports.left(this, kept)
    if (!kept) this.#clear()
  }

  /** A sleeping client asks for its messages from another address, which has shown that it is right. */
  moved(address: ClientAddress, now: number): void {
    this.#address = address
    this.outbox.moved()
    this.#heardAt = now
    this.#ports.options.events.moved(this.clientId, address.source)
    this.#proved()
    this.#ping(this.clientId, now)
    this.#arm(now)
  }

  #proved(): void {
    if (this.#address.proved) return
    this.#address.proved = true
    this.#ports.proved(this)
  }

  #answerConnect(returnCode: number): void {
    this.#send(encodeMessage({ type: 'connack', returnCode }))
  }

  /** Sends an answer, unless its address has shown nothing and has sent too little. */
  #send(bytes: Uint8Array): void {
    if (this.#address.may(bytes.length)) this.#transmit(bytes)
  }

  #transmit(bytes: Uint8Array): void {
    this.#address.sent(bytes.length)
    this.#ports.send(this.source, bytes)
  }

  #lostAt(): number {
    const keepAlive = this.#connect?.duration ?? 0
    const { settings } = this.#ports.options
    return this.#heardAt + silenceOf(this.#phase, { keepAlive, sleepMs: this.#sleepMs, ...settings })
  }

  /** The timer may be early: it is moved forward only when it runs. */
  #arm(now: number): void {
    if (this.#phase === 'away') return
    const at = Math.max(now, Math.min(this.#lostAt(), this.outbox.deadline))
    if (at < this.#timer.at) this.#ports.timers.set(this.#timer, at)
  }

  #tick(now: number): void {
    this.#timer.at = Number.POSITIVE_INFINITY
    if (now >= this.#lostAt()) return this.leave('lost')
    this.outbox.tick(now)
    this.#arm(now)
  }
}
