// Wrapping of long lines for a terminal.

import { ascii, widthOf } from '../../width.js'
import { bufferOf } from '../utf8.js'
import { padding } from './text.js'
import type { TextSink } from './view.js'

/** Escape sequences of colours and weights, and the text between them. */
const pieces = /\u001b\[([0-9;]*)m|[^\u001b]+|\u001b/g
/** Minimum columns of a line after its indent. */
export const leastRoom = 8

/**
 * Wraps one line to `columns`: after a space if there is one in the second half, else anywhere. Lines after the first are
 * indented by `indent`. Colours are reset at a line end and set again in the next line.
 */
export function wrapped(text: string, columns: number, indent: number): string[] {
  if (text.length <= columns && ascii.test(text)) return [text]
  const hanging = padding(Math.max(0, Math.min(indent, columns - leastRoom)))
  const lines: string[] = []
  const style = new Style()
  let line = ''
  let used = 0
  /** Index, column and style after the last space of the line. */
  let space: { at: number; used: number; style: string } | undefined
  const finish = (kept: string, rest: string, restUsed: number, resumed: string, open: boolean): void => {
    lines.push(kept.trimEnd() + (open ? reset : ''))
    line = hanging + resumed + rest
    used = hanging.length + restUsed
    space = undefined
  }
  for (const [piece, code] of text.matchAll(pieces)) {
    if (code !== undefined) {
      style.set(code, piece)
      line += piece
      continue
    }
    for (const character of piece) {
      const width = widthOf(character)
      if (used + width > columns) {
        if (space !== undefined && space.used > hanging.length + (columns - hanging.length) / 2) {
          const { at, used: before, style: resumed } = space
          finish(line.slice(0, at), line.slice(at), used - before, resumed, resumed !== '')
        } else finish(line, '', 0, style.opened, style.opened !== '')
        if (character === ' ' && used === hanging.length) continue
      }
      line += character
      used += width
      if (character === ' ') space = { at: line.length, used, style: style.opened }
    }
  }
  lines.push(line)
  return lines
}

const reset = '\u001b[0m'

/** The colour and weight in effect. */
class Style {
  #colour = ''
  #weight = ''

  get opened(): string {
    return this.#colour + this.#weight
  }

  set(code: string, sequence: string): void {
    if (code === '39') this.#colour = ''
    else if (code === '22') this.#weight = ''
    else if (code === '1' || code === '2') this.#weight = sequence
    else this.#colour = sequence
  }
}

/** Wraps the lines of a view. */
export class WrappedSink implements TextSink {
  readonly #sink: TextSink
  readonly #columns: number
  /** An incomplete line. */
  #line = ''

  constructor(sink: TextSink, columns: number) {
    this.#sink = sink
    this.#columns = columns
  }

  text(text: string): void {
    const lines = (this.#line + text).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) {
      const indent = line.search(/[^ ]|$/) + 2
      this.#sink.text(`${wrapped(line, this.#columns, Math.min(indent, this.#columns >> 1)).join('\n')}\n`)
    }
  }

  range(bytes: Uint8Array, start: number, end: number): void {
    this.text(bufferOf(bytes).toString('utf8', start, end))
  }
}
