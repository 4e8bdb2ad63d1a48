// The rows of `mqttx top`: the tree as far as it is unfolded, or the topics as a list, in order and bounded.
import { type Figures, firstNode, type Nodes, others, root } from './nodes.js'
import { type Comparison, comparison, FirstOf, type Order } from './order.js'
import type { TopicTree } from './topic-tree.js'

/** Rows below one level, and in a list. What comes after them in the order is one row that counts it. */
export const mostChildren = 1000
/** Rows in all. */
const mostRows = 5000

export const views = ['tree', 'list'] as const
export type ViewName = (typeof views)[number]

export interface Row {
  /** A topic or a level; for a row of hidden ones, the level that they are below. */
  readonly node: number
  /** Levels above it that have a row. */
  readonly depth: number
  /** Topics and levels that this row stands for; 0: it is one of its own. */
  readonly hidden: number
  readonly figures: Figures
}

export interface Selection {
  readonly view: ViewName
  readonly order: Order
  readonly timeMs: number
  /** Only what `Nodes.matches`. */
  readonly matching: boolean
  /** Only silent topics; in the tree, levels are shown anyway. */
  readonly silent: boolean
}

const isShown =
  (nodes: Nodes, { matching, silent, timeMs }: Selection) =>
  (node: number): boolean =>
    (!matching || nodes.matches(node)) &&
    (!silent || !nodes.isTopic(node) || nodes.isSilent(node, timeMs)) &&
    nodes.topicsOf(node) > 0

export function rowsOf(tree: TopicTree, selection: Selection): Row[] {
  const { nodes } = tree
  const { order, timeMs } = selection
  const compare = comparison(nodes, order, timeMs)
  const rows: Row[] = []
  if (selection.view === 'list') list(nodes, selection, compare, rows)
  else below(nodes, root, 0, { shown: isShown(nodes, selection), compare, timeMs, rows })
  if (tree.overflowed && !selection.matching && !selection.silent)
    rows.push({ node: others, depth: 0, hidden: 0, figures: nodes.figures(others, timeMs) })
  return rows
}

function list(nodes: Nodes, selection: Selection, compare: Comparison, rows: Row[]): void {
  const { timeMs } = selection
  const first = firstTopics(nodes, mostChildren, compare, isShown(nodes, selection))
  for (const node of first.sorted())
    rows.push({ node, depth: 0, hidden: 0, figures: nodes.figures(node, timeMs) })
  const hidden = first.offered - rows.length
  if (hidden > 0) rows.push({ node: root, depth: 0, hidden, figures: nodes.figures(root, timeMs) })
}

/** The first `limit` of all topics that are shown. */
export function firstTopics(
  nodes: Nodes,
  limit: number,
  compare: Comparison,
  shown: (node: number) => boolean = () => true,
): FirstOf {
  const first = new FirstOf(limit, compare)
  for (let node = firstNode; node < nodes.end; node++)
    if (nodes.isTopic(node) && shown(node)) first.offer(node)
  return first
}

interface Building {
  readonly shown: (node: number) => boolean
  readonly compare: Comparison
  readonly timeMs: number
  readonly rows: Row[]
}

function below(nodes: Nodes, level: number, depth: number, building: Building): void {
  const { shown, compare, timeMs, rows } = building
  const first = new FirstOf(Math.min(mostChildren, mostRows - rows.length), compare)
  for (let node = nodes.child(level); node !== 0; node = nodes.next(node)) if (shown(node)) first.offer(node)
  const children = first.sorted()
  for (const node of children) {
    rows.push({ node, depth, hidden: 0, figures: nodes.figures(node, timeMs) })
    if (!nodes.isTopic(node) && nodes.isUnfolded(node)) below(nodes, node, depth + 1, building)
  }
  const hidden = first.offered - children.length
  if (hidden > 0) rows.push({ node: level, depth, hidden, figures: nodes.figures(level, timeMs) })
}

/**
 * Unfolds levels, those above first, as long as all rows fit into `room`, and folds the others.
 * @param matching counts only what `Nodes.matches`
 */
export function unfoldToFit(nodes: Nodes, room: number, matching: boolean): void {
  const levels = [root]
  let rows = 0
  for (const level of levels) {
    const inner: number[] = []
    let children = 0
    for (let node = nodes.child(level); node !== 0 && rows + children <= room; node = nodes.next(node)) {
      if (matching && !nodes.matches(node)) continue
      children++
      if (!nodes.isTopic(node)) inner.push(node)
    }
    const fits = rows + children <= room
    nodes.unfold(level, fits)
    if (!fits) continue
    rows += children
    levels.push(...inner)
  }
}

/** Unfolds or folds all levels. */
export function unfoldAll(nodes: Nodes, is: boolean): void {
  for (let node = firstNode; node < nodes.end; node++) if (!nodes.isTopic(node)) nodes.unfold(node, is)
}
