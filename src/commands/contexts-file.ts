// The file of contexts on disk: read as it is, changed in one step, and always for its owner alone.
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
import { acquireLock, type Lock, Lost } from '../io/lock.js'
import { readPrivate } from '../io/private-file.js'
import { replace } from '../io/replace.js'
import { withoutMark } from '../io/small-file.js'
import { isSystemError, strerror } from '../io/system-error.js'

const none: Contexts = { current: undefined, contexts: new Map() }

/** @throws MqttxError where the environment names no place for it */
export function contextsFile({ env }: Host): string {
  const path = contextsPath(env)
  if (path !== undefined) return path
  const hint = 'set HOME, or XDG_CONFIG_HOME'
  throw new MqttxError(
    'There is no place for contexts: the environment names no home with an absolute path.',
    { hint },
  )
}

/** What the file says; no file says that there are none. @throws MqttxError */
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

/** Changes the file while no other mqttx does. What was read counts only if nobody has changed it meanwhile. */
export async function changeContexts(path: string, change: (contexts: Contexts) => Contexts): Promise<void> {
  const target = explained(path, 'change', () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return followed(path)
  })
  for (let done = false; !done; ) {
    const lock = await locked(target)
    try {
      const bytes = Buffer.from(formatContexts(change(readContexts(path))))
      const what = 'file of contexts'
      const fill = async (write: (bytes: Uint8Array) => void) => write(bytes)
      await replace(target, { like: undefined, lock, what, fill, inPlace() {} }).catch((error: unknown) => {
        throw isSystemError(error) ? unusable(path, 'change', error) : error
      })
      done = true
    } catch (error) {
      if (!(error instanceof Lost)) throw error
    } finally {
      lock.release()
    }
  }
}

/** Where a symbolic link leads to: the link stays. */
function followed(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return path
    throw error
  }
}

function locked(path: string): Promise<Lock> {
  return acquireLock(path, { what: 'file of contexts' }).catch((error: unknown) => {
    throw isSystemError(error) ? unusable(path, 'change', error) : error
  })
}

function explained<T>(path: string, wish: 'read' | 'change', action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw isSystemError(error) ? unusable(path, wish, error) : error
  }
}

function unusable(path: string, wish: 'read' | 'change', cause: NodeJS.ErrnoException): MqttxError {
  return new MqttxError(`Unable to ${wish} the file of contexts ${path}: ${strerror(cause)}.`, {
    exitCode: ExitCode.usage,
    cause,
  })
}
