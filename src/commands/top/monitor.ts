// Runs top: connects, subscribes, counts messages and ends at the first reason to stop.
import type { Publish } from '../../codec/publish.js'
import { Connection } from '../../connection/connection.js'
import type { Answer } from '../../connection/events.js'
import type { ConnectOptions } from '../../connection/options.js'
import { BrokenPipe, clause } from '../../errors.js'
import type { Host, Signal } from '../../host.js'
import type { Output } from '../../io/output.js'
import { within, withResolvers } from '../../io/promises.js'
import { shown } from '../../text.js'
import type { Sampler } from '../../top/sampler.js'
import type { TopicTree } from '../../top/topic-tree.js'
import type { Status } from '../../top/view.js'
import { timedOut } from '../deadline.js'
import type { Diagnostics } from '../diagnostics.js'
import { beforeConnack, goodbyeMs, patienceMs } from '../endings.js'
import { Interrupted } from '../interrupted.js'
import { allDenied, readSuback } from '../subscriptions.js'
import { busyShare } from './busy.js'
import type { TopArgs } from './spec.js'
import type { Controls, Surface } from './surface.js'

export interface MonitorParts {
  readonly host: Host
  readonly output: Output
  readonly diagnostics: Diagnostics
  readonly tree: TopicTree
  readonly sampler: Sampler
  readonly surface: Surface
  /** Between two updates of the surface; undefined: none before the end. */
  readonly intervalMs: number | undefined
}

type Ending = { readonly error: Error } | { readonly patient: boolean }

/** Between two looks at how busy the process is. */
const lookMs = 1000

export class Monitor implements Controls {
  readonly #args: TopArgs
  readonly #parts: MonitorParts
  readonly #filters: readonly string[]
  readonly #connection: Connection
  readonly #ending = withResolvers<Ending>()
  /** Rejects at the second signal. */
  readonly #cut = withResolvers<never>()
  #over = false
  #connections = 0
  #state = 'connecting'
  #refused = 0
  #received = 0
  /** Of the received messages those without RETAIN. */
  #live = 0
  /** Both at the last look. */
  #lastLive = 0
  #lastStored = 0
  #skipped = 0
  #isSubscribed = false
  #startMs = 0
  /** The time of the messages of this chunk; undefined before the first. */
  #chunkMs: number | undefined
  #printing: Promise<void> | undefined
  #stopTimeout = () => {}

  constructor(args: TopArgs, options: ConnectOptions, parts: MonitorParts) {
    this.#args = args
    this.#parts = parts
    this.#filters = args.topics.length > 0 ? args.topics : ['#']
    this.#startMs = parts.host.now()
    const { diagnostics } = parts
    this.#connection = new Connection(
      options,
      {
        message: (publish) => this.#onMessage(publish),
        chunkEnd: () => {
          this.#chunkMs = undefined
          return this.#printing
        },
        connected: () => this.#onConnected(),
        suback: (granted, answer) => this.#onSuback(granted, answer),
        retrying: (error, delayMs) => {
          this.#state = `NOT CONNECTED: ${clause(error)}`
          diagnostics.retrying(error, delayMs)
        },
        remark: diagnostics.warn,
      },
      diagnostics.trace,
    )
  }

  /** @returns the exit status */
  async run(): Promise<number> {
    const { host, output, surface, intervalMs } = this.#parts
    const release: (() => void)[] = [() => this.#stopTimeout()]
    const every = (ms: number, act: () => void) => {
      const timer = setInterval(act, ms)
      release.push(() => clearInterval(timer))
    }
    try {
      output.onFailure = (error) => this.#end(error instanceof BrokenPipe ? { patient: true } : { error })
      release.push(host.onSignal(['SIGINT', 'SIGTERM'], (signal) => this.#onStop(signal)))
      this.#startTimeout()
      const share = busyShare(host.now)
      every(lookMs, () => this.#look(share()))
      surface.start(this)
      if (intervalMs !== undefined) every(intervalMs, () => this.#update())
      void this.#connect()
      const ending = await this.#ending.promise
      return await Promise.race([this.#finish(ending), this.#cut.promise])
    } finally {
      for (const stop of release) stop()
      surface.close(false)?.catch(() => {})
    }
  }

  timeMs(): number {
    return this.#parts.host.now() - this.#startMs
  }

  get isSubscribed(): boolean {
    return this.#isSubscribed
  }

  get skipped(): number {
    return this.#skipped
  }

  status(): Status {
    const { host = 'localhost', port, unix } = this.#args
    const { ratio, isBehind } = this.#parts.sampler
    const server = unix ?? (port === undefined ? host : `${host}:${port}`)
    return { server: shown(server, 60), filters: this.#filters, state: this.#state, ratio, isBehind }
  }

  reset(): void {
    this.#parts.tree.reset()
    this.#startMs = this.#parts.host.now()
    this.#chunkMs = undefined
    this.#skipped = 0
  }

  stop(): void {
    this.#onStop('SIGINT')
  }

  /** Stored messages are all counted, so that many of them are no reason to sample. */
  #look(share: number): void {
    const [live, stored] = [this.#live - this.#lastLive, this.#received - this.#live - this.#lastStored]
    this.#parts.sampler.observe(share, live >= stored)
    this.#lastLive = this.#live
    this.#lastStored = this.#received - this.#live
  }

  #update(): void {
    if (this.#over) return
    const printing = this.#parts.surface.update()
    if (printing === undefined || printing === this.#printing) return
    this.#printing = printing
    printing
      .catch(() => {}) // reported by `onFailure`
      .finally(() => (this.#printing = undefined))
  }

  async #connect(): Promise<void> {
    try {
      await this.#parts.diagnostics.waiting('Connecting', this.#connection.connect())
      await this.#connection.ended()
    } catch (error) {
      this.#end({ error: error as Error })
    }
  }

  #end(ending: Ending): void {
    this.#over = true
    this.#ending.resolve(ending)
  }

  async #finish(ending: Ending): Promise<number> {
    const { surface, output, tree, diagnostics } = this.#parts
    this.#connection.stopDelivery()
    if ('error' in ending) {
      await surface.close(this.#isSubscribed)?.catch(() => {})
      await output.finish(patienceMs).catch(() => {})
      this.#connection.destroy()
      throw ending.error
    }
    try {
      await surface.close(true)
      if (tree.topics === 0)
        diagnostics.warn(`No messages on ${this.#filters.map((topic) => `'${shown(topic)}'`).join(', ')}.`)
      await output.finish(ending.patient ? undefined : patienceMs)
    } catch (error) {
      if (!(error instanceof BrokenPipe)) throw error
    }
    await within(goodbyeMs, this.#connection.released()).catch(() => {})
    await this.#connection.close(0, goodbyeMs).catch(() => {})
    return this.#refused
  }

  /** The first call ends in order; the second at once. */
  #onStop(signal: Signal): void {
    if (this.#over) {
      const error = new Interrupted(signal)
      this.#parts.surface.close(false)?.catch(() => {})
      this.#cut.reject(error)
      this.#connection.abort(error)
      this.#parts.host.stdout.destroy() // a blocked write would keep the process alive
    } else this.#end(this.#connections === 0 ? { error: beforeConnack() } : { patient: false })
  }

  /** -W counts from the subscription on; without one, from the start. */
  #startTimeout(): void {
    const { timeout } = this.#args
    if (timeout === undefined) return
    this.#stopTimeout()
    const timer = setTimeout(
      () => this.#end(this.#isSubscribed ? { patient: false } : { error: timedOut() }),
      timeout * 1000,
    )
    this.#stopTimeout = () => clearTimeout(timer)
  }

  #onConnected(): void {
    const { qos } = this.#args
    this.#state = ''
    const again = this.#connections++ > 0
    if (again) this.#parts.diagnostics.warn('Reconnected.')
    // Stored messages again would count as new ones.
    const retainHandling = again ? 2 : 0
    this.#connection.subscribe(this.#filters, { qos, retainAsPublished: true, retainHandling })
  }

  #onSuback(granted: readonly number[], { reason }: Answer): void {
    const { qos } = this.#args
    const { refused, all } = readSuback(granted, { topics: this.#filters, qos }, this.#parts.diagnostics.warn)
    this.#refused ||= refused
    if (all) return this.#end({ error: allDenied(refused, reason) })
    if (this.#isSubscribed) return
    this.#isSubscribed = true
    this.#startTimeout()
  }

  /** This is called for every message: it makes no objects. */
  #onMessage(publish: Publish): void {
    if (this.#over) return
    const { tree, sampler } = this.#parts
    this.#received++
    const { retain } = publish
    if (!retain) this.#live++
    if (retain || sampler.next()) {
      this.#chunkMs ??= this.timeMs()
      const { qos, topicStart, topicEnd } = publish
      const size = publish.payloadEnd - publish.payloadStart
      const weight = retain ? 1 : sampler.ratio
      if (topicStart < topicEnd)
        tree.add(publish.bytes, topicStart, topicEnd, size, qos, retain, weight, this.#chunkMs)
      else {
        const topic = Buffer.from(publish.topic) // by Topic Alias
        tree.add(topic, 0, topic.length, size, qos, retain, weight, this.#chunkMs)
      }
    } else this.#skipped++
    if (this.#received === this.#args.count) this.#enough()
  }

  #enough(): void {
    this.#connection.stopDelivery()
    this.#end({ patient: true })
  }
}
