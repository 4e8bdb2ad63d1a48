// Sends requests: subscribes to the Response Topic, publishes, matches the answers and ends.
import { randomBytes } from 'node:crypto'
import type { Publish, PublishTemplate } from '../../codec/publish.js'
import { reasonText } from '../../codec/reason-codes.js'
import { Connection } from '../../connection/connection.js'
import type { Answer } from '../../connection/events.js'
import type { ConnectOptions } from '../../connection/options.js'
import { Waiters } from '../../connection/waiters.js'
import { ExitCode, MqttxError } from '../../errors.js'
import type { Palette } from '../../format/terminal.js'
import type { Host } from '../../host.js'
import type { Output } from '../../io/output.js'
import { say } from '../../io/say.js'
import { isTerminal } from '../../io/terminal.js'
import type { Diagnostics } from '../diagnostics.js'
import { Interrupted } from '../interrupted.js'
import { type Printer, printer } from '../printer.js'
import { subscribeOptions } from '../subscribe-options.js'
import { latencyText } from './latency.js'
import { requestTemplate } from './packets.js'
import { Pending, type Request } from './pending.js'
import type { RrArgs } from './spec.js'
import { UnmatchedMessages } from './unmatched.js'

export interface CommandIo {
  readonly host: Host
  readonly output: Output
  readonly palette: Palette
  readonly diagnostics: Diagnostics
}

/** Called for a request that gets no answer, or not all of them. */
export type Failed = (request: Request, failure: MqttxError) => void

const noMatchingSubscribers = 0x10
const stalled = { exitCode: ExitCode.timeout, prefix: '', hint: 'the server accepts no further requests' }
const disconnectWithWill = 4
/** How long to wait at the end for a reader of standard output that takes nothing, in milliseconds. */
const patienceMs = 2000
/** After a failure: how long to wait for the server, in milliseconds. */
const goodbyeMs = 1000

export class Requester {
  readonly #args: RrArgs
  readonly #options: ConnectOptions
  readonly #io: CommandIo
  readonly #failed: Failed
  readonly #connection: Connection
  readonly #printer: Printer
  readonly #pending: Pending
  readonly #unmatched = new UnmatchedMessages()
  readonly #waiters = new Waiters()
  /** Correlation Data from the command line, the same for all requests. */
  readonly #fixed: Buffer | undefined
  /** Requests in flight at a time. If more than one, each has its own Correlation Data. */
  readonly #window: number
  #granted = false
  #failure: Error | undefined
  /** Rejects at the first failure. */
  readonly failing: Promise<never> = this.#waiters.until(() => false) as Promise<never>
  #release: () => void = () => {}

  constructor(args: RrArgs, options: ConnectOptions, { io, failed }: { io: CommandIo; failed: Failed }) {
    this.failing.catch(() => {}) // avoids an unhandled rejection
    this.#args = args
    this.#options = options
    this.#io = io
    this.#failed = failed
    this.#pending = new Pending(args.replies)
    this.#fixed = options.properties.publish?.correlationData as Buffer | undefined
    const several = args.stdinLine && options.version === 5 && this.#fixed === undefined
    this.#window = several ? options.maxInFlight : 1
    this.#printer = printer(
      { ...args, watch: false, messageRate: false },
      {
        host: args.host ?? 'localhost',
        terminal: isTerminal(io.host.stdout),
        palette: io.palette,
        warn: (text) => say(io.host.stderr, text),
      },
    )
    this.#connection = new Connection(
      options,
      {
        message: (publish) => this.#onMessage(publish),
        chunkEnd: () => this.#onChunkEnd(),
        connected: () => this.#subscribe(),
        suback: ([code = 0x80], answer) => this.#onSuback(code, answer),
        settled: (code, answer) => this.#onSettled(code, answer),
        remark: io.diagnostics.warn,
      },
      io.diagnostics.trace,
    )
  }

  /** The first failure. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** A hint for missing answers: what was received instead, if anything. */
  get explanation(): string | undefined {
    const { replies } = this.#args
    const [request] = this.waiting
    const some = replies > 1 && request !== undefined
    const received = some ? `${this.#pending.received(request)} of ${replies} answers received` : undefined
    const parts = [received, this.#unmatched.text].filter((text) => text !== undefined)
    return parts.length === 0 ? undefined : parts.join('; ')
  }

  /** Requests that lack answers, in the order sent. */
  get waiting(): Request[] {
    return this.#pending.requests
  }

  /** The template of a request; all have the same size. */
  get template(): PublishTemplate {
    return requestTemplate(this.#args, this.#options, this.#correlationData())
  }

  /** Connects and subscribes. */
  async open(): Promise<void> {
    const { host, output, diagnostics } = this.#io
    output.onFailure = (error) => this.fail(error)
    this.#release = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => this.fail(new Interrupted(signal)))
    await Promise.race([diagnostics.waiting('Connecting', this.#connection.connect()), this.failing])
    this.#connection.ended().catch((error: Error) => this.fail(error))
    await this.#until(() => this.#granted)
  }

  /** Ends with `error`: every pending wait rejects with it. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#waiters.fail(error)
  }

  /** Resolves when another request may be sent. */
  async room(): Promise<void> {
    while (this.#pending.size >= this.#window || !this.#connection.ready) {
      this.#connection.flush()
      await this.#until(() => this.#pending.size < this.#window)
      if (!this.#connection.ready) await this.#drained()
    }
  }

  /** Waits until the connection takes more, at most for the timeout of a request. */
  async #drained(): Promise<void> {
    const timer = this.#limit(() => this.fail(new MqttxError('Timed out', stalled)))
    try {
      await Promise.race([this.#connection.drain(), this.failing])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Sends the payload from `start` to `end`. Call `room` first. */
  send(line: number, payload: Uint8Array, start = 0, end = payload.length): void {
    const correlationData = this.#correlationData()
    const sentAt = this.#io.host.now()
    const template = requestTemplate(this.#args, this.#options, correlationData)
    const sent = this.#connection.publish(template, payload, start, end)
    const messageId = this.#args.qos === 0 ? 0 : sent
    const timer = this.#limit(() => this.#onLate(request))
    const request: Request = { line, correlationData, messageId, sentAt, stop: () => clearTimeout(timer) }
    this.#pending.add(request)
  }

  flush(): void {
    this.#connection.flush()
  }

  /** Resolves when every request is answered or given up. */
  async answered(): Promise<void> {
    this.#connection.flush()
    await this.#until(() => this.#pending.size === 0)
  }

  /** Writes received messages to standard output, then acknowledges them and disconnects. */
  async close(): Promise<void> {
    this.#connection.stopDelivery()
    const goodbye = this.#io.output.finish().then(() => this.#connection.close())
    await Promise.race([goodbye, this.failing])
    this.#release()
  }

  /** Disconnects after a failure, within `goodbyeMs`. */
  async abandon(): Promise<void> {
    this.#connection.stopDelivery()
    this.#release()
    for (const request of this.waiting) this.#pending.remove(request)
    await this.#io.output.finish(patienceMs).catch(() => this.#connection.discard())
    await this.#connection.close(disconnectWithWill, goodbyeMs).catch(() => {})
    this.#connection.destroy()
  }

  /** None if one request waits at a time, as in mosquitto_rr: not every responder copies it into its answer. */
  #correlationData(): Buffer | undefined {
    return this.#window > 1 ? randomBytes(16) : this.#fixed
  }

  #until(ready: () => boolean): Promise<void> {
    return this.#waiters.until(ready)
  }

  #limit(expired: () => void): NodeJS.Timeout | undefined {
    const { timeout, stdinLine } = this.#args
    return timeout === undefined || !stdinLine ? undefined : setTimeout(expired, timeout * 1000)
  }

  #subscribe(): void {
    const { noRetained, responseTopic } = this.#args
    this.#connection.subscribe([responseTopic!], subscribeOptions(this.#args, noRetained ? 2 : 0))
  }

  #onSuback(code: number, { reason }: Answer): void {
    if (code >= 0x80) {
      const what = `Subscription to the response topic '${this.#args.responseTopic}' was refused`
      return this.fail(new MqttxError(`${what}: ${reasonText(code)}.`, { exitCode: code, hint: reason }))
    }
    this.#granted = true
    this.#waiters.wake()
  }

  #onSettled(code: number, { messageId, reason }: Answer): void {
    const request = this.#pending.settled(messageId)
    if (code === noMatchingSubscribers) {
      this.#io.diagnostics.warn(`Nobody is subscribed to '${this.#args.topic}': ${reasonText(code)}.`)
    }
    if (code >= 0x80 && request !== undefined) {
      const details = { exitCode: code, hint: reason }
      this.#giveUp(request, new MqttxError(`the request was refused: ${reasonText(code)}`, details))
    }
    this.#waiters.wake()
  }

  #onMessage(message: Publish): void {
    const { responseTopic, retainAsPublished, latency } = this.#args
    if (message.topic !== responseTopic) return // from another subscription of a resumed Session
    if (message.retain && !retainAsPublished) return this.#unmatched.retained()
    const data = message.properties?.correlationData
    const request = this.#pending.answer(data)
    if (request === undefined) return data === undefined ? this.#unmatched.bare() : this.#unmatched.foreign()
    const { host, output } = this.#io
    const took = host.now() - request.sentAt
    this.#printer.print(message, output)
    if (latency) output.text(`${latencyText(took)}\n`)
    this.#waiters.wake()
  }

  #onLate(request: Request): void {
    const { replies, timeout } = this.#args
    const received = this.#pending.received(request)
    const answers = replies === 1 ? 'no answer' : `${received} of ${replies} answers`
    const failure = new MqttxError(`${answers} within ${timeout} s`, { exitCode: ExitCode.timeout })
    this.#giveUp(request, failure)
    this.#waiters.wake()
  }

  #giveUp(request: Request, failure: MqttxError): void {
    this.#pending.remove(request)
    this.#failed(request, failure)
  }

  #onChunkEnd(): Promise<void> | undefined {
    try {
      return this.#io.output.flush()
    } catch {
      return undefined // reported by `onFailure`, which ends the run
    }
  }
}
