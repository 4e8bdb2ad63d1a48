// Lock files. A lock is taken over when the process that holds it has ended.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MqttxError } from '../errors.js'
import { isSystemError, strerror } from './system-error.js'

const timeoutMs = 60_000

/** After this time, waiting is reported. */
const noticeMs = 1000

/** Bytes of a lock file: two numbers, a host name of up to 255 bytes, a token. */
const longestLock = 512

/** An empty lock file older than this was left by a process that was killed before it wrote. */
const emptyMs = 1000

export interface Lock {
  /** Part of the names of temporary files: the next holder removes those of killed processes. */
  readonly token: string
  /** @throws LockLost if another process has taken the lock over */
  confirm(): void
  release(): void
}

/** Another process has taken the lock over: the change must be repeated. */
export class LockLost extends Error {
  override readonly name = 'LockLost'
}

interface Owner {
  readonly pid: number
  /** Start time in the kernel's clock ticks, as process ids are reused. */
  readonly started: string
  readonly host: string
  readonly token: string
}

export function temporaryFile(path: string, token: string): string {
  return `${path}.${token}.tmp`
}

interface LockOptions {
  /** The file in error texts. */
  readonly what: string
  readonly signal?: AbortSignal
  /** Called once, after a second of waiting. */
  notice?(text: string): void
}

/** Waits for the lock of `path`. @throws MqttxError after 60 seconds */
export async function acquireLock(path: string, { what, signal, notice }: LockOptions): Promise<Lock> {
  const file = `${path}.lock`
  const token = randomBytes(6).toString('hex')
  const text = `${process.pid} ${startOf(process.pid)} ${hostname()} ${token}\n`
  const begun = performance.now()
  let noticed = false
  while (!create(file, text)) {
    signal?.throwIfAborted()
    const seen = contents(file)
    if (seen !== undefined && isAbandoned(file, seen)) remove(file, seen, token)
    else if (performance.now() > begun + timeoutMs) throw locked(path, what, seen)
    else if (!noticed && seen !== undefined && performance.now() > begun + noticeMs) {
      noticed = true
      notice?.(`Waiting for the ${what} ${path}: it is being changed by ${holderIn(seen)}.`)
    } else await sleep(5 + Math.random() * 20)
  }
  sweep(path)
  return {
    token,
    confirm() {
      if (contents(file) !== text) throw new LockLost()
    },
    release() {
      if (contents(file) === text) rmSync(file, { force: true })
    },
  }
}

function create(file: string, text: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(file, 'wx', 0o600)
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false
    throw error
  }
  try {
    writeSync(descriptor, text)
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
  return true
}

/**
 * The contents of a lock file; undefined if it does not exist. Only a regular file of up to `longestLock` bytes is read:
 * others who may write to the folder can put anything in its place.
 * @throws MqttxError if it is not a lock file
 */
function contents(file: string): string | undefined {
  let descriptor: number
  try {
    descriptor = openSync(
      file,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    )
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined
    if (isSystemError(error))
      throw notALockFile(file, error.code === 'ELOOP' ? 'a symbolic link' : strerror(error))
    throw error
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw notALockFile(file, stats.isFIFO() ? 'a FIFO' : 'not a regular file')
    if (stats.size > longestLock) throw notALockFile(file, `${stats.size} bytes long`)
    const bytes = Buffer.alloc(longestLock)
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, longestLock, 0))
  } finally {
    closeSync(descriptor)
  }
}

function notALockFile(file: string, what: string): MqttxError {
  return new MqttxError(`${file} exists, and is not a lock file: ${what}.`, {
    hint: 'remove it if it is not needed',
  })
}

function ownerOf(text: string): Owner | undefined {
  const [, pid, started = '', host = '', token = ''] = /^(\d+) (\d+) (\S+) ([0-9a-f]{12})\n$/.exec(text) ?? []
  return pid === undefined ? undefined : { pid: Number(pid), started, host, token }
}

function isAbandoned(file: string, text: string): boolean {
  if (text === '') return ageOf(file) > emptyMs
  const owner = ownerOf(text)
  if (owner === undefined || owner.host !== hostname()) return false // cannot be checked
  if (!isRunning(owner.pid)) return true
  const started = startOf(owner.pid)
  return started !== '0' && owner.started !== '0' && started !== owner.started
}

function ageOf(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs
  } catch {
    return 0
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isSystemError(error) && error.code === 'EPERM'
  }
}

/** `0` if the system does not provide it. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
  } catch {
    return '0'
  }
}

/** Removes an abandoned lock: by renaming, so that only one of several processes succeeds. */
function remove(file: string, seen: string, token: string): void {
  const moved = `${file}.${token}`
  try {
    renameSync(file, moved)
    if (contents(moved) !== seen) linkSync(moved, file) // lost the race; put the live lock back
  } catch (error) {
    if (!isSystemError(error) || !['ENOENT', 'EEXIST'].includes(error.code ?? '')) throw error
  }
  rmSync(moved, { force: true })
}

/** Removes the files of killed processes. Only the holder of the lock may have such files. */
function sweep(path: string): void {
  const name = basename(path)
  const left = /^(?:\.lock\.[0-9a-f]{12}|\.[0-9a-f]{12}\.tmp)$/
  try {
    for (const entry of readdirSync(dirname(path))) {
      if (entry.startsWith(name) && left.test(entry.slice(name.length)))
        rmSync(join(dirname(path), entry), { force: true })
    }
  } catch {
    // The folder cannot be listed.
  }
}

function holderIn(text: string): string {
  const owner = ownerOf(text)
  return owner === undefined ? 'another program' : `process ${owner.pid} on ${owner.host}`
}

function locked(path: string, what: string, text = ''): MqttxError {
  return new MqttxError(`Unable to open ${what} ${path}. It is being changed by ${holderIn(text)}.`, {
    hint: `if not, remove ${path}.lock`,
  })
}
