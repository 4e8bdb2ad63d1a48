// A client's connection to the server: a Connection that the gateway core uses through UpstreamLink.
import type { Duplex } from 'node:stream'
import { checksum } from '../codec/checksum.js'
import type { Publish, PublishTemplate } from '../codec/publish.js'
import { preparePublish } from '../codec/publish-properties.js'
import { Connection } from '../connection/connection.js'
import type { Acknowledging } from '../connection/events.js'
import type { ConnectOptions } from '../connection/options.js'
import { isTransient } from '../connection/reconnect.js'
import type { UpstreamEvents, UpstreamLink } from '../sn/gateway-types.js'

export interface LinkOptions {
  readonly connect: ConnectOptions
  /** Bytes that the server has not taken, above which messages of QoS 0 are lost. */
  readonly buffered: number
  /** Waits for its turn to connect; call the result when the attempt is over. */
  turn(): Promise<() => void>
  /** Writes what has been published, at the end of the turn of the event loop. */
  flushLater(link: ServerLink): void
  /** The core does not use the link any more; `closed` resolves when its network connection is closed. */
  ended(closed: Promise<void>): void
  /** Attempts to connect after the first has failed. */
  readonly retries: number
}

interface Waiting {
  readonly token: number
  readonly template: PublishTemplate
  readonly payload: Uint8Array
}

/** Templates of PUBLISH for topics. */
const mostTemplates = 256
/** Connections in a row on which the server has acknowledged none of what was sent again: it does not take the first of it. */
const mostFruitless = 3
/** How long the server may take to close after DISCONNECT, in milliseconds. */
const closeMs = 2000

export class ServerLink implements UpstreamLink {
  readonly #options: LinkOptions
  readonly #events: UpstreamEvents
  readonly #connection: Connection
  readonly #templates = new Map<string, PublishTemplate>()
  /** Messages of QoS 1 and 2 that the server's window has no room for. */
  #waiting: Waiting[] = []
  /** Numbers of the core, by Packet Identifier. */
  readonly #tokens = new Map<number, number>()
  #token = 0
  #fruitless = 0
  #stream: Duplex | undefined
  #ended = false
  #held: { readonly promise: Promise<void>; readonly release: () => void } | undefined

  constructor(options: LinkOptions, events: UpstreamEvents) {
    this.#options = options
    this.#events = events
    const connect: ConnectOptions = {
      ...options.connect,
      retries: options.retries,
      reconnects: Number.POSITIVE_INFINITY,
      observe: (stream) => this.#observe(stream),
    }
    this.#connection = new Connection(connect, {
      message: (publish, acknowledging) => this.#message(publish, acknowledging),
      chunkEnd: () => this.#chunkEnd(),
      connected: (sessionPresent) => {
        this.#countFruitless()
        if (!this.#ended) events.accepted(sessionPresent)
        options.flushLater(this)
      },
      settled: (reasonCode, { messageId }) => this.#settled(messageId, reasonCode),
      suback: ([granted = 0x80], { messageId }) => this.#ended || events.suback(messageId, granted),
      unsuback: (_, { messageId }) => this.#ended || events.unsuback(messageId),
    })
    void this.#run()
  }

  async #run(): Promise<void> {
    const over = await this.#options.turn()
    try {
      if (!this.#ended) await this.#connection.connect()
    } catch (error) {
      return this.#failed(error as Error, isTransient(error, true))
    } finally {
      over()
    }
    await this.#connection.ended().catch((error: Error) => this.#failed(error, false))
  }

  /** A server that ends the connection for a message would get it again on the next, and nothing else would pass. */
  #countFruitless(): void {
    const [first] = this.#tokens.values()
    if (first === undefined) return
    if (++this.#fruitless <= mostFruitless) return
    this.#fruitless = 0
    setImmediate(() => {
      if (this.#ended) return
      this.#events.settled(first, false)
      this.#connection.destroy()
      this.#failed(new Error('the server ends the connection for a message of a client'), true)
    })
  }

  #failed(error: Error, busy: boolean): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.ended(Promise.resolve())
    this.#events.refused(busy, error.message)
  }

  get up(): boolean {
    return !this.#ended && this.#connection.up
  }

  get writable(): boolean {
    return (this.#stream?.writableLength ?? 0) < this.#options.buffered / 4
  }

  publish(topic: string, payload: Uint8Array, qos: 0 | 1 | 2, retain: boolean): number {
    const token = ++this.#token
    const template = this.#template(topic, qos, retain)
    if (qos === 0) {
      if ((this.#stream?.writableLength ?? 0) > this.#options.buffered) return -1
      if (this.#send(template, payload) === undefined) return -1
    } else if (this.#waiting.length > 0 || !this.#connection.ready) {
      this.#waiting.push({ token, template, payload })
    } else this.#sendAcknowledged({ token, template, payload })
    this.#options.flushLater(this)
    return token
  }

  #sendAcknowledged({ token, template, payload }: Waiting): void {
    const messageId = this.#send(template, payload)
    if (messageId !== undefined) this.#tokens.set(messageId, token)
    else queueMicrotask(() => this.#ended || this.#events.settled(token, false))
  }

  /** @returns undefined if the server has said that it would refuse the message */
  #send(template: PublishTemplate, payload: Uint8Array): number | undefined {
    try {
      return this.#connection.publish(template, payload)
    } catch {
      return undefined
    }
  }

  subscribe(filter: string, qos: 0 | 1 | 2): number | undefined {
    this.#options.flushLater(this)
    try {
      return this.#connection.subscribe([filter], { qos })
    } catch {
      return undefined
    }
  }

  unsubscribe(filter: string): number {
    this.#options.flushLater(this)
    return this.#connection.unsubscribe([filter])
  }

  hold(full: boolean): void {
    if (!full) {
      this.#held?.release()
      this.#held = undefined
    } else if (this.#held === undefined) {
      let release = (): void => {}
      const promise = new Promise<void>((resolve) => {
        release = resolve
      })
      this.#held = { promise, release }
    }
  }

  flush(): void {
    if (!this.#ended) this.#connection.flush()
  }

  close(): void {
    void this.finish()
  }

  /** As `close`; resolves when the connection is closed. */
  finish(): Promise<void> {
    this.#ended = true
    this.hold(false)
    const closed = this.#connection.close(0, closeMs).catch(() => {})
    this.#options.ended(closed)
    return closed
  }

  cut(): void {
    this.flush()
    this.#ended = true
    this.hold(false)
    this.#connection.destroy()
    this.#options.ended(Promise.resolve())
  }

  #observe(stream: Duplex): void {
    this.#stream = stream
    this.#options.connect.observe?.(stream)
    // After the Connection has heard of it.
    stream.on('drain', () => setImmediate(() => this.#drained()))
  }

  #drained(): void {
    if (this.#ended) return
    this.#sendWaiting()
    this.#events.drained()
  }

  #sendWaiting(): void {
    if (this.#ended || this.#waiting.length === 0) return
    while (this.#waiting.length > 0 && this.#connection.ready) this.#sendAcknowledged(this.#waiting.shift()!)
    this.#options.flushLater(this)
  }

  #settled(messageId: number, reasonCode: number): void {
    const token = this.#tokens.get(messageId)
    this.#tokens.delete(messageId)
    this.#fruitless = 0
    if (token !== undefined && !this.#ended) this.#events.settled(token, reasonCode < 0x80)
  }

  #message(publish: Publish, acknowledging: Acknowledging): void {
    if (this.#ended) return
    const { topic, payload, qos, retain, dup } = publish
    const done = qos === 0 ? undefined : this.#acknowledged(acknowledging.withhold(repetitionOf(publish)))
    this.#events.message({ topic, payload, qos, retain, dup }, done)
  }

  #acknowledged(release: () => void): () => void {
    return () => {
      release()
      this.#options.flushLater(this)
    }
  }

  #chunkEnd(): Promise<void> | undefined {
    this.#sendWaiting()
    return this.#held?.promise
  }

  #template(topic: string, qos: 0 | 1 | 2, retain: boolean): PublishTemplate {
    const key = `${qos}${retain ? 'r' : '-'}${topic}`
    const known = this.#templates.get(key)
    if (known !== undefined) return known
    const { version, properties } = this.#options.connect
    const made = preparePublish(topic, { qos, retain, version, properties: properties.publish })
    if (this.#templates.size >= mostTemplates) this.#templates.clear()
    this.#templates.set(key, made)
    return made
  }
}

/** True for a message at QoS 1 that the server sends again: the same topic, length and checksum. */
function repetitionOf(publish: Publish): (other: Publish) => boolean {
  const { topic } = publish
  const { length } = publish.payload
  const sum = checksum(publish.payload)
  return (other) =>
    other.dup && other.topic === topic && other.payload.length === length && checksum(other.payload) === sum
}
