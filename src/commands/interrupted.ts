// The error for a command that a signal ends before its work is done: status 128 + the signal's number.
import { constants } from 'node:os'
import { MqttxError } from '../errors.js'
import type { Signal } from '../host.js'

export class Interrupted extends MqttxError {
  /** `undone`: what was not done. */
  constructor(signal: Signal, undone?: string) {
    super(`Ended by ${signal}${undone === undefined ? '' : `: ${undone}`}`, {
      exitCode: 128 + constants.signals[signal],
    })
  }
}
