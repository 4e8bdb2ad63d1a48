// The one way by which a line reaches standard error: escaped and bounded.
import type { Writable } from 'node:stream'
import { shownLine } from '../text.js'

/** Writes `line` and a line feed. */
export function say(stream: Writable, line: string): void {
  stream.write(`${shownLine(line)}\n`)
}
