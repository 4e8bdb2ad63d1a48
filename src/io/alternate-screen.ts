// The alternate screen of a terminal: the shell's screen comes back at every end of the process.
import type { Writable } from 'node:stream'
import { enterRawMode, type Keyboard } from './keyboard.js'
import { terminalMode } from './terminal-mode.js'

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l' // alternate screen, no cursor, no line wrap
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l'

/**
 * Switches `stream` to the alternate screen, and `keyboard`, if there is one, to its raw mode. Writes to a terminal are
 * synchronous.
 * @param redraw draws all of it: after the process was stopped (Ctrl-Z) and continues
 * @returns switches back; more calls have no effect
 */
export function alternateScreen(stream: Writable, redraw: () => void, keyboard?: Keyboard): () => void {
  const show = (): void => {
    if (keyboard !== undefined) enterRawMode(keyboard)
    stream.write(enter)
    redraw()
  }
  const hide = (): void => {
    stream.write(leave)
    keyboard?.setRawMode(false)
  }
  return terminalMode(show, hide)
}
