// The messages of captures: the inspector reads ahead by one portion of the input.
import { MqttxError } from '../../errors.js'
import { Filter } from '../../inspect/filter.js'
import { Inspector } from '../../inspect/inspector.js'
import type { Direction } from '../../inspect/packet.js'
import type { Inputs } from '../../io/inputs.js'
import { withResolvers } from '../../io/promises.js'
import { ExpectedEnd } from '../../replay/expected-end.js'
import type { Messages } from '../../replay/merge.js'
import { inflate } from '../capture-inflate.js'
import { readInto } from '../capture-reading.js'
import { crypto } from '../capture-tls.js'
import { CapturedMessages } from './publishes.js'
import { type Recorded, withoutTimes } from './recorded.js'

/** Bytes of a packet that are kept. */
const largestPacket = 16 * 1024 * 1024

export interface CaptureSettings {
  readonly direction: Direction
  /** Client Identifiers; none: all connections. */
  readonly clients: readonly string[]
  /** The text of a key log. */
  readonly keyLog: string | undefined
  readonly needsTime: boolean
  readonly inputs: Inputs
  /** Opens a file. */
  readonly open: (file: string) => AsyncIterable<Buffer>
  /** The share of the files that has been read, from 0 to 1; undefined if their size is not known. */
  readonly share: () => number | undefined
  /** Remarks about the input. `isLoss`: a part of it cannot be read. */
  note(text: string, isLoss: boolean): void
}

/** Files that are read as one capture. */
export class RecordedCaptures implements Messages<Recorded> {
  readonly messages: CapturedMessages
  readonly #settings: CaptureSettings
  readonly #reading: Promise<void>
  #batch: readonly Recorded[] = []
  #at = 0
  #ended = false
  #failure: unknown
  readonly #expectedEnd = new ExpectedEnd()
  /** Lets the reading go on: the batch is used up. */
  #goOn = withResolvers<void>()
  /** Reports that there is a batch, or the end. */
  #ready = withResolvers<void>()

  constructor(files: readonly string[], settings: CaptureSettings) {
    this.#settings = settings
    this.messages = new CapturedMessages(settings.direction)
    this.#reading = this.#read(files).catch((error: unknown) => {
      this.#failure = error
    })
    void this.#reading.then(() => {
      this.#ended = true
      this.#ready.resolve()
    })
  }

  /** The expected time of the last message, in milliseconds since 1970; undefined if it is not known. */
  get end(): number | undefined {
    return this.#expectedEnd.at(this.#settings.share())
  }

  next(): Recorded | undefined | Promise<Recorded | undefined> {
    const message = this.#batch[this.#at]
    if (message === undefined) return this.#nextBatch()
    this.#at++
    if (message.time === undefined && this.#settings.needsTime) {
      throw new MqttxError('The capture has no times', { hint: withoutTimes })
    }
    return message
  }

  close(): void {
    this.#ended = true
    this.#goOn.resolve()
  }

  async #nextBatch(): Promise<Recorded | undefined> {
    while (this.#at >= this.#batch.length) {
      if (this.#ended) {
        if (this.#failure !== undefined) throw this.#failure
        return undefined
      }
      this.#goOn.resolve()
      await this.#ready.promise
      this.#ready = withResolvers()
    }
    return this.next()
  }

  async #read(files: readonly string[]): Promise<void> {
    await this.#goOn.promise
    const { clients, keyLog, inputs, open, note } = this.#settings
    let place = ''
    const inspector = new Inspector({
      view: this.messages,
      filter: clients.length === 0 ? undefined : new Filter({ clients }),
      keep: largestPacket,
      note: (text, fileOffset, isLoss) =>
        note(`${place}${fileOffset < 0 ? '' : `offset ${fileOffset}: `}${text}`, isLoss),
    })
    await readInto(inspector, {
      ...{ files, inputs, open, options: { keyLog, inflate, crypto } },
      enter(file) {
        place = file === undefined || files.length === 1 ? '' : `${file}: `
      },
      turn: async () => {
        inspector.flush()
        await this.#handOver()
        return !this.#ended
      },
    })
    inspector.end()
    await this.#handOver()
  }

  /** Waits until the messages so far are used up. */
  async #handOver(): Promise<void> {
    const batch = this.messages.take()
    if (batch.length === 0 || this.#ended) return
    this.#goOn = withResolvers()
    for (const { time } of batch) this.#expectedEnd.add(time)
    this.#batch = batch
    this.#at = 0
    this.#ready.resolve()
    await this.#goOn.promise
  }
}
