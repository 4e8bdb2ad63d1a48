// rr --serve: answers requests until a signal arrives. Reconnects after a lost connection.
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { maxPayload, type Publish, type PublishTemplate, publishSize } from '../../codec/publish.js'
import { reasonText } from '../../codec/reason-codes.js'
import { Connection } from '../../connection/connection.js'
import type { Answer } from '../../connection/events.js'
import type { ConnectOptions } from '../../connection/options.js'
import { MqttxError, UsageError } from '../../errors.js'
import type { Host, Signal } from '../../host.js'
import { runCommand } from '../../io/command.js'
import { HeldBytes } from '../../io/held-bytes.js'
import { matches } from '../../session/topic-filter.js'
import type { Diagnostics } from '../diagnostics.js'
import { Interrupted } from '../interrupted.js'
import { Jobs } from '../jobs.js'
import { environmentOf } from '../message-environment.js'
import { subscribeOptions } from '../subscribe-options.js'
import { answerTemplate, echoOf, type Reply, replyOf, type ServedRequest, servedRequest } from './answer.js'
import type { RrArgs } from './spec.js'

interface CommandIo {
  readonly host: Host
  readonly diagnostics: Diagnostics
}

/** After a signal: how long running commands may take, in milliseconds. */
const patienceMs = 5000
/** After a signal: how long to wait for acknowledgements and DISCONNECT, in milliseconds. */
const goodbyeMs = 2000
/** After a second signal: how long to wait for DISCONNECT, in milliseconds. */
const hurryMs = 500
/** Limit of buffered command output, in bytes; the next answer in turn may exceed it. */
const maxOutput = 64 * 1024 * 1024
/** Limits of queued answers: count, and bytes of packets unless there is only one. */
const maxAnswers = 65_536
const maxAnswerBytes = 64 * 1024 * 1024

/** @returns the exit status, 0 when a signal ended it */
export function answerRequests(args: RrArgs, options: ConnectOptions, io: CommandIo): Promise<number> {
  const { topic = '', responseTopic } = args
  const filter = topic.replace(/^\$share\/[^/]*\//, '')
  if (responseTopic !== undefined && matches(filter, responseTopic)) {
    const hint = `answers to '${responseTopic}' would be received as requests`
    throw new UsageError('The response topic (-e) must not match the topic (-t) with --serve.', { hint })
  }
  return new RrResponder(args, options, io).run()
}

/** A queued answer; `size` is the size of its packet in bytes. */
interface Waiting {
  readonly template: PublishTemplate
  readonly payload: Buffer
  readonly size: number
}

class RrResponder {
  readonly #args: RrArgs
  readonly #options: ConnectOptions
  readonly #io: CommandIo
  readonly #connection: Connection
  readonly #jobs: Jobs
  readonly #answers: Waiting[] = []
  #answerBytes = 0
  #dropped = 0
  readonly #output = new HeldBytes(maxOutput)
  /** Kills running commands and ends all waits. */
  readonly #kill = new AbortController()
  #pumping = false
  #ending = false
  #connections = 0
  #stop!: (outcome: Error | undefined) => void
  /** Resolves at a signal; rejects if the connection fails for good or the subscription is refused. */
  readonly #stopped = new Promise<void>((resolve, reject) => {
    this.#stop = (error) => (error === undefined ? resolve() : reject(error))
  })

  constructor(args: RrArgs, options: ConnectOptions, io: CommandIo) {
    this.#args = args
    this.#options = options
    this.#io = io
    this.#jobs = new Jobs(args.jobs)
    setMaxListeners(args.jobs + 2, this.#kill.signal)
    this.#connection = new Connection(
      options,
      {
        message: (publish) => this.#onMessage(publish),
        chunkEnd: () => this.#jobs.relieved(),
        connected: () => this.#onConnected(),
        suback: ([code = 0x80], answer) => this.#onSuback(code, answer),
        settled: (code, { reason }) => {
          if (code >= 0x80) this.#warn(`An answer was refused: ${reasonText(code)}.`, reason)
        },
        retrying: io.diagnostics.retrying,
        remark: io.diagnostics.warn,
      },
      io.diagnostics.trace,
    )
  }

  async run(): Promise<number> {
    const { host, diagnostics } = this.#io
    let release = () => {}
    try {
      release = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => this.#onSignal(signal))
      const working = diagnostics
        .waiting('Connecting', this.#connection.connect())
        .then(() => this.#connection.ended())
      working.catch((error: Error) => this.#stop(error))
      await this.#stopped
      await this.#goodbye()
      return 0
    } catch (error) {
      this.#jobs.drop()
      this.#kill.abort()
      await this.#jobs.done()
      await this.#connection.close(0, goodbyeMs).catch(() => {})
      this.#connection.destroy()
      throw error
    } finally {
      release()
    }
  }

  /** The first signal lets running commands finish; the second ends at once. */
  #onSignal(signal: Signal): void {
    if (this.#connections === 0) return this.#stop(new Interrupted(signal))
    if (this.#ending) this.#kill.abort()
    this.#ending = true
    this.#connection.stopDelivery()
    this.#stop(undefined)
  }

  /** Answers the requests whose commands are running; drops the queued ones. */
  async #goodbye(): Promise<void> {
    const { signal } = this.#kill
    this.#jobs.drop()
    const late = setTimeout(() => this.#kill.abort(), patienceMs)
    const killed = new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve())
    })
    await this.#jobs.done()
    await Promise.race([this.#delivered().catch(() => {}), killed])
    clearTimeout(late)
    const hurry = signal.aborted ? sleep(hurryMs, undefined, { ref: false }) : killed
    await Promise.race([this.#connection.close(0, goodbyeMs), hurry])
    this.#connection.destroy()
  }

  /** Resolves when every answer is acknowledged. */
  async #delivered(): Promise<void> {
    while (this.#answers.length > 0) await this.#connection.drain()
    await this.#connection.idle()
  }

  #onConnected(): void {
    if (this.#connections++ > 0) this.#io.diagnostics.warn('Reconnected.')
    this.#connection.subscribe([this.#args.topic!], subscribeOptions(this.#args, 2))
    this.#pump()
  }

  #onSuback(code: number, { reason }: Answer): void {
    if (code < 0x80) return
    const what = `Subscription to '${this.#args.topic}' was refused: ${reasonText(code)}.`
    this.#stop(new MqttxError(what, { exitCode: code, hint: reason }))
  }

  #onMessage(publish: Publish): void {
    if (publish.retain && !this.#args.retainAsPublished) return // older than our subscription
    const request = servedRequest(publish, this.#args.responseTopic)
    if ('fault' in request)
      return this.#warn(`A request on '${publish.topic}' ${request.fault}: not answered.`)
    if (this.#args.exec === undefined) this.#answer(request, echoOf(request))
    else this.#jobs.add(() => this.#execute(request, this.#args.exec!))
  }

  async #execute(request: ServedRequest, line: string): Promise<void> {
    const { host } = this.#io
    const { timeout } = this.#args
    const { version, properties } = this.#options
    const empty = { payload: request.payload.subarray(0, 0), properties: {} }
    const given = properties.publish
    const ran = await runCommand({
      line,
      input: request.payload,
      env: { ...host.env, ...environmentOf(request, request.responseTopic) },
      timeoutMs: timeout === undefined ? undefined : timeout * 1000,
      longest: maxPayload(answerTemplate(request, empty, { qos: this.#args.qos, version, given })),
      stderr: host.stderr,
      signal: this.#kill.signal,
      group: true,
      held: this.#output,
    })
    if (ran.failure !== undefined)
      this.#warn(`The command failed for a request on '${request.topic}': ${ran.failure}`)
    this.#answer(request, replyOf(ran, version))
    this.#connection.flush()
  }

  #answer(request: ServedRequest, reply: Reply): void {
    const { version, properties } = this.#options
    const template = answerTemplate(request, reply, {
      qos: this.#args.qos,
      version,
      given: properties.publish,
    })
    const size = publishSize(template, reply.payload.length)
    const bytes = this.#answerBytes + size
    if (this.#answers.length >= maxAnswers || (this.#answers.length > 0 && bytes > maxAnswerBytes)) {
      return this.#drop(request)
    }
    this.#answers.push({ template, payload: reply.payload, size })
    this.#answerBytes = bytes
    this.#pump()
  }

  /** Drops an answer because the queue is full. Warns once per episode. */
  #drop({ topic }: ServedRequest): void {
    if (this.#dropped++ > 0) return
    this.#warn(
      `The server accepts no answers: dropping the answer to a request on '${topic}' and later ones.`,
    )
  }

  #pump(): void {
    if (!this.#pumping) this.#publishAll().catch(() => {}) // the connection ended; `run` reports it
  }

  /**
   * Publishes queued answers. Reading continues meanwhile, as acknowledgements free places in the in-flight window.
   * Answers published while a chunk is processed are written at its end.
   */
  async #publishAll(): Promise<void> {
    this.#pumping = true
    try {
      for (let next = this.#answers[0]; next !== undefined; next = this.#answers[0]) {
        const now = this.#connection.ready
        if (!now) await this.#connection.drain()
        this.#publish(next)
        this.#answers.shift()
        this.#answerBytes -= next.size
        if (!now) this.#connection.flush()
      }
      if (this.#dropped > 0)
        this.#warn(`${this.#dropped} answers were dropped; the server accepts answers again.`)
      this.#dropped = 0
    } finally {
      this.#pumping = false
    }
  }

  #publish({ template, payload }: Waiting): void {
    try {
      this.#connection.publish(template, payload)
    } catch (error) {
      if (!(error instanceof MqttxError)) throw error
      this.#warn(`An answer cannot be sent: ${error.message}`, error.hint)
    }
  }

  #warn(text: string, hint?: string): void {
    this.#io.diagnostics.warn(hint === undefined ? text : `${text} ${hint}`)
  }
}
