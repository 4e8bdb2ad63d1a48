// Bytes written down as text: hex dumps by the usual programs, "Follow TCP Stream" of Wireshark with both directions,
// arrays of C, hex and base64 as people paste them. Lines in, bytes out.
import type { Context } from './context.js'
import type { Capture } from './open.js'
import { RawFlow } from './raw.js'
import { DumpReader, isDump } from './text-dump.js'
import { Base64Reader, isBase64, isHex, TokenReader, YamlReader } from './text-tokens.js'

/** As much text as the kind of dump is told by. */
export const textHead = 4096

/** A line is handled in pieces of this size: a file may be a single line. */
const maxLine = 64 * 1024

/** A line of the input, without its end. */
export interface Line {
  readonly text: string
  /** From 1. */
  readonly number: number
  readonly fileOffset: number
}

/** Reads one kind of text. */
export interface LineReader {
  line(line: Line): void
  end(): void
}

/** True where all bytes could be typed: text, as nothing on the wire of MQTT is for long. */
export function isText(head: Buffer): boolean {
  return head.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13)
}

export class TextCapture implements Capture {
  readonly #flow: RawFlow
  readonly #reader: LineReader
  #rest = ''
  #number = 1
  #fileOffset = 0

  /** Undefined where the text is none of the kinds that are known. */
  static open(context: Context, head: Buffer): TextCapture | undefined {
    const text = head.toString('latin1')
    const lines = text.split('\n')
    const whole = head.length < textHead || lines.length === 1 ? lines : lines.slice(0, -1)
    const flow = new RawFlow(context, namesIn(text))
    const reader = chooseReader(context, flow, whole)
    return reader && new TextCapture(flow, reader)
  }

  private constructor(flow: RawFlow, reader: LineReader) {
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
    const line = { text: text.replace(/\r$/, ''), number: this.#number, fileOffset: this.#fileOffset }
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

/** Between two words, or else so that neither hex pairs nor groups of base64 are taken apart. */
function placeToCut(text: string): number {
  const space = Math.max(...[' ', ',', ':', ';', '-'].map((mark) => text.lastIndexOf(mark, maxLine)))
  return space > 0 ? space + 1 : maxLine
}

function chooseReader(context: Context, flow: RawFlow, lines: readonly string[]): LineReader | undefined {
  const { notes } = context
  const direction = context.options.direction
  if (lines.some((line) => line.includes('!!binary'))) return new YamlReader(flow, notes)
  if (isDump(lines)) return new DumpReader(flow, notes, { head: lines, direction })
  if (isHex(lines)) return new TokenReader(flow, notes, { head: lines, direction })
  if (isBase64(lines)) return new Base64Reader(flow, notes, direction)
  return undefined
}

/** "Node 0: 192.0.2.1:49152", as tshark writes above a followed stream. */
function namesIn(text: string): [string, string] {
  const node = (index: number) => new RegExp(`^\\s*Node ${index}: (\\S+)`, 'm').exec(text)?.[1]
  return [node(0) ?? 'client', node(1) ?? 'server']
}
