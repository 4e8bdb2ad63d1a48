// The columns of `mqttx top`, and a row of them as text.
import { oneLine } from '../text.js'
import { clipped, fitted, padded } from '../width.js'
import { compact, duration, qosText } from './figures.js'
import { type Figures, type Nodes, others } from './nodes.js'
import type { SortKey } from './order.js'
import type { Row, ViewName } from './rows.js'

interface Column {
  readonly title: string
  readonly width: number
  /** Columns of the terminal from which it is shown. */
  readonly from: number
  readonly sort?: SortKey
  cell(figures: Figures, isTopic: boolean): string
}

const figureWidth = 6
/** Columns that a name has at least, if the terminal has them. */
const leastName = 12

/** In their order, from the left. The name follows. */
export const columns: readonly Column[] = [
  { title: '/s', width: figureWidth, from: 24, sort: 'rate', cell: ({ rate }) => compact(rate) },
  { title: 'avg/s', width: figureWidth, from: 110, cell: ({ averageRate }) => compact(averageRate) },
  { title: 'B/s', width: figureWidth, from: 110, cell: ({ byteRate }) => compact(byteRate) },
  { title: 'count', width: figureWidth, from: 50, sort: 'count', cell: ({ messages }) => compact(messages) },
  { title: 'bytes', width: figureWidth, from: 64, sort: 'bytes', cell: ({ bytes }) => compact(bytes) },
  { title: 'age', width: figureWidth, from: 110, cell: ({ age }) => duration(age) },
  {
    title: 'silent',
    width: figureWidth,
    from: 40,
    sort: 'silence',
    cell: ({ silence, isSilent }) => `${duration(silence)}${isSilent ? '!' : ''}`,
  },
  {
    title: 'topics',
    width: figureWidth,
    from: 110,
    cell: ({ topics }, isTopic) => (isTopic ? '' : compact(topics)),
  },
  { title: 'qos', width: 3, from: 72, cell: ({ qos }) => qosText(qos) },
  { title: 'ret', width: 5, from: 72, cell: ({ retained }, isTopic) => retainedText(retained, isTopic) },
]

const silentIndex = columns.findIndex(({ title }) => title === 'silent')

function retainedText(retained: number, isTopic: boolean): string {
  if (retained === 0) return ''
  return isTopic ? 'R' : compact(retained)
}

/** Colours; each returns its text, with escape sequences around it or without. */
export interface Style {
  heading(text: string): string
  selected(text: string): string
  level(text: string): string
  silent(text: string): string
  faint(text: string): string
}

const same = (text: string): string => text
export const plainStyle: Style = { heading: same, selected: same, level: same, silent: same, faint: same }

/** Characters that show whether a level is unfolded. */
export interface Marks {
  readonly folded: string
  readonly unfolded: string
}

export const asciiMarks: Marks = { folded: '+', unfolded: '-' }
export const utf8Marks: Marks = { folded: '▸', unfolded: '▾' }

export interface Layout {
  /** Columns of the terminal. */
  readonly width: number
  readonly view: ViewName
  readonly style: Style
  readonly marks: Marks
}

const shownIn = ({ width }: Layout): readonly Column[] => columns.filter(({ from }) => width >= from)

/** The titles; that of the order has a mark. */
export function headings(layout: Layout, sort: SortKey): string {
  const titles = shownIn(layout).map(({ title, width, sort: by }) =>
    (by === sort ? `*${title}` : title).padStart(width),
  )
  const name = `${sort === 'name' ? '*' : ''}${layout.view === 'tree' ? 'topics by level' : 'topic'}`
  return layout.style.heading(clipped(` ${[...titles, name].join(' ')}`, layout.width))
}

/** A row, not wider than the terminal. A selected one is as wide, and marked without colours too. */
export function rowText(row: Row, nodes: Nodes, layout: Layout, isSelected = false): string {
  const { style, width } = layout
  const isTopic = nodes.isTopic(row.node)
  const shown = shownIn(layout)
  const cells =
    row.hidden > 0
      ? shown.map((column) => ''.padStart(column.width))
      : shown.map((column) => column.cell(row.figures, isTopic).padStart(column.width))
  const used = 1 + cells.reduce((sum, cell) => sum + cell.length + 1, 0)
  const name = fittedName(nameOf(row, nodes, layout), Math.max(0, width - used))
  if (isSelected) return style.selected(padded(clipped(`>${[...cells, name].join(' ')}`, width), width))
  const at = shown.indexOf(columns[silentIndex]!)
  if (row.figures.isSilent && at >= 0) cells[at] = style.silent(cells[at]!)
  const coloured =
    row.hidden > 0 || row.node === others ? style.faint(name) : isTopic ? name : style.level(name)
  return used > width ? clipped(` ${cells.join(' ')}`, width) : ` ${[...cells, coloured].join(' ')}`
}

/** Cut with `...`, or without if there is no room for it. */
function fittedName(name: string, width: number): string {
  return width < leastName ? clipped(name, width) : fitted(name, width)
}

/** Characters of a name that are looked at: more than a line of any screen shows. */
const longest = 1000
/** Levels are indented by two columns each, up to this many of them. */
const deepest = 16

function nameOf({ node, depth, hidden }: Row, nodes: Nodes, { view, marks }: Layout): string {
  const indent = '  '.repeat(Math.min(depth, deepest))
  if (hidden > 0) return `${indent}  and ${hidden} more`
  if (node === others) return `${indent}${view === 'tree' ? '  ' : ''}(other topics)`
  if (view === 'list') return oneLine(nodes.path(node).slice(0, longest))
  const name = oneLine(nodes.name(node).slice(0, longest))
  if (nodes.isTopic(node)) return `${indent}  ${name === '' ? '(empty level)' : name}`
  return `${indent}${nodes.isUnfolded(node) ? marks.unfolded : marks.folded} ${name}/`
}
