// The keys of a terminal, one by one.
import type { Readable } from 'node:stream'
import { isTerminal } from './terminal.js'

/** The input of a terminal, which has a raw mode: keys arrive at once, are not shown, and Ctrl-C is one of them. */
export interface Keyboard extends Readable {
  setRawMode(raw: boolean): unknown
}

export function isKeyboard(stream: Readable): stream is Keyboard {
  return isTerminal(stream) && 'setRawMode' in stream
}

/** Stops the process until SIGCONT, as Ctrl-Z does outside of the raw mode. */
export function suspend(): void {
  if (process.platform !== 'win32') process.kill(process.pid, 'SIGTSTP')
}

/** Turns the raw mode on. The shell may have changed the settings while the process was stopped, which Node does not notice. */
export function enterRawMode(keyboard: Keyboard): void {
  keyboard.setRawMode(false)
  keyboard.setRawMode(true)
}

/**
 * Calls `typed` with what is typed, as text. The raw mode is not changed.
 * @returns stops reading
 */
export function onTyped(keyboard: Keyboard, typed: (text: string) => void): () => void {
  const decoder = new TextDecoder()
  const onData = (bytes: Buffer) => typed(decoder.decode(bytes, { stream: true }))
  const onError = () => {} // the terminal is gone: SIGHUP follows
  keyboard.on('data', onData).on('error', onError).resume()
  return () => void keyboard.off('data', onData).off('error', onError).pause()
}
