// Asks a server for retained messages, and finds out when it has sent all of them.
import { randomBytes } from 'node:crypto'
import type { Publish, QoS } from '../../codec/publish.js'
import { Connection } from '../../connection/connection.js'
import type { ConnectOptions } from '../../connection/options.js'
import { Waiters } from '../../connection/waiters.js'
import { MqttxError } from '../../errors.js'
import { matches } from '../../session/topic-filter.js'
import type { Diagnostics } from '../diagnostics.js'

/** Receives what arrives. */
export interface ReaderEvents {
  /** A retained message that was asked for, and that one of the Topic Filters of the command line matches. */
  retained(message: Publish): void
  /** A message that was published meanwhile. */
  published?(message: Publish): void
  /** An acknowledgement of a removal. */
  settled?(reasonCode: number, messageId: number): void
  /** All messages of a chunk have been delivered: what is returned is awaited before more is read. */
  chunkEnd?(): Promise<void> | undefined
}

export interface ReaderSettings {
  /** The Topic Filters of the command line. */
  readonly filters: readonly string[]
  readonly settleMs: number
  readonly diagnostics: Diagnostics
  now(): number
}

/** Round trips without a retained message after which there is none: a message at QoS 2 in flight holds back the next for two. */
const idleRoundTrips = 2

export class RetainedReader {
  readonly connection: Connection
  readonly #filters: readonly string[]
  readonly #settings: ReaderSettings
  readonly #waiters = new Waiters()
  #failure: Error | undefined
  /** Answers to SUBSCRIBE and UNSUBSCRIBE by Packet Identifier, until they are looked at: one at a time. */
  readonly #answers = new Map<number, { codes: readonly number[]; reason: string | undefined }>()
  /** Retained messages so far, and the time of the last one or of the last SUBACK. */
  #received = 0
  #receivedAt = 0
  #retains = true

  constructor(options: ConnectOptions, settings: ReaderSettings, events: ReaderEvents) {
    const { diagnostics, filters } = settings
    this.#filters = filters
    this.#settings = settings
    this.connection = new Connection(
      options,
      {
        message: (message) => this.#onMessage(message, events),
        chunkEnd: () => {
          this.#waiters.wake()
          return events.chunkEnd?.()
        },
        connected: (_, properties) => {
          this.#retains = properties?.retainAvailable ?? true
        },
        settled: (code, { messageId }) => events.settled?.(code, messageId),
        suback: (codes, { messageId, reason }) => void this.#answers.set(messageId, { codes, reason }),
        unsuback: (codes, { messageId, reason }) => void this.#answers.set(messageId, { codes, reason }),
        retrying: diagnostics.retrying,
        remark: diagnostics.warn,
      },
      diagnostics.trace,
    )
  }

  /** @throws MqttxError 0x9a if CONNACK says that the server does not support retained messages */
  async connect(): Promise<void> {
    await this.#settings.diagnostics.waiting('Connecting', this.connection.connect())
    this.connection.ended().catch((error: Error) => {
      this.#failure = error
      this.#waiters.fail(error)
    })
    if (this.#retains) return
    const code = 0x9a
    throw new MqttxError('The server does not support retained messages (0x9a Retain not supported).', {
      exitCode: code,
      reasonCode: code,
    })
  }

  /**
   * Subscribes and resolves when the server has sent all retained messages, or when `isComplete` returns true. The
   * subscription stays.
   * @returns the Reason Codes of SUBACK, and the reason that the server gives
   * @throws the error that has ended the connection
   */
  async ask(
    filters: readonly string[],
    qos: QoS,
    isComplete: () => boolean = () => false,
  ): Promise<{ codes: readonly number[]; reason: string | undefined }> {
    // RETAIN is set only in messages that were asked for, not in those published meanwhile.
    const options = { qos, noLocal: true, retainAsPublished: false, retainHandling: 0 } as const
    const answer = await this.#answer(this.connection.subscribe(filters, options))
    this.#receivedAt = this.#settings.now()
    if (answer.codes.some((code) => code < 0x80)) await this.#settled(isComplete)
    return answer
  }

  /** Ends subscriptions; resolves when the server has answered. */
  async forget(filters: readonly string[]): Promise<void> {
    await this.#answer(this.connection.unsubscribe(filters))
  }

  /**
   * A server answers UNSUBSCRIBE also for a filter that it does not know [MQTT-3.10.4-5]. Resolves when it has, so that what
   * it sent before has been received.
   */
  async roundTrip(): Promise<void> {
    await this.forget([`mqttx-retained/${randomBytes(8).toString('hex')}`])
  }

  /** Resolves when `ready()` is true, which is looked at after each chunk from the server. */
  until(ready: () => boolean): Promise<void> {
    return this.#failure === undefined ? this.#waiters.until(ready) : Promise.reject(this.#failure)
  }

  async #answer(messageId: number): Promise<{ codes: readonly number[]; reason: string | undefined }> {
    this.connection.flush()
    await this.until(() => this.#answers.has(messageId))
    const answer = this.#answers.get(messageId)!
    this.#answers.delete(messageId)
    return answer
  }

  async #settled(isComplete: () => boolean): Promise<void> {
    for (let idle = 0; !isComplete(); ) {
      const before = this.#received
      await this.roundTrip()
      idle = this.#received === before ? idle + 1 : 0
      if (idle < idleRoundTrips) continue
      const restMs = this.#receivedAt + this.#settings.settleMs - this.#settings.now()
      if (restMs <= 0) return
      await this.#pause(restMs, isComplete)
      idle = 1 // the last one is after the pause
    }
  }

  async #pause(ms: number, isComplete: () => boolean): Promise<void> {
    let over = false
    const timer = setTimeout(() => {
      over = true
      this.#waiters.wake()
    }, ms)
    try {
      await this.until(() => over || isComplete())
    } finally {
      clearTimeout(timer)
    }
  }

  #onMessage(message: Publish, events: ReaderEvents): void {
    const isEmpty = message.payloadEnd === message.payloadStart
    if (!message.retain || isEmpty) return events.published?.(message)
    this.#received++
    this.#receivedAt = this.#settings.now()
    if (this.#filters.some((filter) => matches(filter, message.topic))) events.retained(message)
  }
}
