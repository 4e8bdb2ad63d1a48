// Runs a command of the shell: its standard output comes back, its standard error goes to ours.
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
  /** The longest output in bytes. */
  readonly longest: number
  /** Where its standard error goes. */
  readonly stderr: Writable
  /** Ends it. */
  readonly signal?: AbortSignal
  /** True: it leads a process group, and what it has started ends with it. It has no terminal then. */
  readonly group: boolean
  /** True: only the first line of the output is wanted, whatever the command does after it. */
  readonly firstLine?: boolean
  /** Counts the output until the command has ended. */
  readonly held?: HeldBytes
}

export interface Ran {
  readonly output: Buffer
  /** The exit status as a shell has it: 126 if it could not be run, 128 and more for a signal. */
  readonly status: number
  /** What went wrong; undefined if nothing did. */
  readonly failure: string | undefined
}

const cannotRun = 126
const lineFeed = 0x0a
/** A process that the command left in the background may hold its pipes: this often we look for more output. */
const graceMs = 100
const graceTimes = 20
/** After its first line, where that is enough, the command has so long to end with a status that counts. */
const lineGraceMs = 1000
/** File descriptors that spawn needs at once: two for each stream and two to hear of a failure. */
const descriptors = 8
/** Errors that pass when other processes end or files are closed. */
const passing = new Set(['EMFILE', 'ENFILE', 'EAGAIN'])
/** How long to wait for that while no command of ours runs that could end. */
const spawnPatienceMs = 10_000
/** Commands that run. */
let commands = 0

/** Never rejects. Ends soon after the command has, whatever it leaves running in the background. */
export async function runCommand(command: Command): Promise<Ran> {
  const { timeoutMs, longest, held, signal, firstLine } = command
  const pieces: Buffer[] = []
  let length = 0
  let child: ChildProcess | undefined
  let reason: string | undefined
  const ended = new AbortController() // while it waits for a free descriptor
  const read = new AbortController() // the first line, where that is enough
  let late: NodeJS.Timeout | undefined
  const end = (why: string) => {
    reason ??= why
    ended.abort()
    if (child !== undefined) kill(child, command.group)
  }
  const stop = () => end('ended with us')
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs, `no end within ${timeoutMs / 1000} s`)
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) stop()
  try {
    child = await spawned(command, ended.signal)
    if (reason !== undefined) kill(child, command.group)
    const { stdin, stdout, stderr } = child
    stdin?.on('error', () => {}) // it need not read its input
    stdin?.end(command.input)
    stderr!.on('data', (chunk: Buffer) => forward(chunk, stderr!, command.stderr))
    stdout!.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > longest) return end(`more than ${longest} bytes of output`)
      pieces.push(chunk)
      held?.keep(stdout!, chunk.length)
      if (!firstLine || !chunk.includes(lineFeed)) return
      stdout!.pause()
      read.abort()
    })
    commands++
    const hurry = AbortSignal.any([ended.signal, read.signal])
    const goesOn = new Promise<undefined>((resolve) => {
      read.signal.addEventListener('abort', () => (late = setTimeout(resolve, lineGraceMs, undefined)))
    })
    const exit = await Promise.race([exited(child, hurry), goesOn]).finally(() => commands--)
    if (exit === undefined) {
      leave(child)
      return { output: Buffer.concat(pieces), status: 0, failure: undefined }
    }
    const { code, name } = exit
    const status = code ?? 128 + constants.signals[name!]
    const failure = reason ?? (status === 0 ? undefined : (name ?? `status ${status}`))
    return { output: Buffer.concat(pieces), status, failure }
  } catch (error) {
    const why = reason ?? `it cannot be run: ${strerror(error as NodeJS.ErrnoException)}`
    return { output: Buffer.alloc(0), status: cannotRun, failure: why }
  } finally {
    clearTimeout(timer)
    clearTimeout(late)
    signal?.removeEventListener('abort', stop)
    if (child?.stdout) held?.free(child.stdout)
  }
}

/** @throws what the system says; of too many open files or processes only if that does not pass */
async function spawned(command: Command, signal: AbortSignal): Promise<ChildProcess> {
  const { line, env, group, input } = command
  const stdin = input === undefined ? 'ignore' : 'pipe'
  const options = {
    shell: true,
    env: withoutNul(env),
    detached: group,
    stdio: [stdin, 'pipe', 'pipe'],
  } as const
  for (let tries = spawnPatienceMs / graceMs; ; ) {
    let error = lackOfDescriptors() // node leaks descriptors where spawn runs out of them on the way
    if (error === undefined) {
      const child = spawn(line, { ...options, stdio: [...options.stdio] })
      if (child.pid !== undefined) return child
      error = (await once(child, 'error'))[0] as NodeJS.ErrnoException
    }
    if (commands === 0) tries--
    if (!passing.has(error.code ?? '') || tries === 0) throw error
    await sleep(graceMs, undefined, { signal })
  }
}

function lackOfDescriptors(): NodeJS.ErrnoException | undefined {
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
 * Resolves when the child has exited and its pipes are at their end, or nothing comes out of them any more. Output that
 * waits for room is waited for, unless `hurry` is aborted.
 */
function exited(child: ChildProcess, hurry: AbortSignal): Promise<Exit> {
  return new Promise((resolve) => {
    let exit: Exit | undefined
    let timer: NodeJS.Timeout | undefined
    let left = graceTimes
    let before = -1
    let read = 0
    let over = false
    const done = () => {
      over = true
      clearTimeout(timer)
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy()
      resolve(exit!)
    }
    const look = () => {
      if (over) return
      const waits = child.stdout!.isPaused() && !hurry.aborted
      if (!waits && (read === before || left-- === 0)) return done()
      before = read
      timer = setTimeout(() => setImmediate(look), graceMs) // what has come meanwhile is read first
    }
    child.stdout!.on('data', (chunk: Buffer) => {
      read += chunk.length
    })
    child.once('exit', (code, name) => {
      exit = { code, name }
      look()
    })
    child.once('close', done)
  })
}

/** The streams that wait until a stream takes more; empty where nobody has read it for `patienceMs`. */
const waiting = new WeakMap<Writable, Set<Readable>>()
const patienceMs = 1000

/** Writes `chunk` to `to`. While `to` is full, reads `from` no further, but does not wait for a reader that has stopped. */
function forward(chunk: Buffer, from: Readable, to: Writable): void {
  if (to.destroyed || to.write(chunk)) return
  let readers = waiting.get(to)
  if (readers === undefined) {
    readers = new Set()
    waiting.set(to, readers)
    waitFor(to, readers)
  } else if (readers.size === 0) return // it is dropped, and counted
  from.pause()
  readers.add(from)
}

function waitFor(to: Writable, readers: Set<Readable>): void {
  const resume = () => {
    for (const reader of readers) reader.resume()
    readers.clear()
  }
  const timer = setTimeout(resume, patienceMs).unref()
  const end = () => {
    clearTimeout(timer)
    to.off('drain', end).off('close', end)
    waiting.delete(to)
    resume()
  }
  to.on('drain', end).on('close', end)
}

/** It goes on without us: its next write to a pipe of ours fails. */
function leave(child: ChildProcess): void {
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy()
  child.unref()
}

function kill(child: ChildProcess, group: boolean): void {
  try {
    if (group && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    else child.kill('SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** A peer may have put NUL into a property; no environment can hold it. */
function withoutNul(env: Command['env']): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value?.includes('\0') === false))
}
