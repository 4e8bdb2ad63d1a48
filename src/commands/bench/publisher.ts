// One publishing client: sends what is due as soon as its connection takes it, and notes how long each message took.
import type { PublishTemplate, QoS } from '../../codec/publish.js'
import { type BenchConnection, type Clock, codeText } from './client.js'
import { writeStamp } from './stamp.js'
import { lateMs, type Tally } from './tally.js'
import type { Workload } from './workload.js'

export interface PublisherSettings {
  readonly index: number
  readonly workload: Workload
  readonly tally: Tally
  readonly clock: Clock
  readonly host: number
  readonly run: number
  readonly qos: QoS
  /** What is sent: everything behind the stamp, if there is room for one. */
  readonly payload: Buffer
  /** In the place of `payload`, where it differs from message to message. */
  readonly text?: ((message: number) => Buffer) | undefined
  /** The topic, QoS, RETAIN and properties of the message with this number. */
  template(message: number, payload: Buffer): PublishTemplate
  /** Requests without a response that there may be at once; undefined: nobody answers, or that does not matter. */
  readonly window?: number | undefined
  /** False: the payload is the user's, byte for byte. */
  readonly stamped: boolean
  /** Where messages are followed to their subscribers, their latency is not the acknowledgement's. */
  readonly toSubscribers: boolean
  /** Something has changed that may end the run. */
  changed(): void
  /** The server does not take what is to be sent: the run ends with this error. */
  failed(error: unknown): void
}

/** A message under way. It is used again when it is settled: new ones each time would keep the garbage collector busy. */
interface Pending {
  intended: number
  sent: number
  counts: boolean
  payload: Buffer
}

/** Messages sent in one go; then the network has its turn. */
const burst = 1024
const viewFrom = 16 * 1024 // a payload of this size is not copied by the connection's batch
const patienceMs = 5000 // so long without any response, and a full window is opened again

export class Publisher {
  readonly index: number
  readonly #connection: BenchConnection
  readonly #settings: PublisherSettings
  readonly #pending = new Map<number, Pending>()
  /** Settled: nobody needs them any more. */
  readonly #spare: Pending[] = []
  /** The connection keeps payloads at QoS 0 that are too large to be copied until they are written, and does not say when. */
  readonly #kept: boolean
  /** Messages whose time has come, and those that were sent; both with the warm-up. */
  #due = 0
  #turn = 0
  /** Messages that count. */
  #sequence = 0
  #start = 0
  #countsFrom = 0
  #waiting = false
  #gone = false
  /** Is told when nothing is in flight; meanwhile nothing is sent. */
  #pausing: (() => void) | undefined
  /** Requests without a response. */
  #asked = 0
  #answers = 0
  #patience: (() => void) | undefined
  /** Since when the connection takes messages: what came late before was not our fault. */
  #readySince = 0

  constructor(connection: BenchConnection, settings: PublisherSettings) {
    this.index = settings.index
    this.#connection = connection
    this.#settings = settings
    this.#kept = settings.qos === 0 && settings.payload.length >= viewFrom
  }

  /** Messages that were sent and count. */
  get sent(): number {
    return this.#sequence
  }

  /** Nothing is left to send, and nothing is waited for. */
  get idle(): boolean {
    return this.#gone || (this.#turn >= this.#due && this.#pending.size === 0)
  }

  get gone(): boolean {
    return this.#gone
  }

  /** Messages wait for the server. */
  get backlog(): number {
    return this.#due - this.#turn
  }

  /** `countsFrom`: when the warm-up of a closed loop ends. */
  begin(start: number, countsFrom: number): void {
    this.#start = start
    this.#countsFrom = countsFrom
    this.#readySince = start
  }

  /** One more message of an open loop has reached its time. */
  offer(): void {
    this.#due++
    if (this.#counts(this.#due - 1, 0)) this.#settings.tally.counts.offered++
    if (!this.#waiting) this.pump()
  }

  /** All messages of a closed loop may go; infinite where the time ends it. */
  offerAll(quota: number): void {
    this.#due = quota
    this.pump()
  }

  /** Offers no more: what was not sent stays unsent. */
  stop(): void {
    const { workload, tally } = this.#settings
    if (workload.open) {
      for (let turn = this.#turn; turn < this.#due; turn++) {
        if (!this.#counts(turn, 0)) continue
        if (this.#gone) tally.counts.skipped++
        else tally.counts.unsent++
      }
    }
    this.#due = this.#turn
  }

  /** What is still without an acknowledgement stays so. */
  finish(): void {
    this.#patience?.()
    this.#patience = undefined
    this.#forget()
  }

  /** Sends no more until `resume`, and resolves when nothing is in flight. */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#pausing = resolve
      this.#settle()
    })
  }

  /** The connection is a new one, which knows nothing of what was in flight. */
  resume(): void {
    this.#pausing = undefined
    this.#waiting = false
    this.#forget()
    this.#readySince = this.#settings.clock.now()
    this.pump()
    this.flush()
  }

  /** A request has got its response: another may go. */
  answered(): void {
    this.#answers++
    this.#asked = Math.max(0, this.#asked - 1)
    this.#settle()
    this.pump()
  }

  /** The connection has ended for good. */
  lost(): void {
    this.#gone = true
    this.#settings.changed()
  }

  /** Sends what is due, as long as the connection takes it. */
  pump(): void {
    if (this.#gone || this.#waiting || this.#pausing !== undefined) return
    const connection = this.#connection
    const { window = Number.POSITIVE_INFINITY } = this.#settings
    let budget = burst
    try {
      while (this.#turn < this.#due && this.#asked < window && connection.ready && budget-- > 0) this.#send()
    } catch (error) {
      this.#gone = true
      return this.#settings.failed(error)
    }
    if (this.#turn >= this.#due) return
    if (this.#asked >= window) return this.#awaitAnswer()
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

  /** Writes what was sent. */
  flush(): void {
    this.#connection.flush()
  }

  settled(messageId: number, reasonCode: number): void {
    const pending = this.#pending.get(messageId)
    if (pending === undefined) return
    this.#pending.delete(messageId)
    this.#spare.push(pending)
    const { tally, clock, toSubscribers, changed } = this.#settings
    if (reasonCode >= 0x80) tally.fail(`PUBLISH ${codeText(reasonCode)}`)
    else if (pending.counts) {
      tally.counts.acked++
      if (!toSubscribers) tally.done(clock.now(), pending.intended, pending.sent)
    }
    if (this.#pending.size > 0) return
    this.#settle()
    changed()
  }

  #settle(): void {
    if (this.#pending.size === 0 && this.#asked === 0) this.#pausing?.()
  }

  #forget(): void {
    for (const { counts } of this.#pending.values()) if (counts) this.#settings.tally.counts.unacked++
    this.#pending.clear()
    this.#asked = 0
  }

  /** A response that never comes must not hold the others up for ever. */
  #awaitAnswer(): void {
    if (this.#patience !== undefined) return
    const answers = this.#answers
    this.#patience = this.#settings.clock.after(patienceMs, () => {
      this.#patience = undefined
      if (this.#answers === answers) this.#asked = 0
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

  #counts(turn: number, now: number): boolean {
    const { workload } = this.#settings
    return workload.open ? turn >= workload.warmupOf(this.index) : now >= this.#countsFrom
  }

  #send(): void {
    const { workload, tally, clock, toSubscribers } = this.#settings
    const turn = this.#turn++
    const sent = clock.now()
    const intended = workload.open ? this.#start + workload.intended(this.index, turn) : sent
    const counts = this.#counts(turn, sent)
    const pending = this.#message(turn, counts, intended, sent)
    const { payload } = pending
    const template = this.#settings.template(turn, payload)
    this.#connection.publish(template, payload)
    if (this.#settings.window !== undefined) this.#asked++
    if (template.qos > 0) this.#pending.set(this.#connection.lastMessageId, pending)
    else this.#spare.push(pending)
    if (!counts) return
    this.#sequence++
    tally.counts.sent++
    tally.second(sent).sent++
    if (!workload.open) tally.counts.offered++
    else this.#noteLag(sent, intended)
    if (template.qos > 0 || toSubscribers) return
    if (workload.open) tally.done(sent, intended, sent)
    else tally.arrived(sent)
  }

  #noteLag(sent: number, intended: number): void {
    const { tally } = this.#settings
    if (sent - intended > lateMs) tally.counts.late++
    tally.lag.record(sent - Math.max(intended, Math.min(sent, this.#readySince)))
  }

  #message(turn: number, counts: boolean, intended: number, sent: number): Pending {
    const { payload, text, stamped, host, run } = this.#settings
    let message = this.#spare.pop()
    if (message === undefined) {
      message = { intended, sent, counts, payload: stamped ? Buffer.from(payload) : payload }
    } else {
      message.intended = intended
      message.sent = sent
      message.counts = counts
      if (stamped && this.#kept) message.payload = Buffer.from(payload)
    }
    if (text !== undefined) message.payload = text(turn)
    // No spread here: copying an object with fractions in it would cost six times as much as all the rest.
    if (stamped)
      writeStamp(message.payload, {
        counts,
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
