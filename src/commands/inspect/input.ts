// Where captures come from: files, standard input, gzip and zstd inside of either, and bytes on the command line.
import { constants, createReadStream, fstatSync } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import type { Duplex, Readable } from 'node:stream'
import * as zlib from 'node:zlib'
import { isDecimal } from '../../capture/text/source-code.js'
import { ExitCode, MqttxError, UsageError } from '../../errors.js'
import { strerror } from '../../io/system-error.js'

const chunkSize = 256 * 1024

/** The bytes of a file, or of `stdin` for `-`, unpacked where they are gzip, or zstd and Node can do it (from 22.15 on). */
export async function* chunksOf(
  file: string,
  stdin: () => Readable,
  note: (text: string) => void,
): AsyncGenerator<Buffer> {
  const source = file === '-' ? stdin() : createReadStream(file, { highWaterMark: chunkSize })
  try {
    yield* unpacked(source, note)
  } catch (cause) {
    throw unreadable(file, cause)
  } finally {
    source.destroy()
  }
}

/**
 * Finds out what can be known before anything is written: that a file is not there, or not for us. Opens nothing: a named
 * pipe would wait for its writer.
 * @throws what reading it would throw
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

/** True of a stream that reads a regular file: it has an end. */
export function isFileStream(stream: object): boolean {
  const { fd } = stream as { fd?: unknown }
  return typeof fd === 'number' && fstatSync(fd).isFile()
}

/** True of a regular file, and of one that is not there: it has an end, and can be read twice. */
export async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() !== false
}

function unreadable(file: string, cause: unknown): unknown {
  const error = cause as NodeJS.ErrnoException
  if (cause instanceof MqttxError || error.code === undefined) return cause
  return new MqttxError(`cannot read ${file}: ${strerror(error)}`, { cause, exitCode: ExitCode.usage })
}

async function* unpacked(source: Readable, note: (text: string) => void): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
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
        note(`the ${name} data is damaged or cut off (${why}); what could be unpacked was read`),
    })
  }
  yield first
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
}

interface Packing {
  readonly name: string
  readonly magic: Buffer
  /** Undefined where this Node cannot unpack it. */
  open(): Duplex | undefined
}

/** Absent from the types of Node 20. */
type Zstd = { createZstdDecompress?: (options: { chunkSize: number }) => Duplex }

const packings: readonly Packing[] = [
  { name: 'gzip', magic: Buffer.from([0x1f, 0x8b]), open: () => zlib.createGunzip({ chunkSize }) },
  {
    name: 'zstd',
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    open: () => (zlib as Zstd).createZstdDecompress?.({ chunkSize }),
  },
]

/** As many bytes as the longest magic number has, if there are so many. */
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

/** Writes what is read into the unpacker, and waits where that is behind. */
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

/** Resolves when the unpacker takes more, or never will. Leaves no listener behind. */
async function drained(unpacker: Duplex): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      unpacker.off('drain', done).off('close', done)
      resolve()
    }
    unpacker.on('drain', done).on('close', done)
  })
}

/** The bytes of `--hex`; undefined where the text is something else, which the reader of captures may know. */
export function bytesOfHex(text: string): Buffer | undefined {
  const digits = text.replace(/0x|\\x|[\s,:;{}<>[\]-]|Buffer/gi, '')
  if (/[^0-9a-f]/i.test(digits) || isDecimalList(text)) return undefined
  if (/\n.*[:|]|^[0-9a-f]{4,8}:? {1,2}\b/im.test(text)) return undefined
  if (digits.length % 2 === 1) {
    throw new UsageError(`--hex: ${digits.length} digits are no whole number of bytes`, {
      hint: 'two digits are a byte',
    })
  }
  return Buffer.from(digits, 'hex')
}

/** Blanks alone between numbers of one and two digits are no evidence: a digit may be missing. */
function isDecimalList(text: string): boolean {
  return isDecimal([text]) && /,|\d{3}/.test(text)
}
