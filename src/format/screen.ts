// Escapes messages for a terminal. A pipe or file gets every byte unchanged.

import { bytesToText } from '../byte-text.js'
import { screenText } from '../text.js'
import type { ByteSink, Formatter } from './message.js'

/** Prints like `inner`, with text from the message escaped, except line feeds and tabs. */
export function onScreen(inner: Formatter): Formatter {
  return (message, sink) => inner(message, screenSink(sink, screenText))
}

/** A sink that applies `clean` to text from the message; text of the format and line feeds pass unchanged. */
export function screenSink(sink: ByteSink, clean: (text: string) => string): ByteSink {
  const bytes = (piece: Uint8Array): void =>
    sink.text(clean(bytesToText(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))))
  return {
    bytes,
    range: (all, start, end) => bytes(all.subarray(start, end)),
    text: (text) => sink.text(clean(text)),
    fixed: (text) => sink.fixed(text),
    newline: () => sink.newline(),
  }
}
