// Input of captures: files and standard input, with gzip or zstd, and bytes on the command line.
import { constants, fstatSync } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import type { Duplex, Readable } from 'node:stream'
import * as zlib from 'node:zlib'
import { isDecimal } from '../capture/text/source-code.js'
import { ExitCode, MqttxError, UsageError } from '../errors.js'
import type { Inputs } from '../io/inputs.js'
import { strerror } from '../io/system-error.js'

const chunkSize = 256 * 1024

export interface ChunkOptions {
  readonly inputs: Inputs
  /** Remarks about the input. */
  note(text: string): void
  /** Of a chunk of a file; default: 256 KiB. */
  readonly bytes?: number | undefined
  /** Called with the length of each chunk as it is in the file, before it is decompressed. */
  count?(bytes: number): void
}

/** The bytes of a file; gzip is decompressed, and zstd if Node supports it (22.15 and later). */
export async function* chunksOf(
  file: string,
  { inputs, note, bytes = chunkSize, count = () => {} }: ChunkOptions,
): AsyncGenerator<Buffer> {
  let source: Readable | undefined
  try {
    source = inputs.open(file, bytes)
    yield* unpacked(source, note, count)
  } catch (cause) {
    throw unreadable(file, cause)
  } finally {
    source?.destroy()
  }
}

/**
 * Checks before any output that a file exists and is readable. Does not open it: opening a named pipe waits for its writer.
 * @throws MqttxError if it cannot be read
 */
export async function checkInput(file: string): Promise<void> {
  if (file === '-') return
  try {
    await access(file, constants.R_OK)
    if ((await stat(file)).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

/** True if the stream reads a regular file, and so has an end. */
export function isFileStream(stream: object): boolean {
  const { fd } = stream as { fd?: unknown }
  return typeof fd === 'number' && fstatSync(fd).isFile()
}

/** True for a regular file, which has an end and can be read twice; also for a missing one. */
export async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() !== false
}

function unreadable(file: string, cause: unknown): unknown {
  const error = cause as NodeJS.ErrnoException
  if (cause instanceof MqttxError || error.code === undefined) return cause
  return new MqttxError(`cannot read ${file}: ${strerror(error)}`, { cause, exitCode: ExitCode.usage })
}

async function* unpacked(
  source: AsyncIterable<Buffer>,
  note: (text: string) => void,
  count: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]()
  const first = await firstChunk(chunks)
  if (first === undefined) return
  const packing = packings.find(({ magic }) => first.subarray(0, magic.length).equals(magic))
  const unpacker = packing?.open()
  if (packing !== undefined && unpacker !== undefined) {
    const { name } = packing
    return yield* inflated(unpacker, {
      ...{ first, chunks, count },
      damaged: (why) => note(`the ${name} data is damaged or truncated (${why}); what comes before was read`),
    })
  }
  for await (const chunk of continued(first, chunks)) {
    count(chunk.length)
    yield chunk
  }
}

interface Packing {
  readonly name: string
  readonly magic: Buffer
  /** Returns undefined if this version of Node cannot decompress it. */
  open(): Duplex | undefined
}

/** Missing in the types of Node 20. */
type Zstd = { createZstdDecompress?: (options: { chunkSize: number }) => Duplex }

const packings: readonly Packing[] = [
  { name: 'gzip', magic: Buffer.from([0x1f, 0x8b]), open: () => zlib.createGunzip({ chunkSize }) },
  {
    name: 'zstd',
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    open: () => (zlib as Zstd).createZstdDecompress?.({ chunkSize }),
  },
]

/** At least as many bytes as the longest magic number, unless the input is shorter. */
async function firstChunk(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  let first: Buffer | undefined
  while (first === undefined || first.length < 4) {
    const next = await chunks.next()
    if (next.done === true) return first
    first = first === undefined ? next.value : Buffer.concat([first, next.value])
  }
  return first
}

interface Packed {
  readonly first: Buffer
  readonly chunks: AsyncIterator<Buffer>
  readonly count: (bytes: number) => void
  readonly damaged: (why: string) => void
}

/** Bytes that are decompressed at once, from the first to the most: of damaged data, zlib drops what it has made of them. */
const slices = { first: 512, most: 16 * 1024 }

/** Feeds the input to the decompressor, a slice ahead, and yields its output: also what comes before damaged data. */
async function* inflated(
  unpacker: Duplex,
  { first, chunks, count, damaged }: Packed,
): AsyncGenerator<Buffer> {
  const output: Buffer[] = []
  let failure: NodeJS.ErrnoException | undefined
  unpacker.on('data', (bytes: Buffer) => void output.push(bytes))
  unpacker.on('error', (error) => {
    failure = error
  })
  try {
    let writing = Promise.resolve()
    for await (const bytes of slicesOf(first, chunks)) {
      count(bytes.length)
      await writing
      if (failure !== undefined) break
      const ready = output.splice(0)
      writing = write(unpacker, bytes)
      yield* ready
    }
    await writing
    yield* output.splice(0)
    await ended(unpacker)
    yield* output.splice(0)
  } finally {
    unpacker.destroy()
  }
  if (failure === undefined) return
  if (!/^(Z|ZSTD)_|^ERR_ZSTD/.test(failure.code ?? '')) throw failure
  damaged(failure.message)
}

async function* slicesOf(first: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  let size = slices.first
  for await (const chunk of continued(first, chunks)) {
    for (let at = 0; at < chunk.length; ) {
      const slice = chunk.subarray(at, at + size)
      at += slice.length
      size = Math.min(2 * size, slices.most)
      yield slice
    }
  }
}

/** The chunks from `first` on. Ending early ends `rest`. */
export async function* continued(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* { [Symbol.asyncIterator]: () => rest }
}

/** Resolves when the decompressor has taken `bytes`, or is closed. Removes its listener. */
function write(unpacker: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    unpacker.once('close', resolve)
    unpacker.write(bytes, (error) => {
      if (error) return // `close` follows
      unpacker.off('close', resolve)
      resolve()
    })
  })
}

/** Ends the input; resolves when all output has been emitted. */
function ended(unpacker: Duplex): Promise<void> {
  if (unpacker.closed) return Promise.resolve()
  return new Promise((resolve) => {
    unpacker.once('end', resolve).once('close', resolve)
    unpacker.end()
  })
}

/** The bytes of `--hex`; undefined if the text is not plain hexadecimal; the capture reader may recognise it. */
export function bytesOfHex(text: string): Buffer | undefined {
  const digits = text.replace(/0x|\\x|[\s,:;{}<>[\]-]|Buffer/gi, '')
  if (/[^0-9a-f]/i.test(digits) || isDecimalList(text)) return undefined
  if (/\n.*[:|]|^[0-9a-f]{4,8}:? {1,2}\b/im.test(text)) return undefined
  if (digits.length % 2 === 1) {
    throw new UsageError(`--hex: odd number of hexadecimal digits (${digits.length})`, {
      hint: 'each byte has two digits',
    })
  }
  return Buffer.from(digits, 'hex')
}

/** Spaces between numbers of one and two digits are not enough: it may be hexadecimal with a missing digit. */
function isDecimalList(text: string): boolean {
  return isDecimal([text]) && /,|\d{3}/.test(text)
}
