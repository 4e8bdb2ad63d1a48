// The client of the library: promises for publishing, async iterators for receiving, over a Connection.
import { randomBytes } from 'node:crypto'
import { topicFilter, topicName } from '../cli/topic.js'
import { maxPayload, type Publish, type PublishProperties, type PublishTemplate } from '../codec/publish.js'
import { preparePublish } from '../codec/publish-properties.js'
import { reasonText } from '../codec/reason-codes.js'
import { Connection } from '../connection/connection.js'
import type { ConnectOptions } from '../connection/options.js'
import { ExitCode, MqttxError } from '../errors.js'
import { unlessAborted } from './abort.js'
import { Calls } from './calls.js'
import { checkedQos, needsMqtt5, oneOf, seconds, whole } from './checks.js'
import { inLibraryTerms } from './hints.js'
import {
  answerPropertyNames,
  ofKind,
  own,
  payloadBytes,
  propertyNames,
  publishNames,
  requestNames,
  respondNames,
  subscribeNames,
} from './names.js'
import { checkedProperties } from './properties.js'
import { type Handler, LibraryResponder } from './responder.js'
import { LibrarySubscription, Subscriptions } from './subscriptions.js'
import type {
  Client,
  Message,
  MessageProperties,
  Payload,
  ConnectOptions as PublicOptions,
  PublishOptions,
  RequestOptions,
  Responder,
  RespondOptions,
  SubscribeOptions,
  Subscription,
} from './types.js'
import { warnOfDrop } from './warnings.js'

interface Waiting<T> {
  resolve(value: T): void
  reject(error: Error): void
}

/** Upper limit of `concurrency` of a responder: as many messages as a subscription queues. */
const maxConcurrency = 1000
const checkName = topicName('publish')
const checkFilter = topicFilter('subscription')

export class LibraryClient implements Client {
  readonly #options: ConnectOptions
  readonly #connection: Connection
  readonly #subscriptions: Subscriptions
  readonly #calls: Calls
  readonly closed: Promise<void>
  #close: Waiting<void> = { resolve() {}, reject() {} }
  /** Messages in flight by Packet Identifier. */
  readonly #settling = new Map<number, Waiting<void>>()
  /** Requests by Correlation Data. */
  readonly #requests = new Map<string, Waiting<Message>>()
  readonly #responseTopic = `mqttx/response/${randomBytes(8).toString('hex')}`
  #responses: Promise<LibrarySubscription> | undefined
  #flushing = false
  /** The last error that lost the connection or prevented a reconnect. */
  #loss: Error | undefined
  #closing: Promise<void> | undefined
  /** `close()` waiting for messages in flight, with its timeout. */
  #leaving: (Waiting<void> & { readonly patience: NodeJS.Timeout }) | undefined
  #over: Error | undefined
  #sessionPresent = false
  #connections = 0

  constructor(options: ConnectOptions, { onConnect, onRetry, onDrop = warnOfDrop }: PublicOptions) {
    this.#options = options
    this.closed = new Promise((resolve, reject) => {
      this.#close = { resolve, reject }
    })
    this.closed.catch(() => {}) // avoids an unhandled rejection
    this.#connection = new Connection(options, {
      message: (publish, acknowledging) => this.#subscriptions.deliver(messageOf(publish), acknowledging),
      chunkEnd: () => this.#subscriptions.chunkEnd(),
      connected: (sessionPresent) => {
        this.#sessionPresent = sessionPresent
        this.#subscriptions.renew(sessionPresent)
        onConnect?.({ sessionPresent, first: this.#connections++ === 0 })
      },
      suback: (codes, answer) => this.#subscriptions.answered(answer, codes),
      unsuback: (codes, answer) => this.#subscriptions.answered(answer, codes),
      settled: (code, { messageId, reason }) => this.#onSettled(code, messageId, reason),
      retrying: (error, delayMs) => {
        this.#loss = error
        onRetry?.(inLibraryTerms(error), delayMs)
      },
    })
    this.#calls = new Calls(this.#connection, () => this.#progress())
    this.#subscriptions = new Subscriptions(this.#connection, {
      flushSoon: () => this.#flushSoon(),
      idle: () => this.#unsettled + this.#requests.size === 0,
      dropped: onDrop,
    })
  }

  get connected(): boolean {
    return this.#connection.up
  }

  get sessionPresent(): boolean {
    return this.#sessionPresent
  }

  /** Connects. @throws also the reason of `signal` */
  async open(signal: AbortSignal | undefined): Promise<void> {
    await unlessAborted(signal, this.#connection.connect(), () => this.#connection.destroy())
    this.#connection.ended().catch((error: Error) => this.#end(error))
  }

  async publish(topic: string, payload: Payload, options: PublishOptions = {}): Promise<void> {
    const { signal, ...given } = own(options, publishNames)
    const { template, bytes } = this.#prepare(topic, payload, given)
    if (template.qos > 0 || !this.#connection.ready) this.#subscriptions.readOn()
    return this.#calls.take(() => this.#send(template, bytes), signal)
  }

  async subscribe(filter: string | readonly string[], options: SubscribeOptions = {}): Promise<Subscription> {
    return this.#subscribe(filtersOf(filter), own(options, subscribeNames))
  }

  async respond(
    filter: string | readonly string[],
    handler: Handler,
    options: RespondOptions = {},
  ): Promise<Responder> {
    if (this.#options.version < 5) throw needsMqtt5('respond()')
    ofKind('handler', handler, 'function')
    const { concurrency = 1, onError, ...subscribing } = own(options, respondNames)
    whole('concurrency', concurrency, [1, maxConcurrency])
    const publish = this.publish.bind(this)
    const requests = await this.#subscribe(filtersOf(filter), subscribing)
    return new LibraryResponder(requests, { publish, handler }, { concurrency, ...(onError && { onError }) })
  }

  async request(topic: string, payload: Payload, options: RequestOptions = {}): Promise<Message> {
    if (this.#options.version < 5) throw needsMqtt5('request()')
    const { qos = 0, timeout = 10, properties: given, signal } = own(options, requestNames)
    signal?.throwIfAborted()
    seconds('timeout', timeout)
    const correlationData = randomBytes(16)
    const properties = {
      ...checkedProperties(given, answerPropertyNames, 'properties.'),
      responseTopic: this.#responseTopic,
      correlationData,
    }
    const { template, bytes } = this.#prepare(topic, payload, { qos, properties })
    const key = correlationData.toString('latin1')
    let timer: NodeJS.Timeout | undefined
    const answer = new Promise<Message>((resolve, reject) => {
      this.#requests.set(key, { resolve, reject })
      this.#subscriptions.readOn()
      const late = () =>
        reject(new MqttxError(`no answer within ${timeout} s`, { exitCode: ExitCode.timeout }))
      timer = setTimeout(late, timeout * 1000)
    })
    const send = async () => {
      if (this.#requests.has(key)) await this.#send(template, bytes) // unless timed out meanwhile
    }
    const sent = this.#listen().then(() => this.#calls.take(send))
    try {
      return (await Promise.all([unlessAborted(signal, answer), sent]))[0]
    } finally {
      clearTimeout(timer)
      this.#requests.delete(key)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #shut(): Promise<void> {
    if (this.#over !== undefined) return this.closed
    const closed = new MqttxError('The client is closed')
    this.#calls.refuse(closed)
    if (!this.#connection.up) this.#calls.end(closed)
    this.#subscriptions.release()
    try {
      await this.#underWay()
      await this.#connection.close()
    } catch (error) {
      this.#connection.destroy()
      this.#end(error as Error)
      throw error
    }
    this.#over = closed
    this.#finish(undefined)
  }

  /** Encodes a PUBLISH. @throws MqttxError for an invalid topic or option, or a payload that is too large */
  #prepare(
    topic: string,
    payload: Payload,
    { qos = 0, retain = false, properties }: PublishOptions,
  ): { readonly template: PublishTemplate; readonly bytes: Uint8Array } {
    const { version } = this.#options
    ofKind('topic', topic, 'string')
    checkName(topic, 'topic')
    checkedQos('qos', qos)
    if (properties !== undefined && version < 5) throw needsMqtt5('properties')
    const template = preparePublish(topic, {
      ...{ qos, retain, version },
      properties:
        properties && (checkedProperties(properties, propertyNames, 'properties.') as PublishProperties),
    })
    const bytes = payloadBytes('payload', payload)
    if (bytes.length > maxPayload(template)) {
      const hint = `${bytes.length} bytes; the limit is ${maxPayload(template)}`
      throw new MqttxError('The payload is too large', { exitCode: ExitCode.tooLarge, hint })
    }
    return { template, bytes }
  }

  /** Publishes now. Resolves when the message is sent (QoS 0) or acknowledged (QoS 1 and 2). */
  async #send(template: PublishTemplate, bytes: Uint8Array): Promise<void> {
    const messageId = this.#connection.publish(template, bytes)
    this.#flushSoon()
    if (template.qos === 0) return
    return new Promise((resolve, reject) => this.#settling.set(messageId, { resolve, reject }))
  }

  async #subscribe(filters: readonly string[], options: SubscribeOptions): Promise<LibrarySubscription> {
    if (this.#options.version < 5 && (options.noLocal || options.retainAsPublished || options.retainHandling))
      throw needsMqtt5('noLocal, retainAsPublished and retainHandling')
    checkedQos('qos', options.qos ?? 0)
    oneOf('retainHandling', options.retainHandling ?? 0, [0, 1, 2])
    const { signal } = options
    const add = () => this.#subscriptions.add(new LibrarySubscription(filters, options, this.#subscriptions))
    return this.#calls.take(add, signal)
  }

  /** Subscribes to the response topic, at QoS 2 so that each answer keeps its own QoS. */
  async #listen(): Promise<void> {
    this.#responses ??= this.#subscribe([this.#responseTopic], { qos: 2 })
    const responses = await this.#responses.catch((error: unknown) => {
      this.#responses = undefined
      throw error
    })
    responses.onRefused = () => {
      this.#responses = undefined
    }
    responses.onMessage ??= (message) => {
      const { correlationData } = message.properties ?? {}
      this.#requests.get(correlationData?.toString('latin1') ?? '')?.resolve(message)
    }
  }

  /** Resolves when every published message is sent and settled; rejects if there is no progress. */
  #underWay(): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(this.#standstill())
      this.#leaving = { resolve, reject, patience: setTimeout(giveUp, this.#options.connectTimeoutMs) }
      this.#connection.flush()
      this.#progress()
    })
  }

  /** Called when a message was sent or settled. */
  #progress(): void {
    if (this.#leaving === undefined) return
    this.#leaving.patience.refresh()
    if (this.#unsettled > 0) return
    clearTimeout(this.#leaving.patience)
    this.#leaving.resolve()
    this.#leaving = undefined
  }

  get #unsettled(): number {
    return this.#calls.waiting + this.#connection.inFlight
  }

  #standstill(): MqttxError {
    const message =
      this.#unsettled === 1
        ? '1 message was not acknowledged'
        : `${this.#unsettled} messages were not acknowledged`
    if (this.#connection.up) {
      const hint = `no acknowledgement for ${this.#options.connectTimeoutMs / 1000} s`
      return new MqttxError(message, { exitCode: ExitCode.keepAlive, hint })
    }
    const hint = `not connected: ${this.#loss?.message}`
    return new MqttxError(message, { exitCode: ExitCode.connectionLost, hint, cause: this.#loss })
  }

  /** Flushes once for all messages published in one turn of the event loop. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(() => {
      this.#flushing = false
      this.#connection.flush()
    })
  }

  #onSettled(code: number, messageId: number, reason: string | undefined): void {
    const waiting = this.#settling.get(messageId)
    this.#settling.delete(messageId)
    this.#progress()
    if (code < 0x80) return waiting?.resolve()
    const message = `The message was refused: ${reasonText(code)}`
    waiting?.reject(new MqttxError(message, { exitCode: code, reasonCode: code, hint: reason }))
  }

  /** Called when the connection has failed for good. */
  #end(error: Error): void {
    if (this.#over !== undefined) return
    this.#over = inLibraryTerms(error)
    this.#finish(error)
  }

  #finish(error: Error | undefined): void {
    clearTimeout(this.#leaving?.patience)
    this.#leaving?.reject(this.#over!)
    this.#calls.end(this.#over!)
    for (const waiting of [...this.#settling.values(), ...this.#requests.values()])
      waiting.reject(this.#over!)
    this.#settling.clear()
    this.#subscriptions.end(error)
    if (error === undefined) this.#close.resolve()
    else this.#close.reject(error)
  }
}

/** @throws MqttxError for an invalid Topic Filter or an empty list */
function filtersOf(given: string | readonly string[]): readonly string[] {
  ofKind('filter', given, 'string or list of strings that is not empty')
  const filters = [...new Set([given].flat())]
  for (const filter of filters) checkFilter(filter, 'filter')
  return filters
}

/** Copies a received message: its payload is a view of a reused chunk. */
function messageOf({ topic, payload, qos, retain, properties }: Publish): Message {
  return {
    topic,
    payload: Buffer.from(payload),
    qos,
    retain,
    properties: properties as MessageProperties | undefined,
  }
}
