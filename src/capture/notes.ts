// Notes about the input. Of each kind a few are shown and the rest counted: a capture may have ten million bad records.
import type { CaptureSink } from './stream.js'

/** Notes of one kind that are shown; the rest are counted, and reported at the end. */
const maxNotesPerKind = 10

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
      this.#sink.note(text, { fileOffset })
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
