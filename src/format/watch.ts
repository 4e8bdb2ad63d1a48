// -w in a pipe: cursor addressing with a line per topic, as mosquitto_sub prints it. --message-rate: a line per second.
import { oneLine, shown } from '../text.js'
import type { ByteSink, Formatter } from './message.js'
import { screenSink } from './screen.js'

export interface Watch {
  /** Clears the screen and prints the broker's name on the first line. */
  start(sink: ByteSink): void
  readonly show: Formatter
}

const firstLine = 2 // below the broker's name
/** Limits of topics with their own line: count, and characters of their names. */
const mostTopics = 10_000
const mostCharacters = 4 * 1024 * 1024

/**
 * Shows each message with `inner` on the line of its topic, in order of first appearance. Topics beyond the first 10,000
 * share the line after these.
 */
export function watch(host: string, inner: Formatter): Watch {
  const lines = new Map<string, number>()
  let characters = 0
  const lineOf = (topic: string) => {
    const known = lines.get(topic)
    if (known !== undefined) return known
    const line = firstLine + lines.size
    if (lines.size >= mostTopics || characters + topic.length > mostCharacters) return line
    characters += topic.length
    lines.set(topic, line)
    return line
  }
  return {
    start: (sink) => sink.fixed(`\x1b[2J\x1b[1;1HBroker: ${shown(host)}\n`),
    show(message, sink) {
      // Erase (ESC[K) before writing: after the message the cursor is on the next line.
      sink.fixed(`\x1b[${lineOf(message.topic)};1H\x1b[K`)
      inner(message, screenSink(sink, oneLine))
      sink.fixed(`\x1b[${firstLine + lines.size - 1};1H\n`)
    },
  }
}

export interface MessageRate {
  readonly count: Formatter
  /** Writes the number of messages since the last call. Called once a second. */
  report(sink: ByteSink): void
}

/** Counts messages instead of printing them. */
export function messageRate(): MessageRate {
  let messages = 0
  return {
    count: () => {
      messages++
    },
    report(sink) {
      sink.text(`${messages} msgs/s\n`)
      messages = 0
    },
  }
}
