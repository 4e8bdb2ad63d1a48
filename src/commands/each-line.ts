// Publishes standard input or a file line by line, with back-pressure. Status 0 means that every line at QoS 1
// and 2 was acknowledged; otherwise the error says at which line to resume.
import type { Readable } from 'node:stream'
import type { PublishTemplate } from '../codec/publish.js'
import type { ClientConnection } from '../connection/client-connection.js'
import { newConnection } from '../connection/open-connection.js'
import type { ConnectOptions } from '../connection/options.js'
import { ConnectionError, ExitCode, MqttxError } from '../errors.js'
import type { Host } from '../host.js'
import { LineSplitter, LineTooLong } from '../io/lines.js'
import { deadline } from './deadline.js'
import { checkDelivered, Delivery, withResumption } from './delivery.js'
import type { Diagnostics } from './diagnostics.js'
import { Interrupted } from './interrupted.js'
import { inputError } from './payload.js'
import { Refusals } from './refusals.js'

/** Turns a line into a message. After `read` returns true, the payload is `payload` from `start` to `end`. */
export interface LineReader {
  /** The start of a command line to resume with. */
  readonly command: string
  /** Longest line, in bytes. */
  readonly longestLine: number
  /** The error text for a longer line. */
  readonly tooLong: string
  /** True if a line so far, or the default QoS, was 1 or 2. */
  readonly acknowledged: boolean
  readonly template: PublishTemplate
  readonly payload: Uint8Array
  readonly start: number
  readonly end: number
  /**
   * Reads the current line. Returns false for a line without a message.
   * @throws MqttxError if the line is not a message
   */
  read(line: LineSplitter): boolean
}

export interface PublishIo {
  readonly host: Host
  readonly diagnostics: Diagnostics
  /** -W in seconds; undefined: no limit. */
  readonly timeout?: number | undefined
  /** What is read in place of standard input; `name` in error texts. */
  readonly input?: { readonly stream: Readable; readonly name: string } | undefined
}

/**
 * Publishes every line.
 * @throws MqttxError unless every line was delivered, as far as its QoS shows
 */
export async function publishEachLine(
  options: ConnectOptions,
  reader: LineReader,
  { host, diagnostics, timeout, input }: PublishIo,
): Promise<void> {
  const refusals = new Refusals(diagnostics.warn)
  const progress = new Progress()
  const { delivery } = progress
  const connection = newConnection(
    options,
    {
      retrying: diagnostics.retrying,
      remark: diagnostics.warn,
      settled: (code, answer) => refusals.note(code, answer, delivery.settled(answer.messageId, code)),
    },
    diagnostics.trace,
  )
  const inTime = deadline(connection, timeout)
  let off = () => {}
  try {
    await diagnostics.waiting('Connecting', connection.connect())
    const stream = input?.stream ?? host.stdin
    off = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => connection.abort(new Interrupted(signal)))
    connection.ended().catch((error: Error) => stream.destroy(error))
    const work = new Publishing(connection, reader, progress)
    const failure = await work
      .all(stream as AsyncIterable<Buffer>)
      .catch(inputFailure(progress, reader, input?.name))
    await connection.idle()
    await connection.close()
    if (failure !== undefined) throw failure
    checkDelivered(delivery, { lost: connection.lost, refusals, noun: 'line' })
  } catch (error) {
    connection.destroy()
    throw error instanceof MqttxError && reader.acknowledged ? report(error, reader, progress) : error
  } finally {
    off()
    inTime()
  }
}

/** Lines are numbered from 1. */
class Progress {
  readonly delivery = new Delivery()
  #lines = 0

  /** The number of the current line. */
  get line(): number {
    return this.#lines + 1
  }

  /** The current line is published or blank. */
  next(): void {
    this.#lines++
  }
}

class Publishing {
  readonly #connection: ClientConnection
  readonly #reader: LineReader
  readonly #progress: Progress

  constructor(connection: ClientConnection, reader: LineReader, progress: Progress) {
    this.#connection = connection
    this.#reader = reader
    this.#progress = progress
  }

  async all(chunks: AsyncIterable<Buffer>): Promise<void> {
    const connection = this.#connection
    const lines = new LineSplitter(this.#reader.longestLine)
    for await (const chunk of chunks) {
      // standard input is not read during this wait
      if (!connection.ready) await connection.drain()
      lines.push(chunk)
      while (lines.next()) if (!this.#publish(lines)) await connection.drain()
      connection.flush() // one write for the whole chunk
    }
    if (!lines.rest()) return
    await connection.drain()
    this.#publish(lines)
  }

  /** Returns false to wait before the next line. A line whose publishing throws is not counted. */
  #publish(lines: LineSplitter): boolean {
    const reader = this.#reader
    const progress = this.#progress
    const connection = this.#connection
    let more = true
    if (reader.read(lines)) {
      const messageId = connection.publish(reader.template, reader.payload, reader.start, reader.end)
      progress.delivery.sent++
      if (reader.template.qos > 0) progress.delivery.waits(messageId, progress.line)
      more = connection.ready
    }
    progress.next()
    return more
  }
}

/** An error of the input stops reading; earlier lines are still delivered. */
function inputFailure(
  progress: Progress,
  reader: LineReader,
  name: string | undefined,
): (error: unknown) => MqttxError {
  return (error) => {
    if (error instanceof LineTooLong) {
      return new MqttxError(`Line ${progress.line} is too long: ${reader.tooLong}`, {
        exitCode: ExitCode.tooLarge,
      })
    }
    if (error instanceof MqttxError && !(error instanceof ConnectionError)) return named(error, progress.line)
    const failure = inputError(error, name)
    if (failure instanceof ConnectionError || !(failure instanceof MqttxError)) throw failure
    return failure
  }
}

/** Adds the line number. An error that ended the connection comes here too; `idle` throws it later. */
function named(error: MqttxError, line: number): MqttxError {
  return new MqttxError(`Line ${line}: ${error.message}`, { ...error, hint: error.hints, cause: error })
}

/** Adds where to resume. Only for lines at QoS 1 and 2: at QoS 0 it is unknown. */
function report(error: MqttxError, { command }: LineReader, { delivery, line }: Progress): MqttxError {
  return withResumption(error, delivery, {
    noun: 'line',
    next: line,
    hint: (first) => `to resume, begin with line ${first}: tail -n +${first} FILE | ${command} ...`,
  })
}
