// The screen of `mqttx top`: what is shown, in which order, and what the keys change. It draws lines and has no terminal.
import { count, oneLine } from '../text.js'
import { clipped, fitted } from '../width.js'
import { headings, type Layout, type Marks, rowText, type Style } from './columns.js'
import { clockTime, compact, grouped } from './figures.js'
import { helpLines } from './help.js'
import type { Key } from './keys.js'
import { firstNode, root } from './nodes.js'
import { type Order, type SortKey, sortKeys } from './order.js'
import { type Row, rowsOf, unfoldAll, unfoldToFit, type ViewName } from './rows.js'
import { TextFilter } from './text-filter.js'
import type { TopicTree } from './topic-tree.js'

/** What the view leaves to its caller. */
export type Action = 'quit' | 'reset' | 'suspend' | 'core'

export interface ViewOptions {
  readonly view: ViewName
  readonly order: Order
  readonly style: Style
  readonly marks: Marks
}

/** What the title says beside figures. */
export interface Status {
  readonly server: string
  readonly filters: readonly string[]
  /** Such as `reconnecting in 2.0 s`; empty while all is well. */
  readonly state: string
  /** One of so many messages is counted. */
  readonly ratio: number
  readonly isBehind: boolean
}

/** Rows of the screen that are no topics: the title, the headings and the last line. */
const frameRows = 3
const longestText = 256

const keysLine = '/ find  s sort  i invert  t list  ! silent  space pause  r reset  ? help  q quit'

export class TopView {
  readonly #tree: TopicTree
  readonly #style: Style
  readonly #marks: Marks
  readonly #filter: TextFilter
  #view: ViewName
  #order: Order
  #rows: Row[] = []
  #timeMs = 0
  #silentTopics = 0
  /** Of the selected row. */
  #index = 0
  /** The topic or level that stays selected; undefined: the first row. */
  #selected: { readonly node: number; readonly isHidden: boolean } | undefined
  /** Of the first row on the screen. */
  #top = 0
  /** Rows that the last screen had room for. */
  #room = 20
  /** The user has folded or unfolded something: from then on only the user does. */
  #touched = false
  #silentOnly = false
  #paused = false
  #helping = false
  #editing = false
  /** A warning, shown until the next key. */
  #message = ''

  constructor(tree: TopicTree, { view, order, style, marks }: ViewOptions) {
    this.#tree = tree
    this.#view = view
    this.#order = order
    this.#style = style
    this.#marks = marks
    this.#filter = new TextFilter(tree.nodes)
  }

  /** Shows the figures of this time, unless paused. */
  refresh(timeMs: number): void {
    if (this.#paused) return
    this.#timeMs = timeMs
    this.#build()
  }

  /** Shows `text` in the last line until the next key. */
  warn(text: string): void {
    this.#message = text
  }

  #build(): void {
    const { nodes } = this.#tree
    this.#filter.update()
    const matching = this.#filter.text !== ''
    if (!this.#touched && this.#view === 'tree') unfoldToFit(nodes, this.#room, matching)
    const [view, order, timeMs] = [this.#view, this.#order, this.#timeMs]
    this.#rows = rowsOf(this.#tree, { view, order, timeMs, matching, silent: this.#silentOnly })
    this.#silentTopics = 0
    for (let node = firstNode; node < nodes.end; node++)
      if (nodes.isSilent(node, timeMs)) this.#silentTopics++
    const kept = this.#selected
    const found =
      kept === undefined
        ? 0
        : this.#rows.findIndex(({ node, hidden }) => node === kept.node && hidden > 0 === kept.isHidden)
    this.#index = Math.max(0, Math.min(found < 0 ? this.#index : found, this.#rows.length - 1))
  }

  /** Acts on a key, and returns what is left to do. */
  key(key: Key): Action | undefined {
    this.#message = ''
    if (key === 'ctrl-c') return 'quit'
    if (key === 'ctrl-z') return 'suspend'
    if (key === 'ctrl-\\') return 'core'
    if (this.#helping) {
      this.#helping = false
      return undefined
    }
    if (this.#editing) return this.#edit(key)
    return this.#command(key)
  }

  #edit(key: Key): undefined {
    const { text } = this.#filter
    if (key === 'enter' || key === 'escape') {
      this.#editing = false
      if (key === 'escape') this.#find('')
    } else if (key === 'backspace') this.#find([...text].slice(0, -1).join(''))
    else if (key === 'ctrl-u') this.#find('')
    else if ([...key].length === 1 && text.length < longestText) this.#find(text + key)
  }

  #find(text: string): void {
    this.#filter.set(text)
    this.#touched = false
    this.#selected = undefined
    this.#build()
  }

  #command(key: Key): Action | undefined {
    switch (key) {
      case 'q':
        return 'quit'
      case 'r':
        this.#paused = false
        return 'reset'
      case '?':
      case 'h':
        this.#helping = true
        return undefined
      case '/':
        this.#editing = true
        return undefined
      case 'escape':
        if (this.#filter.text !== '') this.#find('')
        return undefined
      case ' ':
        this.#paused = !this.#paused
        return undefined
      case 's':
        return this.#sort(sortKeys[(sortKeys.indexOf(this.#order.key) + 1) % sortKeys.length]!)
      case 'i':
        this.#order = { ...this.#order, reverse: !this.#order.reverse }
        return this.#changed()
      case 't':
      case 'tab':
        this.#view = this.#view === 'tree' ? 'list' : 'tree'
        return this.#changed()
      case '!':
        this.#silentOnly = !this.#silentOnly
        return this.#changed()
      case '+':
      case '-':
        unfoldAll(this.#tree.nodes, key === '+')
        this.#touched = true
        return this.#changed()
      default: {
        const sort = sortKeys[Number(key) - 1]
        if (sort !== undefined) return this.#sort(sort)
        return this.#move(key)
      }
    }
  }

  #sort(key: SortKey): undefined {
    this.#order = { ...this.#order, key }
    this.#changed()
  }

  #changed(): undefined {
    this.#build()
  }

  #move(key: Key): undefined {
    const page = Math.max(1, this.#room - 1)
    const steps: Readonly<Record<Key, number>> = {
      ...{ up: -1, k: -1, down: 1, j: 1, 'page up': -page, 'page down': page },
      ...{ home: Number.NEGATIVE_INFINITY, g: Number.NEGATIVE_INFINITY },
      ...{ end: Number.POSITIVE_INFINITY, G: Number.POSITIVE_INFINITY },
    }
    const step = steps[key]
    if (step !== undefined) this.#select(this.#index + step)
    else if (key === 'right' || key === 'l') this.#fold(true)
    else if (key === 'left') this.#fold(false)
    else if (key === 'enter') this.#fold('other')
  }

  #select(index: number): void {
    this.#index = Math.max(0, Math.min(index, this.#rows.length - 1))
    const row = this.#rows[this.#index]
    const isFirst = this.#index === 0 || row === undefined
    this.#selected = isFirst ? undefined : { node: row.node, isHidden: row.hidden > 0 }
  }

  /** Unfolds or folds the selected level; folding what is no unfolded level goes to the level above. */
  #fold(to: boolean | 'other'): void {
    const row = this.#rows[this.#index]
    const { nodes } = this.#tree
    if (row === undefined || this.#view === 'list') return
    const isLevel = row.hidden === 0 && !nodes.isTopic(row.node)
    const is = isLevel && nodes.isUnfolded(row.node)
    if (to === false && !is) {
      const parent = row.hidden > 0 ? row.node : nodes.parent(row.node)
      const above = this.#rows.findIndex(({ node, hidden }) => node === parent && hidden === 0)
      if (parent !== root && above >= 0) this.#select(above)
    } else if (isLevel && to !== is) {
      this.#touched = true
      this.#selected = { node: row.node, isHidden: false }
      nodes.unfold(row.node, !is)
      this.#build()
    }
  }

  /** At most `rows` lines of at most `width` columns. */
  lines(width: number, rows: number, status: Status): string[] {
    const room = Math.max(0, rows - frameRows)
    if (room !== this.#room) {
      this.#room = room
      if (!this.#paused) this.#build()
    }
    const layout: Layout = { width, view: this.#view, style: this.#style, marks: this.#marks }
    const body = this.#helping
      ? helpLines.slice(0, room).map((line) => clipped(line, width))
      : this.#body(layout)
    const filler = Array<string>(Math.max(0, room - body.length)).fill('')
    const { heading } = this.#style
    const title = heading(clipped(this.#title(status), width))
    return [title, headings(layout, this.#order.key), ...body, ...filler, this.#lastLine(width)].slice(
      0,
      rows,
    )
  }

  /** What remains when the view is closed: no selection, no keys, no empty lines. */
  lastLines(width: number, rows: number, status: Status): string[] {
    const layout: Layout = { width, view: this.#view, style: this.#style, marks: this.#marks }
    const body = this.#rows
      .slice(this.#top, this.#top + Math.max(0, rows - 2))
      .map((row) => rowText(row, this.#tree.nodes, layout))
    const title = this.#style.heading(clipped(this.#title(status), width))
    return [title, headings(layout, this.#order.key), ...body].slice(0, rows)
  }

  #body(layout: Layout): string[] {
    if (this.#rows.length === 0) return [clipped(` ${this.#emptyText()}`, layout.width)]
    const room = this.#room
    this.#top = Math.max(0, Math.min(this.#top, this.#index, this.#rows.length - room))
    if (this.#index >= this.#top + room) this.#top = this.#index - room + 1
    return this.#rows
      .slice(this.#top, this.#top + room)
      .map((row, i) => rowText(row, this.#tree.nodes, layout, this.#top + i === this.#index))
  }

  #emptyText(): string {
    if (this.#tree.topics === 0) return 'No messages yet.'
    return this.#filter.text === '' ? 'No silent topics.' : 'No such topics.'
  }

  /** The most important first: the end of it may be cut. */
  #title({ server, filters, state, ratio, isBehind }: Status): string {
    const figures = this.#tree.nodes.figures(root, this.#timeMs)
    const parts = [
      oneLine(server),
      state,
      this.#paused ? 'PAUSED' : '',
      ratio > 1 ? `SAMPLED 1/${ratio}` : '',
      isBehind ? 'BEHIND: messages may be lost' : '',
      this.#silentOnly ? 'SILENT ONLY' : '',
      this.#filter.text === '' ? '' : `with '${oneLine(this.#filter.text)}'`,
      `${grouped(this.#tree.topics)} ${this.#tree.topics === 1 ? 'topic' : 'topics'}`,
      this.#silentTopics > 0 ? `${grouped(this.#silentTopics)} silent` : '',
      `${compact(figures.messages)} messages`,
      `${compact(figures.rate)}/s`,
      `${compact(figures.byteRate)} B/s`,
      clockTime(this.#timeMs),
      filters.map(oneLine).join(' '),
    ]
    return parts.filter((part) => part !== '').join('  ')
  }

  #lastLine(width: number): string {
    if (this.#message !== '') return clipped(oneLine(this.#message), width)
    if (this.#helping) return this.#style.faint(clipped('Any key: back', width))
    if (this.#editing) {
      const found = count(this.#rows.length, 'row')
      return clipped(`/${oneLine(this.#filter.text)}_   ${found}; Enter: keep, Escape: show all`, width)
    }
    return this.#style.faint(fitted(keysLine, Math.max(width, 3)).slice(0, width))
  }
}
