// --exec: a command of the shell, the request on its standard input, the answer on its standard output.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Writable } from 'node:stream'

export interface Command {
  readonly line: string
  readonly input: Buffer
  readonly env: Readonly<Record<string, string | undefined>>
  /** Undefined: it may take for ever. */
  readonly timeoutMs: number | undefined
  /** The longest output in bytes. */
  readonly longest: number
  /** Where its standard error goes. */
  readonly stderr: Writable
  readonly signal: AbortSignal
}

export interface Ran {
  readonly output: Buffer
  /** As a shell has it: 128 and more for a signal. */
  readonly status: number
  /** What went wrong, for people. */
  readonly failure: string | undefined
}

const cannotRun = 126

/** Runs a command to its end. It leads a process group, so that what it has started ends with it. */
export function execute({ line, input, env, timeoutMs, longest, stderr, signal }: Command): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', line], { env: withoutNul(env), stdio: 'pipe', detached: true })
    const pieces: Buffer[] = []
    let length = 0
    let reason: string | undefined
    const end = (why: string) => {
      reason ??= why
      kill(child.pid)
    }
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs, `no end within ${timeoutMs / 1000} s`)
    const stop = () => end('ended with us')
    signal.addEventListener('abort', stop)
    child.stdin.on('error', () => {}) // it need not read its input
    child.stdin.end(input)
    child.stderr.on('data', (chunk: Buffer) => void stderr.write(chunk))
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= longest) pieces.push(chunk)
      else end(`more than ${longest} bytes of output`)
    })
    child.once('error', (error) => end(error.message))
    child.once('close', (code, name) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      const status = code === null || code < 0 ? statusOf(name) : code
      const failure = reason ?? (status === 0 ? undefined : name === null ? `status ${status}` : name)
      resolve({ output: Buffer.concat(pieces), status, failure })
    })
  })
}

function statusOf(name: NodeJS.Signals | null): number {
  return name === null ? cannotRun : 128 + constants.signals[name]
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** A peer may have put NUL into a property; no environment can hold it. */
function withoutNul(env: Command['env']): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value?.includes('\0') === false))
}
