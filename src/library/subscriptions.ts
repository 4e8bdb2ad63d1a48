// The subscriptions of a client, kept across reconnects.
import { reasonText } from '../codec/reason-codes.js'
import type { Connection } from '../connection/connection.js'
import type { Acknowledging, Answer } from '../connection/events.js'
import { MqttxError } from '../errors.js'
import { matches } from '../session/topic-filter.js'
import { Messages } from './messages.js'
import type { Message, QoS, SubscribeOptions, Subscription } from './types.js'

export class LibrarySubscription implements Subscription {
  readonly filters: readonly string[]
  readonly options: SubscribeOptions
  readonly messages: Messages
  /** Receives the messages instead of the queue; used for answers to requests. */
  onMessage: ((message: Message) => void) | undefined
  /** Called if the server refuses the subscription, now or after a reconnect. */
  onRefused: (() => void) | undefined
  qos: QoS = 0
  readonly #all: Subscriptions
  /** Topic Filters without `$share/name/` (MQTT 5.0, 4.8.2). */
  readonly #matching: readonly string[]
  readonly #signal: AbortSignal | undefined
  readonly #abort = () => {
    this.messages.end(this.#signal!.reason)
    this.unsubscribe().catch(() => {}) // the loop throws the signal's reason
  }

  constructor(filters: readonly string[], { signal, ...options }: SubscribeOptions, all: Subscriptions) {
    this.filters = filters
    this.options = options
    this.#all = all
    this.#matching = filters.map((filter) => filter.replace(/^\$share\/[^/]+\//, ''))
    this.messages = new Messages(() => all.relieved())
    this.#signal = signal
    signal?.addEventListener('abort', this.#abort, { once: true })
  }

  get filter(): string {
    return this.filters[0]!
  }

  get dropped(): number {
    return this.messages.dropped
  }

  deliver(message: Message, acknowledging: Acknowledging): void {
    if (!this.#matching.some((filter) => matches(filter, message.topic))) return
    if (this.onMessage === undefined) this.messages.push(message, acknowledging)
    else this.onMessage(message)
  }

  /** Ends the iteration, with `error` if not by request. */
  end(error?: Error): void {
    this.#signal?.removeEventListener('abort', this.#abort)
    this.messages.end(error)
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    return this.messages.next()
  }

  async return(): Promise<IteratorResult<Message, undefined>> {
    await this.unsubscribe()
    return { value: undefined, done: true }
  }

  unsubscribe(): Promise<void> {
    return this.#all.remove(this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unsubscribe()
  }
}

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

/** Topic Filters being unsubscribed, with the pending promise. */
interface Leaving extends Waiting {
  readonly filters: readonly string[]
}

export interface SubscriptionsOptions {
  /** Flushes released acknowledgements, in this turn of the event loop or later. */
  flushSoon(): void
  /** True if no call of the client awaits the server, so that reading may pause. */
  idle(): boolean
  /** Called once per chunk if messages for `member` were dropped. */
  dropped(member: LibrarySubscription): void
}

/** The methods used of Connection. */
type Server = Pick<Connection, 'up' | 'subscribe' | 'unsubscribe' | 'flush' | 'stopDelivery'>

type Told = (codes: readonly number[], reason: string | undefined) => void

export class Subscriptions {
  readonly #connection: Server
  readonly #options: SubscriptionsOptions
  /** All subscriptions, with the pending promise until granted. */
  readonly #members = new Map<LibrarySubscription, Waiting | undefined>()
  /** Subscriptions granted in the current Session. */
  readonly #known = new Set<LibrarySubscription>()
  readonly #leaving = new Set<Leaving>()
  /** Callbacks for SUBACK and UNSUBACK on this connection, by Packet Identifier. */
  readonly #answers = new Map<number, Told>()
  /** Dropped messages of each member as of the last chunk. */
  readonly #reported = new Map<LibrarySubscription, number>()
  /** Resumes reading. */
  #resume: (() => void) | undefined
  #releasing = false

  constructor(connection: Server, options: SubscriptionsOptions) {
    this.#connection = connection
    this.#options = options
  }

  /** Resolves when the server has granted the subscription. */
  add(member: LibrarySubscription): Promise<LibrarySubscription> {
    return new Promise((resolve, reject) => {
      this.readOn()
      this.#members.set(member, { resolve: () => resolve(member), reject })
      this.#ask(member)
      this.#connection.flush()
    })
  }

  /** Unsubscribes, except from Topic Filters that another subscription also has. Resolves with UNSUBACK. */
  async remove(member: LibrarySubscription): Promise<void> {
    if (!this.#members.delete(member)) return
    this.#forget(member)
    member.end()
    this.readOn()
    await this.#abandon(member.filters)
  }

  /** Unsubscribes from those of `filters` that no other subscription has. Resolves with UNSUBACK. */
  async #abandon(filters: readonly string[]): Promise<void> {
    if (this.#unwanted(filters).length === 0) return
    await new Promise<void>((resolve, reject) => {
      const leaving = { filters, resolve, reject }
      this.#leaving.add(leaving)
      if (this.#connection.up) this.#leave(leaving)
      this.#connection.flush()
    })
  }

  /**
   * Called after CONNACK: resends pending UNSUBSCRIBEs, except for Topic Filters subscribed to since, then resubscribes
   * what the Session lacks.
   */
  renew(sessionPresent: boolean): void {
    this.#answers.clear()
    for (const { messages } of this.#members.keys()) messages.renewed(sessionPresent)
    if (!sessionPresent) this.#known.clear()
    for (const leaving of this.#leaving) {
      if (sessionPresent && this.#unwanted(leaving.filters).length > 0) this.#leave(leaving)
      else this.#left(leaving)
    }
    for (const member of this.#members.keys()) if (!this.#known.has(member)) this.#ask(member)
  }

  /** Called for SUBACK and UNSUBACK. */
  answered({ messageId, reason }: Answer, codes: readonly number[]): void {
    const told = this.#answers.get(messageId)
    this.#answers.delete(messageId)
    told?.(codes, reason)
  }

  deliver(message: Message, acknowledging: Acknowledging): void {
    for (const member of this.#members.keys()) member.deliver(message, acknowledging)
  }

  /**
   * Called after the messages of a chunk. Returns a promise that pauses reading if the only subscription is full and no
   * other call would be delayed.
   */
  chunkEnd(): Promise<void> | undefined {
    for (const member of this.#members.keys()) {
      member.messages.chunkEnd()
      if (member.dropped === (this.#reported.get(member) ?? 0)) continue
      this.#reported.set(member, member.dropped)
      this.#options.dropped(member)
    }
    if (!this.#crowded()) return undefined
    if (this.#releasing) this.#connection.stopDelivery()
    if (this.#releasing || this.#busy || !this.#options.idle()) return undefined
    return new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  /** Called when a queue has room again or acknowledgements were released. */
  relieved(): void {
    this.#options.flushSoon()
    if (!this.#crowded()) this.readOn()
  }

  /** Called when a call awaits the server: reading resumes even if a subscription is full. */
  readOn(): void {
    this.#resume?.()
    this.#resume = undefined
  }

  /** Called before closing: full queues get no more messages, and withheld messages stay unacknowledged. */
  release(): void {
    this.#releasing = true
    if (this.#crowded()) this.#connection.stopDelivery()
    this.readOn()
  }

  /** Called when the connection has ended, with `error` unless it was closed on request. */
  end(error: Error | undefined): void {
    const failure = error ?? new MqttxError('The client is closed')
    for (const [member, waiting] of this.#members) {
      waiting?.reject(failure)
      member.end(error)
    }
    for (const { resolve } of this.#leaving) resolve() // no connection: nothing to unsubscribe
    this.#members.clear()
    this.#known.clear()
    this.#leaving.clear()
    this.#reported.clear()
    this.readOn()
  }

  #crowded(): boolean {
    return [...this.#members.keys()].some(({ messages }) => messages.full)
  }

  /** True if there is another subscription or a pending SUBACK or UNSUBACK. */
  get #busy(): boolean {
    return this.#members.size > 1 || this.#answers.size > 0
  }

  #forget(member: LibrarySubscription): void {
    this.#known.delete(member)
    this.#reported.delete(member)
    member.messages.abandon()
  }

  #ask(member: LibrarySubscription): void {
    const { filters, options } = member
    try {
      const messageId = this.#connection.subscribe(filters, { qos: 0, ...options })
      this.#answers.set(messageId, (codes, reason) => this.#granted(member, codes, reason))
    } catch (error) {
      this.#refuse(member, error as Error) // not supported by the server, according to CONNACK
    }
  }

  #granted(member: LibrarySubscription, codes: readonly number[], reason: string | undefined): void {
    const index = codes.findIndex((code) => code >= 0x80)
    if (index >= 0) {
      const code = codes[index]!
      const message = `The subscription to '${member.filters[index]}' was refused: ${reasonText(code)}`
      this.#refuse(member, new MqttxError(message, { exitCode: code, reasonCode: code, hint: reason }))
      const granted = member.filters.filter((_, other) => (codes[other] ?? 0x80) < 0x80)
      this.#abandon(granted).catch(() => {}) // the refusal is already reported
      return
    }
    member.qos = Math.min(...codes) as QoS
    if (!this.#members.has(member)) return
    this.#known.add(member)
    this.#members.get(member)?.resolve()
    this.#members.set(member, undefined)
  }

  #refuse(member: LibrarySubscription, error: Error): void {
    const waiting = this.#members.get(member)
    this.#members.delete(member)
    this.#forget(member)
    waiting?.reject(error)
    member.onRefused?.()
    member.end(error)
    this.readOn()
  }

  /** True if a subscription has this Topic Filter, granted or pending. */
  #wanted(filter: string): boolean {
    return [...this.#members.keys()].some(({ filters }) => filters.includes(filter))
  }

  #unwanted(filters: readonly string[]): readonly string[] {
    return filters.filter((filter) => !this.#wanted(filter))
  }

  #leave(leaving: Leaving): void {
    const messageId = this.#connection.unsubscribe(this.#unwanted(leaving.filters))
    this.#answers.set(messageId, (codes) => {
      const code = codes.find((one) => one >= 0x80)
      if (code === undefined) return this.#left(leaving)
      this.#leaving.delete(leaving)
      const message = `UNSUBSCRIBE was refused: ${reasonText(code)}`
      leaving.reject(new MqttxError(message, { exitCode: code, reasonCode: code }))
    })
  }

  #left(leaving: Leaving): void {
    this.#leaving.delete(leaving)
    leaving.resolve()
  }
}
