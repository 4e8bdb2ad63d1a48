// The files of a recording: what each of them is, and how it is opened.
import { open, stat } from 'node:fs/promises'
import { LineTimes } from '../../recording/time.js'
import { isObject } from '../../recording/values.js'
import { Merged, type Messages, type Recording } from '../../replay/merge.js'
import { type ChunkOptions, chunksOf, continued } from '../capture-input.js'
import type { CaptureSettings, RecordedCaptures } from './captures.js'
import { RecordedLines } from './lines.js'
import type { CapturedMessages } from './publishes.js'
import type { ReadingOptions, Recorded } from './recorded.js'

/** Bytes of the end of a file in which its last line is looked for; blank bytes before its first. */
const edge = 64 * 1024
/**
 * Bytes of a chunk of a file of lines. While the messages of a larger one are published, V8 moves it to its old generation,
 * from which 60 MB of chunks are not removed in time.
 */
const chunkOfLines = 32 * 1024
/** The same for captures: as much as is read ahead, so that the share that has been read is exact. */
const chunkOfCaptures = 64 * 1024

export interface InputOptions extends ReadingOptions {
  readonly files: readonly string[]
  readonly capture: Omit<CaptureSettings, 'open' | 'share' | 'needsTime' | 'note'> & {
    /** Remarks about the input, each once. */
    note(text: string): void
  }
}

interface Input {
  readonly file: string
  readonly kind: 'lines' | 'capture'
  /** The chunks of a pipe, which can be read only once. */
  readonly chunks: AsyncIterable<Buffer> | undefined
  /** In bytes; undefined for a pipe. */
  readonly size: number | undefined
  /** The time of the first message of a file, if there are several files. */
  readonly first: number | undefined
}

export class RecordingFiles {
  readonly #options: InputOptions
  /** Undefined until the files have been looked at. */
  #inputs: readonly Input[] | undefined
  /** Those of the last round. */
  #captures: RecordedCaptures | undefined
  #rounds = 0
  /** A part of the files cannot be read. */
  damaged = false
  /** Of each file of lines. */
  #ends: readonly (number | undefined)[] = []

  constructor(options: InputOptions) {
    this.#options = options
  }

  /** What was left out of the captures in the last round; undefined if there are none. */
  get captured(): CapturedMessages | undefined {
    return this.#captures?.messages
  }

  /** The time of the last message, expected for captures, in milliseconds since 1970; undefined if it is not known. */
  get end(): number | undefined {
    const ends = this.#captures === undefined ? this.#ends : [...this.#ends, this.#captures.end]
    const known = ends.filter((end) => end !== undefined)
    return known.length === ends.length ? Math.max(...known) : undefined
  }

  /** All messages in order of time. The first call looks at the files: what they are, and when they begin. */
  async open(): Promise<Messages<Recorded>> {
    this.#inputs ??= await this.#look()
    this.#rounds++
    const captures = this.#inputs.filter(({ kind }) => kind === 'capture')
    const recordings = this.#inputs
      .filter(({ kind }) => kind === 'lines')
      .map((input): Recording<Recorded> => ({ first: input.first, open: () => this.#lines(input) }))
    if (captures.length > 0) {
      const { RecordedCaptures } = await import('./captures.js')
      recordings.push({ first: undefined, open: () => this.#openCaptures(RecordedCaptures, captures) })
    }
    return new Merged(recordings)
  }

  async #look(): Promise<Input[]> {
    const inputs: Input[] = []
    for (const file of this.#options.files)
      inputs.push(await lookAt(file, this.#options, (text) => this.#damage(file, text)))
    this.#ends = await Promise.all(inputs.filter(({ kind }) => kind === 'lines').map(endOf))
    return inputs
  }

  /** Ends all reading, also while it waits for data: it would keep the process alive. */
  close(): void {
    this.#options.capture.inputs.close()
  }

  #lines(input: Input): RecordedLines {
    return linesOf(
      input.chunks ?? this.#chunks(input.file, { bytes: chunkOfLines }),
      this.#options,
      input.file,
    )
  }

  #openCaptures(Captures: typeof RecordedCaptures, captures: readonly Input[]): RecordedCaptures {
    const { capture, needsTime } = this.#options
    const opened = new Map(captures.map(({ file, chunks }) => [file, chunks]))
    const size = captures.reduce((sum, input) => sum + (input.size ?? Number.NaN), 0)
    let read = 0
    const count = (bytes: number) => {
      read += bytes
    }
    this.#captures = new Captures(
      captures.map(({ file }) => file),
      {
        ...{ ...capture, needsTime },
        note: (text, isLoss) => this.#note(text, isLoss),
        open: (file) => opened.get(file) ?? this.#chunks(file, { bytes: chunkOfCaptures, count }),
        share: () => (Number.isNaN(size) ? undefined : read / size),
      },
    )
    return this.#captures
  }

  #chunks(file: string, how: Pick<ChunkOptions, 'bytes' | 'count'>): AsyncIterable<Buffer> {
    const { inputs } = this.#options.capture
    return chunksOf(file, { inputs, note: (text) => this.#damage(file, text), ...how })
  }

  #damage(file: string, text: string): void {
    this.#note(this.#options.files.length > 1 ? `${file}: ${text}` : text, true)
  }

  #note(text: string, isLoss: boolean): void {
    this.damaged ||= isLoss
    if (this.#rounds <= 1) this.#options.capture.note(text)
  }
}

function linesOf(chunks: AsyncIterable<Buffer>, options: InputOptions, file: string): RecordedLines {
  return new RecordedLines(chunks, { ...options, label: options.files.length > 1 ? file : undefined })
}

async function lookAt(file: string, options: InputOptions, damaged: (text: string) => void): Promise<Input> {
  const { inputs } = options.capture
  const size = file === '-' ? undefined : await sizeOf(file)
  const note = size === undefined ? damaged : () => {} // a file is read again
  const chunks = chunksOf(file, { inputs, note })
  let beginning: Buffer = Buffer.alloc(0)
  let kind = kindOf(beginning)
  while (kind === undefined && beginning.length < edge) {
    const { done, value } = await chunks.next()
    if (done === true) break
    beginning = beginning.length === 0 ? value : Buffer.concat([beginning, value])
    kind = kindOf(beginning)
  }
  kind ??= 'lines' // blank
  const all = continued(beginning, chunks)
  if (size === undefined) return { file, kind, chunks: all, size, first: undefined }
  const first = options.files.length > 1 && kind === 'lines' ? await firstTime(all, options) : undefined
  await chunks.return(undefined)
  return { file, kind, chunks: undefined, size, first }
}

/** An object of JSON begins a file of lines; anything else is for the reader of captures. Undefined: more is needed. */
function kindOf(beginning: Buffer): Input['kind'] | undefined {
  const text = beginning.toString('latin1', 0, edge).trimStart()
  if (text === '') return undefined
  if (!text.startsWith('{')) return 'capture'
  const member = text.slice(1).trimStart()
  if (member === '') return undefined
  return /^["}]/.test(member) ? 'lines' : 'capture'
}

/** In bytes; undefined for a pipe. */
async function sizeOf(file: string): Promise<number | undefined> {
  const facts = await stat(file).catch(() => undefined) // the error is for the reader
  return facts?.isFile() === true ? facts.size : undefined
}

/** Undefined if the first line is not a message: the error is for the replay. */
async function firstTime(chunks: AsyncIterable<Buffer>, options: InputOptions): Promise<number | undefined> {
  try {
    return (await linesOf(chunks, options, '').next())?.time
  } catch {
    return undefined
  }
}

/** The time of the last line of a regular file, for the time that is left; undefined if it is not known. */
async function endOf({ file, size }: Input): Promise<number | undefined> {
  if (size === undefined) return undefined
  const handle = await open(file).catch(() => undefined) // the error is for the replay
  try {
    if (handle === undefined) return undefined
    const bytes = Buffer.alloc(Math.min(size, edge))
    await handle.read(bytes, 0, bytes.length, size - bytes.length)
    const last = bytes.toString().trimEnd().split('\n').at(-1)!
    const members: unknown = JSON.parse(last)
    return isObject(members) ? new LineTimes().of(members) : undefined
  } catch {
    return undefined
  } finally {
    await handle?.close()
  }
}
