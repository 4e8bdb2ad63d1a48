// A file that is replaced in one step: whoever reads it, and whoever finds it after a power cut, has the old one or the
// new one, whole.
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { type Lock, temporaryFile } from './lock.js'

export interface Replacement {
  /** Whose owner and mode the file gets; undefined: ours, and for us alone. */
  readonly like: Stats | undefined
  readonly bytes: Buffer
  readonly lock: Lock
}

/** @throws Lost where the lock is no longer ours, and what node:fs throws */
export function replace(path: string, { like, bytes, lock }: Replacement): void {
  const temporary = temporaryFile(path, lock.token)
  try {
    writeDurably(temporary, bytes, like)
    lock.confirm()
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}

function writeDurably(path: string, bytes: Buffer, like: Stats | undefined): void {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    if (like !== undefined) {
      // The owner first: to change it takes some bits of the mode away.
      if (like.uid !== process.getuid?.() || like.gid !== process.getgid?.())
        fchownSync(descriptor, like.uid, like.gid)
      fchmodSync(descriptor, like.mode & 0o7777)
    }
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Without this a power cut may bring the old name back. Not every system has it; the file is whole either way. */
function syncFolder(path: string): void {
  try {
    const descriptor = openSync(path, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // Windows, and file systems without folders that can be written.
  }
}
