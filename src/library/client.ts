// The library's view of a Connection: promises for what is published, iterators for what is received.
import { randomBytes } from 'node:crypto'
import { topicFilter, topicName } from '../cli/topic.js'
import { maxPayload, type Publish, type PublishProperties, type QoS } from '../codec/publish.js'
import { preparePublish } from '../codec/publish-properties.js'
import { reasonText } from '../codec/reason-codes.js'
import { Connection } from '../connection/connection.js'
import type { ConnectOptions } from '../connection/options.js'
import { ExitCode, MqttxError } from '../errors.js'
import { checkedQos, needsMqtt5, oneOf, seconds } from './checks.js'
import { Subscribed, Subscriptions } from './subscriptions.js'
import type {
  Client,
  Message,
  MessageProperties,
  Payload,
  ConnectOptions as PublicOptions,
  PublishOptions,
  RequestOptions,
  SubscribeOptions,
  Subscription,
} from './types.js'

interface Waiting<T> {
  resolve(value: T): void
  reject(error: Error): void
}

const checkName = topicName('publish')
const checkFilter = topicFilter('subscription')

export class LibraryClient implements Client {
  readonly #options: ConnectOptions
  readonly #connection: Connection
  readonly #subscriptions: Subscriptions
  readonly closed: Promise<void>
  #close: Waiting<void> = { resolve() {}, reject() {} }
  /** Messages under way by Packet Identifier. */
  readonly #settling = new Map<number, Waiting<void>>()
  /** Requests by Correlation Data. */
  readonly #requests = new Map<string, Waiting<Message>>()
  readonly #responseTopic = `mqttx/response/${randomBytes(8).toString('hex')}`
  #responses: Promise<Subscribed> | undefined
  #flushing = false
  #over: Error | undefined

  constructor(options: ConnectOptions, { onRetry }: PublicOptions) {
    this.#options = options
    this.closed = new Promise((resolve, reject) => {
      this.#close = { resolve, reject }
    })
    this.closed.catch(() => {}) // for whoever asks
    this.#connection = new Connection(options, {
      message: (publish) => this.#subscriptions.deliver(messageOf(publish)),
      chunkEnd: () => this.#subscriptions.room(),
      connected: (sessionPresent) => this.#subscriptions.renew(sessionPresent),
      suback: ([code = 0x80], answer) => this.#subscriptions.answered(answer, code),
      unsuback: ([code = 0], answer) => this.#subscriptions.answered(answer, code),
      settled: (code, { messageId, reason }) => this.#onSettled(code, messageId, reason),
      ...(onRetry && { retrying: onRetry }),
    })
    this.#subscriptions = new Subscriptions(this.#connection)
  }

  async open(): Promise<void> {
    await this.#connection.connect()
    this.#connection.ended().catch((error: Error) => this.#end(error))
  }

  async publish(topic: string, payload: Payload, options: PublishOptions = {}): Promise<void> {
    const { qos = 0, retain = false, properties } = options
    const { version } = this.#options
    checkName(topic, 'topic')
    checkedQos('qos', qos)
    if (properties !== undefined && version < 5) throw needsMqtt5('properties')
    const template = preparePublish(topic, {
      ...{ qos, retain, version },
      properties: properties as PublishProperties | undefined,
    })
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    if (bytes.length > maxPayload(template)) {
      const hint = `${bytes.length} bytes, at most ${maxPayload(template)} fit a packet`
      throw new MqttxError('The payload is too large', { exitCode: ExitCode.tooLarge, hint })
    }
    await this.#ready()
    this.#connection.publish(template, bytes)
    const messageId = this.#connection.lastMessageId
    this.#flushSoon()
    if (qos === 0) return
    return new Promise((resolve, reject) => this.#settling.set(messageId, { resolve, reject }))
  }

  async subscribe(filter: string, options: SubscribeOptions = {}): Promise<Subscription> {
    checkFilter(filter, 'filter')
    return this.#subscribe(filter, options)
  }

  async request(topic: string, payload: Payload, options: RequestOptions = {}): Promise<Message> {
    if (this.#options.version < 5) throw needsMqtt5('request()')
    const { qos = 0, timeout = 10, properties } = options
    checkedQos('qos', qos)
    seconds('timeout', timeout)
    await this.#listen(qos)
    const correlationData = randomBytes(16)
    const key = correlationData.toString('latin1')
    let timer: NodeJS.Timeout | undefined
    const answer = new Promise<Message>((resolve, reject) => {
      this.#requests.set(key, { resolve, reject })
      const late = () =>
        reject(new MqttxError(`no answer within ${timeout} s`, { exitCode: ExitCode.timeout }))
      timer = setTimeout(late, timeout * 1000)
    })
    const sent = this.publish(topic, payload, {
      qos,
      properties: { ...properties, responseTopic: this.#responseTopic, correlationData },
    })
    try {
      return (await Promise.all([answer, sent]))[0]
    } finally {
      clearTimeout(timer)
      this.#requests.delete(key)
    }
  }

  async close(): Promise<void> {
    if (this.#over !== undefined) return this.closed
    await this.#connection.idle()
    this.#over = new MqttxError('The client is closed')
    try {
      await this.#connection.close()
      this.#finish(undefined)
    } catch (error) {
      this.#finish(error as Error)
      throw error
    }
  }

  async #subscribe(filter: string, options: SubscribeOptions): Promise<Subscribed> {
    if (this.#options.version < 5 && (options.noLocal || options.retainAsPublished || options.retainHandling))
      throw needsMqtt5('noLocal, retainAsPublished and retainHandling')
    checkedQos('qos', options.qos ?? 0)
    oneOf('retainHandling', options.retainHandling ?? 0, [0, 1, 2])
    await this.#ready()
    return this.#subscriptions.add(new Subscribed(filter, options, this.#subscriptions))
  }

  /** Hears answers from now on. */
  async #listen(qos: QoS): Promise<void> {
    this.#responses ??= this.#subscribe(this.#responseTopic, { qos })
    const responses = await this.#responses.catch((error: unknown) => {
      this.#responses = undefined
      throw error
    })
    responses.onMessage ??= (message) => {
      const { correlationData } = message.properties ?? {}
      this.#requests.get(correlationData?.toString('latin1') ?? '')?.resolve(message)
    }
  }

  async #ready(): Promise<void> {
    if (this.#over !== undefined) throw this.#over
    while (!this.#connection.ready) {
      await this.#connection.drain()
      if (this.#over !== undefined) throw this.#over
    }
  }

  /** Once for all that is published in one turn of the event loop. */
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
    if (code < 0x80) return waiting?.resolve()
    const message = `The message was refused: ${reasonText(code)}`
    waiting?.reject(new MqttxError(message, { exitCode: code, hint: reason }))
  }

  /** The connection has ended for good by itself. */
  #end(error: Error): void {
    if (this.#over !== undefined) return
    this.#over = error
    this.#finish(error)
  }

  #finish(error: Error | undefined): void {
    for (const waiting of [...this.#settling.values(), ...this.#requests.values()])
      waiting.reject(this.#over!)
    this.#settling.clear()
    this.#subscriptions.end(error)
    if (error === undefined) this.#close.resolve()
    else this.#close.reject(error)
  }
}

/** What is received is a range of a chunk that goes on to live elsewhere: a copy. */
function messageOf({ topic, payload, qos, retain, properties }: Publish): Message {
  return {
    topic,
    payload: Buffer.from(payload),
    qos,
    retain,
    properties: properties as MessageProperties | undefined,
  }
}
