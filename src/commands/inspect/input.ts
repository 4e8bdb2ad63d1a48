// Where captures come from: files, standard input, gzip inside of either, and hexadecimal words of the command line.
import { constants, createReadStream } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ExitCode, MqttxError, UsageError } from '../../errors.js'

const chunkSize = 256 * 1024

/** The bytes of a file, or of `stdin` for `-`, unpacked where they are gzip. */
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

function unreadable(file: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException
  if (cause instanceof MqttxError || code === undefined) return cause
  const reason = code === 'ENOENT' ? 'No such file' : code === 'EISDIR' ? 'It is a directory' : message
  return new MqttxError(`cannot read ${file}: ${reason}`, { cause, exitCode: ExitCode.usage })
}

async function* unpacked(source: Readable, note: (text: string) => void): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await firstChunk(chunks)
  if (first === undefined) return
  if (first[0] !== 0x1f || first[1] !== 0x8b) {
    yield first
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
    return
  }
  yield* inflated(first, chunks, note)
}

/** At least two bytes, if there are so many: the magic number of gzip. */
async function firstChunk(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  let first: Buffer | undefined
  while (first === undefined || first.length < 2) {
    const next = await chunks.next()
    if (next.done === true) return first
    first = first === undefined ? next.value : Buffer.concat([first, next.value])
  }
  return first
}

/** Writes what is read into the unpacker, and waits where that is behind. */
async function* inflated(
  first: Buffer,
  chunks: AsyncIterator<Buffer>,
  note: (text: string) => void,
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize })
  const feeding = feed(gunzip, first, chunks)
  feeding.catch((error: Error) => gunzip.destroy(error))
  try {
    yield* gunzip as AsyncIterable<Buffer>
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (!code.startsWith('Z_')) throw error
    note(`the gzip data is damaged or cut off (${message}); what could be unpacked was read`)
  }
}

async function feed(
  gunzip: NodeJS.WritableStream,
  first: Buffer,
  chunks: AsyncIterator<Buffer>,
): Promise<void> {
  for (let chunk: Buffer | undefined = first; chunk !== undefined; ) {
    if (!gunzip.write(chunk))
      await new Promise<void>((done) => void gunzip.once('drain', done).once('close', done))
    const next: IteratorResult<Buffer> = await chunks.next()
    chunk = next.done === true ? undefined : next.value
  }
  gunzip.end()
}

/** The bytes of `--hex`; undefined where the text is a dump with offsets, which the reader of captures knows. */
export function bytesOfHex(text: string): Buffer | undefined {
  const digits = text.replace(/0x|\\x|[\s,:;{}<>[\]-]|Buffer/gi, '')
  if (/[^0-9a-f]/i.test(digits)) return undefined
  if (/\n.*[:|]|^[0-9a-f]{4,8}:? {1,2}\b/im.test(text)) return undefined
  if (digits.length % 2 === 1) {
    throw new UsageError(`--hex: ${digits.length} digits are no whole number of bytes`, {
      hint: 'two digits are a byte',
    })
  }
  return Buffer.from(digits, 'hex')
}
