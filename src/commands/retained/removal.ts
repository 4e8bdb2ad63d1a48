// Removes the messages that were read, unless their topics were published to since.
import type { ProtocolVersion, Publish } from '../../codec/publish.js'
import { RetainedRemoval } from '../retained-removal.js'
import type { Survey } from './survey.js'
import { type TopicTable, topicState } from './topic-table.js'

/** Time for acknowledgements after a signal, in milliseconds. */
const patienceMs = 1000

export class Removal {
  /** Topics of the table that were published to while their removal was in flight. */
  readonly overtaken = new Set<string>()
  readonly #survey: Survey
  readonly #version: ProtocolVersion
  readonly #inFlight = new Map<number, string>()
  #topics: Generator<string> | undefined
  #isDone = false
  #stopped: Error | undefined
  #failure: Error | undefined
  /** The first Reason Code of a refusal. */
  status = 0
  removed = 0

  constructor(survey: Survey, version: ProtocolVersion) {
    this.#survey = survey
    this.#version = version
  }

  get #table(): TopicTable {
    return this.#survey.table
  }

  /** Removals without an acknowledgement. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** What has stopped it early, if anything. */
  get stopped(): Error | undefined {
    return this.#stopped
  }

  /**
   * Removes the messages of all topics that are read.
   * @throws the error that has ended the connection
   */
  async run(): Promise<void> {
    const { reader } = this.#survey
    await reader.roundTrip() // what was published before has been received then
    const sender = new RetainedRemoval(reader.connection, this.#version, {
      next: () => this.#next(),
      sent: (messageId, topic) => {
        this.#table.set(topic, topicState.sent)
        this.#inFlight.set(messageId, topic)
      },
      failed: (error) => {
        this.#failure = error
      },
    })
    this.#topics = this.#table.in(topicState.read)
    const over = (): boolean => {
      sender.pump()
      return this.#failure !== undefined || (this.#isDone && this.#inFlight.size === 0)
    }
    await reader.connection.drain()
    over()
    reader.connection.flush()
    await reader.until(over)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Sends no further removal, and gives up after a second. Returns false if nothing is being removed. */
  stop(error: Error): boolean {
    if (this.#topics === undefined || this.#stopped !== undefined || this.#isDone) return false
    this.#stopped = error
    this.#isDone = true
    const timer = setTimeout(() => this.#survey.reader.connection.abort(error), patienceMs)
    timer.unref()
    return true
  }

  #next(): string | undefined {
    if (this.#isDone) return undefined
    const { value, done } = this.#topics!.next()
    if (done === true) this.#isDone = true
    return done === true ? undefined : value
  }

  settled(reasonCode: number, messageId: number): void {
    const topic = this.#inFlight.get(messageId)
    if (topic === undefined) return
    this.#inFlight.delete(messageId)
    const isRefused = reasonCode >= 0x80
    if (isRefused) this.status ||= reasonCode
    else this.removed++
    this.#table.set(topic, isRefused ? topicState.refused : topicState.removed)
  }

  /** A message was published while this runs. */
  published({ topic, payloadStart, payloadEnd }: Publish): void {
    const state = this.#table.stateOf(topic)
    const isEmpty = payloadStart === payloadEnd
    if (state === topicState.awaited || state === topicState.read) this.#table.set(topic, topicState.changed)
    else if (isEmpty)
      return // before MQTT 5 a server also sends us our own removals
    else if (state === topicState.sent) this.overtaken.add(topic)
    else if (state === topicState.removed) this.#table.set(topic, topicState.renewed)
  }
}
