// Files that options name: settings, keys, passwords. Whatever the name stands for, reading it ends.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'

const mebibyte = 1024 * 1024
/** No file of settings is longer, in bytes. */
const longestSettings = 16 * mebibyte
/** For how long a pipe or a device may say nothing, in milliseconds: somebody may have to unlock a key ring first. */
const patienceMs = 30_000
const pauseMs = 10

interface Reading {
  /** Milliseconds. */
  readonly patience?: number
  /** Bytes, where a file may be longer than 16 MiB. */
  readonly longest?: number
  /** Throws where a file with this owner and mode must not be read. */
  check?(status: Stats): void
}

/**
 * The bytes of a file, a pipe (such as that of `<(command)`) or a device.
 * @throws what node:fs throws; EFBIG beyond `longest`, ETIMEDOUT where nothing comes for 30 seconds
 */
export function readSmallFile(
  path: string,
  { patience = patienceMs, longest = longestSettings, check }: Reading = {},
): Buffer {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const status = fstatSync(descriptor)
    check?.(status)
    const pieces: Buffer[] = []
    let length = 0
    // A named pipe that nobody has opened for writing yet reads as one that is at its end.
    let opened = !status.isFIFO()
    for (let waited = 0; ; ) {
      const piece = Buffer.allocUnsafe(64 * 1024)
      const count = readNow(descriptor, piece)
      if (count === 0 && opened) return Buffer.concat(pieces)
      if (count !== 0) opened = true
      if (count > 0) {
        length += count
        waited = 0
        if (length > longest)
          throw failure('EFBIG', `it is longer than ${Math.floor(longest / mebibyte)} MiB`)
        pieces.push(piece.subarray(0, count))
        continue
      }
      if (waited >= patience) {
        throw failure('ETIMEDOUT', `nothing was written into it for ${patience / 1000} seconds`)
      }
      pause(pauseMs)
      waited += pauseMs
    }
  } finally {
    closeSync(descriptor)
  }
}

/** The bytes read: 0 at the end, -1 where there are none yet. */
function readNow(descriptor: number, into: Buffer): number {
  try {
    return readSync(descriptor, into)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1
    throw error
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, syscall: 'read' })
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Text without the byte order mark that editors on Windows put before it. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}
