// Lines of a text, and the interface of their readers.

/** A line of the input, without its end. */
export interface TextLine {
  readonly text: string
  /** From 1. */
  readonly number: number
  readonly fileOffset: number
}

/** Reads one kind of text. */
export interface TextLineReader {
  line(line: TextLine): void
  end(): void
}
