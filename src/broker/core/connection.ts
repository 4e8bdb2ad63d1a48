// One network connection of a client: splits bytes into packets, dispatches and sends packets, and closes.
import { type AcknowledgeType, encodeAcknowledge } from '../../codec/acknowledge.js'
import { Batch } from '../../codec/batch.js'
import { connect as connectType, publish as publishType } from '../../codec/control-packets.js'
import { Framer } from '../../codec/framing.js'
import type { ProtocolVersion } from '../../codec/publish.js'
import { ProtocolError } from '../../errors.js'
import { Timer } from '../../session/timers.js'
import { TopicAliases } from '../../session/topic-alias.js'
import { OutgoingAliases } from './aliases.js'
import * as answers from './answers.js'
import type { Ending, Sink } from './caller.js'
import type { ClientConnection, Core } from './client.js'
import { checkPadding } from './client-packets.js'
import type { ConnectRequest } from './connect.js'
import { packetSize } from './encode.js'
import { firstPacket, firstPacketBytes, sizesBeforeConnack } from './first-packet.js'
import { accept, receiveConnect } from './handshake.js'
import { receivePacket, receivePublish } from './incoming.js'
import { Pressure } from './pressure.js'
import type { Session } from './session.js'
import { fullAt, largestWindow } from './settings.js'
import type { Steps } from './steps.js'
import { sendRetained } from './subscribing.js'
import type { Delivery } from './subscription.js'

type State =
  /** Waiting for the complete first packet. */
  | 'new'
  /** `Sink.connecting` is checking its CONNECT. */
  | 'connecting'
  | 'open'
  | 'closed'

export class Connection implements ClientConnection {
  readonly sink: Sink
  readonly broker: Core
  version: ProtocolVersion = 4
  /** Set once a valid CONNECT was read. */
  request: ConnectRequest | undefined
  /** While the connection is open. */
  session: Session | undefined
  /** Seconds; 0: none. */
  keepAlive = 0
  /** QoS 1 and 2 messages that may be in flight to the client. */
  window = largestWindow
  /** The client's Maximum Packet Size in bytes. */
  maxPacketSize = Number.POSITIVE_INFINITY
  /** The Topic Aliases that the client sets. */
  readonly aliases: TopicAliases
  readonly pressure: Pressure
  #state: State = 'new'
  #framer: Framer | undefined
  /** Chunks not yet framed. */
  #inbox: Buffer[] = []
  /** Unfinished steps of the last packet. */
  #steps: Steps | undefined
  #running = false
  #paused = false
  /** The network connection has closed: this ends after the last packet is handled. */
  #gone = false
  /** The number of subscribers it waits for. */
  #waitsFor = 0
  /** Bytes written that the network has not taken. */
  #inNetwork = 0
  #outgoingAliases: OutgoingAliases | undefined
  #heard: number
  readonly #timer: Timer
  readonly #batch: Batch

  constructor(sink: Sink, broker: Core, now: number) {
    this.sink = sink
    this.broker = broker
    this.#heard = now
    const { limits, timers, settings } = broker
    this.aliases = new TopicAliases(settings.topicAliasMaximum)
    this.pressure = new Pressure(this, { ...limits, timers })
    this.#timer = new Timer((time) => this.#onTimer(time))
    timers.set(this.#timer, now + limits.connectMs)
    this.#batch = new Batch((bytes) => {
      this.#inNetwork += bytes.length
      broker.counters.bytesSent += bytes.length
      sink.write(bytes)
      return true
    })
  }

  /** Bytes that the network has not taken. */
  get unsent(): number {
    return this.#inNetwork + this.#batch.pending
  }

  /** True while another message may be sent. */
  get room(): boolean {
    return this.#inNetwork + this.#batch.pending < fullAt
  }

  /** The Client Identifier; '' before there is one. */
  get clientId(): string {
    return this.session?.clientId ?? this.request?.clientId ?? ''
  }

  get open(): boolean {
    return this.#state === 'open'
  }

  /** True while its packets wait for a subscriber that is behind. */
  get blocked(): boolean {
    return this.#waitsFor > 0
  }

  // --- Called from outside

  /** Handles received bytes. */
  receive(chunk: Buffer, now: number): void {
    if (this.#state === 'closed') return
    this.#heard = now
    this.broker.counters.bytesReceived += chunk.length
    this.#inbox.push(chunk)
    this.broker.during(now, () => this.run(now))
  }

  /** Called when the network has taken `bytes` bytes. */
  taken(bytes: number, now: number): void {
    this.#inNetwork -= bytes
    if (this.#state === 'closed') return
    this.broker.during(now, () => this.moved(now))
  }

  /** Called when the network connection has closed. */
  closed(now: number): void {
    if (this.#state === 'closed') return
    this.#gone = true
    this.broker.during(now, () => this.run(now))
  }

  /** Admits the client of `Sink.connecting`. */
  accept(now: number): void {
    if (this.#state !== 'connecting') return
    this.broker.during(now, () => {
      accept(this, now)
      this.run(now)
    })
  }

  /** Refuses it; `reasonCode` is that of CONNACK, `why` a clause without a full stop. */
  refuse(reasonCode: number, why: string, now: number): void {
    this.broker.during(now, () => this.reject(reasonCode, why))
  }

  /** Runs another turn, after `Broker.later`. */
  step(now: number): void {
    if (this.#state === 'open') sendRetained(this, now)
    this.run(now)
  }

  // --- Incoming packets

  /** Handles packets until none is complete, one must wait, or other connections should be served. */
  run(now: number): void {
    if (this.#running) return
    this.#running = true
    try {
      while (this.#state !== 'closed' && this.#next(now)) {}
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.end(error.reasonCode, error.message)
    } finally {
      this.#running = false
    }
    this.#steer()
  }

  /** True if another packet may follow. */
  #next(now: number): boolean {
    if (this.#state === 'connecting' || this.#waitsFor > 0) return false
    if (this.broker.exhausted) {
      this.broker.later(this)
      return false
    }
    if (this.#steps !== undefined) {
      if (this.#steps.next().done === true) this.#steps = undefined
      return true
    }
    if (this.#framer?.next()) {
      this.#packet(this.#framer, now)
      return true
    }
    const chunk = this.#inbox.shift()
    if (chunk !== undefined) {
      if (this.#framer === undefined) return this.#begin(chunk)
      this.#framer.push(chunk)
      return true
    }
    if (!this.#gone) return false
    if (this.#state === 'open') this.#finish({ by: 'network' })
    else this.reject(0, 'it closed the connection before a CONNECT')
    return false
  }

  /** Checks the first bytes, which may be incomplete. */
  #begin(bytes: Buffer): boolean {
    const first = firstPacket(bytes.subarray(0, firstPacketBytes))
    if (first.kind === 'more') {
      const more = this.#inbox.shift()
      this.#inbox.unshift(more === undefined ? bytes : Buffer.concat([bytes, more]))
      if (more !== undefined) return true
      if (this.#gone) this.reject(0, 'it closed the connection before a CONNECT')
      return false
    }
    if (first.kind === 'refused') {
      this.#write(first.answer)
      this.reject(0, first.why)
      return false
    }
    this.version = first.version
    const { maxPacketSize } = this.broker.settings
    this.#framer = new Framer(maxPacketSize)
    this.#framer.sizes = sizesBeforeConnack
    this.#framer.push(bytes)
    return true
  }

  #packet(framer: Framer, now: number): void {
    const { header, bytes, start, end } = framer
    const { counters } = this.broker
    counters.messagesReceived++
    if (framer.padded) checkPadding(this.version)
    const type = header >> 4
    if (this.#state === 'new') {
      if (type !== connectType)
        throw new ProtocolError('its first packet is not CONNECT [MQTT-3.1.0-1]', 0x82)
      framer.sizes = this.broker.packetSizes
      this.request = receiveConnect(this, { bytes, start, end })
      this.#state = 'connecting'
      this.broker.timers.clear(this.#timer)
      return this.sink.connecting(this.request)
    }
    if (type === publishType) return receivePublish(this, framer, now)
    receivePacket(this, framer, now)
  }

  acknowledged(type: AcknowledgeType, messageId: number, reasonCode: number, now: number): void {
    this.session!.acknowledged(type, messageId, reasonCode, now)
    this.moved(now)
  }

  /** Called when the client has taken bytes or messages: continues sending. */
  moved(now: number): void {
    const { session } = this
    if (session !== undefined && this.room) {
      session.pump(now)
      if (session.cursors.size > 0) this.broker.later(this)
    }
    this.pressure.moved(now)
  }

  /** Stops reading until `unblock`: a subscriber of its messages is behind. */
  block(): void {
    this.#waitsFor++
  }

  unblock(): void {
    if (--this.#waitsFor === 0) this.broker.later(this)
  }

  #steer(): void {
    if (this.#state === 'closed') return
    const wanted = this.#state !== 'connecting' && this.#waitsFor === 0 && !this.broker.isLater(this)
    if (wanted !== this.#paused) return
    this.#paused = !wanted
    if (wanted) this.sink.resume()
    else this.sink.pause()
  }

  // --- Outgoing packets

  /** Sends a PUBLISH; `messageId` is 0 at QoS 0. The caller has checked `fits`. */
  publish(delivery: Delivery, messageId: number, dup: boolean, now: number): void {
    const { counters, encoder } = this.broker
    const { message } = delivery
    const version5 = this.version === 5
    let alias = this.#outgoingAliases?.get(message.topic) ?? 0
    const known = alias > 0
    if (alias < 0) this.#outgoingAliases!.sent(message.topic, (alias = -alias))
    encoder.write(this.#batch, delivery, { version5, messageId, dup, alias, known, now })
    counters.messagesSent++
    counters.publishSent++
    counters.publishBytesSent += message.end - message.start
    this.broker.touch(this)
    this.pressure.watch(now)
  }

  /** Sends a message of QoS 0, unless too many wait already. */
  publishQos0(delivery: Delivery, now: number): void {
    if (this.pressure.overfull) this.broker.counters.publishDropped++
    else if (this.fits(delivery)) this.publish(delivery, 0, false, now)
  }

  /** False if the packet would be larger than the client accepts [MQTT-3.1.2-24]. */
  fits(delivery: Delivery): boolean {
    if (this.maxPacketSize === Number.POSITIVE_INFINITY) return true
    const alias = this.#outgoingAliases?.get(delivery.message.topic) ?? 0
    const options = { version5: this.version === 5, alias: Math.abs(alias), known: alias > 0 }
    return packetSize(delivery, options) <= this.maxPacketSize
  }

  acknowledge(type: AcknowledgeType, messageId: number, reasonCode: number): void {
    encodeAcknowledge(this.#batch, type, messageId, this.version < 5 ? 0 : reasonCode)
    this.broker.counters.messagesSent++
    this.broker.touch(this)
  }

  /** Sends an encoded packet; undefined: larger than the client accepts, not sent. */
  send(packet: Uint8Array | undefined): void {
    if (packet === undefined) return this.end(0x95, 'the answer is larger than it accepts')
    this.#write(packet)
  }

  flush(): void {
    this.#batch.flush()
  }

  inSteps(steps: Steps): void {
    this.#steps = steps
  }

  #write(packet: Uint8Array | undefined): void {
    if (packet === undefined) return
    this.#batch.append(packet, 0, packet.length)
    this.broker.counters.messagesSent++
    this.broker.touch(this)
  }

  // --- Beginning and end

  /** Accepts the client with the parameters of its CONNECT. */
  begin(session: Session, { receiveMaximum, topicAliasMaximum }: ConnectRequest): void {
    this.#state = 'open'
    this.session = session
    this.window = Math.min(largestWindow, receiveMaximum)
    if (topicAliasMaximum > 0) this.#outgoingAliases = new OutgoingAliases(topicAliasMaximum)
    if (this.keepAlive > 0) this.broker.timers.set(this.#timer, this.#heard + this.keepAlive * 1500)
  }

  /** Ends the connection, in MQTT 5 with DISCONNECT and `reasonCode`. `why` is a clause without a full stop. */
  end(reasonCode: number, why: string): void {
    if (this.#state !== 'open') return this.reject(reasonCode, why)
    if (this.version === 5) this.#write(answers.disconnect(reasonCode, why, this))
    this.#finish({ by: 'server', why, reasonCode })
  }

  /** Handles DISCONNECT. */
  disconnected(reasonCode: number): void {
    this.#finish({ by: 'client', reasonCode })
  }

  /** Refuses a client before it is accepted, with CONNACK if its CONNECT was read. */
  reject(reasonCode: number, why: string): void {
    if (this.#state === 'closed' || this.#state === 'open') return
    if (this.#framer !== undefined && reasonCode > 0) {
      const reason = this.version === 5 ? why : undefined
      this.#write(answers.connack(reasonCode, { sessionPresent: false, properties: {}, reason }, this))
    }
    this.#close()
    this.broker.events.refused(this, why)
  }

  #finish(ending: Ending): void {
    const session = this.session!
    this.#close()
    this.broker.sessions.detach(session, this, ending)
    this.broker.events.closed(this, ending)
  }

  #close(): void {
    this.#state = 'closed'
    this.#inbox = []
    this.#steps = undefined
    this.broker.timers.clear(this.#timer)
    this.flush()
    this.sink.end()
    this.pressure.end()
  }

  #onTimer(now: number): void {
    const { limits, timers } = this.broker
    if (this.#state === 'new') return this.reject(0, `it sent no CONNECT within ${limits.connectMs / 1000} s`)
    // A client whose packets wait here is alive.
    if (this.#waitsFor > 0 || this.#steps || this.#inbox.length > 0) this.#heard = now
    const silent = now - this.#heard
    if (silent < this.keepAlive * 1500) return timers.set(this.#timer, this.#heard + this.keepAlive * 1500)
    this.end(0x8d, `keep alive timeout, silent for ${Math.round(silent / 1000)} s`) // [MQTT-3.1.2-22]
  }
}
