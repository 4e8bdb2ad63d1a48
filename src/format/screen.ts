// What a message holds, escaped on its way to a terminal. A pipe or file gets every byte as it is.

import { bytesToText } from '../byte-text.js'
import { screenText } from '../text.js'
import type { ByteSink, Formatter } from './message.js'

/** Prints like `inner`, with everything from the message escaped but line feeds and tabs. */
export function onScreen(inner: Formatter): Formatter {
  return (message, sink) => inner(message, screenSink(sink, screenText))
}

/** Passes on to `sink` what `clean` makes of each text; the format's own text and line ends stay. */
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
