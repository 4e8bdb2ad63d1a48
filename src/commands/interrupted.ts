// Ended by a signal with work left undone: the status is the one that a shell gives.
import { constants } from 'node:os'
import { MqttxError } from '../errors.js'
import type { Signal } from '../host.js'

export class Interrupted extends MqttxError {
  /** `undone` says what was not done. */
  constructor(signal: Signal, undone?: string) {
    super(`Ended by ${signal}${undone === undefined ? '' : `: ${undone}`}`, {
      exitCode: 128 + constants.signals[signal],
    })
  }
}
