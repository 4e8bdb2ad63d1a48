// Bytes written as text: hex dumps, packets with headers, "Follow TCP Stream" of Wireshark, logs, source code, pasted hex
// and base64. Chooses the reader of the lines.
import type { CaptureContext } from '../context.js'
import type { Capture } from '../options.js'
import { RawFlow } from '../raw.js'
import { DirectionTracker } from './direction-tracker.js'
import { DumpReader, isDump, RepeatBudget } from './dump.js'
import { FramesReader, linkTypeIn } from './frames.js'
import { Base64Reader, HexReader, isBase64, isHex, YamlReader } from './hex-base64.js'
import type { TextLineReader } from './line.js'
import { isDirected, isLog, LogReader } from './log.js'
import { isDecimal, isSourceCode, SourceCodeReader } from './source-code.js'
import { isStrace, StraceReader } from './strace.js'
import { WordDumpReader, wordDumpKind } from './word-dump.js'

/** Bytes of text by which its kind is recognised. */
export const textHead = 16 * 1024

/** Longer lines are read in pieces of this size: a file may be a single line. */
const maxLine = 64 * 1024

/** Printable UTF-8, tabs, line ends and terminal escapes; the last character may be incomplete. */
const typed =
  /^(?:[\t\n\f\r\x1b\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})*(?:[\xc2-\xf4][\x80-\xbf]{0,2})?$/
const mark = '\xef\xbb\xbf'
/** Terminal colours. */
const colours = /\x1b\[[\d;]*m/g

/** Whether all bytes are text, as MQTT streams never are for long. */
export function looksLikeText(head: Buffer): boolean {
  return typed.test(head.toString('latin1'))
}

function plainLine(text: string): string {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text
  return line.includes('\x1b') ? line.replace(colours, '') : line
}

export class TextCapture implements Capture {
  /** The recognised kind, for a note. */
  readonly kind: string
  readonly #flow: RawFlow
  readonly #reader: TextLineReader
  #rest = ''
  #number = 1
  #fileOffset = 0

  /** Returns undefined if the kind of text is unknown. */
  static open(context: CaptureContext, head: Buffer): TextCapture | undefined {
    const all = head.toString('latin1')
    const text = all.startsWith(mark) ? all.slice(mark.length) : all
    const lines = text.split('\n').map(plainLine)
    const whole = head.length < textHead || lines.length === 1 ? lines : lines.slice(0, -1)
    const flow = new RawFlow(context, namesIn(text))
    const chosen = chooseReader(context, flow, whole)
    return chosen && new TextCapture(flow, chosen)
  }

  private constructor(flow: RawFlow, { kind, reader }: Chosen) {
    this.kind = kind
    this.#flow = flow
    this.#reader = reader
  }

  push(chunk: Uint8Array): void {
    let text = this.#rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#line(text.slice(start, end), 1)
      this.#number += 1
      start = end + 1
    }
    text = text.slice(start)
    while (text.length > maxLine) {
      const cut = placeToCut(text)
      this.#line(text.slice(0, cut), 0)
      text = text.slice(cut)
    }
    this.#rest = text
  }

  #line(text: string, ending: number): void {
    const shown = this.#fileOffset === 0 && text.startsWith(mark) ? text.slice(mark.length) : text
    const line = { text: plainLine(shown), number: this.#number, fileOffset: this.#fileOffset }
    this.#fileOffset += text.length + ending
    this.#reader.line(line)
  }

  end(): void {
    if (this.#rest !== '') this.#line(this.#rest, 0)
    this.#rest = ''
    this.#reader.end()
    this.#flow.end()
  }
}

/** After a separator, or at a multiple of 4, so that neither hex pairs nor base64 groups are split. */
function placeToCut(text: string): number {
  const space = Math.max(...[' ', ',', ':', ';', '-'].map((mark) => text.lastIndexOf(mark, maxLine)))
  return space > 0 ? space + 1 : maxLine
}

interface Chosen {
  readonly kind: string
  readonly reader: TextLineReader
}

/** The first kind that matches; more specific kinds are tried first. */
function chooseReader(context: CaptureContext, flow: RawFlow, lines: readonly string[]): Chosen | undefined {
  const { notes } = context
  const { direction } = context.options
  const head = { head: lines, direction }
  const newTracker = () => new DirectionTracker(flow, notes, direction)
  if (lines.some((line) => line.includes('!!binary')))
    return { kind: "Wireshark's YAML", reader: new YamlReader(flow, notes) }
  if (isStrace(lines)) return { kind: 'the output of strace', reader: new StraceReader(context) }
  const link = linkTypeIn(lines)
  if (link !== undefined)
    return { kind: 'packets with their headers', reader: new FramesReader(context, link) }
  const words = wordDumpKind(lines)
  if (words !== undefined) {
    const settings = { notes, budget: new RepeatBudget() }
    return { kind: 'a dump of words', reader: new WordDumpReader(words, newTracker(), settings) }
  }
  if (isDump(lines)) return { kind: 'a hex dump', reader: new DumpReader(flow, notes, head) }
  if (isDirected(lines) && isLog(lines))
    return { kind: 'a log with hexadecimal digits', reader: new LogReader(newTracker()) }
  if (isDecimal(lines))
    return { kind: 'decimal numbers', reader: new SourceCodeReader(flow, notes, direction) }
  if (isHex(lines)) return { kind: 'hexadecimal digits', reader: new HexReader(flow, notes, head) }
  if (isSourceCode(lines))
    return { kind: 'strings or lists of numbers', reader: new SourceCodeReader(flow, notes, direction) }
  if (isLog(lines)) return { kind: 'a log with hexadecimal digits', reader: new LogReader(newTracker()) }
  if (isBase64(lines)) return { kind: 'base64', reader: new Base64Reader(flow, notes, direction) }
  return undefined
}

/** "Node 0: 192.0.2.1:49152", as tshark writes above a followed stream. */
function namesIn(text: string): [string, string] {
  const node = (index: number) => new RegExp(`^\\s*Node ${index}: (\\S+)`, 'm').exec(text)?.[1]
  return [node(0) ?? 'client', node(1) ?? 'server']
}
