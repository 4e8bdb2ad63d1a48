// The view of sub -w on a terminal: a line for the newest message of each topic, cut to the size of the screen.
import { count, oneLine, shown } from '../text.js'
import type { ByteSink, Formatter, ReceivedMessage, WallClock } from './message.js'
import { hexPreview, isBinary, label, type Palette, timeOfDay } from './terminal.js'

/** Limits of stored topics: count, and characters of their names. The least recently updated topic is dropped. */
const maxTopics = 10_000
const maxCharacters = 4 * 1024 * 1024
/** Bytes of a message that are kept: more than a line of any screen shows. */
const maxBytes = 4096

interface Row {
  /** The line of its first appearance. */
  readonly order: number
  readonly head: string
  /** Cells of `head` without colours. */
  readonly width: number
  readonly text: string
}

export interface WatchOptions {
  /** The server's host name. */
  readonly host: string
  /** Formats a line; undefined: time, topic and payload. */
  readonly format: Formatter | undefined
  readonly palette: Palette
  readonly clock: WallClock
}

export class WatchView {
  readonly #options: WatchOptions
  /** By topic, the one updated last at the end: a Map keeps insertion order. */
  readonly #rows = new Map<string, Row>()
  #characters = 0
  #messages = 0
  #appeared = 0
  /** The newest warning. */
  #status = ''

  constructor(options: WatchOptions) {
    this.#options = options
  }

  update(message: ReceivedMessage): void {
    const { topic } = message
    this.#messages++
    const known = this.#rows.get(topic)
    const order = known?.order ?? this.#appeared++
    if (known === undefined) this.#characters += topic.length
    else this.#rows.delete(topic)
    this.#rows.set(topic, { order, ...this.#line(message) })
    while (this.#rows.size > maxTopics || (this.#characters > maxCharacters && this.#rows.size > 1))
      this.#forget()
  }

  /** True until the first message. */
  get empty(): boolean {
    return this.#messages === 0
  }

  /** Shows `text` below the messages until the next one. */
  warn(text: string): void {
    this.#status = text
  }

  /** At most `rows` lines of at most `columns` cells: a title, the messages, and a warning if there is one. */
  lines(columns: number, rows: number): string[] {
    const footer = this.#status === '' ? [] : [clipped(oneLine(this.#status), columns)]
    const room = Math.max(0, rows - 1 - footer.length)
    const all = [...this.#rows.values()]
    const fits = all.length <= room
    const visible = fits ? all.sort((a, b) => a.order - b.order) : all.slice(all.length - room).reverse()
    const title = clipped(this.#title(fits, visible.length), columns)
    return [title, ...visible.map((row) => cut(row, columns)), ...footer].slice(0, rows)
  }

  #title(fits: boolean, visible: number): string {
    const { host } = this.#options
    const topics = fits
      ? count(this.#appeared, 'topic')
      : `${visible} of ${this.#appeared} topics, newest first`
    return `Broker: ${shown(host)}  ${topics}, ${count(this.#messages, 'message')}`
  }

  #line(message: ReceivedMessage): Omit<Row, 'order'> {
    const { format, palette, clock } = this.#options
    if (format !== undefined) return { head: '', width: 0, text: oneLine(rendered(format, message)) }
    const time = timeOfDay(clock)
    const plain = `${time} ${oneLine(message.topic)}${message.retain ? ' [retained]' : ''} `
    const head = `${palette.faint(time)} ${label(message, palette)} `
    return { head, width: cellsOf(plain), text: payloadLine(message.payload) }
  }

  #forget(): void {
    const [topic] = this.#rows.keys()
    this.#rows.delete(topic!)
    this.#characters -= topic!.length
  }
}

function payloadLine(payload: Buffer): string {
  if (payload.length === 0) return '(null)'
  return isBinary(payload) ? hexPreview(payload) : oneLine(payload.toString('utf8', 0, maxBytes))
}

/** The first bytes that `format` prints for a message, without the last line feed. */
function rendered(format: Formatter, message: ReceivedMessage): string {
  let text = ''
  const add = (more: string): void => {
    if (text.length < maxBytes) text += more.slice(0, maxBytes - text.length)
  }
  const range = (bytes: Uint8Array, start: number, end: number): void =>
    add(Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, maxBytes)).toString())
  const sink: ByteSink = {
    bytes: (bytes) => range(bytes, 0, bytes.length),
    range,
    text: add,
    fixed: add,
    newline: () => add('\n'),
  }
  format(message, sink)
  return text.replace(/\n$/, '')
}

function cut({ head, width, text }: Row, columns: number): string {
  // A head that is too long is cut without its colours, which must not be split.
  if (width <= columns) return head + clipped(text, columns - width)
  return clipped(head.replace(/\x1b\[[\d;]*m/g, ''), columns)
}

/** As much of `text` as `columns` cells hold. */
function clipped(text: string, columns: number): string {
  let line = ''
  let cells = 0
  for (const character of text) {
    cells += cellOf(character)
    if (cells > columns) return line
    line += character
  }
  return line
}

function cellsOf(text: string): number {
  let cells = 0
  for (const character of text) cells += cellOf(character)
  return cells
}

/** The most cells that a terminal gives a character: East Asian characters and emoji have two. */
function cellOf(character: string): number {
  return character.codePointAt(0)! < 0x1100 ? 1 : 2
}
