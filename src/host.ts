// What a command knows of the world around it: streams, environment, clock, signals. Tests hand in another one.
import type { Readable, Writable } from 'node:stream'

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export interface Host {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly pid: number
  /** A monotonic clock in milliseconds. */
  now(): number
  /** Calls `handler` on each of `signals` until the function that it returns is called. */
  onSignal(signals: readonly Signal[], handler: (signal: Signal) => void): () => void
}

/** The process that runs us. stdin is opened when first asked for: a command that does not read it leaves it alone. */
export function processHost(): Host {
  return {
    get stdin() {
      return process.stdin
    },
    get stdout() {
      return process.stdout
    },
    get stderr() {
      return process.stderr
    },
    env: process.env,
    pid: process.pid,
    now: () => performance.now(),
    onSignal(signals, handler) {
      for (const signal of signals) process.on(signal, handler)
      return () => {
        for (const signal of signals) process.off(signal, handler)
      }
    },
  }
}
