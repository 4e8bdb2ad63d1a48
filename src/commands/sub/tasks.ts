// Runs the commands of a worker: in order for each topic, with retries, and with a bound on what waits.
import { setMaxListeners } from 'node:events'
import type { Readable } from 'node:stream'
import { ExitCode, MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import { type Ran, runCommand } from '../../io/command.js'
import type { Output } from '../../io/output.js'
import { WholeLines } from '../../io/whole-lines.js'
import { shown } from '../../text.js'
import { Jobs } from '../jobs.js'
import { type DescribedMessage, environmentOf } from '../message-environment.js'
import type { DeadLetters } from './dead-letters.js'

/** A message for a command. */
export interface Task {
  readonly message: DescribedMessage & { readonly payload: Buffer }
  readonly command: string
  /** Allows the acknowledgement, and writes it. */
  readonly acknowledge: () => void
}

export interface TaskSettings {
  readonly jobs: number
  /** Attempts after the first. */
  readonly retries: number
  /** Milliseconds before the first retry. */
  readonly retryDelayMs: number
  readonly timeoutMs: number | undefined
}

export interface TaskIo {
  readonly host: Host
  readonly output: Output
  warn(text: string): void
  /** A message at QoS 1 or 2 cannot be handled: the run must end. */
  failed(error: MqttxError): void
  /** `full` may have changed. */
  changed(): void
}

/** What may wait; bytes of packets. The last message may exceed it. */
export const taskLimits = {
  /** Beyond these nothing is read from the server, unless a dead letter waits for its acknowledgement. */
  queued: 1000,
  queuedBytes: 16 * 1024 * 1024,
  /** In all, with dead letters. Beyond it messages at QoS 0 are dropped; others end the run. */
  heldBytes: 256 * 1024 * 1024,
}

/** What a task needs besides its packet, in bytes. */
const overhead = 1024
/** The longest pause between attempts if the first one is shorter, in milliseconds. */
const longestPauseMs = 60_000
const notFound = 127

export class Tasks {
  readonly #settings: TaskSettings
  readonly #io: TaskIo
  readonly #deadLetters: DeadLetters | undefined
  readonly #jobs: Jobs
  /** Kills running commands. */
  readonly #kill = new AbortController()
  #stopped = false
  #queuedBytes = 0
  #heldBytes = 0
  #added = 0
  #handled = 0
  #leftAtQoS0 = 0
  #lost = 0
  #explained = false

  constructor(settings: TaskSettings, io: TaskIo, deadLetters: DeadLetters | undefined) {
    this.#settings = settings
    this.#io = io
    this.#deadLetters = deadLetters
    this.#jobs = new Jobs(settings.jobs)
    setMaxListeners(settings.jobs + 2, this.#kill.signal)
  }

  /** Nothing more should be read from the server. */
  get full(): boolean {
    if ((this.#deadLetters?.pending ?? 0) > 0) return false // their acknowledgements have to be read
    return this.#overfull
  }

  get #overfull(): boolean {
    return this.#jobs.queued >= taskLimits.queued || this.#queuedBytes >= taskLimits.queuedBytes
  }

  /** Tasks at QoS 0 that failed for good or were dropped. */
  get lost(): number {
    return this.#lost
  }

  /** Tasks that are neither handled nor lost. */
  get left(): number {
    return this.#added - this.#handled - this.#lost
  }

  /** Those of them at QoS 0, which no server keeps. */
  get leftAtQoS0(): number {
    return this.#leftAtQoS0
  }

  /** `packetBytes`: the size of the message. */
  add(task: Task, packetBytes: number): void {
    const { qos, topic } = task.message
    const bytes = packetBytes + overhead
    this.#added++
    const tooMuch = this.#heldBytes > 0 && this.#heldBytes + bytes > taskLimits.heldBytes
    if (qos === 0 && (tooMuch || (!this.full && this.#overfull))) return this.#drop(topic)
    if (tooMuch) return this.#io.failed(tooManyHeld())
    this.#queuedBytes += bytes
    this.#heldBytes += bytes
    if (qos === 0) this.#leftAtQoS0++
    let attempts = 0
    this.#jobs.add(async () => {
      this.#io.changed()
      const again = await this.#attempt(task, { bytes, attempt: ++attempts })
      if (again === undefined) this.#queuedBytes -= bytes
      this.#io.changed()
      return again
    }, topic)
  }

  /** Starts no further command. */
  stop(): void {
    this.#stopped = true
    this.#jobs.drop()
  }

  /** Kills the commands that run. */
  kill(): void {
    this.stop()
    this.#kill.abort()
  }

  /** Resolves when no command runs, waits or will be retried. */
  done(): Promise<void> {
    return this.#jobs.done()
  }

  /** @returns the milliseconds until the next attempt; undefined: there is none */
  async #attempt(
    task: Task,
    { bytes, attempt }: { bytes: number; attempt: number },
  ): Promise<number | undefined> {
    const { message, command } = task
    const { host } = this.#io
    const print = this.#printer()
    const ran = await runCommand({
      line: command,
      input: message.payload,
      env: { ...host.env, ...environmentOf(message), MQTTX_ATTEMPT: String(attempt) },
      timeoutMs: this.#settings.timeoutMs,
      onOutput: print.add,
      stderr: host.stderr,
      signal: this.#kill.signal,
      group: true,
    })
    print.end()
    const { failure } = ran
    if (failure === undefined) return void (await this.#succeeded(task, bytes))
    if (this.#kill.signal.aborted) return undefined
    const again = this.#stopped ? undefined : this.#pauseAfter(attempt)
    this.#warnOf(task, { ran, attempt, again })
    if (again !== undefined || (this.#stopped && attempt <= this.#settings.retries)) return again
    const given = { status: ran.status, attempts: attempt, reason: failure }
    if (this.#deadLetters !== undefined) void this.#bury(task, { bytes, failure: given })
    else this.#failed(task, bytes)
    return undefined
  }

  /** The acknowledgement follows the output, all of it. If that fails, the run ends and the message is not acknowledged. */
  async #succeeded(task: Task, bytes: number): Promise<void> {
    try {
      await this.#io.output.taken()
    } catch {
      return // reported by `onFailure`
    }
    this.#finished(task, bytes)
  }

  #finished(task: Task, bytes: number): void {
    this.#handled++
    this.#heldBytes -= bytes
    if (task.message.qos === 0) this.#leftAtQoS0--
    task.acknowledge()
  }

  async #bury(
    task: Task,
    { bytes, failure }: { bytes: number; failure: Parameters<DeadLetters['publish']>[1] },
  ): Promise<void> {
    try {
      const published = this.#deadLetters!.publish(task.message, failure)
      this.#io.changed()
      await published
      this.#finished(task, bytes)
    } catch (error) {
      if (!(error instanceof MqttxError)) throw error
      this.#io.failed(error)
    }
    this.#io.changed()
  }

  #failed({ message: { qos, topic } }: Task, bytes: number): void {
    if (qos === 0) {
      this.#lost++
      this.#leftAtQoS0--
      this.#heldBytes -= bytes
      return
    }
    this.#io.failed(
      new MqttxError(`The command failed for a message on '${shown(topic)}', which is not acknowledged.`, {
        exitCode: ExitCode.work,
        hint: 'see the warning before; --retries repeats it, --dead-letter puts such messages aside',
      }),
    )
  }

  #drop(topic: string): void {
    if (this.#lost++ === 0)
      this.#io.warn(`Too many messages wait: dropping one at QoS 0 on '${shown(topic)}', and later ones.`)
  }

  #pauseAfter(attempt: number): number | undefined {
    const { retries, retryDelayMs } = this.#settings
    if (attempt > retries) return undefined
    return Math.min(retryDelayMs * 2 ** Math.min(attempt - 1, 30), Math.max(longestPauseMs, retryDelayMs))
  }

  #warnOf(
    { message }: Task,
    { ran, attempt, again }: { ran: Ran; attempt: number; again: number | undefined },
  ): void {
    const { retries } = this.#settings
    const count = retries === 0 ? '' : ` (attempt ${attempt} of ${retries + 1})`
    const next = again === undefined ? '' : `; next attempt in ${again / 1000} s`
    this.#io.warn(
      `The command failed for a message on '${shown(message.topic)}'${count}: ${ran.failure}${next}`,
    )
    if (ran.status !== notFound || this.#explained) return
    this.#explained = true
    this.#io.warn('Status 127 means that a command was not found: check its spelling, and PATH.')
  }

  /** Where the output of a command goes: in whole lines if several run at once. */
  #printer(): { add: (chunk: Buffer, from: Readable) => void; end: () => void } {
    const { output } = this.#io
    if (this.#settings.jobs === 1) return { add: (chunk, from) => print(output, chunk, from), end() {} }
    let reader: Readable | undefined
    const lines = new WholeLines((bytes) => print(output, bytes, reader))
    return {
      add(chunk, from) {
        reader = from
        lines.add(chunk)
      },
      end() {
        reader = undefined
        lines.end()
      },
    }
  }
}

/** Pauses `from` while standard output is blocked. A failure of it is reported by `onFailure`. */
function print(output: Output, bytes: Buffer, from: Readable | undefined): void {
  output.bytes(bytes)
  try {
    const writable = output.flush()
    if (writable === undefined || from === undefined) return
    from.pause()
    const resume = () => void from.resume()
    writable.then(resume, resume)
  } catch {
    // Its bytes are dropped.
  }
}

function tooManyHeld(): MqttxError {
  const mebibytes = taskLimits.heldBytes / 1024 / 1024
  return new MqttxError(`More than ${mebibytes} MiB of messages wait for their commands and dead letters.`, {
    exitCode: ExitCode.work,
    hint: 'the server does not acknowledge dead letters; messages without an acknowledgement stay with it',
  })
}
