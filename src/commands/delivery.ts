// What became of the numbered messages of a run, and where to resume it.
import { ConnectionError, ExitCode, MqttxError } from '../errors.js'
import { LineList } from './line-list.js'
import { LinesInFlight } from './lines-in-flight.js'
import { type Refusals, reasonOf } from './refusals.js'

/** Counts messages sent, acknowledged and refused. Their numbers (lines of the input) start at 1 and ascend. */
export class Delivery {
  readonly #inFlight = new LinesInFlight()
  readonly refused = new LineList()
  #firstRefused = Number.POSITIVE_INFINITY
  /** Messages published. */
  sent = 0
  /** Messages acknowledged with a Reason Code below 0x80. */
  acknowledged = 0

  /** Message `number` awaits an acknowledgement. */
  waits(messageId: number, number: number): void {
    this.#inFlight.sent(messageId, number)
  }

  /** Records the acknowledgement. Returns the number of the message. */
  settled(messageId: number, reasonCode: number): number {
    const number = this.#inFlight.settled(messageId)
    if (reasonCode < 0x80) this.acknowledged++
    else this.refuse(number)
    return number
  }

  /** Message `number` was refused. */
  refuse(number: number): void {
    this.refused.add(number)
    this.#firstRefused = Math.min(this.#firstRefused, number)
  }

  /** The first message at QoS 1 or 2 that was not accepted; `next`, which is not sent yet, if all were. */
  firstUnacknowledged(next: number): number {
    return Math.min(this.#inFlight.oldest() ?? next, this.#firstRefused)
  }
}

/** What the messages are called, and how to resume with one. */
export interface Resuming {
  readonly noun: 'line' | 'message'
  /** The number of the message after the last one sent. */
  readonly next: number
  /** The hint to resume with message `first`. */
  hint(first: number): string
}

/** Adds to an error what was delivered and where to resume. At QoS 0 it is unknown what has arrived. */
export function withResumption(error: MqttxError, delivery: Delivery, resuming: Resuming): MqttxError {
  const { acknowledged, sent, refused } = delivery
  const { noun, next } = resuming
  const first = delivery.firstUnacknowledged(next)
  const counts = `${noun}s acknowledged: ${acknowledged}, sent: ${sent}, first without acknowledgement: ${first}`
  const list = refused.count === 0 ? [] : [`${noun}s refused: ${refused.text}`]
  return new MqttxError([...error.lines, counts, ...list], {
    ...error,
    hint: [...error.hints, resuming.hint(first)],
    cause: error,
  })
}

/** @throws MqttxError if messages were lost at QoS 0 with their connection, or refused */
export function checkDelivered(
  { sent }: Delivery,
  { lost, refusals, noun }: { lost: number; refusals: Refusals; noun: Resuming['noun'] },
): void {
  if (lost > 0) {
    const message = `The connection was lost, and with it ${lost} ${noun}s at QoS 0`
    const hint = noun === 'line' ? 'with -q 1 they would be sent again' : undefined
    throw new ConnectionError(message, { exitCode: ExitCode.connectionLost, hint })
  }
  const { count, status } = refusals
  if (count === 0) return
  const what = `The server refused ${count} of ${sent} ${noun}s`
  throw new MqttxError(`${what}: ${reasonOf(status)}`, { exitCode: status })
}
