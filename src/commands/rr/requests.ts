// Runs rr with one request, or one for each line of standard input.
import type { Readable } from 'node:stream'
import { maxPayload } from '../../codec/publish.js'
import type { ConnectOptions } from '../../connection/options.js'
import { BrokenPipe, ExitCode, MqttxError } from '../../errors.js'
import { LineSplitter, LineTooLong } from '../../io/lines.js'
import { inputError, tooLong } from '../payload.js'
import { type CommandIo, Requester } from './requester.js'
import type { RrArgs } from './spec.js'
import { Unanswered } from './unanswered.js'

/** @returns the exit status */
export async function requestOnce(
  args: RrArgs,
  options: ConnectOptions,
  { payload, io }: { payload: Buffer; io: CommandIo },
): Promise<number> {
  const failed = (_: unknown, failure: MqttxError) => requester.fail(capitalized(failure))
  const requester: Requester = new Requester(args, options, { io, failed })
  if (payload.length > maxPayload(requester.template)) throw tooLong('Message length')
  const stop = timeLimit(args, requester)
  return ending(requester, async () => {
    await requester.open()
    await requester.room()
    requester.send(1, payload)
    await requester.answered()
    await requester.close()
  }).finally(stop)
}

/** @returns the exit status, 0 if every line was answered */
export async function requestLines(args: RrArgs, options: ConnectOptions, io: CommandIo): Promise<number> {
  const unanswered = new Unanswered(io.diagnostics.warn)
  const requester = new Requester(args, options, {
    io,
    failed: (request, failure) => unanswered.note(request.line, failure.message, failure.exitCode),
  })
  const work = new LineRequests(requester)
  const stop = timeLimit(args, requester) // until subscribed; then each request has its own timeout
  return ending(requester, async () => {
    try {
      await requester.open()
      stop()
      const failure = await work.all(io.host.stdin)
      await requester.answered()
      await requester.close()
      if (failure !== undefined) throw failure
    } catch (error) {
      for (const { line } of requester.waiting) unanswered.note(line, 'no answer', 0)
      if (unanswered.count === 0 || !(error instanceof MqttxError)) throw error
      throw new MqttxError([...error.lines, unanswered.text(work.sent)], {
        ...error,
        hint: error.hints,
        cause: error,
      })
    }
    unanswered.check(work.sent, requester.explanation)
  }).finally(stop)
}

/** Applies -W to a whole request, or to connecting and subscribing. */
function timeLimit({ timeout }: RrArgs, requester: Requester): () => void {
  if (timeout === undefined) return () => {}
  const timer = setTimeout(() => {
    const hint = requester.explanation
    requester.fail(new MqttxError('Timed out', { exitCode: ExitCode.timeout, prefix: '', hint }))
  }, timeout * 1000)
  return () => clearTimeout(timer)
}

/** Runs `work`. A closed pipe on standard output is a success. */
async function ending(requester: Requester, work: () => Promise<void>): Promise<number> {
  try {
    await work()
    return 0
  } catch (error) {
    await requester.abandon()
    if (error instanceof BrokenPipe) return 0
    throw error
  }
}

class LineRequests {
  readonly #requester: Requester
  #sent = 0

  constructor(requester: Requester) {
    this.#requester = requester
  }

  get sent(): number {
    return this.#sent
  }

  /** @returns an error of the input: reading stops, but earlier requests still await their answers */
  async all(input: Readable): Promise<MqttxError | undefined> {
    const lines = new LineSplitter(maxPayload(this.#requester.template))
    this.#requester.failing.catch((error: Error) => input.destroy(error))
    try {
      for await (const chunk of input as AsyncIterable<Buffer>) {
        lines.push(chunk)
        while (lines.next()) await this.#send(lines)
        this.#requester.flush()
      }
      if (lines.rest()) await this.#send(lines)
      return undefined
    } catch (error) {
      if (error instanceof LineTooLong) {
        return new MqttxError(`Line ${this.#sent + 1} is too long`, { exitCode: ExitCode.tooLarge })
      }
      throw error === this.#requester.failure ? error : inputError(error)
    }
  }

  async #send(lines: LineSplitter): Promise<void> {
    await this.#requester.room()
    this.#requester.send(this.#sent + 1, lines.bytes, lines.start, lines.end)
    this.#sent++
  }
}

function capitalized(error: MqttxError): MqttxError {
  return new MqttxError(error.message.charAt(0).toUpperCase() + error.message.slice(1), {
    ...error,
    cause: error,
  })
}
