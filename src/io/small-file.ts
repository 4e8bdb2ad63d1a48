// Reads small files, pipes and devices named by options, bounded in size and time.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { MqttxError } from '../errors.js'
import { strerror } from './system-error.js'

const mebibyte = 1024 * 1024
/** Default limit in bytes. */
const defaultLongest = 16 * mebibyte
/** How long a pipe or device may be silent: the user may have to unlock a key ring first. */
const silenceMs = 30_000
const pollMs = 10

interface Reading {
  /** Milliseconds without data; default 30 seconds. */
  readonly silence?: number
  /** Bytes; default 16 MiB. */
  readonly longest?: number
  /** Throws if a file with this owner and mode must not be read. */
  check?(status: Stats): void
}

/** `readSmallFile` for a file that an option names, `what` it is. @throws MqttxError with the reason */
export function readGiven(path: string, { what = '', ...reading }: Reading & { what?: string } = {}): Buffer {
  try {
    return readSmallFile(path, reading)
  } catch (cause) {
    const reason = strerror(cause as NodeJS.ErrnoException)
    throw new MqttxError(`cannot read ${what}${path}: ${reason}`, { cause })
  }
}

/**
 * The contents of a file, a pipe (such as `<(command)`) or a device.
 * @throws the errors of node:fs; EFBIG beyond `longest`, ETIMEDOUT after `silence`
 */
export function readSmallFile(
  path: string,
  { silence = silenceMs, longest = defaultLongest, check }: Reading = {},
): Buffer {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const status = fstatSync(descriptor)
    check?.(status)
    const pieces: Buffer[] = []
    let length = 0
    // A named pipe without a writer reads as if at its end.
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
      if (waited >= silence) {
        throw failure('ETIMEDOUT', `no data for ${silence / 1000} seconds`)
      }
      pause(pollMs)
      waited += pollMs
    }
  } finally {
    closeSync(descriptor)
  }
}

/** The number of bytes read: 0 at the end, -1 if there are none yet. */
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

/** `bytes` without a UTF-8 byte order mark. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}
