// Standard input line by line, for -l and --json: read, publish, wait where the connection says so. Status 0 means that
// at QoS 1 and 2 every line was acknowledged; any other status comes with a report of where to resume.
import type { PublishTemplate } from '../../codec/publish.js'
import { Connection } from '../../connection/connection.js'
import type { ConnectOptions } from '../../connection/options.js'
import { ConnectionError, ExitCode, MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import { LineSplitter, LineTooLong } from '../../io/lines.js'
import { Interrupted } from '../interrupted.js'
import { LineList } from '../line-list.js'
import { inputError } from '../payload.js'
import type { Diagnostics } from '../diagnostics.js'
import { deadline } from './deadline.js'
import { LinesInFlight } from './lines-in-flight.js'
import { Refusals, reasonOf } from './refusals.js'

/** Makes a message of a line. After `read` has said true it is `payload` from `start` to `end`, sent as `template`. */
export interface LineReader {
  /** How a command line that resumes begins. */
  readonly command: string
  /** What is kept of a line that does not end, in bytes. */
  readonly longestLine: number
  /** What is said of a longer one. */
  readonly tooLong: string
  /** True where a line is, or without more ado would be, a message at QoS 1 or 2. */
  readonly acknowledged: boolean
  readonly template: PublishTemplate
  readonly payload: Uint8Array
  readonly start: number
  readonly end: number
  /**
   * Reads the line at hand. False: there is nothing to publish on it.
   * @throws MqttxError where it is no message
   */
  read(line: LineSplitter): boolean
}

export interface PublishIo {
  readonly host: Host
  readonly diagnostics: Diagnostics
  /** Seconds until it is given up; undefined: never. */
  readonly timeout?: number | undefined
}

/**
 * Publishes every line of standard input.
 * @throws MqttxError unless every line was delivered, as far as its QoS can tell
 */
export async function publishEachLine(
  options: ConnectOptions,
  reader: LineReader,
  { host, diagnostics, timeout }: PublishIo,
): Promise<void> {
  const refusals = new Refusals(diagnostics.warn)
  const progress = new Progress()
  const connection = new Connection(
    options,
    {
      retrying: diagnostics.retrying,
      remark: diagnostics.warn,
      settled: (code, answer) => refusals.note(code, answer, progress.settled(answer.messageId, code)),
    },
    diagnostics.trace,
  )
  const inTime = deadline(connection, timeout)
  let off = () => {}
  try {
    await diagnostics.waiting('Connecting', connection.connect())
    const { stdin } = host
    off = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => connection.abort(new Interrupted(signal)))
    connection.ended().catch((error: Error) => stdin.destroy(error))
    const work = new Publishing(connection, reader, progress)
    const failure = await work.all(stdin as AsyncIterable<Buffer>).catch(inputFailure(progress, reader))
    await connection.idle()
    await connection.close()
    if (failure !== undefined) throw failure
    if (connection.lost > 0) throw lostLines(connection.lost)
    if (refusals.count > 0) throw refusedLines(refusals, progress.sent)
  } catch (error) {
    connection.destroy()
    throw error instanceof MqttxError && reader.acknowledged ? report(error, reader, progress) : error
  } finally {
    off()
    inTime()
  }
}

/** What has become of the lines so far. Lines are counted from 1. */
class Progress {
  readonly #inFlight = new LinesInFlight()
  readonly refused = new LineList()
  #firstRefused = Number.POSITIVE_INFINITY
  #lines = 0
  /** Messages that were published. */
  sent = 0
  /** Messages that the server has accepted. */
  acknowledged = 0

  /** The number of the line at hand, or of the one that could not be read. */
  get line(): number {
    return this.#lines + 1
  }

  /** The line at hand is done: published, or blank. */
  next(): void {
    this.#lines++
  }

  /** The line at hand waits for an acknowledgement. */
  waits(messageId: number): void {
    this.#inFlight.sent(messageId, this.line)
  }

  /** The server has answered. Returns the number of the line. */
  settled(messageId: number, reasonCode: number): number {
    const line = this.#inFlight.settled(messageId)
    if (reasonCode < 0x80) this.acknowledged++
    else {
      this.refused.add(line)
      this.#firstRefused = Math.min(this.#firstRefused, line)
    }
    return line
  }

  /** The first line at QoS 1 or 2 that the server has not accepted; the next one where it has accepted all. */
  get firstUnacknowledged(): number {
    return Math.min(this.#inFlight.oldest() ?? this.line, this.#firstRefused)
  }
}

class Publishing {
  readonly #connection: Connection
  readonly #reader: LineReader
  readonly #progress: Progress

  constructor(connection: Connection, reader: LineReader, progress: Progress) {
    this.#connection = connection
    this.#reader = reader
    this.#progress = progress
  }

  async all(chunks: AsyncIterable<Buffer>): Promise<void> {
    const connection = this.#connection
    const lines = new LineSplitter(this.#reader.longestLine)
    for await (const chunk of chunks) {
      // standard input is not read while we wait below
      if (!connection.ready) await connection.drain()
      lines.push(chunk)
      while (lines.next()) if (!this.#publish(lines)) await connection.drain()
      connection.flush() // one write for the whole chunk
    }
    if (!lines.rest()) return
    await connection.drain()
    this.#publish(lines)
  }

  /** False: wait before the next. A line counts when it has been published, not when publishing it throws. */
  #publish(lines: LineSplitter): boolean {
    const reader = this.#reader
    const progress = this.#progress
    let more = true
    if (reader.read(lines)) {
      more = this.#connection.publish(reader.template, reader.payload, reader.start, reader.end)
      progress.sent++
      if (reader.template.qos > 0) progress.waits(this.#connection.lastMessageId)
    }
    progress.next()
    return more
  }
}

/** What is wrong with the input ends the reading, not the delivery of the lines before. */
function inputFailure(progress: Progress, reader: LineReader): (error: unknown) => MqttxError {
  return (error) => {
    if (error instanceof LineTooLong) {
      return new MqttxError(`Line ${progress.line} is too long: ${reader.tooLong}`, {
        exitCode: ExitCode.tooLarge,
      })
    }
    if (error instanceof MqttxError && !(error instanceof ConnectionError)) return named(error, progress.line)
    const failure = inputError(error)
    if (failure instanceof ConnectionError || !(failure instanceof MqttxError)) throw failure
    return failure
  }
}

/** Says which line it was; an error that ended the connection comes here too, and is told by `idle`. */
function named(error: MqttxError, line: number): MqttxError {
  return new MqttxError(`Line ${line}: ${error.message}`, { ...error, hint: error.hints, cause: error })
}

/** Says where a script resumes. Only for lines at QoS 1 and 2: at QoS 0 nobody knows. */
function report(error: MqttxError, reader: LineReader, progress: Progress): MqttxError {
  const { acknowledged, sent, refused, firstUnacknowledged: first } = progress
  const lines = `lines acknowledged: ${acknowledged}, sent: ${sent}, first without acknowledgement: ${first}`
  const list = refused.count === 0 ? [] : [`lines refused: ${refused.text}`]
  const resume = `to resume, begin with line ${first}: tail -n +${first} FILE | ${reader.command} ...`
  return new MqttxError([...error.lines, lines, ...list], {
    ...error,
    hint: [...error.hints, resume],
    cause: error,
  })
}

function refusedLines({ count, status }: Refusals, sent: number): MqttxError {
  const what = `The server refused ${count} of ${sent} lines`
  return new MqttxError(`${what}: ${reasonOf(status)}`, { exitCode: status })
}

function lostLines(count: number): ConnectionError {
  const message = `The connection was lost: ${count} lines at QoS 0 went down with it`
  return new ConnectionError(message, {
    exitCode: ExitCode.connectionLost,
    hint: 'with -q 1 they are sent again',
  })
}
