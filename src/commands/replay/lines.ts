// The messages of a recording that consists of lines of JSON.
import { constants } from 'node:buffer'
import { ExitCode, MqttxError } from '../../errors.js'
import { LineSplitter, LineTooLong } from '../../io/lines.js'
import { isBlank, readTimedMessage } from '../../recording/message.js'
import { LineTimes } from '../../recording/time.js'
import type { Messages } from '../../replay/merge.js'
import { type ReadingOptions, type Recorded, withoutTimes } from './recorded.js'

/** A line becomes a JavaScript string, which has room for the largest MQTT payload with escapes. */
const longestLine = constants.MAX_STRING_LENGTH

/** What a line has that is not a message. */
const none: Omit<Recorded, 'lines'> = {
  ...{ topic: '', qos: 0, retain: false, properties: undefined, time: undefined },
  payload: Buffer.alloc(0),
}

export interface LinesOptions extends ReadingOptions {
  /** The file, for errors; undefined if there is only one. */
  readonly label: string | undefined
}

export class RecordedLines implements Messages<Recorded> {
  readonly #chunks: AsyncIterator<Buffer>
  readonly #options: LinesOptions
  readonly #splitter = new LineSplitter(longestLine)
  readonly #times = new LineTimes()
  /** The number of the current line, from 1. */
  #line = 0
  /** Lines since the last message. */
  #lines = 0

  constructor(chunks: AsyncIterable<Buffer>, options: LinesOptions) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#options = options
  }

  /** @throws MqttxError, also as a rejection, if a line is too long; it names the line */
  next(): Recorded | undefined | Promise<Recorded | undefined> {
    return this.#inChunk() ?? this.#afterChunk()
  }

  close(): void {
    void this.#chunks.return?.()
  }

  #inChunk(): Recorded | undefined {
    try {
      while (this.#splitter.next()) {
        const message = this.#read()
        if (message !== undefined) return message
      }
      return undefined
    } catch (error) {
      if (!(error instanceof LineTooLong)) throw error
      throw new MqttxError(`${this.#place(this.#line + 1)} is too long: the limit is ${longestLine} bytes`, {
        exitCode: ExitCode.tooLarge,
      })
    }
  }

  async #afterChunk(): Promise<Recorded | undefined> {
    for (;;) {
      const { done, value } = await this.#chunks.next()
      if (done === true) return this.#splitter.rest() ? this.#read() : undefined
      this.#splitter.push(value)
      const message = this.#inChunk()
      if (message !== undefined) return message
    }
  }

  /** The message of the current line; undefined if it is blank. */
  #read(): Recorded | undefined {
    this.#line++
    this.#lines++
    const { bytes, start, end } = this.#splitter
    if (isBlank(bytes, start, end)) return undefined
    const { defaults, needsTime } = this.#options
    try {
      const line = bytes.subarray(start, end)
      const { topic, qos, retain, payload, properties, time } = readTimedMessage(line, defaults, this.#times)
      if (needsTime && time === undefined) throw new MqttxError('it has no "time"', { hint: withoutTimes })
      const lines = this.#lines
      this.#lines = 0
      return { topic, qos, retain, payload, properties, time, lines }
    } catch (error) {
      if (!(error instanceof MqttxError)) throw error
      const place = this.#place(this.#line)
      const fault = new MqttxError(`${place}: ${error.message}`, {
        ...error,
        hint: error.hints,
        cause: error,
      })
      const lines = this.#lines
      this.#lines = 0
      return { ...none, lines, fault }
    }
  }

  #place(line: number): string {
    const { label } = this.#options
    return label === undefined ? `Line ${line}` : `${label}: line ${line}`
  }
}
