// Reads and atomically replaces the contexts file, which only its owner may read.
import { mkdirSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type Contexts,
  contextsFileKind,
  contextsPath,
  formatContexts,
  parseContexts,
} from '../cli/contexts.js'
import { ExitCode, MqttxError } from '../errors.js'
import type { Host } from '../host.js'
import { acquireLock, type Lock, LockLost } from '../io/lock.js'
import { readPrivate } from '../io/private-file.js'
import { replace } from '../io/replace.js'
import { withoutMark } from '../io/small-file.js'
import { isSystemError, strerror } from '../io/system-error.js'

const none: Contexts = { current: undefined, contexts: new Map() }

/** The path of the contexts file. @throws MqttxError if the environment gives no absolute home directory */
export function contextsFile({ env }: Host): string {
  const path = contextsPath(env)
  if (path !== undefined) return path
  const hint = 'set HOME or XDG_CONFIG_HOME'
  throw new MqttxError('No directory for the contexts file: HOME is not an absolute path.', { hint })
}

/** The contexts in the file; none if there is no file. @throws MqttxError */
export function readContexts(path: string): Contexts {
  return explained(path, 'read', () => {
    try {
      return parseContexts(withoutMark(readPrivate(path, contextsFileKind)).toString(), path)
    } catch (error) {
      if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return none
      throw error
    }
  })
}

/** Changes the file under a lock. If the lock is lost meanwhile, starts over. */
export async function changeContexts(path: string, change: (contexts: Contexts) => Contexts): Promise<void> {
  const target = explained(path, 'change', () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return followed(path)
  })
  for (let done = false; !done; ) {
    const lock = await locked(target)
    try {
      const bytes = Buffer.from(formatContexts(change(readContexts(path))))
      const what = 'contexts file'
      const fill = async (write: (bytes: Uint8Array) => void) => write(bytes)
      await replace(target, { like: undefined, lock, what, fill, inPlace() {} }).catch((error: unknown) => {
        throw isSystemError(error) ? unusable(path, 'change', error) : error
      })
      done = true
    } catch (error) {
      if (!(error instanceof LockLost)) throw error
    } finally {
      lock.release()
    }
  }
}

/** Resolves a symbolic link, so that replacing the file keeps the link. */
function followed(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return path
    throw error
  }
}

function locked(path: string): Promise<Lock> {
  return acquireLock(path, { what: 'contexts file' }).catch((error: unknown) => {
    throw isSystemError(error) ? unusable(path, 'change', error) : error
  })
}

function explained<T>(path: string, intent: 'read' | 'change', action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw isSystemError(error) ? unusable(path, intent, error) : error
  }
}

function unusable(path: string, intent: 'read' | 'change', cause: NodeJS.ErrnoException): MqttxError {
  return new MqttxError(`Unable to ${intent} the contexts file ${path}: ${strerror(cause)}.`, {
    exitCode: ExitCode.usage,
    cause,
  })
}
