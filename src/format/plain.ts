// The output without -F: the payload, or topic and payload with -v. The hot path of sub: bytes pass through unchanged.
import type { Formatter } from './message.js'

/** The default output, with -v (`verbose`) and -N (no `newline`). */
export function plain(options: { verbose: boolean; newline: boolean }): Formatter {
  if (options.verbose) return options.newline ? verboseLine : verboseBare
  return options.newline ? payloadLine : (message, sink) => sink.bytes(message.payload)
}

const payloadLine: Formatter = ({ bytes, payloadStart, payloadEnd }, sink) => {
  if (payloadStart === payloadEnd) return // an empty message prints nothing, as in mosquitto_sub
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
