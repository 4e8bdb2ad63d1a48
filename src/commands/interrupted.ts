// Ended by a signal, where work is left undone: nothing to explain, but the status that a shell would give.
import { constants } from 'node:os'
import { MqttxError } from '../errors.js'
import type { Signal } from '../host.js'

export class Interrupted extends MqttxError {
  constructor(signal: Signal) {
    super(`Ended by ${signal}`, { exitCode: 128 + constants.signals[signal] })
  }
}
