// What replay says at the end, and while it runs.
import { count } from '../../text.js'
import type { LatencyHistogram } from '../latency-histogram.js'
import { formatNumber } from '../number-format.js'

export interface Figures {
  readonly published: number
  readonly elapsedMs: number
  /** How late messages were, in milliseconds; empty if there was no schedule. */
  readonly lateness: LatencyHistogram
  /** Messages that the connection did not take when they were due. */
  readonly held: number
  /** Messages that are older than one before them. */
  readonly backwards: number
  /** Repetitions in captures that were left out. */
  readonly repeated: number
  /** Messages of MQTT-SN in captures. */
  readonly ofSensors: number
}

/** From here on the schedule has fallen behind, in milliseconds. */
const behindMs = 100

/** Lines for standard error. */
export function summaryOf(figures: Figures): string[] {
  const { published, elapsedMs, lateness, held, backwards, repeated, ofSensors } = figures
  const lines = [`Published ${messages(published)} in ${seconds(elapsedMs)}.`]
  if (lateness.count > 0) {
    const [p50, p99, max] = [50, 99, 100].map((percentile) => lateness.at(percentile).toFixed(1))
    lines[0] += ` Schedule error: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms.`
  }
  if (lateness.at(100) >= behindMs) {
    const cause = held > 0 ? `the server held up ${messages(held)}` : 'this machine was too slow'
    lines.push(`The schedule fell behind by up to ${seconds(lateness.at(100))}: ${cause}.`)
  }
  if (backwards > 0) {
    lines.push(`Out of order: ${messages(backwards)} older than one before, published at once.`)
  }
  if (repeated > 0) lines.push(`Left out: ${messages(repeated)} that the capture has again, with DUP.`)
  if (ofSensors > 0) lines.push(`Left out: ${messages(ofSensors)} of MQTT-SN.`)
  return lines
}

export interface Position {
  readonly published: number
  readonly elapsedMs: number
  /** How long the round takes, if it is known, in milliseconds, and how long it has taken. */
  readonly round: {
    readonly number: number
    readonly lengthMs: number | undefined
    readonly elapsedMs: number
  }
  /** Infinity: until a signal. */
  readonly rounds: number
}

/** `Replaying: 1,234 messages, 0:34, 2:10 left` */
export function progressOf({ published, elapsedMs, round, rounds }: Position): string {
  const parts = [`Replaying: ${messages(published)}`]
  if (rounds > 1)
    parts.push(
      `round ${formatNumber(round.number)}${rounds === Number.POSITIVE_INFINITY ? '' : ` of ${rounds}`}`,
    )
  parts.push(clockText(elapsedMs))
  if (round.lengthMs !== undefined) {
    const left = Math.max(0, round.lengthMs - round.elapsedMs)
    parts.push(`${clockText(left)} left${rounds > 1 ? ' of this round' : ''}`)
  }
  return parts.join(', ')
}

function messages(number: number): string {
  return number === 1 ? count(1, 'message') : `${formatNumber(number)} messages`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** `1:02:03`, or `2:03`. */
function clockText(ms: number): string {
  const all = Math.floor(ms / 1000)
  const two = (number: number) => String(number).padStart(2, '0')
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`
}
