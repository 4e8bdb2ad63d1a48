// Writes a line to standard error, escaped and bounded. All messages go through here.
import type { Writable } from 'node:stream'
import { shownLine } from '../text.js'

/** Writes `line` and a line feed. */
export function say(stream: Writable, line: string): void {
  stream.write(`${shownLine(line)}\n`)
}
