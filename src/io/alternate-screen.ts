// The alternate screen of a terminal: the shell's screen comes back at every end of the process.
import type { Writable } from 'node:stream'

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l' // alternate screen, no cursor, no line wrap
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l'

/**
 * Switches `stream` to the alternate screen.
 * @param redraw draws all of it: after the process was stopped (Ctrl-Z) and continues
 * @returns switches back; more calls have no effect
 */
export function alternateScreen(stream: Writable, redraw: () => void): () => void {
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    stream.write(leave) // synchronous on a terminal
    process.off('exit', close).off('SIGTSTP', stop).off('SIGCONT', resume).off('SIGQUIT', quit)
  }
  const stop = (): void => {
    stream.write(leave)
    process.kill(process.pid, 'SIGSTOP')
  }
  const resume = (): void => {
    stream.write(enter)
    redraw()
  }
  const quit = (): void => {
    close()
    process.kill(process.pid, 'SIGQUIT')
  }
  process.on('exit', close).on('SIGTSTP', stop).on('SIGCONT', resume).on('SIGQUIT', quit)
  stream.write(enter)
  return close
}
