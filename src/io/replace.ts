// A file that is replaced in one step: readers, and whoever finds it after a power cut, see the old file or the new one,
// whole. Where the system does not allow that, the file is written in place, with a whole copy beside it meanwhile.
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  ftruncateSync,
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
  /** The old file, whose owner and mode the new one gets; undefined: ours, mode 0600. */
  readonly like: Stats | undefined
  readonly lock: Lock
  /** What error texts call the file. */
  readonly what: string
  /** Writes the new contents. */
  fill(write: (bytes: Uint8Array) => void): Promise<void>
  /** Called before the file is written in place. */
  inPlace(why: string): void
}

/**
 * @throws Lost where the lock is no longer ours, what node:fs throws while the file is as it was, and MqttxError when
 * writing in place has failed
 */
export async function replace(path: string, { like, lock, what, fill, inPlace }: Replacement): Promise<void> {
  const temporary = temporaryFile(path, lock.token)
  try {
    const owned = await writeDurably(temporary, fill, like)
    lock.confirm()
    const why = (owned ? linked(like) : 'its owner can be kept in no other way') ?? renamed(temporary, path)
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

/** Why a file with several names is not replaced: the others would keep the old contents. */
function linked(like: Stats | undefined): string | undefined {
  return like === undefined || like.nlink < 2 ? undefined : `it has ${like.nlink} names (hard links)`
}

/** @returns why the system does not rename a file to `path` */
function renamed(temporary: string, path: string): string | undefined {
  try {
    renameSync(temporary, path)
    return undefined
  } catch (error) {
    if (!isSystemError(error) || !['EBUSY', 'EXDEV'].includes(error.code ?? '')) throw error
    return 'it is mounted by itself (mount its folder instead)'
  }
}

/** `whole` is there until the file is complete. The next run does not remove it, as it does temporary files. */
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
      hint: `it may be corrupt; its new contents are whole in ${whole}`,
    })
  } finally {
    closeSync(target)
  }
  rmSync(whole, { force: true })
}

/** @returns false if the file could not get the owner of the old one */
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

/** Without this a power cut may bring the old file back. Not every system has it; the file is whole either way. */
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
