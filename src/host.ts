// What a command knows of the world around it: streams, environment, clock, signals. Tests hand in another one.
import { fstatSync } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { ExitCode, MqttxError } from './errors.js'
import { Signals } from './io/signals.js'
import { neverFailing, written } from './io/stderr.js'

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export interface Host {
  readonly stdin: Readable
  readonly stdout: Writable
  /** Messages for people. A write never fails, and nobody needs to wait for it. */
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly pid: number
  /** A monotonic clock in milliseconds. */
  now(): number
  /**
   * Calls `handler` on each of `signals` until the function that it returns is called. A second signal ends the process,
   * unless `handler` returns `taken` (io/signals.ts).
   */
  onSignal(signals: readonly Signal[], handler: (signal: Signal) => unknown): () => void
}

/** The host of this process. */
export interface ProcessHost extends Host {
  /** Waits until standard error has been written; false where its reader takes nothing for `patienceMs`. */
  written(patienceMs: number): Promise<boolean>
}

/**
 * The process that runs us. A stream is opened at its first use: a command that does not read stdin leaves it alone.
 * `endBy` ends it as if nothing had handled a signal; without it a second signal has no effect of its own.
 */
export function processHost(endBy: (signal: NodeJS.Signals) => void = () => {}): ProcessHost {
  const signals = new Signals<Signal>(endBy)
  let stdin: Readable | undefined
  let stderr: Writable | undefined
  return {
    get stdin() {
      stdin ??= standardInput()
      return stdin
    },
    get stdout() {
      return process.stdout
    },
    get stderr() {
      stderr ??= neverFailing(process.stderr)
      return stderr
    },
    env: process.env,
    pid: process.pid,
    now: () => performance.now(),
    onSignal: (names, handler) => signals.on(names, handler),
    written: async (patienceMs) => stderr === undefined || written(stderr, patienceMs),
  }
}

/** Node takes a directory for an input that is empty; here reading it fails, as it does for other programs. */
function standardInput(): Readable {
  if (!isDirectory(0)) return process.stdin
  const error = new MqttxError('Unable to read standard input: Is a directory.', {
    exitCode: ExitCode.system,
  })
  return new Readable({
    read() {
      this.destroy(error)
    },
  })
}

function isDirectory(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isDirectory()
  } catch {
    return false // closed
  }
}
