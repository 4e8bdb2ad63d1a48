// Who has subscribed to what, across connections, and what the server said to it.
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
  /** Instead of `messages`, for answers to requests. */
  onMessage: ((message: Message) => void) | undefined
  /** The server does not grant it, or no longer. */
  onRefused: (() => void) | undefined
  qos: QoS = 0
  readonly #all: Subscriptions
  /** Without `$share/name/`, which the messages do not have (MQTT 5.0, 4.8.2). */
  readonly #matching: readonly string[]
  readonly #signal: AbortSignal | undefined
  readonly #abort = () => {
    this.messages.end(this.#signal!.reason)
    this.unsubscribe().catch(() => {}) // the loop throws the reason of the signal
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

  /** No further message comes; `error` is why, where that was not asked for. */
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

/** Topic Filters that the server is told to forget, with who waits for it. */
interface Leaving extends Waiting {
  readonly filters: readonly string[]
}

export interface SubscriptionsOptions {
  /** Writes acknowledgements that were released, in this turn of the event loop or after it. */
  flushSoon(): void
  /** No other call of the client waits for the server: reading may pause. */
  idle(): boolean
  /** Messages for `member` had no room, for the first time in a chunk from the server. */
  dropped(member: LibrarySubscription): void
}

/** What is asked of the connection. */
type Server = Pick<Connection, 'up' | 'subscribe' | 'unsubscribe' | 'flush' | 'stopDelivery'>

type Told = (codes: readonly number[], reason: string | undefined) => void

export class Subscriptions {
  readonly #connection: Server
  readonly #options: SubscriptionsOptions
  /** With who waits for the grant, until it comes. */
  readonly #members = new Map<LibrarySubscription, Waiting | undefined>()
  /** Those that the server has granted in the Session at hand. */
  readonly #known = new Set<LibrarySubscription>()
  readonly #leaving = new Set<Leaving>()
  /** Who is to be told of the answer to a SUBSCRIBE or UNSUBSCRIBE of this connection, by Packet Identifier. */
  readonly #answers = new Map<number, Told>()
  /** Messages that each member had dropped when the last chunk ended. */
  readonly #reported = new Map<LibrarySubscription, number>()
  /** Ends a pause in reading. */
  #resume: (() => void) | undefined
  #releasing = false

  constructor(connection: Server, options: SubscriptionsOptions) {
    this.#connection = connection
    this.#options = options
  }

  /** Resolves when the server has granted it. */
  add(member: LibrarySubscription): Promise<LibrarySubscription> {
    return new Promise((resolve, reject) => {
      this.readOn()
      this.#members.set(member, { resolve: () => resolve(member), reject })
      this.#ask(member)
      this.#connection.flush()
    })
  }

  /** Resolves when the server has forgotten it, unless another one has the same Topic Filter. */
  async remove(member: LibrarySubscription): Promise<void> {
    if (!this.#members.delete(member)) return
    this.#forget(member)
    member.end()
    this.readOn()
    await this.#abandon(member.filters)
  }

  /** Resolves when the server has forgotten those of `filters` that nobody else has. */
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
   * The server has accepted a connection: it is told again what it does not know. First what it shall forget, but for
   * what somebody has subscribed to since: an UNSUBSCRIBE would take it from them.
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

  /** A SUBACK or UNSUBACK has come. */
  answered({ messageId, reason }: Answer, codes: readonly number[]): void {
    const told = this.#answers.get(messageId)
    this.#answers.delete(messageId)
    told?.(codes, reason)
  }

  deliver(message: Message, acknowledging: Acknowledging): void {
    for (const member of this.#members.keys()) member.deliver(message, acknowledging)
  }

  /**
   * The messages of a chunk have been delivered. A promise pauses reading while the only subscription is full and
   * nothing else can be held up by that.
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

  /** A subscription has room again, or acknowledges messages. */
  relieved(): void {
    this.#options.flushSoon()
    if (!this.#crowded()) this.readOn()
  }

  /** A call waits for the server: reading goes on even where a subscription is full. */
  readOn(): void {
    this.#resume?.()
    this.#resume = undefined
  }

  /** The client is about to close: full subscriptions get no more, and what they withhold stays the server's. */
  release(): void {
    this.#releasing = true
    if (this.#crowded()) this.#connection.stopDelivery()
    this.readOn()
  }

  /** The connection has ended, with `error` where it did so by itself. */
  end(error: Error | undefined): void {
    const failure = error ?? new MqttxError('The client is closed')
    for (const [member, waiting] of this.#members) {
      waiting?.reject(failure)
      member.end(error)
    }
    for (const { resolve } of this.#leaving) resolve() // without a connection there is nothing to leave
    this.#members.clear()
    this.#known.clear()
    this.#leaving.clear()
    this.#reported.clear()
    this.readOn()
  }

  #crowded(): boolean {
    return [...this.#members.keys()].some(({ messages }) => messages.full)
  }

  /** There is another subscription, or an answer about one is due. */
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
      this.#refuse(member, error as Error) // the server has said before that it cannot
    }
  }

  #granted(member: LibrarySubscription, codes: readonly number[], reason: string | undefined): void {
    const index = codes.findIndex((code) => code >= 0x80)
    if (index >= 0) {
      const code = codes[index]!
      const message = `The subscription to '${member.filters[index]}' was refused: ${reasonText(code)}`
      this.#refuse(member, new MqttxError(message, { exitCode: code, reasonCode: code, hint: reason }))
      const granted = member.filters.filter((_, other) => (codes[other] ?? 0x80) < 0x80)
      this.#abandon(granted).catch(() => {}) // why it was refused has been said
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

  /** Somebody has subscribed to it, or is about to. */
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
