// Messages for one client: the queue, and the one that is outstanding (MQTT-SN 1.2, 6.10): REGISTER first if the client does
// not know the topic, then PUBLISH, sent again until it is answered.
import { encodeMessage, isShortTopic } from '../codec/mqtt-sn.js'
import { SnCode, type SnTopic } from '../codec/mqtt-sn-messages.js'
import type { Incoming } from './gateway-types.js'
import {
  answers,
  type ClientAnswer,
  fits,
  type Item,
  type OutboxPorts,
  publishOverhead,
  type Step,
  sameBytes,
  sizeOf,
} from './gateway-waiting.js'
import { Retransmission } from './retransmission.js'

/** The name of a REGISTER whose answer shows that an address is right. */
const challengeName = '-'

export class Outbox {
  readonly #ports: OutboxPorts
  readonly #retry: Retransmission
  #queue: Item[] = []
  #bytes = 0
  #step: Step = 'idle'
  #messageId = 0
  /** The datagram that is outstanding. */
  #sent: Uint8Array | undefined
  /** The client takes messages: it is active or awake. */
  #open = false
  /** Messages to deliver before the client may sleep again; undefined: it is active. By `growth` it may still grow. */
  #left: number | undefined
  #growth = 0
  /** What is outstanding while the address is asked to show that it is right. */
  #suspended: { readonly step: Step; readonly messageId: number; readonly sent: Uint8Array } | undefined
  /** What is outstanding was sent to another address: who answers it may know its identifier from there. */
  #isOld = false
  /** Given up until something comes from the client. */
  #stalled = false
  #held = false
  #full = false
  /** A message of QoS 2 whose PUBREC was outstanding when the connection to the server ended. */
  #unfinished: { readonly item: Item; readonly messageId: number } | undefined

  constructor(ports: OutboxPorts) {
    this.#ports = ports
    this.#retry = new Retransmission(ports.retry)
  }

  /** When to call `tick` next. */
  get deadline(): number {
    return this.#retry.deadline
  }

  /** A message from the server. */
  push(message: Incoming, done: (() => void) | undefined, now: number): void {
    if (this.#resumes(message, done, now)) return
    if (!fits(message, this.#ports.address().source)) {
      done?.()
      return this.#ports.dropped('a message or its topic is larger than a datagram')
    }
    if (this.#open && this.#left === undefined && this.#queue.length === 0 && this.#step === 'idle') {
      const topic = message.qos === 0 ? this.#topic(message.topic) : undefined
      if (topic !== undefined && this.#sendAtMostOnce(message, topic)) return
    }
    const size = sizeOf(message)
    const { limits, waiting } = this.#ports
    const full =
      this.#queue.length >= limits.queueMessages ||
      this.#bytes + size > limits.queueBytes ||
      waiting.used + size > waiting.limit
    if (full && message.qos === 0) {
      if (!this.#full) this.#ports.dropped('its queue is full')
      this.#full = true
      return
    }
    this.#queue.push({ ...message, payload: Uint8Array.prototype.slice.call(message.payload), done })
    this.#count(size)
    // The server may send it only because another was acknowledged.
    if (this.#left !== undefined && this.#left > 0 && message.qos > 0 && this.#growth-- > 0) this.#left++
    if (full) this.#hold(true)
    this.#pump(now)
  }

  /** The client is active: it takes all. */
  open(now: number): void {
    this.#left = undefined
    this.#begin(now)
  }

  /** The client is awake: it takes what waits for it now. */
  wake(now: number): void {
    if (this.#open) return
    this.#left = this.#queue.length
    this.#growth = this.#ports.limits.queueMessages
    this.#begin(now)
  }

  #begin(now: number): void {
    const first = !this.#open
    this.#open = true
    if ((first || this.#stalled) && this.#step !== 'idle') return this.#again(now)
    this.#pump(now)
  }

  /** The client sleeps or is away. */
  close(): void {
    this.#open = false
    this.#stalled = false
    this.#retry.stop()
  }

  /** The client has sent something. */
  heard(now: number): void {
    if (!this.#open) return
    if (this.#stalled) this.#again(now)
    else if (this.#step === 'idle' && this.#queue.length > 0) this.#pump(now)
  }

  /** The client has another address, or has connected again: a challenge to the old one is void. */
  moved(): void {
    this.#resume()
    this.#isOld = this.#step !== 'idle'
    this.#stalled = this.#isOld
  }

  /** A challenge is void: what was outstanding before it is so again. */
  #resume(): void {
    if (this.#step !== 'challenge') return
    const before = this.#suspended
    this.#idle()
    if (before === undefined) return
    this.#step = before.step
    this.#messageId = before.messageId
    this.#sent = before.sent
    this.#isOld = true
  }

  /**
   * The connection to the server is another one, on which the server sends again what was not acknowledged. A message of
   * QoS 2 that the client may have keeps its identifier.
   */
  detach(): void {
    this.#resume()
    const [first] = this.#queue
    if (this.#step === 'publish' && first?.qos === 2)
      this.#unfinished = { item: first, messageId: this.#messageId }
    for (const item of this.#queue) this.#count(-sizeOf(item))
    this.#queue = []
    if (this.#step !== 'pubrel') this.#idle()
    this.#hold(false)
  }

  /** The session is a new one. */
  clear(): void {
    this.detach()
    this.#idle()
    this.#unfinished = undefined
  }

  /** The server has not kept the session. */
  sessionLost(): void {
    this.#unfinished = undefined
  }

  /** @returns false if it answers nothing that is outstanding */
  answered(answer: ClientAnswer, now: number): boolean {
    const { type, messageId, returnCode = SnCode.accepted } = answer
    if (returnCode === SnCode.invalidTopicId && answer.topicId !== undefined)
      this.#ports.topics.unlearned(answer.topicId)
    if (messageId === this.#suspended?.messageId) this.#resume()
    if (this.#step === 'idle' || messageId !== this.#messageId) {
      if (type === 'pubrec') this.#ports.send(encodeMessage({ type: 'pubrel', messageId }))
      return messageId === 0 // PUBACK that refuses a message of QoS 0
    }
    const fits = answers[this.#step].includes(type)
    if (!fits) return true
    if (!this.#isOld) this.#ports.proved()
    this.#retry.stop()
    this.#stalled = false
    this.#onAnswer(type, returnCode, now)
    return true
  }

  #onAnswer(type: ClientAnswer['type'], returnCode: number, now: number): void {
    const item = this.#queue[0]
    if (this.#step === 'challenge') {
      this.#resume()
      return this.#sent === undefined ? this.#pump(now) : this.#again(now)
    }
    if (returnCode === SnCode.congestion) return this.#retry.start(now) // sent again after T_retry
    if (type === 'pubrec') return this.#release(now)
    if (type === 'pubcomp') {
      this.#idle()
      return this.#next(now)
    }
    const refused = returnCode !== SnCode.accepted
    const registers = this.#step === 'register'
    this.#idle()
    if (!refused && registers) this.#ports.topics.learned(item!.topic)
    if (registers ? refused : returnCode === SnCode.notSupported) {
      this.#ports.dropped('the client refuses a message')
      item!.done?.()
      this.#shift()
      return this.#next(now)
    }
    if (registers || refused) return this.#pump(now)
    item!.done?.()
    this.#shift()
    this.#next(now)
  }

  /** PUBREC: the client has the message. */
  #release(now: number): void {
    if (this.#step === 'publish') {
      this.#queue[0]!.done?.()
      this.#shift()
      this.#step = 'pubrel'
      this.#sent = encodeMessage({ type: 'pubrel', messageId: this.#messageId })
    }
    this.#ports.send(this.#sent!)
    this.#retry.start(now)
  }

  tick(now: number): void {
    const due = this.#retry.tick(now)
    if (due === undefined) return
    if (due === 'again') return this.#repeat(now)
    this.#stalled = true
    this.#ports.silent()
  }

  #again(now: number): void {
    this.#stalled = false
    this.#retry.start(now)
    this.#repeat(now)
  }

  #repeat(now: number): void {
    const bytes = this.#sent!
    const address = this.#ports.address()
    if (this.#step === 'challenge') {
      if (address.mayAsk(bytes.length)) this.#ports.send(bytes)
      return
    }
    if (this.#step === 'publish') bytes[bytes[0] === 1 ? 4 : 2]! |= 0x80 // DUP
    if (address.may(bytes.length)) return this.#ports.send(bytes)
    const suspended = { step: this.#step, messageId: this.#messageId, sent: bytes }
    if (this.#challenge(now)) this.#suspended = suspended
  }

  #next(now: number): void {
    if (this.#full && this.#queue.length * 2 < this.#ports.limits.queueMessages) this.#full = false
    if (this.#held && this.#queue.length * 2 < this.#ports.limits.queueMessages) {
      if (this.#bytes * 2 < this.#ports.limits.queueBytes) this.#hold(false)
    }
    this.#pump(now)
  }

  #pump(now: number): void {
    while (this.#open && this.#step === 'idle') {
      const item = this.#queue[0]
      if (item === undefined || this.#left === 0) {
        if (this.#left !== undefined) this.#ports.emptied()
        return
      }
      const topic = this.#topic(item.topic)
      if (topic === undefined) {
        if (!this.#register(item.topic, now)) return
      } else if (item.qos === 0) {
        if (!this.#sendAtMostOnce(item, topic)) return void this.#challenge(now)
        this.#shift()
      } else this.#publish(item, topic, this.#newId(), now)
    }
  }

  /** @returns false: the message waits for the address to be proved, or there is nothing to do */
  #register(name: string, now: number): boolean {
    const topicId = this.#ports.topics.assign(name)
    if (topicId === undefined) {
      this.#ports.dropped('there is no room for a topic name')
      this.#queue[0]!.done?.()
      this.#shift()
      return true
    }
    const messageId = this.#newId()
    const bytes = encodeMessage({ type: 'register', topicId, messageId, name })
    if (this.#ports.address().may(bytes.length)) this.#transmit('register', bytes, messageId, now)
    else this.#challenge(now)
    return false
  }

  #publish(item: Item, topic: SnTopic, messageId: number, now: number, dup = false): void {
    const { qos, retain, payload } = item
    const bytes = encodeMessage({ type: 'publish', dup, qos, retain, topic, messageId, data: payload })
    if (this.#ports.address().may(bytes.length)) this.#transmit('publish', bytes, messageId, now)
    else this.#challenge(now)
  }

  #sendAtMostOnce({ retain, payload }: Incoming, topic: SnTopic): boolean {
    if (!this.#ports.address().may(payload.length + publishOverhead)) return false
    this.#ports.send(
      encodeMessage({ type: 'publish', dup: false, qos: 0, retain, topic, messageId: 0, data: payload }),
    )
    return true
  }

  /** Asks an address for an answer that only it can give. What waits goes on then. @returns false if it may not be asked */
  #challenge(now: number): boolean {
    const messageId = this.#newId()
    const bytes = encodeMessage({
      type: 'register',
      topicId: (this.#ports.random() % 65_534) + 1,
      messageId,
      name: challengeName,
    })
    if (!this.#ports.address().mayAsk(bytes.length)) return false
    this.#transmit('challenge', bytes, messageId, now)
    return true
  }

  #transmit(step: Step, bytes: Uint8Array, messageId: number, now: number): void {
    this.#step = step
    this.#sent = bytes
    this.#messageId = messageId
    this.#isOld = false
    this.#ports.send(bytes)
    this.#retry.start(now)
  }

  /** A message of QoS 2 that the server sends again, and that the client may have: under its old identifier. */
  #resumes(message: Incoming, done: (() => void) | undefined, now: number): boolean {
    const old = this.#unfinished
    if (old === undefined || !message.dup || message.qos !== 2 || this.#step !== 'idle') return false
    if (old.item.topic !== message.topic || !sameBytes(old.item.payload, message.payload)) return false
    this.#unfinished = undefined
    const item = { ...old.item, done }
    this.#queue.unshift(item)
    this.#count(sizeOf(item))
    const topic = this.#topic(item.topic)
    if (!this.#open || topic === undefined) return true // it is registered first, and gets a new identifier
    this.#publish(item, topic, old.messageId, now, true)
    return true
  }

  #topic(name: string): SnTopic | undefined {
    if (isShortTopic(name)) return { kind: 'short', name }
    const predefined = this.#ports.predefinedId(name)
    if (predefined !== undefined) return { kind: 'predefined', id: predefined }
    const id = this.#ports.topics.known(name)
    return id === undefined ? undefined : { kind: 'normal', id }
  }

  /** Random until the address is proved, then the next one. */
  #newId(): number {
    const { random, address } = this.#ports
    if (address().proved && this.#messageId > 0) return this.#messageId === 65_535 ? 1 : this.#messageId + 1
    const id = (random() % 65_535) + 1
    return id === this.#messageId ? (id % 65_535) + 1 : id
  }

  #idle(): void {
    this.#step = 'idle'
    this.#sent = undefined
    this.#suspended = undefined
    this.#isOld = false
    this.#stalled = false
    this.#retry.stop()
  }

  #shift(): void {
    const item = this.#queue.shift()!
    this.#count(-sizeOf(item))
    if (this.#left !== undefined && this.#left > 0) this.#left--
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#ports.waiting.used += bytes
  }

  #hold(full: boolean): void {
    if (this.#held === full) return
    this.#held = full
    this.#ports.hold(full)
  }
}
