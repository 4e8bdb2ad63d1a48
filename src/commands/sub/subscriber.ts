// Runs sub: connects, subscribes, prints messages and ends at the first reason to stop.
import type { Publish } from '../../codec/publish.js'
import type { ClientConnection } from '../../connection/client-connection.js'
import type { Answer } from '../../connection/events.js'
import { newConnection } from '../../connection/open-connection.js'
import type { ConnectOptions } from '../../connection/options.js'
import { BrokenPipe, ExitCode, type MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import type { Output } from '../../io/output.js'
import { within, withResolvers } from '../../io/promises.js'
import { timedOut } from '../deadline.js'
import type { Diagnostics } from '../diagnostics.js'
import { beforeConnack, disconnectWithWill, goodbyeMs, patienceMs, releaseMs } from '../endings.js'
import { Interrupted } from '../interrupted.js'
import type { Printer } from '../printer.js'
import { subscribeOptions } from '../subscribe-options.js'
import { allDenied, announce, readSuback, readUnsuback } from '../subscriptions.js'
import { RemovalQueue } from './removal.js'
import { selection } from './selection.js'
import type { SubArgs } from './spec.js'

interface CommandIo {
  readonly host: Host
  readonly output: Output
  readonly printer: Printer
  readonly diagnostics: Diagnostics
}

/** Why it ends: a status, to exit with after DISCONNECT; or an error. */
type Ending =
  | {
      readonly status: number
      readonly reasonCode: number
      /** Waits without limit for the reader of standard output. */
      readonly patient: boolean
    }
  | { readonly error: Error }

const enough: Ending = { status: 0, reasonCode: 0, patient: true }
export class Subscriber {
  readonly #args: SubArgs
  readonly #io: CommandIo
  readonly #connection: ClientConnection
  readonly #printer: Printer
  readonly #removal: RemovalQueue
  readonly #decide: (message: Publish) => 'print' | 'drop' | 'end'
  readonly #ending: Promise<Ending>
  #end!: (ending: Ending) => void
  /** Rejects at the second signal. */
  readonly #cut = withResolvers<never>()
  #over = false
  #printed = 0
  #refused = 0
  #connections = 0

  constructor(args: SubArgs, options: ConnectOptions, io: CommandIo) {
    this.#args = args
    this.#io = io
    this.#printer = io.printer
    this.#connection = newConnection(
      options,
      {
        message: (publish) => this.#onMessage(publish),
        chunkEnd: () => this.#onChunkEnd(),
        connected: () => this.#onConnected(),
        settled: () => this.#removal.pump(),
        suback: (granted, answer) => this.#onSuback(granted, answer),
        unsuback: (codes, answer) => this.#onUnsuback(codes, answer),
        retrying: io.diagnostics.retrying,
        remark: io.diagnostics.warn,
      },
      io.diagnostics.trace,
    )
    this.#removal = new RemovalQueue(this.#connection, options.version, (error) => this.#end({ error }))
    this.#decide = selection(args, (topic) => this.#removal.remove(topic))
    this.#ending = new Promise((resolve) => {
      this.#end = (ending) => {
        this.#over = true
        resolve(ending)
      }
    })
  }

  /** @returns the exit status */
  async run(): Promise<number> {
    const { host, output } = this.#io
    const release: (() => void)[] = []
    try {
      output.onFailure = (error) => this.#end(error instanceof BrokenPipe ? enough : { error })
      const stopped = { status: 0, reasonCode: disconnectWithWill, patient: false }
      release.push(
        host.onSignal(['SIGINT', 'SIGTERM'], (signal) => this.#onStop(stopped, new Interrupted(signal))),
      )
      release.push(this.#startTimeout())
      release.push(this.#startTicking())
      this.#printer.start(output)
      void this.#connect()
      const ending = await this.#ending
      return await Promise.race([this.#finish(ending), this.#cut.promise])
    } finally {
      for (const stop of release) stop()
      this.#printer.close()
    }
  }

  async #connect(): Promise<void> {
    try {
      await this.#io.diagnostics.waiting('Connecting', this.#connection.connect())
      await this.#connection.ended()
    } catch (error) {
      this.#end({ error: error as Error })
    }
  }

  /** Writes received messages to standard output before it acknowledges them. */
  async #finish(ending: Ending): Promise<number> {
    this.#connection.stopDelivery()
    this.#printer.close()
    if ('error' in ending) {
      await this.#flush(false).catch(() => {})
      this.#connection.destroy()
      throw ending.error
    }
    await this.#flush(ending.patient)
    if (ending.patient) await this.#goodbye(ending.reasonCode)
    else await this.#hurriedGoodbye(ending.reasonCode)
    if (ending.status === ExitCode.timeout) throw timedOut()
    return ending.status === 0 ? this.#refused : ending.status
  }

  async #goodbye(reasonCode: number): Promise<void> {
    await within(releaseMs, this.#connection.released())
    await this.#removal.finished()
    await this.#connection.close(reasonCode)
  }

  /** Failures are ignored: the exit status tells why it ended. */
  async #hurriedGoodbye(reasonCode: number): Promise<void> {
    const settled = Promise.all([this.#connection.released(), this.#removal.finished()])
    await within(goodbyeMs, settled).catch(() => {})
    await this.#connection.close(reasonCode, goodbyeMs).catch(() => {})
  }

  /** If standard output fails, its messages stay unacknowledged, so the server can deliver them again. */
  async #flush(patient: boolean): Promise<void> {
    try {
      await this.#io.output.finish(patient ? undefined : patienceMs)
    } catch (error) {
      this.#connection.discard()
      if (!(error instanceof BrokenPipe)) throw error
    }
  }

  /** The first call prints what was received, then ends; the second ends at once with `error`. */
  #onStop(ending: Ending, error: MqttxError): void {
    if (this.#over) {
      this.#printer.close()
      this.#cut.reject(error)
      this.#connection.abort(error)
      this.#io.host.stdout.destroy() // a blocked write would keep the process alive
    } else this.#end(this.#connections === 0 ? { error: beforeConnack() } : ending)
  }

  #startTimeout(): () => void {
    const { timeout } = this.#args
    if (timeout === undefined) return () => {}
    const ending = { status: ExitCode.timeout, reasonCode: disconnectWithWill, patient: false }
    const timer = setTimeout(() => this.#onStop(ending, timedOut()), timeout * 1000)
    return () => clearTimeout(timer)
  }

  #startTicking(): () => void {
    const { everySecond } = this.#printer
    if (everySecond === undefined) return () => {}
    const { output } = this.#io
    const timer = setInterval(() => {
      if (this.#over) return
      everySecond(output)
      this.#onChunkEnd()?.catch(() => {}) // reported by `onFailure`
    }, 1000)
    return () => clearInterval(timer)
  }

  #onConnected(): void {
    const { topics, unsubscribe, noRetained } = this.#args
    if (this.#connections++ > 0) this.#io.diagnostics.warn('Reconnected.')
    if (topics.length > 0)
      this.#connection.subscribe(topics, subscribeOptions(this.#args, noRetained ? 2 : 0))
    for (const filter of unsubscribe) this.#connection.unsubscribe([filter])
  }

  #onSuback(granted: readonly number[], { messageId, reason }: Answer): void {
    const { diagnostics } = this.#io
    if (!this.#args.quiet) diagnostics.trace?.plain(`Subscribed (mid: ${messageId}): ${granted.join(', ')}`)
    const { refused, all } = readSuback(granted, this.#args, diagnostics.warn)
    this.#refused ||= refused
    if (this.#connections === 1) announce(this.#args, this.#io.host, granted)
    if (all) this.#end({ error: allDenied(refused, reason) })
    else if (this.#args.exitAfterSubscribe) this.#end(enough)
  }

  #onUnsuback(codes: readonly number[], { reason }: Answer): void {
    const { exitAfterSubscribe, topics } = this.#args
    this.#refused ||= readUnsuback(codes, reason, this.#io.diagnostics.warn)
    if (exitAfterSubscribe && topics.length === 0) this.#end(enough)
  }

  #onMessage(message: Publish): void {
    if (this.#over) return
    const decision = this.#decide(message)
    if (decision === 'end') return this.#enough()
    if (decision === 'drop') return
    this.#printer.print(message, this.#io.output)
    if (++this.#printed === this.#args.count && !this.#args.messageRate) this.#enough()
  }

  #enough(): void {
    this.#connection.stopDelivery()
    this.#end(enough)
  }

  #onChunkEnd(): Promise<void> | undefined {
    try {
      return this.#io.output.taken()
    } catch {
      return undefined // reported by `onFailure`, which ends the run
    }
  }
}
