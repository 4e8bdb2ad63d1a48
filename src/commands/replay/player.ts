// Publishes the messages of a recording when they are due, with back-pressure.
import { maxPayload, type PublishTemplate } from '../../codec/publish.js'
import { Connection } from '../../connection/connection.js'
import type { ConnectOptions } from '../../connection/options.js'
import { PublishRefused } from '../../connection/server-limits.js'
import { ExitCode, MqttxError } from '../../errors.js'
import type { Host, Signal } from '../../host.js'
import { within } from '../../io/promises.js'
import { Templates } from '../../recording/templates.js'
import type { Messages } from '../../replay/merge.js'
import { Schedule } from '../../replay/schedule.js'
import { Selection } from '../../replay/selection.js'
import { TopicMap } from '../../replay/topic-map.js'
import { type Clock, systemClock } from '../clock.js'
import { Delivery } from '../delivery.js'
import type { Diagnostics } from '../diagnostics.js'
import { Interrupted } from '../interrupted.js'
import { LatencyHistogram } from '../latency-histogram.js'
import { Refusals } from '../refusals.js'
import { Waiter } from '../waiter.js'
import type { Recorded } from './recorded.js'
import type { ReplayArgs } from './spec.js'

/** After a signal or -W: how long to wait for the server, in milliseconds. */
const goodbyeMs = 1000

export interface PlayerIo {
  readonly host: Host
  readonly diagnostics: Diagnostics
  readonly clock?: Clock
  /** Opens the recording, for each round. */
  open(): Promise<Messages<Recorded>>
  /** Called after the first CONNACK; returns what to call at the end. */
  connected?(): () => void
}

export class Player {
  readonly refusals: Refusals
  readonly delivery = new Delivery()
  /** How late messages were, in milliseconds. Empty with --speed max. */
  readonly lateness = new LatencyHistogram()
  /** Messages that the connection did not take when they were due. */
  held = 0
  /** From 1. */
  round = 0
  /** A message is later than --to: reading ended there. */
  passedEnd = false
  /** The recorded time of the first message of the round; undefined before it. */
  roundFrom: number | undefined
  readonly #args: ReplayArgs
  readonly #io: PlayerIo
  readonly #clock: Clock
  readonly #waiter: Waiter
  readonly #connection: Connection
  readonly #schedule: Schedule
  readonly #topics: TopicMap
  readonly #templates: Templates
  /** When the first message was due, and the first of the round, on the clock. */
  #start: number | undefined
  #roundStart = 0
  #connected = false
  #closing = false
  /** Set by a signal or by -W. */
  #ending: MqttxError | undefined
  /** How late the message at hand is, in milliseconds. */
  #late = 0
  /** What has ended the connection. */
  #broken: Error | undefined
  #next = 1

  constructor(args: ReplayArgs, options: ConnectOptions, io: PlayerIo) {
    const { diagnostics, clock = systemClock } = io
    this.#args = args
    this.#io = io
    this.#clock = clock
    this.#waiter = new Waiter(clock)
    this.refusals = new Refusals(diagnostics.warn, 'message')
    this.#connection = new Connection(
      options,
      {
        retrying: diagnostics.retrying,
        remark: diagnostics.warn,
        settled: (code, answer) =>
          this.refusals.note(code, answer, this.delivery.settled(answer.messageId, code)),
      },
      diagnostics.trace,
    )
    this.#schedule = new Schedule(args.speed)
    this.#topics = new TopicMap(args.prefix, args.map)
    this.#templates = new Templates(options.version)
  }

  /** True after the first CONNACK. */
  get connected(): boolean {
    return this.#connected
  }

  /** The number of the message that comes next. */
  get next(): number {
    return this.#next
  }

  /** Messages at QoS 0 that were lost with their connection. */
  get lost(): number {
    return this.#connection.lost
  }

  get backwards(): number {
    return this.#schedule.backwards
  }

  /** Since the first message was due, in milliseconds. */
  get elapsedMs(): number {
    return this.#start === undefined ? 0 : this.#clock.now() - this.#start
  }

  /** Since the first message of the round was due, in milliseconds. */
  get roundMs(): number {
    return this.roundFrom === undefined ? 0 : this.#clock.now() - this.#roundStart
  }

  /** @throws MqttxError if the replay ends early */
  async run(): Promise<void> {
    const { host, diagnostics } = this.#io
    const connection = this.#connection
    const release = [
      host.onSignal(['SIGINT', 'SIGTERM'], (signal) => this.#onSignal(signal)),
      this.#startTimeout(),
    ]
    try {
      await diagnostics.waiting('Connecting', connection.connect())
      this.#connected = true
      connection.ended().catch((error: Error) => {
        this.#broken = error
        this.#waiter.fail(error)
      })
      if (this.#io.connected !== undefined) release.push(this.#io.connected())
      const failure = await this.#play()
      if (this.#ending === undefined) await this.#orStop(connection.idle())
      if (this.#ending !== undefined) return await this.#goodbye(this.#ending)
      this.#closing = true
      await connection.close()
      if (failure !== undefined) throw failure
    } catch (error) {
      connection.destroy()
      throw error
    } finally {
      for (const stop of release) stop()
    }
  }

  /** The first stops the schedule, the second ends at once. */
  #onSignal(signal: Signal): void {
    const error = new Interrupted(signal)
    if (!this.#connected || this.#closing || this.#ending !== undefined) this.#connection.abort(error)
    else this.#stop(error)
  }

  #startTimeout(): () => void {
    const { timeout } = this.#args
    if (timeout === undefined) return () => {}
    return this.#clock.after(timeout * 1000, () => {
      const error = new MqttxError('Timed out', { exitCode: ExitCode.timeout, prefix: '' })
      if (!this.#connected || this.#closing) this.#connection.abort(error)
      else this.#stop(error)
    })
  }

  #stop(error: MqttxError): void {
    this.#ending ??= error
    this.#waiter.interrupt()
  }

  /** Waits a moment for what is in flight. @throws `ending` */
  async #goodbye(ending: MqttxError): Promise<never> {
    await within(goodbyeMs, this.#connection.idle()).catch(() => {})
    this.#closing = true
    await this.#connection.close(0, goodbyeMs).catch(() => {})
    throw ending
  }

  /** Plays all rounds. Returns the error at which the recording cannot be read on; undefined at its end. */
  async #play(): Promise<MqttxError | undefined> {
    const { startAt, loop, loopCount = loop ? Number.POSITIVE_INFINITY : 1 } = this.#args
    while (this.#ending === undefined && this.round < loopCount) {
      this.round++
      this.roundFrom = undefined
      const first = this.#next
      const { sent } = this.delivery
      const failure = await this.#playRound()
      if (failure !== undefined) return failure
      const messages = this.#next - first
      const published = this.delivery.sent - sent
      if (messages === 0 && this.round > 1 && this.#ending === undefined) {
        return new MqttxError(`The recording is empty now, in round ${this.round}`)
      }
      if (messages === 0 || (published === 0 && first >= startAt)) return undefined // as all further rounds
      if (published > 0) this.#schedule.again()
      else this.#skipRounds(messages, loopCount)
    }
    return undefined
  }

  /** Skips rounds of so many messages as long as they end before --start-at. */
  #skipRounds(messages: number, loopCount: number): void {
    const { startAt } = this.#args
    const needless = Math.max(0, Math.floor((startAt - this.#next) / messages))
    const rounds = Math.min(needless, loopCount - this.round)
    this.#next += rounds * messages
    this.round += rounds
  }

  /** Returns the error at which the recording cannot be read on. @throws what ends the connection */
  async #playRound(): Promise<MqttxError | undefined> {
    const { filter: filters, from, to, startAt } = this.#args
    const selection = new Selection({ filters, from, to, startAt })
    let messages: Messages<Recorded> | undefined
    try {
      messages = await this.#orStop(this.#io.open())
      for (;;) {
        let message = messages?.next()
        if (message instanceof Promise) {
          this.#connection.flush()
          message = await this.#orStop(message)
        }
        if (message === undefined || this.#ending !== undefined) return undefined
        const number = this.#next + message.lines - 1
        if (message.fault !== undefined) {
          if (number >= startAt) throw withoutLine(message.fault, number)
          this.#next = number + 1
          continue
        }
        const choice = selection.choose(message.topic, message.time, number)
        if (choice === 'end') {
          this.passedEnd = true
          return undefined
        }
        if (choice === 'publish') {
          const template = this.#templateOf(message, number)
          const waiting = this.#due(this.#dueTime(message))
          if (waiting !== undefined) await waiting
          if (this.#ending !== undefined) return undefined
          this.#publish(message, template, number)
        }
        this.#next = number + 1
      }
    } catch (error) {
      if (!(error instanceof MqttxError) || error === this.#broken) throw error
      return error
    } finally {
      messages?.close()
    }
  }

  /**
   * Waits until a message is due and the connection takes it. No promise if that is now: most messages of a fast replay
   * come without one.
   */
  #due(due: number): Promise<void> | undefined {
    const now = this.#clock.now()
    if (due <= now && this.#connection.ready) {
      this.#late = now - due
      return undefined
    }
    return this.#untilDue(due)
  }

  async #untilDue(due: number): Promise<void> {
    const connection = this.#connection
    if (due > this.#clock.now()) {
      connection.flush()
      await this.#waiter.until(due)
    }
    if (!connection.ready && this.#ending === undefined) {
      this.held++
      await this.#orStop(connection.drain())
    }
    this.#late = this.#clock.now() - due
  }

  /** Publishes a message that is due. */
  #publish({ payload }: Recorded, template: PublishTemplate, number: number): void {
    if (this.#args.speed !== Number.POSITIVE_INFINITY) this.lateness.record(this.#late)
    this.delivery.sent++
    try {
      const messageId = this.#connection.publish(template, payload)
      if (template.qos > 0) this.delivery.waits(messageId, number)
    } catch (error) {
      if (!(error instanceof PublishRefused)) throw error
      this.delivery.refuse(number)
      this.refusals.note(error.reasonCode, { messageId: 0, reason: error.message }, number)
    }
  }

  /** When a message is due, on the clock. */
  #dueTime({ time }: Recorded): number {
    this.#start ??= this.#clock.now()
    const due = this.#start + this.#schedule.due(time)
    if (this.roundFrom === undefined && time !== undefined) {
      this.roundFrom = time
      this.#roundStart = due
    }
    return due
  }

  /** @throws MqttxError with the number of the message if it cannot be published */
  #templateOf(message: Recorded, number: number): PublishTemplate {
    const { retain: isForced, noRetain } = this.#args
    const { topic, payload, qos, properties } = message
    const retain = isForced || (message.retain && !noRetain)
    try {
      const template = this.#templates.of({ topic: this.#topics.of(topic), qos, retain, properties })
      const limit = maxPayload(template)
      if (payload.length <= limit) return template
      throw new MqttxError(`the payload has ${payload.length} bytes, the limit is ${limit}`, {
        exitCode: ExitCode.tooLarge,
      })
    } catch (error) {
      if (!(error instanceof MqttxError)) throw error
      throw new MqttxError(`Message ${number}: ${error.message}`, {
        ...error,
        hint: error.hints,
        cause: error,
      })
    }
  }

  /** The result of `work`; undefined if the replay is stopped before. @throws what ends the connection */
  async #orStop<T>(work: Promise<T>): Promise<T | undefined> {
    let settled = false
    const wake = () => {
      settled = true
      this.#waiter.wake()
    }
    work.then(wake, wake)
    await this.#waiter.until(Number.POSITIVE_INFINITY, { condition: () => settled })
    return settled ? work : undefined
  }
}

/** The error of a line that is not a message, with how to go on without it. */
function withoutLine(fault: MqttxError, number: number): MqttxError {
  const hint = [...fault.hints, `to go on after it, add --start-at ${number + 1}`]
  return new MqttxError(fault.message, { ...fault, hint, cause: fault })
}
