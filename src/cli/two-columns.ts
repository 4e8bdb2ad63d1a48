// Lists of --help: names in a column that is as wide as the longest, descriptions beside them, broken at the width of the screen.
import { wrapped } from './prose.js'

export interface Row {
  readonly name: string
  readonly text: string
  /** At the right edge: in the last line of the text, or below it if there is no room. */
  readonly remark?: string | undefined
}

/** Columns between the edge and a name, and between a name and its description. */
const gap = '  '

/** The lines of `rows` in a screen of `width` columns, of which names take half at most. */
export function twoColumns(rows: readonly Row[], width: number): string {
  const longest = Math.max(...rows.map(({ name }) => name.length))
  const left = Math.min(longest, Math.floor(width / 2))
  const right = width - left - 2 * gap.length
  return rows.flatMap((row) => linesOf(row, left, right, width)).join('\n')
}

function linesOf({ name, text, remark }: Row, left: number, right: number, width: number): string[] {
  const indent = /^ */.exec(name)?.[0] ?? ''
  const names = pieces(name.trim(), left - indent.length)
  const texts = pieces(text, right)
  const lines = Array.from({ length: Math.max(names.length, texts.length) }, (_, row) =>
    `${gap}${`${indent}${names[row] ?? ''}`.padEnd(left)}${gap}${texts[row] ?? ''}`.trimEnd(),
  )
  if (remark === undefined) return lines
  const last = lines.at(-1) ?? ''
  const hasRoom = last.length + remark.length <= width
  return hasRoom
    ? [...lines.slice(0, -1), `${last}${remark.padStart(width - last.length)}`]
    : [...lines, ...pieces(remark, width - gap.length).map((line) => line.padStart(width))]
}

/** Breaks a text at blanks, and a word that is longer than a line anywhere. */
function pieces(text: string, width: number): string[] {
  return wrapped(text, width)
    .split('\n')
    .flatMap((line) => line.match(new RegExp(`.{1,${Math.max(1, width)}}`, 'gu')) ?? [''])
}
