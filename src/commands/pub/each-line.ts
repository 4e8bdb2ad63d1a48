// Standard input line by line, for -l and --json: read, publish, wait where the connection says so, report. Status 0
// means that at QoS 1 and 2 every line was acknowledged.
import type { PublishTemplate } from '../../codec/publish.js'
import { Connection } from '../../connection/connection.js'
import type { Answer } from '../../connection/events.js'
import type { ConnectOptions } from '../../connection/options.js'
import { ConnectionError, ExitCode, MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import { LineSplitter, LineTooLong } from '../../io/lines.js'
import { Interrupted } from '../interrupted.js'
import { inputError } from '../payload.js'
import type { Talk } from '../talk.js'
import { deadline } from './deadline.js'
import { LineNumbers } from './line-numbers.js'
import { Refusals } from './refusals.js'

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

export interface Around {
  readonly host: Host
  readonly talk: Talk
  /** Seconds until it is given up; undefined: never. */
  readonly timeout?: number | undefined
}

/** @returns the exit status: 0, or the first Reason Code with which the server refused a line */
export async function publishEachLine(
  options: ConnectOptions,
  reader: LineReader,
  { host, talk, timeout }: Around,
): Promise<number> {
  const refusals = new Refusals(talk.warn)
  let acknowledged = 0
  const settled = (code: number, answer: Answer) => {
    acknowledged++
    refusals.note(code, answer)
  }
  const connection = new Connection(options, { retrying: talk.retrying, settled }, talk.trace)
  const work = new Publishing(connection, reader)
  const inTime = deadline(connection, timeout)
  try {
    await talk.waiting('Connecting', connection.connect())
    const { stdin } = host
    const off = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => connection.abort(new Interrupted(signal)))
    connection.ended().catch((error: Error) => stdin.destroy(error))
    const failure = await work.all(stdin as AsyncIterable<Buffer>).catch(inputFailure(work, reader))
    await connection.idle()
    off()
    await connection.close()
    if (failure !== undefined) throw failure
  } catch (error) {
    const first = work.firstUnacknowledged()
    connection.destroy()
    throw error instanceof MqttxError
      ? report(error, reader, { acknowledged, first, sent: work.sent })
      : error
  } finally {
    inTime()
  }
  if (connection.lost > 0) throw lostLines(connection.lost)
  return refusals.status
}

class Publishing {
  readonly #connection: Connection
  readonly #reader: LineReader
  readonly #numbers = new LineNumbers()
  /** Lines that were read to their end. */
  #lines = 0
  #sent = 0

  constructor(connection: Connection, reader: LineReader) {
    this.#connection = connection
    this.#reader = reader
  }

  /** Messages that were published. */
  get sent(): number {
    return this.#sent
  }

  /** The number of the line at hand, or of the one that could not be read. */
  get line(): number {
    return this.#lines + 1
  }

  /** The number of the first line at QoS 1 or 2 without an acknowledgement. */
  firstUnacknowledged(): number {
    const place = this.#connection.oldestInFlight()
    return place === undefined ? this.line : this.#numbers.lineOf(place)
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
      if (this.#numbers.crowded) this.#numbers.forget(connection.oldestInFlight() ?? this.#numbers.count)
    }
    if (!lines.rest()) return
    await connection.drain()
    this.#publish(lines)
  }

  /** False: wait before the next. A line counts when it has been published, not when that is refused. */
  #publish(lines: LineSplitter): boolean {
    const reader = this.#reader
    let more = true
    if (reader.read(lines)) {
      more = this.#connection.publish(reader.template, reader.payload, reader.start, reader.end)
      this.#sent++
      if (reader.template.qos > 0) this.#numbers.next(this.#lines + 1)
    }
    this.#lines++
    return more
  }
}

/** What is wrong with the input ends the reading, not the delivery of the lines before. */
function inputFailure(work: Publishing, reader: LineReader): (error: unknown) => MqttxError {
  return (error) => {
    if (error instanceof LineTooLong) {
      return new MqttxError(`Line ${work.line} is too long: ${reader.tooLong}`, {
        exitCode: ExitCode.tooLarge,
      })
    }
    if (error instanceof MqttxError && !(error instanceof ConnectionError)) return named(error, work.line)
    const failure = inputError(error)
    if (failure instanceof ConnectionError || !(failure instanceof MqttxError)) throw failure
    return failure
  }
}

/** Says which line it was; an error that ended the connection comes here too, and is told by `idle`. */
function named(error: MqttxError, line: number): MqttxError {
  return new MqttxError(`Line ${line}: ${error.message}`, { ...error, cause: error })
}

interface Counts {
  readonly acknowledged: number
  readonly sent: number
  /** The number of the first line without an acknowledgement. */
  readonly first: number
}

/** Tells a script where to resume; at QoS 0 nobody knows. */
function report(error: MqttxError, reader: LineReader, { acknowledged, sent, first }: Counts): MqttxError {
  if (!reader.acknowledged) return error
  const lines = `lines acknowledged: ${acknowledged}, sent: ${sent}, first without acknowledgement: ${first}`
  const resume = `to resume, begin with line ${first}: tail -n +${first} FILE | ${reader.command} ...`
  const hint = error.hint === undefined ? resume : `${error.hint}\nhint: ${resume}`
  return new MqttxError(`${error.message}\n${lines}`, { ...error, hint, cause: error })
}

function lostLines(count: number): ConnectionError {
  const message = `The connection was lost: ${count} lines at QoS 0 went down with it`
  return new ConnectionError(message, {
    exitCode: ExitCode.connectionLost,
    hint: 'with -q 1 they are sent again',
  })
}
