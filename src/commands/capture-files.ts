// Reads the files of one capture: merges their records by time, with few files open at once.
import { stat } from 'node:fs/promises'
import { type CaptureFile, CaptureReader } from '../capture/open.js'
import type { CaptureSink, Instant } from '../capture/stream.js'
import { isLater } from '../capture/time-gate.js'

export interface Reading {
  readonly reader: CaptureReader
  /** Opens a file; yields its bytes, decompressed. */
  readonly open: (file: string) => AsyncIterable<Buffer>
  /** Sets the file that later notes refer to. */
  readonly enter: (file: string) => void
  /** Called after each chunk; resolves to false to stop reading. */
  readonly after: () => Promise<boolean>
}

/** Earlier than the time of any record. */
const beginning: Instant = { second: -2, nanos: 0 }

/** @throws MqttxError if a file cannot be read */
export async function readFiles(files: readonly string[], reading: Reading): Promise<void> {
  const [only] = files
  if (files.length === 1 && only !== undefined) return void (await readAlone(only, reading))
  const waiting: WaitingFile[] = []
  let place = -1
  const alone: { file: string; index: number; source: Source | undefined }[] = []
  for (const [index, file] of files.entries()) {
    const { kind, first, source } = await look(file, reading)
    if (kind !== 'packets') alone.push({ file, index, source })
    else {
      waiting.push({ file, first, source })
      if (place === -1) place = index
    }
  }
  // Byte streams have no times: they are read before or after the packet captures, by their position among the arguments.
  for (const { file, index, source } of alone)
    if (index < place || place === -1) if (!(await readAlone(file, reading, source))) return
  if (!(await merge(waiting, reading))) return
  for (const { file, index, source } of alone)
    if (index > place && place !== -1) if (!(await readAlone(file, reading, source))) return
}

/** Reads one file to its end. Returns false if reading was stopped. */
async function readAlone(file: string, reading: Reading, peeked?: Source): Promise<boolean> {
  const source = peeked ?? new Source(file, reading, false)
  reading.enter(file)
  source.capture.release(undefined)
  try {
    do {
      if (!(await reading.after())) return false
    } while (await source.read())
    return await reading.after()
  } finally {
    await source.close()
  }
}

interface WaitingFile {
  readonly file: string
  /** Time of its first record. */
  readonly first: Instant
  /** The open source of a pipe, which can be read only once. */
  readonly source: Source | undefined
}

class Source {
  readonly file: string
  readonly capture: CaptureFile
  ended = false
  readonly #chunks: AsyncIterator<Buffer>

  /** `gated`: records wait for `release`, because there are several files. */
  constructor(file: string, { reader, open }: Reading, gated: boolean) {
    this.file = file
    this.capture = reader.file({
      name: file === '-' ? undefined : file,
      label: gated ? file : undefined,
      gated,
    })
    this.#chunks = open(file)[Symbol.asyncIterator]()
  }

  /** Reads a chunk; false at the end of the file. */
  async read(): Promise<boolean> {
    const { done, value } = await this.#chunks.next()
    if (done === true) this.finish()
    else this.capture.push(value)
    return !this.ended
  }

  finish(): void {
    if (this.ended) return
    this.ended = true
    this.capture.end()
  }

  /** Reads until a record waits, the file proves to be a byte stream, or it ends. */
  async fill(): Promise<void> {
    while (this.capture.next === undefined && this.capture.kind !== 'bytes' && (await this.read())) {
      // On to the first record.
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

interface Look {
  readonly kind: CaptureFile['kind']
  readonly first: Instant
  readonly source: Source | undefined
}

/** Determines the kind of a file and the time of its first record. Closes a regular file again. */
async function look(file: string, reading: Reading): Promise<Look> {
  const isRegular = file !== '-' && (await stat(file).catch(() => undefined))?.isFile() !== false
  const source = isRegular
    ? new Source(file, { ...reading, reader: new CaptureReader(silent) }, true)
    : new Source(file, reading, true)
  reading.enter(file)
  await source.fill()
  const { kind, next: first = beginning } = source.capture
  if (isRegular) await source.close()
  return { kind, first, source: isRegular ? undefined : source }
}

const silent: CaptureSink = { open() {}, data() {}, gap() {}, retransmitted() {}, close() {}, note() {} }

/** Reads all files in the order of their records' times. Returns false if reading was stopped. */
async function merge(all: readonly WaitingFile[], reading: Reading): Promise<boolean> {
  const waiting = [...all].sort((a, b) =>
    isLater(a.first, b.first) ? 1 : isLater(b.first, a.first) ? -1 : 0,
  )
  const active = new Set<Source>()
  try {
    while (active.size + waiting.length > 0) {
      const [source, second] = earliest(active)
      const due = waiting[0]
      if (due !== undefined && (source === undefined || !isLater(due.first, source.capture.next!))) {
        waiting.shift()
        reading.enter(due.file)
        const opened = due.source ?? new Source(due.file, reading, true)
        await opened.fill()
        if (opened.capture.next === undefined) await opened.close()
        else active.add(opened)
      } else if (source !== undefined) {
        reading.enter(source.file)
        const limits = [second?.capture.next, due?.first].filter((limit) => limit !== undefined)
        source.capture.release(limits.reduce((a, b) => (isLater(a, b) ? b : a), limits[0]!))
        while (source.capture.next === undefined && !source.ended) {
          await source.read()
          if (!(await reading.after())) return false
        }
        if (source.capture.next === undefined) {
          active.delete(source)
          await source.close()
        }
      }
    }
    return true
  } finally {
    for (const source of active) await source.close()
  }
}

/** The two sources with the earliest next records. */
function earliest(sources: Iterable<Source>): [Source | undefined, Source | undefined] {
  let first: Source | undefined
  let second: Source | undefined
  for (const source of sources) {
    const at = source.capture.next!
    if (first === undefined || isLater(first.capture.next!, at)) [first, second] = [source, first]
    else if (second === undefined || isLater(second.capture.next!, at)) second = source
  }
  return [first, second]
}
