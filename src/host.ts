// The interface of a command to its process: streams, environment, clock, signals. Tests pass a fake.
import { fstatSync } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { ExitCode, MqttxError } from './errors.js'
import { Signals } from './io/signals.js'
import { neverFailing, written } from './io/stderr.js'
import { standardError } from './runtime.js'

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export interface Host {
  readonly stdin: Readable
  readonly stdout: Writable
  /** Diagnostics. A write never fails and needs no wait. */
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly pid: number
  /** A monotonic clock in milliseconds. */
  now(): number
  /**
   * Registers `handler`; returns a function that removes it. A second signal ends the process unless `handler` returns
   * `taken` (io/signals.ts).
   */
  onSignal(signals: readonly Signal[], handler: (signal: Signal) => unknown): () => void
}

export interface ProcessHost extends Host {
  /** Closes standard input: reading it would keep the process alive. */
  close(): void
  /** Waits until standard error has been written; false if its reader takes nothing for `patienceMs` milliseconds. */
  written(patienceMs: number): Promise<boolean>
  /** The same for standard output. */
  printed(patienceMs: number): Promise<boolean>
  /** Standard output has been opened. */
  readonly hasPrinted: boolean
}

/**
 * The host of this process. A stream is opened at its first use, so a command that does not read stdin leaves it
 * untouched. `endBy` ends the process as an unhandled signal does; without it a second signal is ignored.
 */
export function processHost(endBy: (signal: NodeJS.Signals) => void = () => {}): ProcessHost {
  const signals = new Signals<Signal>(endBy)
  let stdin: Readable | undefined
  let stderr: Writable | undefined
  let hasPrinted = false
  return {
    get stdin() {
      stdin ??= standardInput()
      return stdin
    },
    get stdout() {
      hasPrinted = true
      return process.stdout
    },
    get stderr() {
      stderr ??= neverFailing(standardError())
      return stderr
    },
    env: process.env,
    pid: process.pid,
    now: () => performance.now(),
    onSignal: (names, handler) => signals.on(names, handler),
    get hasPrinted() {
      return hasPrinted
    },
    close: () => void stdin?.destroy(),
    printed: async (patienceMs) => !hasPrinted || written(process.stdout, patienceMs),
    written: async (patienceMs) => stderr === undefined || written(stderr, patienceMs),
  }
}

/** Reading a directory as standard input fails with EISDIR, as in other programs; Node reads it as empty. */
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
