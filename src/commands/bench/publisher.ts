// One publishing client: sends due messages as soon as its connection is ready, and records their latency.
import type { PublishTemplate, QoS } from '../../codec/publish.js'
import type { Clock } from '../clock.js'
import type { BenchConnection } from './connection.js'
import { reasonCodeText } from './failures.js'
import { lateMs, type RunStats } from './run-stats.js'
import { writeStamp } from './stamp.js'
import type { Workload } from './workload.js'

export interface PublisherSettings {
  readonly index: number
  readonly workload: Workload
  readonly stats: RunStats
  readonly clock: Clock
  readonly host: number
  readonly run: number
  readonly qos: QoS
  /** The payload of every message; the stamp, if any, is written over its first bytes. */
  readonly payload: Buffer
  /** --template: the payload by message number, instead of `payload`. */
  readonly text?: ((message: number) => Buffer) | undefined
  /** Topic, QoS, RETAIN and properties, by message number. */
  template(message: number, payload: Buffer): PublishTemplate
  /** rr: outstanding requests; undefined in other modes. */
  readonly window?: number | undefined
  /** False: the payload is sent unchanged. */
  readonly stamped: boolean
  /** The latency is measured by subscribers, not at the acknowledgement. */
  readonly toSubscribers: boolean
  /** Called on a change that may end the run. */
  changed(): void
  /** Called when a message exceeds the limits of the server: the run ends with this error. */
  failed(error: unknown): void
}

/** A message in flight. Reused after it is settled, which saves garbage collection. */
interface Pending {
  intended: number
  sent: number
  measured: boolean
  payload: Buffer
}

/** Messages sent before other I/O is handled. */
const burst = 1024
const uncopiedSize = 16 * 1024 // from this payload size on, the connection does not copy it
const responseTimeoutMs = 5000 // without any response for this long, a full window is reopened

export class BenchPublisher {
  readonly index: number
  readonly #connection: BenchConnection
  readonly #settings: PublisherSettings
  readonly #pending = new Map<number, Pending>()
  /** Settled messages, for reuse. */
  readonly #spare: Pending[] = []
  /** The connection keeps a reference to QoS 0 payloads of this size for an unknown time: do not reuse the buffer. */
  readonly #kept: boolean
  /** Messages that are due, and that were sent; including the warm-up. */
  #due = 0
  #next = 0
  /** Measured messages that were sent. */
  #sequence = 0
  #start = 0
  #measureFrom = 0
  #waiting = false
  #gone = false
  /** While paused: called when nothing is in flight. */
  #paused: (() => void) | undefined
  /** Outstanding requests. */
  #outstanding = 0
  #responses = 0
  #cancelTimeout: (() => void) | undefined
  /** When the connection became ready; lateness before that is not our lag. */
  #readySince = 0

  constructor(connection: BenchConnection, settings: PublisherSettings) {
    this.index = settings.index
    this.#connection = connection
    this.#settings = settings
    this.#kept = settings.qos === 0 && settings.payload.length >= uncopiedSize
  }

  /** Measured messages that were sent. */
  get sent(): number {
    return this.#sequence
  }

  /** Nothing left to send, and nothing in flight. */
  get idle(): boolean {
    return this.#gone || (this.#next >= this.#due && this.#pending.size === 0)
  }

  /** Messages that are due but not sent. */
  get backlog(): number {
    return this.#due - this.#next
  }

  /** @param measureFrom end of the warm-up of a closed loop, on the clock */
  begin(start: number, measureFrom: number): void {
    this.#start = start
    this.#measureFrom = measureFrom
    this.#readySince = start
  }

  /** Open loop: one more message is due. */
  offer(): void {
    this.#due++
    if (this.#isMeasured(this.#due - 1, 0)) this.#settings.stats.counts.offered++
    if (!this.#waiting) this.pump()
  }

  /** Closed loop: all messages are due; infinite if the run is limited by time. */
  offerAll(quota: number): void {
    this.#due = quota
    this.pump()
  }

  /** Ends the load: due messages stay unsent. */
  stop(): void {
    const { workload, stats } = this.#settings
    if (workload.open) {
      for (let number = this.#next; number < this.#due; number++) {
        if (!this.#isMeasured(number, 0)) continue
        if (this.#gone) stats.counts.skipped++
        else stats.counts.unsent++
      }
    }
    this.#due = this.#next
  }

  /** Counts messages in flight as not acknowledged. */
  finish(): void {
    this.#cancelTimeout?.()
    this.#cancelTimeout = undefined
    this.#forget()
  }

  /** Sends nothing until `resume`; resolves when nothing is in flight. */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#paused = resolve
      this.#settle()
    })
  }

  /** Continues on a new connection; messages in flight on the old one are lost. */
  resume(): void {
    this.#paused = undefined
    this.#waiting = false
    this.#forget()
    this.#readySince = this.#settings.clock.now()
    this.pump()
    this.flush()
  }

  /** A response arrived: another request may be sent. */
  answered(): void {
    this.#responses++
    this.#outstanding = Math.max(0, this.#outstanding - 1)
    this.#settle()
    this.pump()
  }

  /** The connection has ended for good. */
  lost(): void {
    this.#gone = true
    this.#settings.changed()
  }

  /** Sends due messages while the connection is ready. */
  pump(): void {
    if (this.#gone || this.#waiting || this.#paused !== undefined) return
    const connection = this.#connection
    const { window = Number.POSITIVE_INFINITY } = this.#settings
    let budget = burst
    try {
      while (this.#next < this.#due && this.#outstanding < window && connection.ready && budget-- > 0)
        this.#send()
    } catch (error) {
      this.#gone = true
      return this.#settings.failed(error)
    }
    if (this.#next >= this.#due) return
    if (this.#outstanding >= window) return this.#awaitResponse()
    this.#waiting = true
    if (budget < 0) {
      connection.flush()
      this.#settings.clock.soon(() => this.#resume(false))
    } else
      connection.drain().then(
        () => this.#settings.clock.soon(() => this.#resume(true)),
        () => {},
      )
  }

  /** Writes buffered packets to the socket. */
  flush(): void {
    this.#connection.flush()
  }

  /** Handles the final acknowledgement of a message. */
  settled(messageId: number, reasonCode: number): void {
    const pending = this.#pending.get(messageId)
    if (pending === undefined) return
    this.#pending.delete(messageId)
    this.#spare.push(pending)
    const { stats, clock, toSubscribers, changed } = this.#settings
    if (reasonCode >= 0x80) stats.fail(`PUBLISH ${reasonCodeText(reasonCode)}`)
    else if (pending.measured) {
      stats.counts.acked++
      if (!toSubscribers) stats.done(clock.now(), pending.intended, pending.sent)
    }
    if (this.#pending.size > 0) return
    this.#settle()
    changed()
  }

  #settle(): void {
    if (this.#pending.size === 0 && this.#outstanding === 0) this.#paused?.()
  }

  #forget(): void {
    for (const { measured } of this.#pending.values()) if (measured) this.#settings.stats.counts.unacked++
    this.#pending.clear()
    this.#outstanding = 0
  }

  /** Reopens the window if no response arrives: a lost one must not stop the client. */
  #awaitResponse(): void {
    if (this.#cancelTimeout !== undefined) return
    const responses = this.#responses
    this.#cancelTimeout = this.#settings.clock.after(responseTimeoutMs, () => {
      this.#cancelTimeout = undefined
      if (this.#responses === responses) this.#outstanding = 0
      this.pump()
      this.flush()
    })
  }

  #resume(wasFull: boolean): void {
    this.#waiting = false
    if (wasFull) this.#readySince = this.#settings.clock.now()
    this.pump()
    this.flush()
    if (this.idle) this.#settings.changed()
  }

  #isMeasured(number: number, now: number): boolean {
    const { workload } = this.#settings
    return workload.open ? number >= workload.warmupOf(this.index) : now >= this.#measureFrom
  }

  #send(): void {
    const { workload, stats, clock, toSubscribers } = this.#settings
    const number = this.#next++
    const sent = clock.now()
    const intended = workload.open ? this.#start + workload.intended(this.index, number) : sent
    const measured = this.#isMeasured(number, sent)
    const pending = this.#message(number, measured, intended, sent)
    const { payload } = pending
    const template = this.#settings.template(number, payload)
    const messageId = this.#connection.publish(template, payload)
    if (this.#settings.window !== undefined) this.#outstanding++
    if (template.qos > 0) this.#pending.set(messageId, pending)
    else this.#spare.push(pending)
    if (!measured) return
    this.#sequence++
    stats.counts.sent++
    stats.second(sent).sent++
    if (!workload.open) stats.counts.offered++
    else this.#noteLag(sent, intended)
    if (template.qos > 0 || toSubscribers) return
    if (workload.open) stats.done(sent, intended, sent)
    else stats.arrived(sent)
  }

  #noteLag(sent: number, intended: number): void {
    const { stats } = this.#settings
    if (sent - intended > lateMs) stats.counts.late++
    stats.lag.record(sent - Math.max(intended, Math.min(sent, this.#readySince)))
  }

  #message(number: number, measured: boolean, intended: number, sent: number): Pending {
    const { payload, text, stamped, host, run } = this.#settings
    let message = this.#spare.pop()
    if (message === undefined) {
      message = { intended, sent, measured, payload: stamped ? Buffer.from(payload) : payload }
    } else {
      message.intended = intended
      message.sent = sent
      message.measured = measured
      if (stamped && this.#kept) message.payload = Buffer.from(payload)
    }
    if (text !== undefined) message.payload = text(number)
    // No object spread: copying floats would take six times as long as everything else here.
    if (stamped)
      writeStamp(message.payload, {
        measured,
        host,
        run,
        client: this.index,
        sequence: this.#sequence,
        intended,
        sent,
      })
    return message
  }
}
