// sub --exec and --table: a command for each message, which is acknowledged after success.
import type { Publish } from '../../codec/publish.js'
import { Connection } from '../../connection/connection.js'
import type { Acknowledging, Answer } from '../../connection/events.js'
import { type ConnectOptions, connectOptions, defaultWindow } from '../../connection/options.js'
import { BrokenPipe, ExitCode, MqttxError } from '../../errors.js'
import type { Host, Signal } from '../../host.js'
import { Output } from '../../io/output.js'
import { type Resolvers, within, withResolvers } from '../../io/promises.js'
import { count, countAre, shown } from '../../text.js'
import { timedOut } from '../deadline.js'
import { createDiagnostics, type Diagnostics } from '../diagnostics.js'
import { beforeConnack, disconnectWithWill, goodbyeMs, patienceMs, releaseMs } from '../endings.js'
import { withExplanation } from '../explaining.js'
import { Interrupted } from '../interrupted.js'
import { subscribeOptions } from '../subscribe-options.js'
import { allDenied, announce, readSuback, readUnsuback } from '../subscriptions.js'
import { withTrace } from '../tracing.js'
import { DeadLetters } from './dead-letters.js'
import { type Decision, selection } from './selection.js'
import type { SubArgs } from './spec.js'
import { Tasks } from './tasks.js'
import { readWork, type Work } from './work.js'

interface CommandIo {
  readonly host: Host
  readonly output: Output
  readonly diagnostics: Diagnostics
}

/** Why it ends: all messages are handled, a signal or -W, or an error. */
type Ending = { readonly status: number; readonly orderly: boolean } | { readonly error: Error }

const enough: Ending = { status: 0, orderly: true }
const stopped: Ending = { status: 0, orderly: false }
const timeout: Ending = { status: ExitCode.timeout, orderly: false }
/** After a signal, -W or an error: how long running commands may take, in milliseconds. */
const commandPatienceMs = 5000
/** Commands that may wait for each that runs, so that none waits for the network. */
const ahead = 2

export async function runWorker(args: SubArgs, host: Host): Promise<number> {
  const work = readWork(args)
  const window = Math.max(defaultWindow, ahead * (args.jobs ?? 1))
  const options = await connectOptions(
    args,
    {
      pid: host.pid,
      maxInFlight: args.maxInflight ?? defaultWindow,
      // At most -C, so that the server keeps further messages for the next connection of this Session.
      receiveMaximum: Math.min(args.count ?? window, window, 65_535),
      noDelay: true,
      reconnects: Number.POSITIVE_INFINITY,
    },
    host,
  )
  return withTrace(args, options, host, (traced) =>
    withExplanation(args, traced, host, (given, quiet) => {
      const io = {
        host: quiet,
        output: new Output(quiet.stdout),
        diagnostics: createDiagnostics(args, quiet),
      }
      return new Worker(args, given, { io, work }).run()
    }),
  )
}

class Worker {
  readonly #args: SubArgs
  readonly #options: ConnectOptions
  readonly #io: CommandIo
  readonly #work: Work
  readonly #connection: Connection
  readonly #deadLetters: DeadLetters | undefined
  readonly #tasks: Tasks
  readonly #decide: (message: Publish) => Decision
  /** The first reason to end, and, if that is `enough`, another one that comes while commands run. */
  readonly #first = withResolvers<Ending>()
  readonly #second = withResolvers<Ending>()
  /** Rejects at the second signal. */
  readonly #cut = withResolvers<never>()
  /** Reading waits for it. */
  #room: Resolvers<void> | undefined
  #over = false
  /** A reason other than `enough` has been given. */
  #settled = false
  #failure: Error | undefined
  #accepted = 0
  #refused = 0
  #connections = 0
  /** Topic Filters of SUBSCRIBE packets without a SUBACK, by Packet Identifier. */
  readonly #requested = new Map<number, readonly string[]>()
  #granted = false
  #subscribed = false
  #warnedOfUnmatched = false

  constructor(args: SubArgs, options: ConnectOptions, { io, work }: { io: CommandIo; work: Work }) {
    this.#args = args
    this.#options = options
    this.#io = io
    this.#work = work
    const { warn, trace, retrying } = io.diagnostics
    this.#connection = new Connection(
      options,
      {
        message: (publish, acknowledging) => this.#onMessage(publish, acknowledging),
        chunkEnd: () => this.#onChunkEnd(),
        connected: (sessionPresent) => this.#onConnected(sessionPresent),
        settled: (code, answer) => this.#deadLetters?.settled(code, answer),
        suback: (granted, answer) => this.#onSuback(granted, answer),
        unsuback: (codes, { reason }) => this.#onUnsuback(codes, reason),
        retrying,
        remark: warn,
      },
      trace,
    )
    const { deadLetter } = args
    this.#deadLetters =
      deadLetter === undefined ? undefined : new DeadLetters(deadLetter, options.version, this.#connection)
    this.#tasks = new Tasks(
      {
        jobs: args.jobs ?? 1,
        retries: args.retries ?? 0,
        retryDelayMs: (args.retryDelay ?? 1) * 1000,
        timeoutMs: args.execTimeout === undefined ? undefined : args.execTimeout * 1000,
      },
      {
        host: io.host,
        output: io.output,
        warn,
        failed: (error) => this.#end({ error }),
        changed: () => this.#makeRoom(),
      },
      this.#deadLetters,
    )
    this.#decide = selection(args, () => {})
  }

  /** @returns the exit status */
  async run(): Promise<number> {
    const { host, output } = this.#io
    const release: (() => void)[] = []
    try {
      output.onFailure = (error) => this.#end(error instanceof BrokenPipe ? stopped : { error })
      release.push(host.onSignal(['SIGINT', 'SIGTERM'], (signal) => this.#onSignal(signal)))
      release.push(this.#startTimeout())
      void this.#connect()
      return await Promise.race([this.#finish(await this.#first.promise), this.#cut.promise])
    } finally {
      for (const stop of release) stop()
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

  #end(ending: Ending): void {
    this.#over = true
    if ('error' in ending) this.#failure ??= ending.error
    this.#first.resolve(ending)
    this.#makeRoom() // to read acknowledgements
    if (ending === enough) return
    this.#settled = true
    this.#second.resolve(ending)
  }

  /** The first call lets the running commands finish; the second kills them and ends at once with `error`. */
  #stop(ending: Ending, error: MqttxError): void {
    if (this.#connections === 0) return this.#end({ error: beforeConnack() })
    if (!this.#settled) return this.#end(ending)
    this.#tasks.kill()
    const reason = this.#failure ?? error
    this.#cut.reject(reason)
    this.#connection.abort(reason)
    this.#io.host.stdout.destroy() // a blocked write would keep the process alive
  }

  #onSignal(signal: Signal): void {
    this.#stop(stopped, new Interrupted(signal))
  }

  #startTimeout(): () => void {
    if (this.#args.timeout === undefined) return () => {}
    const timer = setTimeout(() => this.#stop(timeout, timedOut()), this.#args.timeout * 1000)
    return () => clearTimeout(timer)
  }

  async #finish(first: Ending): Promise<number> {
    this.#connection.stopDelivery()
    const all = this.#handled().then(() => enough)
    const ending = first === enough ? await Promise.race([all, this.#second.promise]) : first
    const orderly = !('error' in ending) && ending.orderly
    if (!orderly) await this.#finishCommands()
    const unwritten = await this.#flush(orderly)
    const error = 'error' in ending ? ending.error : unwritten
    if ('error' in ending || error !== undefined) {
      await this.#hurriedGoodbye()
      this.#connection.destroy()
      this.#tellWhatIsLeft()
      throw error
    }
    if (orderly) {
      await within(releaseMs, this.#connection.released())
      await this.#connection.close()
    } else await this.#hurriedGoodbye()
    const lost = this.#tellWhatIsLeft()
    if (ending.status === ExitCode.timeout) throw timedOut()
    if (lost > 0) throw messagesLost(lost)
    return this.#refused
  }

  /** Resolves when all commands have ended, and their dead letters are acknowledged. */
  async #handled(): Promise<void> {
    await this.#tasks.done()
    await this.#deadLetters?.idle()
  }

  /** Starts no further command; kills those that do not end in time. */
  async #finishCommands(): Promise<void> {
    this.#tasks.stop()
    await within(commandPatienceMs, this.#tasks.done())
    this.#tasks.kill()
    await within(goodbyeMs, this.#tasks.done()) // one whose output is not read ends after `#flush`
    if (this.#deadLetters !== undefined) await within(goodbyeMs, this.#deadLetters.idle())
  }

  /** @returns the failure of standard output, unless its reader has gone */
  async #flush(orderly: boolean): Promise<Error | undefined> {
    try {
      await this.#io.output.finish(orderly ? undefined : patienceMs)
      return undefined
    } catch (error) {
      return error instanceof BrokenPipe ? undefined : (error as Error)
    }
  }

  /** Failures are ignored: the exit status tells why it ended. */
  async #hurriedGoodbye(): Promise<void> {
    await within(goodbyeMs, this.#connection.released()).catch(() => {})
    await this.#connection.close(disconnectWithWill, goodbyeMs).catch(() => {})
  }

  /** Warns of messages that were received and not handled. @returns how many of them the server does not keep */
  #tellWhatIsLeft(): number {
    const { left, leftAtQoS0, lost } = this.#tasks
    const { warn } = this.#io.diagnostics
    const keeps = this.#args.qos > 0 && keepsSession(this.#options)
    const kept = keeps ? left - leftAtQoS0 : 0
    const gone = left - kept
    if (kept > 0)
      warn(`${countAre(kept, 'message')} not acknowledged: the server keeps what it sent at QoS 1 and 2.`)
    const why = keeps ? 'they came at QoS 0.' : 'that needs -q 1, -i and -c.'
    if (gone > 0) warn(`${countAre(gone, 'message')} not handled, and the server does not keep them: ${why}`)
    return lost + gone
  }

  #onConnected(sessionPresent: boolean): void {
    const again = this.#connections++ > 0
    if (again) this.#io.diagnostics.warn('Reconnected.')
    // Subscribing again would make the server send retained messages again.
    if (again && sessionPresent && this.#subscribed) return
    const { noRetained, unsubscribe } = this.#args
    const options = subscribeOptions(this.#args, noRetained ? 2 : 0)
    this.#requested.clear()
    for (const { filters, subscriptionIdentifier } of this.#work.requests) {
      const own = subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }
      const properties = { ...options.properties, ...own }
      this.#requested.set(this.#connection.subscribe(filters, { ...options, properties }), filters)
    }
    for (const filter of unsubscribe) this.#connection.unsubscribe([filter])
  }

  #onSuback(granted: readonly number[], { messageId, reason }: Answer): void {
    const { diagnostics, host } = this.#io
    const topics = this.#requested.get(messageId) ?? []
    this.#requested.delete(messageId)
    if (!this.#args.quiet) diagnostics.trace?.plain(`Subscribed (mid: ${messageId}): ${granted.join(', ')}`)
    const { refused, all } = readSuback(granted, { topics, qos: this.#args.qos }, diagnostics.warn)
    this.#refused ||= refused
    this.#granted ||= !all
    if (this.#connections === 1) announce({ ...this.#args, topics }, host, granted)
    if (this.#requested.size > 0) return
    this.#subscribed = true
    if (!this.#granted) this.#end({ error: allDenied(this.#refused, reason) })
    else if (this.#args.exitAfterSubscribe || this.#args.explain) this.#end(enough)
  }

  #onUnsuback(codes: readonly number[], reason: string | undefined): void {
    this.#refused ||= readUnsuback(codes, reason, this.#io.diagnostics.warn)
    if (this.#args.exitAfterSubscribe && this.#work.requests.length === 0) this.#end(enough)
  }

  #onMessage(publish: Publish, acknowledging: Acknowledging): void {
    const decision = this.#over ? 'end' : this.#decide(publish)
    if (decision === 'drop') return
    if (decision === 'end') {
      if (publish.qos > 0) acknowledging.withhold() // it stays with the server
      return this.#enough()
    }
    if (publish.topic === this.#args.deadLetter) {
      if (publish.qos > 0) acknowledging.withhold() // it stays with the server
      return this.#end({ error: cameBack(publish.topic) })
    }
    const commands = this.#work.commandsFor(publish)
    if (commands.length === 0) return this.#warnOfUnmatched(publish.topic)
    const { topic, qos, retain, dup, properties = {} } = publish
    const payload = Buffer.from(publish.payload)
    const message = { topic, qos, retain, dup, properties, payload }
    const isRepeated = (other: Publish) => other.dup && other.topic === topic && payload.equals(other.payload)
    for (const command of commands) {
      const release = qos === 0 ? undefined : acknowledging.withhold(isRepeated)
      const acknowledge = () => {
        release?.()
        this.#connection.flush()
      }
      this.#tasks.add({ message, command, acknowledge }, publish.payloadEnd - publish.topicStart)
    }
    if (++this.#accepted === this.#args.count) this.#enough()
  }

  #enough(): void {
    this.#connection.stopDelivery()
    this.#end(enough)
  }

  #warnOfUnmatched(topic: string): void {
    if (this.#warnedOfUnmatched) return
    this.#warnedOfUnmatched = true
    this.#io.diagnostics.warn(
      `No line of the table matches a message on '${shown(topic)}': it and others are ignored. The session has an earlier subscription; -U ends it.`,
    )
  }

  #onChunkEnd(): Promise<void> | undefined {
    if (!this.#tasks.full || this.#over) return undefined
    this.#room ??= withResolvers()
    return this.#room.promise
  }

  #makeRoom(): void {
    if (this.#tasks.full && !this.#over) return
    this.#room?.resolve()
    this.#room = undefined
  }
}

function messagesLost(lost: number): MqttxError {
  return new MqttxError(`${count(lost, 'message')} lost: not handled, and not kept by the server.`, {
    exitCode: ExitCode.work,
    hint: 'at QoS 0, or without a session that is kept, a message cannot be delivered again: use -q 1, -i and -c',
  })
}

/** Its own dead letters would fail again, and be published again, without an end. */
function cameBack(topic: string): MqttxError {
  return new MqttxError(
    `A dead letter on '${shown(topic)}' has come back: an earlier subscription of this session matches it.`,
    {
      exitCode: ExitCode.work,
      hint: 'end that subscription with -U FILTER, and take what has come with mqttx sub without --exec; or use another -i',
    },
  )
}

/** True if the Session outlasts the connection. */
function keepsSession({ version, cleanStart, sessionExpiry, properties }: ConnectOptions): boolean {
  if (version < 5) return !cleanStart
  return sessionExpiry > 0 || Number(properties.connect?.sessionExpiryInterval ?? 0) > 0
}
