// One change of a file at a time: a lock file beside it, which is taken over when its process has ended.
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

const patienceMs = 60_000

/** Waiting for longer is worth a word. */
const silentMs = 1000

/** In bytes: numbers, a host name of up to 255 bytes, a token. */
const longestLock = 512

/** A lock file without contents belongs to someone who is about to write them, or who was killed before. */
const emptyMs = 1000

export interface Lock {
  /** Part of the names of temporary files: whoever has the lock next removes those of the dead. */
  readonly token: string
  /** @throws Lost where another process has taken the lock for abandoned */
  confirm(): void
  release(): void
}

/** The lock is no longer ours: everything has to be done again. */
export class Lost extends Error {
  override readonly name = 'Lost'
}

interface Owner {
  readonly pid: number
  /** When it started, by the kernel's count; process ids are used again. */
  readonly started: string
  readonly host: string
  readonly token: string
}

export function temporaryFile(path: string, token: string): string {
  return `${path}.${token}.tmp`
}

interface Wish {
  /** What error texts call the file. */
  readonly what: string
  readonly signal?: AbortSignal
  /** Told once, after a second, what is waited for. */
  notice?(text: string): void
}

/** Waits for the lock of `path`. @throws MqttxError when somebody keeps it */
export async function acquireLock(path: string, { what, signal, notice }: Wish): Promise<Lock> {
  const file = `${path}.lock`
  const token = randomBytes(6).toString('hex')
  const text = `${process.pid} ${startOf(process.pid)} ${hostname()} ${token}\n`
  const begun = performance.now()
  let told = false
  while (!create(file, text)) {
    signal?.throwIfAborted()
    const seen = contents(file)
    if (seen !== undefined && isAbandoned(file, seen)) remove(file, seen, token)
    else if (performance.now() > begun + patienceMs) throw locked(path, what, seen)
    else if (!told && seen !== undefined && performance.now() > begun + silentMs) {
      told = true
      notice?.(`Waiting for the ${what} ${path}: it is being changed by ${holderIn(seen)}.`)
    } else await sleep(5 + Math.random() * 20)
  }
  sweep(path)
  return {
    token,
    confirm() {
      if (contents(file) !== text) throw new Lost()
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
 * What a lock file says; undefined where there is none any more. Anybody who can write the folder can put something
 * else in its place, so it is opened only as a regular file, and read up to `longestLock` bytes.
 * @throws MqttxError for what is no lock file
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
    if (isSystemError(error)) throw noLock(file, error.code === 'ELOOP' ? 'a symbolic link' : strerror(error))
    throw error
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw noLock(file, stats.isFIFO() ? 'a FIFO' : 'no regular file')
    if (stats.size > longestLock) throw noLock(file, `${stats.size} bytes long`)
    const bytes = Buffer.alloc(longestLock)
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, longestLock, 0))
  } finally {
    closeSync(descriptor)
  }
}

function noLock(file: string, what: string): MqttxError {
  return new MqttxError(`${file} is in the way, and is not a lock file: ${what}.`, {
    hint: 'remove it, if nothing else needs it',
  })
}

function ownerOf(text: string): Owner | undefined {
  const [, pid, started = '', host = '', token = ''] = /^(\d+) (\d+) (\S+) ([0-9a-f]{12})\n$/.exec(text) ?? []
  return pid === undefined ? undefined : { pid: Number(pid), started, host, token }
}

function isAbandoned(file: string, text: string): boolean {
  if (text === '') return ageOf(file) > emptyMs
  const owner = ownerOf(text)
  if (owner === undefined || owner.host !== hostname()) return false // who can know?
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

/** `0` where the system does not tell. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
  } catch {
    return '0'
  }
}

/** Takes an abandoned lock away: by renaming, so that of two who try only one does. */
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

/** What those who were killed have left. Who holds the lock is the only one to have such files, or has lost it. */
function sweep(path: string): void {
  const name = basename(path)
  const left = /^(?:\.lock\.[0-9a-f]{12}|\.[0-9a-f]{12}\.tmp)$/
  try {
    for (const entry of readdirSync(dirname(path))) {
      if (entry.startsWith(name) && left.test(entry.slice(name.length)))
        rmSync(join(dirname(path), entry), { force: true })
    }
  } catch {
    // A folder that may not be listed.
  }
}

function holderIn(text: string): string {
  const owner = ownerOf(text)
  return owner === undefined ? 'another program' : `process ${owner.pid} on ${owner.host}`
}

function locked(path: string, what: string, text = ''): MqttxError {
  return new MqttxError(`Unable to open ${what} ${path}. It is being changed by ${holderIn(text)}.`, {
    hint: `if that is not so, remove ${path}.lock`,
  })
}
