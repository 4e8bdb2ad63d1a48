// The output without -F: the payload, with -v after the topic. The hot path of sub: bytes are handed on as they are.
import type { Formatter } from './message.js'

/** The default output, -v (`verbose`), and both without the newline at the end (-N). */
export function plain(options: { verbose: boolean; newline: boolean }): Formatter {
  if (options.verbose) return options.newline ? verboseLine : verboseBare
  return options.newline ? payloadLine : (message, sink) => sink.bytes(message.payload)
}

const payloadLine: Formatter = ({ bytes, payloadStart, payloadEnd }, sink) => {
  if (payloadStart === payloadEnd) return // an empty message leaves no trace, as in the reference
  sink.range(bytes, payloadStart, payloadEnd)
  sink.newline()
}

const verboseLine: Formatter = ({ topic, bytes, payloadStart, payloadEnd }, sink) => {
  sink.text(topic)
  if (payloadStart === payloadEnd) {
    sink.text(' (null)')
    sink.newline()
    return
  }
  sink.text(' ')
  sink.range(bytes, payloadStart, payloadEnd)
  sink.newline()
}

const verboseBare: Formatter = ({ topic, bytes, payloadStart, payloadEnd }, sink) => {
  if (payloadStart === payloadEnd) return
  sink.text(topic)
  sink.text(' ')
  sink.range(bytes, payloadStart, payloadEnd)
}
