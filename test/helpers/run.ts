// Runs the built program as a shell does: real processes and pipes, each with a timeout.
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll } from 'vitest'
import { once } from './wait.js'

/** The program under test; MQTTX_PROGRAM selects another one, such as an installed mqttx. */
export const program = process.env.MQTTX_PROGRAM ?? resolve(import.meta.dirname, '../../bin/mqttx.js')

/** True for the build of this checkout, whose sources a test can also run in its own process. */
export const isCheckout = process.env.MQTTX_PROGRAM === undefined

/** The words that start it. */
export const programWords = program.endsWith('.js') ? [process.execPath, program] : [program]

/** The same, for a shell. */
export const programInShell = programWords.map((word) => `'${word}'`).join(' ')

/** True if it runs on Bun; `.ci/native.mjs` says so. */
export const isBun = process.env.MQTTX_PROGRAM_RUNTIME === 'bun'

const folder = mkdtempSync(join(tmpdir(), 'mqttx-test-'))

/** A new folder, removed after the test file. */
export const scratch = (name: string): string => mkdtempSync(join(folder, `${name}-`))

const shim = join(folder, 'mqttx')
writeFileSync(shim, `#!/bin/sh\nexec ${programInShell} "$@"\n`)
chmodSync(shim, 0o755)

export interface RunOptions {
  /** Bytes for standard input, which is then closed; 'open' keeps it open. Default: empty. */
  stdin?: Uint8Array | string | 'open'
  env?: Record<string, string>
  timeoutMs?: number
}

export interface Outcome {
  /** The exit status, or 128 + the signal's number. */
  status: number
  stdout: Buffer
  stderr: string
}

/** A running process. Its output is collected from the start. */
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Outcome>
  stdout(): Buffer
  stderr(): string
  write(data: Uint8Array | string): void
  /** Resolves when `ready` returns true for the output so far; after the timeout fails with the output. */
  until(ready: (stdout: string, stderr: string) => boolean, timeoutMs?: number): Promise<void>
  kill(signal?: NodeJS.Signals): void
}

const signals: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
  SIGUSR1: 10,
}
const running = new Set<ChildProcess>()

function cleanUp(): void {
  for (const child of running) end(child, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
afterAll(cleanUp)
process.once('exit', cleanUp)

// Every child leads a process group, so that a whole pipeline can be ended.
function end(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // Already ended.
  }
}

/** The environment without variables for mqttx or for its tests. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('MQTTX_')))
}

/** Starts a command, isolated from the options files of the user who runs the tests. */
export function start(file: string, args: readonly string[], options: RunOptions = {}): Running {
  const { stdin, timeoutMs = 60_000 } = options
  const child = spawn(file, args, {
    detached: true,
    stdio: 'pipe',
    env: {
      ...withoutOurs(process.env),
      XDG_CONFIG_HOME: folder,
      NODE_OPTIONS: '--trace-warnings', // otherwise mqttx hides warnings
      PATH: `${folder}:${process.env.PATH}:/usr/sbin`,
      ...options.env,
    },
  })
  running.add(child)
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.on('error', () => {}) // it may not read all of its input
  if (stdin !== 'open') child.stdin.end(stdin ?? '')
  const stdout = () => Buffer.concat(out)
  const stderr = () => Buffer.concat(err).toString()
  const shown = () =>
    `\n$ ${file} ${args.join(' ')}\nstdout: ${stdout().subarray(0, 500)}\nstderr: ${stderr()}`

  const ended = new Promise<Outcome>((settle, fail) => {
    const timer = setTimeout(() => {
      end(child, 'SIGKILL')
      fail(new Error(`still running after ${timeoutMs} ms${shown()}`))
    }, timeoutMs)
    child.once('error', fail)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      running.delete(child)
      const warning = /^\(node:\d+\).*/m.exec(stderr())
      if (warning !== null) return fail(new Error(`a warning of Node's reached the user${shown()}`)) // H49
      settle({ status: code ?? 128 + (signals[signal ?? ''] ?? 0), stdout: stdout(), stderr: stderr() })
    })
  })
  ended.catch(() => {}) // avoids an unhandled rejection after a test has failed

  return {
    child,
    ended,
    stdout,
    stderr,
    write: (data) => void child.stdin.write(data),
    until: (ready, limitMs = 60_000) =>
      once(() => ready(stdout().toString('latin1'), stderr()), limitMs).catch(() => {
        throw new Error(`nothing of what was awaited in ${limitMs} ms${shown()}`)
      }),
    kill: (signal = 'SIGTERM') => end(child, signal),
  }
}

/** Starts `mqttx ...`. */
export function startMqttx(args: readonly string[], options?: RunOptions): Running {
  return start(shim, args, options)
}

/** Runs `mqttx ...` to its end. */
export function mqttx(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return startMqttx(args, options).ended
}

/** Runs a bash script to its end, with `mqttx` on PATH and `pipefail` off. */
export function shell(script: string, options?: RunOptions): Promise<Outcome> {
  return start('bash', ['-c', script], options).ended
}
