// A message of a recording, and how recordings are read.
import type { MqttxError } from '../../errors.js'
import type { LineDefaults, TimedMessage } from '../../recording/message.js'

export interface Recorded extends TimedMessage {
  /** How far the count for --start-at goes on: 1, and the blank lines before it. */
  readonly lines: number
  /** The line is not a message: an error unless --start-at leaves it out. The other members are empty. */
  readonly fault?: MqttxError
}

export interface ReadingOptions {
  readonly defaults: LineDefaults
  /** A message without a time is an error. */
  readonly needsTime: boolean
}

/** What to try with a recording that has no times. */
export const withoutTimes = '--speed max publishes it without them, unless --from or --to is given'
