// Reports the steps from CONNACK to the end of a network connection.
import { reasonText } from '../codec/reason-codes.js'
import { MqttxError } from '../errors.js'
import { shown } from '../text.js'
import type { StepObserver, StepOutcome } from '../transport/steps.js'

type End = (outcome: StepOutcome) => void

export class SessionSteps {
  readonly #observer: StepObserver
  #session: End | undefined
  /** SUBSCRIBE packets without SUBACK, by Packet Identifier. */
  readonly #subscribes = new Map<number, End>()

  constructor(observer: StepObserver) {
    this.#observer = observer
  }

  /** CONNACK has accepted the connection. */
  accepted(): void {
    this.#session = this.#observer.begin('session', '')
  }

  subscribed(messageId: number, filters: readonly string[]): void {
    this.#subscribes.set(messageId, this.#observer.begin('SUBACK', shown(filters.join(', '))))
  }

  /** Reason Codes of a SUBACK; the step fails if the server has refused a Topic Filter. */
  suback(messageId: number, codes: readonly number[]): void {
    const end = this.#subscribes.get(messageId)
    this.#subscribes.delete(messageId)
    const text = codes.map(codeText).join(', ')
    const reasonCode = codes.find((code) => code >= 0x80)
    end?.(reasonCode === undefined ? { detail: text } : { error: new MqttxError(text, { reasonCode }) })
  }

  /** The connection has ended. Without an error it was closed by us. */
  ended(error: Error | undefined): void {
    for (const end of this.#subscribes.values()) end({ error: error ?? new Error('no SUBACK') })
    this.#subscribes.clear()
    this.#session?.(error === undefined ? { detail: 'closed' } : { error })
    this.#session = undefined
  }
}

function codeText(code: number): string {
  return code < 3 ? `QoS ${code}` : reasonText(code)
}
