// Password files on disk: read in chunks and replaced atomically.
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { bytesToText } from '../byte-text.js'
import { ExitCode, MqttxError } from '../errors.js'
import { acquireLock, LockLost } from '../io/lock.js'
import { replace } from '../io/replace.js'
import { isSystemError, strerror } from '../io/system-error.js'
import type { LineFormat } from './formats.js'
import { corrupt, longestLine, type PasswordLine, passwordLines, tooLong } from './lines.js'

/** The intended use of a file; mosquitto_passwd's error text depends on it. */
export type Purpose = 'read' | 'update' | 'create'

/** A file open for reading, any number of times. */
export interface Stored {
  readonly file: string
  readonly stats: Stats
  /** The lines in order, in batches. @throws MqttxError for a line that is too long */
  lines(format: LineFormat, signal: AbortSignal): AsyncGenerator<readonly PasswordLine[]>
}

/** Writes the new contents of a file through `write`. */
export type Fill = (write: (bytes: Uint8Array) => void) => Promise<void>

export interface Change {
  readonly purpose: Purpose
  readonly signal: AbortSignal
  /** Called once with a text if another process holds the lock for long. */
  notice(text: string): void
  warn(text: string): void
  /** Returns the new contents, or undefined to leave the file unchanged. `stored` is undefined for a new file. */
  apply(stored: Stored | undefined): Promise<Fill | undefined>
}

const chunkBytes = 64 * 1024

/** Longest line in bytes: 4 per character. */
const longestBytes = 4 * longestLine

/** Opens a file for `use`. With purpose `create`, `stored` is undefined if the file is missing. @throws MqttxError */
export async function withStored<T>(
  file: string,
  purpose: Purpose,
  use: (stored: Stored | undefined) => Promise<T>,
): Promise<T> {
  const descriptor = explained(file, purpose, () => openStored(file, purpose))
  if (descriptor === undefined) return use(undefined)
  try {
    const stats = fstatSync(descriptor)
    return await use({ file, stats, lines: (format, signal) => linesOf(file, descriptor, format, signal) })
  } finally {
    closeSync(descriptor)
  }
}

function openStored(file: string, purpose: Purpose): number | undefined {
  if (purpose === 'create' && lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined
  const stats = statSync(file)
  if (stats.isDirectory()) throw systemError('EISDIR')
  if (!stats.isFile()) throw new MqttxError(`${file} is not a regular file.`)
  if (purpose !== 'read') accessSync(file, constants.R_OK | constants.W_OK)
  return openSync(file, 'r')
}

/** The error that reading a directory throws. */
function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'read' })
}

async function* linesOf(
  file: string,
  descriptor: number,
  format: LineFormat,
  signal: AbortSignal,
): AsyncGenerator<readonly PasswordLine[]> {
  const chunk = Buffer.alloc(chunkBytes)
  let rest: Buffer = Buffer.alloc(0)
  let number = 1
  for (let position = 0; ; ) {
    if (signal.aborted) throw signal.reason
    const length = readSync(descriptor, chunk, 0, chunkBytes, position)
    position += length
    const bytes = Buffer.concat([rest, chunk.subarray(0, length)])
    const end = length === 0 ? bytes.length : bytes.lastIndexOf(0x0a) + 1
    rest = bytes.subarray(end)
    if (rest.length > longestBytes) throw corrupt(file, number, tooLong)
    const lines = passwordLines(bytesToText(bytes.subarray(0, end)), format, number)
    number += lines.length
    if (lines.length > 0) yield lines
    if (length === 0) return
    await turn() // signals are handled between chunks
  }
}

/** Changes a file under a lock. */
export async function changeStored(file: string, change: Change): Promise<void> {
  const { purpose, signal, notice, warn, apply } = change
  const exists = await withStored(file, purpose, async (stored) => stored !== undefined)
  const path = explained(file, purpose, () => {
    return exists ? realpathSync(file) : join(realpathSync(dirname(file)), basename(file))
  })
  for (let done = false; !done; ) {
    const lock = await acquireLock(path, { what: 'password file', signal, notice }).catch(
      (error: unknown) => {
        throw isSystemError(error) ? unusable(file, purpose, error) : error
      },
    )
    try {
      await withStored(file, purpose, async (stored) => {
        const fill = await apply(stored)
        if (signal.aborted) throw signal.reason
        if (fill === undefined) return
        const inPlace = (why: string) => warn(inPlaceWarning(file, why))
        const what = 'password file'
        await replace(path, { like: stored?.stats, lock, what, fill, inPlace }).catch((error: unknown) => {
          throw isSystemError(error) ? unusable(file, purpose === 'create' ? purpose : 'write', error) : error
        })
      })
      done = true
    } catch (error) {
      if (!(error instanceof LockLost)) throw error // lock lost: start over, the file may have changed
    } finally {
      lock.release()
    }
  }
}

function inPlaceWarning(file: string, why: string): string {
  return `Writing file ${file} in place, because ${why}. A reader may see a partial file, and a crash may leave one.`
}

function explained<T>(file: string, purpose: Purpose, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw isSystemError(error) ? unusable(file, purpose, error) : error
  }
}

function unusable(file: string, purpose: Purpose | 'write', error: NodeJS.ErrnoException): MqttxError {
  const reason = strerror(error)
  const details = { cause: error, exitCode: ExitCode.usage, hint: danglingHint(file) }
  if (purpose === 'create')
    return new MqttxError(`Unable to open file ${file} for writing. ${reason}.`, details)
  if (purpose !== 'write') return new MqttxError(`Unable to open password file ${file}. ${reason}.`, details)
  const message = ['Error occurred updating password file.', `${file}: ${reason}`]
  return new MqttxError(message, { ...details, prefix: '', hint: 'the file is unchanged' })
}

/** A hint for a dangling symbolic link, which ENOENT does not reveal. */
function danglingHint(file: string): string | undefined {
  try {
    if (statSync(file, { throwIfNoEntry: false }) !== undefined) return undefined
    return `it is a symbolic link to ${readlinkSync(file)}, which does not exist`
  } catch {
    return undefined // not a link
  }
}

/** mosquitto_passwd's warnings about mode, owner and group. For root, only about the mode. */
export function ownershipWarnings(file: string, { mode, uid, gid }: Stats): string[][] {
  const later = 'Future versions will refuse to load this file.'
  const warnings: string[][] = []
  const [ownUid = uid, ownGid = gid] = [process.getuid?.(), process.getgid?.()]
  if (process.platform !== 'win32' && (mode & 0o007) !== 0) {
    warnings.push([
      `File ${file} has world readable permissions. ${later}`,
      `To fix this, use \`chmod 0600 ${file}\`.`,
    ])
  }
  if (ownUid === 0) return warnings
  if (uid !== ownUid)
    warnings.push([
      `File ${file} owner is not user ${ownUid}. ${later}`,
      `To fix this, use \`chown ${ownUid} ${file}\`.`,
    ])
  if (gid !== ownGid) warnings.push([`File ${file} group is not ${ownGid}. ${later}`])
  return warnings
}
