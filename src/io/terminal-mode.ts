// A mode of the terminal that does not outlast the process: it is left when the process ends, is stopped, or crashes.

/** Signals whose default action ends or stops the process without an 'exit' event. SIGTSTP is Ctrl-Z. */
const fatal = ['SIGHUP', 'SIGQUIT', 'SIGTSTP', 'SIGUSR1', 'SIGUSR2'] as const
/** How long the process may survive such a signal before it counts as ignored, in milliseconds. */
const survivesMs = 50

/**
 * Calls `enter`, and calls it again when the process continues after a stop; `leave` restores the terminal.
 * @returns leaves the mode; more calls have no effect
 */
export function terminalMode(enter: () => void, leave: () => void): () => void {
  let open = true
  let entered = false
  const set = (): void => {
    entered = true
    enter()
  }
  const unset = (): void => {
    if (entered) leave()
    entered = false
  }
  const close = (): void => {
    open = false
    unset()
    process.off('exit', close).off('uncaughtExceptionMonitor', close).off('SIGCONT', set)
    for (const signal of fatal) process.off(signal, onFatal)
  }
  /** Lets the signal take its default action, which may be to ignore it: nohup, or Ctrl-Z without a shell. */
  const onFatal = (signal: NodeJS.Signals): void => {
    unset()
    process.off(signal, onFatal)
    process.kill(process.pid, signal)
    setTimeout(() => {
      if (!open) return
      process.prependListener(signal, onFatal)
      if (!entered) set()
    }, survivesMs)
  }
  // 'uncaughtExceptionMonitor' precedes the handler that prints the error.
  process.on('exit', close).on('uncaughtExceptionMonitor', close).on('SIGCONT', set)
  for (const signal of fatal) process.prependListener(signal, onFatal) // before one that ends the process
  set()
  return close
}
