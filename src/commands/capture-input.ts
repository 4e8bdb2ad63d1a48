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
  { inputs, note, bytes = chunkSize, count }: ChunkOptions,
): AsyncGenerator<Buffer> {
  let source: Readable | undefined
  try {
    source = inputs.open(file, bytes)
    yield* unpacked(count === undefined ? source : counted(source, count), note)
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

async function* counted(
  source: AsyncIterable<Buffer>,
  count: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    count(chunk.length)
    yield chunk
  }
}

async function* unpacked(
  source: AsyncIterable<Buffer>,
  note: (text: string) => void,
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]()
  const first = await firstChunk(chunks)
  if (first === undefined) return
  const packing = packings.find(({ magic }) => first.subarray(0, magic.length).equals(magic))
  const unpacker = packing?.open()
  if (packing !== undefined && unpacker !== undefined) {
    const { name } = packing
    return yield* inflated(unpacker, {
      first,
      chunks,
      damaged: (why) =>
        note(`the ${name} data is damaged or truncated (${why}); the data before the damage was read`),
    })
  }
  yield first
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
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
  readonly damaged: (why: string) => void
}

/** Feeds the input to the decompressor, with back-pressure, and yields its output. */
async function* inflated(unpacker: Duplex, { first, chunks, damaged }: Packed): AsyncGenerator<Buffer> {
  const feeding = feed(unpacker, first, chunks)
  feeding.catch((error: Error) => unpacker.destroy(error))
  try {
    yield* unpacker as AsyncIterable<Buffer>
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (!/^(Z|ZSTD)_|^ERR_ZSTD/.test(code)) throw error
    damaged(message)
  }
}

async function feed(unpacker: Duplex, first: Buffer, chunks: AsyncIterator<Buffer>): Promise<void> {
  for (let chunk: Buffer | undefined = first; chunk !== undefined; ) {
    if (!unpacker.write(chunk)) await drained(unpacker)
    const next: IteratorResult<Buffer> = await chunks.next()
    chunk = next.done === true ? undefined : next.value
  }
  unpacker.end()
}

/** Resolves when the decompressor is ready for more, or closed. Removes its listeners. */
async function drained(unpacker: Duplex): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      unpacker.off('drain', done).off('close', done)
      resolve()
    }
    unpacker.on('drain', done).on('close', done)
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
