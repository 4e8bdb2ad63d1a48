// Signal handlers of commands, and what a second signal does.
import { readFileSync } from 'node:fs'

/** Returned by a handler that handles every repetition of a signal. A string, as each bundle has a copy of this file. */
export const taken = 'taken'

type Handler<S> = (signal: S) => unknown
type Environment = Readonly<Record<string, string | undefined>>
type EndBy = (signal: NodeJS.Signals) => void

/** A second SIGINT or SIGTERM within this time is a duplicate: timeout(1) and npx forward what the terminal has sent. */
const duplicateMs = 100
/** The kernel does not deliver these to process 1 without a handler. */
const ending = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** Those that timeout(1) and npx send again. */
const mayComeTwice = (name: NodeJS.Signals): boolean => name === 'SIGINT' || name === 'SIGTERM'

export class Signals<S extends NodeJS.Signals> {
  readonly #handlers = new Map<S, Set<Handler<S>>>()
  readonly #firstAt = new Map<S, number>()
  readonly #endBy: EndBy

  /** `endBy` ends the process as the default action of the signal does. */
  constructor(endBy: EndBy) {
    this.#endBy = endBy
  }

  /**
   * Calls `handler` for each of `signals`. A second SIGINT or SIGTERM ends the process after the handlers, unless one of
   * them returns `taken`.
   * @returns a function that removes the handler
   */
  on(signals: readonly S[], handler: Handler<S>): () => void {
    for (const signal of signals) this.#of(signal).add(handler)
    return () => {
      for (const signal of signals) {
        const handlers = this.#of(signal)
        handlers.delete(handler)
        if (handlers.size === 0) this.#release(signal)
      }
    }
  }

  #of(signal: S): Set<Handler<S>> {
    let handlers = this.#handlers.get(signal)
    if (handlers === undefined) {
      handlers = new Set()
      this.#handlers.set(signal, handlers)
      if (!this.#isAwaited(signal)) process.on(signal, this.#onSignal)
    }
    return handlers
  }

  #release(signal: S): void {
    this.#handlers.delete(signal)
    if (!this.#isAwaited(signal)) process.off(signal, this.#onSignal)
  }

  /** A duplicate may come, also when nothing handles it any more: it would end a process that has ended in order. */
  #isAwaited(signal: S): boolean {
    return mayComeTwice(signal) && this.#firstAt.has(signal)
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    const signal = name as S
    const ends = mayComeTwice(name)
    const now = performance.now()
    const first = this.#firstAt.get(signal)
    if (ends && first !== undefined && now - first < duplicateMs) return
    this.#firstAt.set(signal, first ?? now)
    let isTaken = false
    for (const handler of [...(this.#handlers.get(signal) ?? [])])
      isTaken = handler(signal) === taken || isTaken
    if (ends && first !== undefined && !isTaken) this.#endBy(signal)
  }
}

/** Restores the default behaviour of signals that Node changes. */
export function signalsAsUsual(env: Environment, endBy: EndBy): void {
  process.on('SIGUSR1', endBy) // Node would open a debugger on a port
  if (process.pid === 1) {
    const noHandler = (signal: NodeJS.Signals) => {
      if (process.listenerCount(signal) === 1) endBy(signal)
    }
    for (const signal of ending) process.on(signal, noHandler)
  }
  if (ignoresHangup(env)) process.on('SIGHUP', () => {})
}

/**
 * True under nohup(1), and if the parent shell ignores SIGHUP. Node resets ignored signals before our code runs, so this
 * checks the variable `_`, which bash, zsh and ksh set to the command that they run, the standard input that nohup sets,
 * and the ignored signals of the parent.
 */
function ignoresHangup({ _: command = '' }: Environment): boolean {
  return /(^|\/)nohup$/.test(command) || hasNohupInput() || parentIgnoresHangup()
}

/** GNU nohup replaces a terminal by /dev/null, open for writing only. */
function hasNohupInput(): boolean {
  const flags = /^flags:\s*0*([0-7]+)$/m.exec(contents('/proc/self/fdinfo/0'))?.[1]
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) === 1 // O_WRONLY
}

function parentIgnoresHangup(): boolean {
  const mask = /^SigIgn:\s*[0-9a-f]*([0-9a-f])$/m.exec(contents(`/proc/${process.ppid}/status`))?.[1]
  return mask !== undefined && (Number.parseInt(mask, 16) & 1) === 1
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return '' // not Linux
  }
}
