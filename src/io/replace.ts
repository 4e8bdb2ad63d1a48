// Replaces a file atomically: readers see the old or the new contents, also after a power failure. If the system does not
// allow it, the file is written in place while a complete copy exists beside it.
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { MqttxError } from '../errors.js'
import { type Lock, temporaryFile } from './lock.js'
import { isSystemError, strerror } from './system-error.js'

export interface Replacement {
  /** The file whose owner and mode are kept; undefined: this user, mode 0600. */
  readonly like: Stats | undefined
  readonly lock: Lock
  /** The file in error texts. */
  readonly what: string
  /** Writes the new contents. */
  fill(write: (bytes: Uint8Array) => void): Promise<void>
  /** Called with the reason before the file is written in place. */
  inPlace(why: string): void
}

/**
 * @throws LockLost if the lock was taken over, the errors of node:fs while the file is unchanged, and MqttxError if
 * writing in place fails
 */
export async function replace(path: string, { like, lock, what, fill, inPlace }: Replacement): Promise<void> {
  const temporary = temporaryFile(path, lock.token)
  try {
    const owned = await writeDurably(temporary, fill, like)
    lock.confirm()
    const why = (owned ? linked(like) : 'its owner cannot be kept otherwise') ?? renamed(temporary, path)
    if (why !== undefined) {
      inPlace(why)
      writeInPlace(path, { temporary, whole: `${path}.${lock.token}.new`, what })
    }
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}

/**
 * Writes a new file, mode 0600, that appears when it is complete, also after a power failure. `nameOf(1)` is its name, or
 * the next ones, in the same folder, if that is in use: a file that is there is never replaced.
 * @returns the name; undefined if `nameOf` has no more
 * @throws the errors of node:fs; what `fill` throws
 */
export async function create(
  nameOf: (number: number) => string | undefined,
  { token, fill }: { readonly token: string; readonly fill: Replacement['fill'] },
): Promise<string | undefined> {
  const temporary = temporaryFile(nameOf(1)!, token)
  try {
    await writeDurably(temporary, fill, undefined)
    for (let number = 1; ; number++) {
      const path = nameOf(number)
      if (path === undefined) return undefined
      if (!isPlaced(temporary, path)) continue
      syncFolder(dirname(path))
      return path
    }
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** False if `path` is in use. */
function isPlaced(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path)
  } catch (error) {
    if (!isSystemError(error)) throw error
    if (error.code === 'EEXIST' || existsSync(path)) return false
    renameSync(temporary, path) // a file system without hard links
  }
  return true
}

/** The reason not to replace a file with hard links: the other names would keep the old contents. */
function linked(like: Stats | undefined): string | undefined {
  return like === undefined || like.nlink < 2 ? undefined : `it has ${like.nlink} names (hard links)`
}

/** @returns the reason why the system cannot rename the file to `path` */
function renamed(temporary: string, path: string): string | undefined {
  try {
    renameSync(temporary, path)
    return undefined
  } catch (error) {
    if (!isSystemError(error) || !['EBUSY', 'EXDEV'].includes(error.code ?? '')) throw error
    return 'it is a mount point (mount its folder instead)'
  }
}

/** `whole` exists until the file is complete. Unlike temporary files, it is not removed by the next run. */
function writeInPlace(
  path: string,
  { temporary, whole, what }: { temporary: string; whole: string; what: string },
): void {
  const target = openSync(path, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    renameSync(temporary, whole)
    const source = openSync(whole, 'r')
    try {
      const buffer = Buffer.alloc(64 * 1024)
      let at = 0
      for (let length = -1; length !== 0; at += length) {
        length = readSync(source, buffer, 0, buffer.length, at)
        writeAll(target, buffer.subarray(0, length))
      }
      ftruncateSync(target, at)
      fsyncSync(target)
    } finally {
      closeSync(source)
    }
  } catch (cause) {
    const reason = isSystemError(cause) ? strerror(cause) : String(cause)
    throw new MqttxError([`Error occurred updating ${what}.`, `${path}: ${reason}`], {
      ...{ cause, prefix: '' },
      hint: `it may be corrupt; the complete new contents are in ${whole}`,
    })
  } finally {
    closeSync(target)
  }
  rmSync(whole, { force: true })
}

/** @returns false if the owner could not be kept */
async function writeDurably(
  path: string,
  fill: Replacement['fill'],
  like: Stats | undefined,
): Promise<boolean> {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    await fill((bytes) => writeAll(descriptor, bytes))
    const owned = like === undefined || hasOwner(descriptor, like)
    if (like !== undefined && owned) fchmodSync(descriptor, like.mode & 0o7777) // a new owner clears some bits
    fsyncSync(descriptor)
    return owned
  } finally {
    closeSync(descriptor)
  }
}

function hasOwner(descriptor: number, { uid, gid }: Stats): boolean {
  if (uid === process.getuid?.() && gid === process.getgid?.()) return true
  try {
    fchownSync(descriptor, uid, gid)
    return true
  } catch (error) {
    if (isSystemError(error) && error.code === 'EPERM') return false
    throw error
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
}

/** Makes the rename survive a power failure, on systems that support it. */
function syncFolder(path: string): void {
  try {
    const descriptor = openSync(path, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // Windows, and file systems whose folders cannot be opened.
  }
}
