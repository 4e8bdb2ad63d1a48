// mqttx retained rm: saves the retained messages to the undo file, then removes them.
import { rmSync } from 'node:fs'
import { topicNameFault } from '../../cli/topic.js'
import { ExitCode, MqttxError } from '../../errors.js'
import { ndjson } from '../../format/ndjson.js'
import { Output } from '../../io/output.js'
import { progress } from '../../io/progress.js'
import { say } from '../../io/say.js'
import { isTerminal } from '../../io/terminal.js'
import { count, shown } from '../../text.js'
import { clock } from '../printer.js'
import { reasonOf } from '../refusals.js'
import { type Frame, type Surveying, topicList, withSurvey } from './frame.js'
import { messageLine, topicLine } from './listing.js'
import { ls } from './ls.js'
import { Removal } from './removal.js'
import { topicState } from './topic-table.js'
import { pruneUndoFile, undoFiles } from './undo-file.js'
import { refuseExisting, writeNew } from './whole-file.js'

/** After a signal or -W: how long to wait for the server, in milliseconds. */
const goodbyeMs = 1000

/** There is nothing to remove, or the answer was no: the undo file is not kept. */
class NotRemoved extends Error {
  override readonly name = 'NotRemoved'
}

/** @returns the exit status */
export async function rm(frame: Frame): Promise<number> {
  const { args, host } = frame
  const asks = !args.yes && isTerminal(host.stdin) && isTerminal(host.stderr)
  if (!args.yes && !asks) return ls(frame, true)
  if (args.undo !== undefined) refuseExisting(args.undo)
  const output = new Output(host.stdout)
  let removal: Removal | undefined
  return withSurvey(frame, {
    events: {
      published: (message) => removal?.published(message),
      settled: (code, messageId) => removal?.settled(code, messageId),
      chunkEnd: () => (asks ? output.flush() : undefined),
    },
    stop(error, { reader }) {
      if (removal?.stop(error) !== true) reader.connection.abort(error)
    },
    async run(surveying) {
      const { survey } = surveying
      removal = new Removal(survey, frame.options.version)
      if (asks) output.onFailure = (error) => survey.reader.connection.abort(error)
      return new Run(frame, { ...surveying, removal, output: asks ? output : undefined }).run()
    },
  })
}

interface RunParts extends Surveying {
  readonly removal: Removal
  /** Where to list before asking; undefined: without asking. */
  readonly output: Output | undefined
}

class Run {
  readonly #frame: Frame
  readonly #parts: RunParts
  /** The undo file, when it is complete. */
  #undo: string | undefined

  constructor(frame: Frame, parts: RunParts) {
    this.#frame = frame
    this.#parts = parts
  }

  get #table() {
    return this.#parts.survey.table
  }

  async run(): Promise<number> {
    const { survey, note, output } = this.#parts
    const { verbose, json } = this.#frame.args
    try {
      const isShort = !verbose && !json
      await survey.list(true, (topic) => {
        if (isShort) output?.text(topicLine(topic, isTerminal(this.#frame.host.stdout)))
      })
      if (this.#table.size === 0) throw new NotRemoved('No retained message matches.')
      await this.#prepare()
    } catch (error) {
      if (error instanceof NotRemoved) {
        note(error.message)
        return this.#failedStatus()
      }
      throw error instanceof MqttxError ? withLines(error, ['Nothing was removed.']) : error
    }
    return this.#remove()
  }

  /** Reads the messages, into the undo file if there is one, and asks. @throws NotRemoved */
  async #prepare(): Promise<void> {
    const { undo, noUndo } = this.#frame.args
    if (noUndo) return this.#read()
    const nameOf = undo === undefined ? undoFiles(new Date()) : onlyName(undo)
    this.#undo = await writeNew(nameOf, (file) => this.#read(file))
  }

  async #read(file?: Output): Promise<void> {
    const { survey, output } = this.#parts
    const { args, host } = this.#frame
    const isLong = args.verbose || args.json
    const print = ndjson(clock)
    const spinner = this.#progress('Reading')
    try {
      await survey.read((message) => {
        if (file !== undefined && !this.#isRestorable(message.topic)) return
        if (file !== undefined) print(message, file)
        if (isLong) output?.text(messageLine(message, args, isTerminal(host.stdout)))
      })
    } finally {
      spinner.stop()
    }
    if (output !== undefined) await this.#parts.finish(output)
    const found = this.#table.count(topicState.read)
    if (found === 0) throw new NotRemoved('Nothing was removed: no message is left as it was.')
    if (output !== undefined && !(await this.#confirmed(found))) throw new NotRemoved('Nothing was removed.')
  }

  /** A name with control characters, which other clients may have used, is refused by `restore`. */
  #isRestorable(topic: string): boolean {
    if (topicNameFault(topic) === undefined) return true
    this.#table.set(topic, topicState.unrestorable)
    return false
  }

  async #confirmed(found: number): Promise<boolean> {
    const { host } = this.#frame
    say(host.stderr, `Remove ${count(found, 'retained message')}? [y/N]`)
    const { readLine } = await import('../../io/prompt.js')
    const lost = this.#parts.survey.reader.until(() => false)
    const answer = await Promise.race([readLine(host.stdin, 100), lost])
    return /^y(es)?$/i.test(String(answer ?? '').trim())
  }

  async #remove(): Promise<number> {
    const { removal, survey, note } = this.#parts
    const undo = this.#undo
    const all = this.#table.count(topicState.read)
    const spinner = this.#progress('Removing')
    let failure: Error | undefined
    let kept: readonly string[] = []
    try {
      await removal.run()
      if (removal.stopped === undefined) kept = await survey.present(topicState.removed)
    } catch (error) {
      failure = error as Error
    } finally {
      spinner.stop()
    }
    if (removal.stopped !== undefined) {
      await survey.reader.connection.close(0, goodbyeMs).catch(() => {})
      failure = removal.stopped
    }
    const saved = undo === undefined ? undefined : await this.#pruned(undo)
    const done = `Removed ${removal.removed} of ${count(all, 'retained message')}`
    const waiting = removal.inFlight === 0 ? '' : `, and ${removal.inFlight} without an acknowledgement`
    const to = saved === undefined ? '' : `; to restore: mqttx retained restore ${shown(saved)}`
    if (failure instanceof MqttxError) throw withLines(failure, [`${done}${waiting}${to}.`])
    if (failure !== undefined) throw failure
    note(`${done}${to}`)
    this.#report(kept)
    if (kept.length > 0 || removal.overtaken.size > 0) return this.#failedStatus() || ExitCode.left
    return this.#failedStatus()
  }

  /** Leaves out of the undo file what was not removed. @returns its name; undefined if nothing was removed */
  async #pruned(undo: string): Promise<string | undefined> {
    const { sent, removed, renewed } = topicState
    const isGone = new Set<number>([sent, removed, renewed])
    let gone = 0
    for (const state of isGone) gone += this.#table.count(state as typeof sent)
    const { warn } = this.#parts.diagnostics
    if (gone === 0) {
      rmSync(undo, { force: true })
      return undefined
    }
    if (gone === this.#table.size) return undo
    const wasRemoved = (topic: string): boolean => isGone.has(this.#table.stateOf(topic) ?? topicState.listed)
    await pruneUndoFile(undo, wasRemoved, warn).catch((error: Error) =>
      warn(`${error.message} ${shown(undo)} has messages too that were not removed.`),
    )
    return undo
  }

  /** Says what was not removed, and why. */
  #report(kept: readonly string[]): void {
    const { removal, note } = this.#parts
    const table = this.#table
    const rows: readonly [many: number, topics: Iterable<string>, what: string][] = [
      ...(
        [
          [topicState.changed, 'Left, because they were published to meanwhile'],
          [topicState.refused, `Refused by the server, ${reasonOf(removal.status)}`],
          [topicState.unrestorable, 'Left, because restore refuses such names (--no-undo removes them)'],
          [topicState.unread, 'Left, because their messages could not be read'],
        ] as const
      ).map(
        ([state, what]) => [table.count(state), table.in(state), what] as [number, Iterable<string>, string],
      ),
      [kept.length, kept, 'Acknowledged, but there still: may this user publish to them'],
      [
        removal.overtaken.size,
        removal.overtaken,
        'Published to just before the removal arrived, so that a newer message may be lost',
      ],
    ]
    for (const [many, topics, what] of rows) if (many > 0) note(`${what} (${many}): ${topicList(topics)}`)
    const gone = table.count(topicState.gone)
    if (gone > 0) note(`Gone before they were removed: ${gone}`)
  }

  /** The exit status for what was refused or left; 0: nothing. */
  #failedStatus(): number {
    const { removal, survey } = this.#parts
    const { changed, unread, unrestorable } = topicState
    let left = 0
    for (const state of [changed, unread, unrestorable]) left += this.#table.count(state)
    return removal.status || survey.status || (left > 0 ? ExitCode.left : ExitCode.ok)
  }

  #progress(text: string): { stop(): void } {
    const { args, host } = this.#frame
    if (args.quiet || args.debug || this.#parts.output !== undefined) return { stop: () => {} }
    return progress(() => host.stderr, `${text} ${count(this.#table.size, 'retained message')}`)
  }
}

const onlyName = (name: string) => (number: number) => (number === 1 ? name : undefined)

/** The error with more lines about what was done. */
function withLines(error: MqttxError, lines: readonly string[]): MqttxError {
  return new MqttxError([...error.lines, ...lines], { ...error, hint: error.hints, cause: error })
}
