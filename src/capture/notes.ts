// Notes about the input. Of each kind a few are shown and the rest counted: a capture may have ten million bad records.
import type { CaptureSink } from './stream.js'

/** Notes of one kind that are shown; the rest are counted, and reported at the end. */
const maxNotesPerKind = 10

/** Kinds of notes that say that a part of the file cannot be read. */
const losses: ReadonlySet<string> = new Set([
  'truncated',
  'unknown format',
  'damaged record',
  'damaged block',
  'damaged packet block',
])

interface Rest {
  count: number
  fileOffset: number
}

export class Notes {
  readonly #sink: CaptureSink
  readonly #shown = new Map<string, number>()
  readonly #rest = new Map<string, Rest>()

  constructor(sink: CaptureSink) {
    this.#sink = sink
  }

  /** `kind` names what the notes have in common; it is printed after "3 more notes of this kind: ". */
  say(kind: string, text: string, fileOffset: number): void {
    const shown = this.#shown.get(kind) ?? 0
    if (shown < maxNotesPerKind) {
      this.#shown.set(kind, shown + 1)
      this.#sink.note(text, losses.has(kind) ? { fileOffset, isLoss: true } : { fileOffset })
      return
    }
    const rest = this.#rest.get(kind)
    if (rest === undefined) this.#rest.set(kind, { count: 1, fileOffset })
    else rest.count += 1
  }

  end(): void {
    for (const [kind, { count, fileOffset }] of this.#rest) {
      this.#sink.note(`${count} more notes of this kind: ${kind}`, { fileOffset })
    }
    this.#rest.clear()
  }
}
