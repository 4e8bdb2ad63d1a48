// Runs a shell command, collects its standard output, and forwards its standard error.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { constants, devNull } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HeldBytes } from './held-bytes.js'
import { strerror } from './system-error.js'

export interface Command {
  readonly line: string
  /** Undefined: no standard input. */
  readonly input?: Buffer
  readonly env: Readonly<Record<string, string | undefined>>
  /** Undefined: no limit. */
  readonly timeoutMs?: number | undefined
  /** The longest output in bytes; unlimited with `onOutput`. */
  readonly longest?: number
  /** Takes its standard output as it comes, instead of `Ran.output`; may pause `from`. */
  readonly onOutput?: (chunk: Buffer, from: Readable) => void
  /** Receives its standard error. */
  readonly stderr: Writable
  /** Kills it. */
  readonly signal?: AbortSignal
  /** True: run it in a process group of its own, without a terminal, and kill the whole group. */
  readonly group: boolean
  /** True: only the first line of the output is needed; do not wait long for the command to end. */
  readonly firstLine?: boolean
  /** Counts the output of several commands until each has ended. */
  readonly held?: HeldBytes
}

export interface Ran {
  readonly output: Buffer
  /** Exit status as in a shell: 126 if it could not be run, 128 plus the number of a signal. */
  readonly status: number
  /** The reason of a failure; undefined for success. */
  readonly failure: string | undefined
}

/** The status of a command that could not be run. */
const cannotRun = 126
const lineFeed = 0x0a
/** A background process may hold the pipes open: after the exit, output is polled at this interval, so many times. */
const graceMs = 100
const graceTimes = 20
/** With `firstLine`: time for the command to exit after its first line. */
const lineGraceMs = 1000
/** File descriptors that spawn needs: two for each stream and two to report a failure. */
const descriptors = 8
/** Temporary errors of spawn. */
const temporary = new Set(['EMFILE', 'ENFILE', 'EAGAIN'])
/** Time limit for retries of spawn while none of our commands runs that could end. */
const spawnTimeoutMs = 10_000
/** Commands that are running. */
let commands = 0

/** Never rejects. Resolves soon after the command has exited, also if a background process holds its pipes. */
export async function runCommand(command: Command): Promise<Ran> {
  const { timeoutMs, longest = Number.POSITIVE_INFINITY, held, signal, firstLine, onOutput } = command
  const pieces: Buffer[] = []
  let length = 0
  let child: ChildProcess | undefined
  let reason: string | undefined
  const ended = new AbortController() // killed, also while waiting for a free descriptor
  const read = new AbortController() // the first line has been read
  let late: NodeJS.Timeout | undefined
  const end = (why: string) => {
    reason ??= why
    ended.abort()
    if (child !== undefined) kill(child, command.group)
  }
  const stop = () => end('stopped with mqttx')
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs, `timed out after ${timeoutMs / 1000} s`)
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) stop()
  try {
    child = await spawned(command, ended.signal)
    if (reason !== undefined) kill(child, command.group)
    const { stdin, stdout, stderr } = child
    child.once('exit', () => clearTimeout(timer)) // the rest is the output of background processes
    stdin?.on('error', () => {}) // the command need not read its input
    stdin?.end(command.input)
    stderr!.on('data', (chunk: Buffer) => forward(chunk, stderr!, command.stderr))
    stdout!.on('data', (data: Buffer) => {
      if (onOutput !== undefined) return onOutput(data, stdout!)
      const lineEnd = firstLine ? data.indexOf(lineFeed) : -1
      const chunk = lineEnd < 0 ? data : data.subarray(0, lineEnd + 1)
      length += chunk.length
      if (length > longest) return end(`more than ${longest} bytes of output`)
      pieces.push(chunk)
      held?.keep(stdout!, chunk.length)
      if (lineEnd < 0) return
      stdout!.pause()
      read.abort()
    })
    commands++
    const stopReading = AbortSignal.any([ended.signal, read.signal])
    const lineTimeout = new Promise<undefined>((resolve) => {
      read.signal.addEventListener('abort', () => (late = setTimeout(resolve, lineGraceMs, undefined)))
    })
    const exit = await Promise.race([exited(child, stopReading), lineTimeout]).finally(() => commands--)
    if (exit === undefined) {
      detach(child)
      return { output: Buffer.concat(pieces), status: 0, failure: undefined }
    }
    const { code, name } = exit
    const status = code ?? 128 + constants.signals[name!]
    const failure = reason ?? (status === 0 ? undefined : (name ?? `status ${status}`))
    return { output: Buffer.concat(pieces), status, failure }
  } catch (error) {
    const why = reason ?? `cannot be run: ${strerror(error as NodeJS.ErrnoException)}`
    return { output: Buffer.alloc(0), status: cannotRun, failure: why }
  } finally {
    clearTimeout(timer)
    clearTimeout(late)
    signal?.removeEventListener('abort', stop)
    if (child?.stdout) held?.free(child.stdout)
  }
}

/** @throws the system's error; EMFILE, ENFILE and EAGAIN only after retries */
async function spawned(command: Command, signal: AbortSignal): Promise<ChildProcess> {
  const { line, env, group, input } = command
  const stdin = input === undefined ? 'ignore' : 'pipe'
  const options = {
    shell: true,
    env: withoutNul(env),
    detached: group,
    stdio: [stdin, 'pipe', 'pipe'],
  } as const
  for (let tries = spawnTimeoutMs / graceMs; ; ) {
    let error = descriptorShortage() // Node leaks descriptors if spawn runs out of them
    if (error === undefined) {
      const child = spawn(line, { ...options, stdio: [...options.stdio] })
      if (child.pid !== undefined) return child
      error = (await once(child, 'error'))[0] as NodeJS.ErrnoException
    }
    if (commands === 0) tries--
    if (!temporary.has(error.code ?? '') || tries === 0) throw error
    await sleep(graceMs, undefined, { signal })
  }
}

function descriptorShortage(): NodeJS.ErrnoException | undefined {
  const open: number[] = []
  try {
    while (open.length < descriptors) open.push(openSync(devNull, 'r'))
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  } finally {
    for (const descriptor of open) closeSync(descriptor)
  }
}

interface Exit {
  readonly code: number | null
  readonly name: NodeJS.Signals | null
}

/**
 * Resolves when the child has exited and its pipes have ended or have no more output. Waits for paused output unless
 * `stopReading` is aborted.
 */
function exited(child: ChildProcess, stopReading: AbortSignal): Promise<Exit> {
  return new Promise((resolve) => {
    let exit: Exit | undefined
    let timer: NodeJS.Timeout | undefined
    let left = graceTimes
    let before = -1
    let read = 0
    let settled = false
    const done = () => {
      settled = true
      clearTimeout(timer)
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy()
      resolve(exit!)
    }
    const poll = () => {
      if (settled) return
      const waits = child.stdout!.isPaused() && !stopReading.aborted
      if (!waits && (read === before || left-- === 0)) return done()
      before = read
      timer = setTimeout(() => setImmediate(poll), graceMs) // after pending reads
    }
    child.stdout!.on('data', (chunk: Buffer) => {
      read += chunk.length
    })
    child.once('exit', (code, name) => {
      exit = { code, name }
      poll()
    })
    child.once('close', done)
  })
}

/** Paused readers by the full stream that they wait for; empty after `stalledMs` without a drain. */
const waiting = new WeakMap<Writable, Set<Readable>>()
const stalledMs = 1000

/** Writes `chunk` to `to`. Pauses `from` while `to` is full, but not for a stream that has stalled. */
function forward(chunk: Buffer, from: Readable, to: Writable): void {
  if (to.destroyed || to.write(chunk)) return
  let readers = waiting.get(to)
  if (readers === undefined) {
    readers = new Set()
    waiting.set(to, readers)
    waitFor(to, readers)
  } else if (readers.size === 0) return // stalled: the stream drops and counts
  from.pause()
  readers.add(from)
}

function waitFor(to: Writable, readers: Set<Readable>): void {
  const resume = () => {
    for (const reader of readers) reader.resume()
    readers.clear()
  }
  const timer = setTimeout(resume, stalledMs).unref()
  const end = () => {
    clearTimeout(timer)
    to.off('drain', end).off('close', end)
    waiting.delete(to)
    resume()
  }
  to.on('drain', end).on('close', end)
}

/** Lets the child run on. Its next write to our pipes fails. */
function detach(child: ChildProcess): void {
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy()
  child.unref()
}

function kill(child: ChildProcess, group: boolean): void {
  try {
    if (group && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    else child.kill('SIGKILL')
  } catch {
    // It has already ended.
  }
}

/** Properties of a message may contain NUL, which is not possible in an environment variable. */
function withoutNul(env: Command['env']): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value?.includes('\0') === false))
}
