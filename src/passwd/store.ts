// Password files on disk. What is written replaces the old file in one step: whoever reads it, and whoever finds it
// after a power cut, has the old one or the new one, whole.
import { accessSync, constants, lstatSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ExitCode, MqttxError } from '../errors.js'
import { acquireLock, Lost } from '../io/lock.js'
import { replace } from '../io/replace.js'
import { isSystemError, strerror } from '../io/system-error.js'

/** What a file is wanted for; the reference tells of one that cannot be used in two ways. */
export type Purpose = 'read' | 'update' | 'create'

export interface Found {
  readonly stats: Stats
  readonly bytes: Buffer
}

export interface Change {
  readonly purpose: Purpose
  readonly signal: AbortSignal
  /** Told what is waited for, when somebody else has the file for long. */
  notice(text: string): void
  /** Gives the new contents; undefined leaves the file as it is. */
  apply(found: Found | undefined): Promise<Buffer | undefined>
}

/** @throws MqttxError; a file that is missing is undefined when it is to be created */
export function readStored(file: string, purpose: Purpose): Found | undefined {
  return explained(file, purpose, () => {
    if (purpose === 'create' && lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined
    const stats = statSync(file)
    if (!stats.isFile() && !stats.isDirectory()) throw new MqttxError(`${file} is not a file.`)
    if (purpose !== 'read') accessSync(file, constants.R_OK | constants.W_OK)
    return { stats, bytes: readFileSync(file) }
  })
}

/** Changes a file while no other mqttx does. */
export async function changeStored(file: string, { purpose, signal, notice, apply }: Change): Promise<void> {
  const exists = readStored(file, purpose) !== undefined
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
      const found = readStored(file, purpose)
      const bytes = await apply(found)
      if (signal.aborted) throw signal.reason
      if (bytes !== undefined) {
        explained(file, purpose === 'create' ? 'create' : 'write', () =>
          replace(path, { like: found?.stats, bytes, lock }),
        )
      }
      done = true
    } catch (error) {
      if (!(error instanceof Lost)) throw error // else somebody took our lock, so what was read may be old
    } finally {
      lock.release()
    }
  }
}

function explained<T>(file: string, purpose: Purpose | 'write', action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw isSystemError(error) ? unusable(file, purpose, error) : error
  }
}

const hints: Readonly<Record<string, string>> = {
  EBUSY: 'a file that is mounted by itself cannot be replaced in one step; mount its folder instead',
  EPERM: 'its owner and mode could not be kept; run this as its owner',
}

function unusable(file: string, purpose: Purpose | 'write', error: NodeJS.ErrnoException): MqttxError {
  const reason = strerror(error)
  const details = { cause: error, exitCode: ExitCode.usage }
  if (purpose === 'create')
    return new MqttxError(`Unable to open file ${file} for writing. ${reason}.`, details)
  if (purpose !== 'write') return new MqttxError(`Unable to open password file ${file}. ${reason}.`, details)
  const hint = hints[error.code ?? ''] ?? 'the file is as it was'
  const message = `Error occurred updating password file.\n${file}: ${reason}`
  return new MqttxError(message, { ...details, prefix: '', hint })
}

/** What the reference warns of when it opens a file; root may own what he likes. */
export function ownershipWarnings(file: string, { mode, uid, gid }: Stats): string[] {
  const later = 'Future versions will refuse to load this file.'
  const warnings: string[] = []
  const [ownUid = uid, ownGid = gid] = [process.getuid?.(), process.getgid?.()]
  if (process.platform !== 'win32' && (mode & 0o007) !== 0) {
    warnings.push(
      `File ${file} has world readable permissions. ${later}\nTo fix this, use \`chmod 0600 ${file}\`.`,
    )
  }
  if (ownUid === 0) return warnings
  if (uid !== ownUid)
    warnings.push(
      `File ${file} owner is not user ${ownUid}. ${later}\nTo fix this, use \`chown ${ownUid} ${file}\`.`,
    )
  if (gid !== ownGid) warnings.push(`File ${file} group is not ${ownGid}. ${later}`)
  return warnings
}
