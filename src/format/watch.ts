// -w: a line of the screen for each topic. --message-rate: a line for each second.
import { oneLine, shown } from '../text.js'
import type { ByteSink, Formatter } from './message.js'
import { screenSink } from './screen.js'

export interface Watch {
  /** Clears the screen and names the broker on its first line. */
  start(sink: ByteSink): void
  readonly show: Formatter
}

const firstLine = 2 // the broker's name stands above
/** Topics with a line of their own, and the characters of their names: no screen has so many lines. */
const mostTopics = 10_000
const mostCharacters = 4 * 1024 * 1024

/**
 * Shows each message with `inner` on the line of its topic, in the order in which topics first appeared. Topics beyond
 * the first 10,000 share the line after these.
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
      // Cleared before it is written (ESC[K): behind the message the cursor is already on the next line.
      sink.fixed(`\x1b[${lineOf(message.topic)};1H\x1b[K`)
      inner(message, screenSink(sink, oneLine))
      sink.fixed(`\x1b[${firstLine + lines.size - 1};1H\n`)
    },
  }
}

export interface MessageRate {
  readonly count: Formatter
  /** Writes how many messages were counted since the last call, to be called once a second. */
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
