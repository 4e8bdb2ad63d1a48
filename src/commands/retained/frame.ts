// What ls, rm and save have in common: the connection, -W, signals, and reports of what could not be read.
import type { ConnectOptions } from '../../connection/options.js'
import { MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import type { Output } from '../../io/output.js'
import { say } from '../../io/say.js'
import { count, shown } from '../../text.js'
import { timedOut } from '../deadline.js'
import { createDiagnostics, type Diagnostics } from '../diagnostics.js'
import { Interrupted } from '../interrupted.js'
import type { ReaderEvents } from './reader.js'
import type { RetainedArgs } from './spec.js'
import { Survey } from './survey.js'
import { topicState } from './topic-table.js'

/** What a run works with. */
export interface Frame {
  readonly args: RetainedArgs
  readonly options: ConnectOptions
  readonly host: Host
  readonly filters: readonly string[]
}

export interface Surveying {
  readonly survey: Survey
  readonly diagnostics: Diagnostics
  /** Prints a line on standard error; does nothing with --quiet. */
  note(text: string): void
  /** Waits until all has been written. @throws what ends the connection meanwhile, such as a signal or -W */
  finish(output: Output): Promise<void>
}

interface Body {
  readonly events?: Omit<ReaderEvents, 'retained'>
  /** Called for a signal and at the end of -W; by default the connection is aborted with `error`. */
  stop?(error: MqttxError, survey: Survey): void
  /** @returns the exit status */
  run(surveying: Surveying): Promise<number>
}

/** Connects, runs `body` and disconnects. @returns the exit status */
export async function withSurvey(
  { args, options, host, filters }: Frame,
  { events, stop, run }: Body,
): Promise<number> {
  const diagnostics = createDiagnostics(args, host)
  const settings = { filters, settleMs: args.settle * 1000, diagnostics, now: () => host.now() }
  const survey = new Survey(options, settings, events)
  const { connection } = survey.reader
  const stopWith = (error: MqttxError): void =>
    stop === undefined ? connection.abort(error) : stop(error, survey)
  const release = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => stopWith(new Interrupted(signal)))
  const { timeout } = args
  const timer = timeout === undefined ? undefined : setTimeout(() => stopWith(timedOut()), timeout * 1000)
  const note = args.quiet ? () => {} : (text: string) => say(host.stderr, text)
  try {
    await survey.reader.connect()
    const finish = (output: Output): Promise<void> =>
      Promise.race([output.finish(), survey.reader.until(() => false)])
    const status = await run({ survey, diagnostics, note, finish })
    await connection.close()
    return status
  } catch (error) {
    connection.destroy()
    throw error
  } finally {
    release()
    clearTimeout(timer)
  }
}

/** The first ten of `topics`, for a message. */
export function topicList(topics: Iterable<string>): string {
  const first: string[] = []
  let more = 0
  for (const topic of topics)
    if (first.length < mostShown) first.push(`'${shown(topic, 100)}'`)
    else more++
  return more === 0 ? first.join(', ') : `${first.join(', ')} and ${more} more`
}

const mostShown = 10

/** @throws MqttxError if a message could not be read although there is one */
export function refuseUnread({ table, status }: Survey): void {
  const unread = table.count(topicState.unread)
  if (unread === 0) return
  const topics = topicList(table.in(topicState.unread))
  throw new MqttxError(`${count(unread, 'retained message')} could not be read: ${topics}`, {
    ...(status > 0 && { exitCode: status }),
    hint: 'may this user subscribe to the topics, and does the queue of the server have room?',
  })
}
