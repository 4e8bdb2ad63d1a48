// Messages that the server refused: a warning each, and a status other than 0.
import { reasonName } from '../../codec/reason-codes.js'
import type { Answer } from '../../connection/events.js'

const shown = 10 // refusals with a warning of their own

/** A Reason Code for people. */
export function reasonOf(code: number): string {
  return `${reasonName(code)} (0x${code.toString(16)})`
}

export class Refusals {
  readonly #warn: (text: string) => void
  #count = 0
  #status = 0

  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  /** An answer has come. 0x80 and above: the message was refused. `line` of the input, where there are lines. */
  note(reasonCode: number, { messageId, reason }: Answer, line?: number): void {
    if (reasonCode < 0x80) return
    this.#status ||= reasonCode
    if (++this.#count > shown) return
    const what = line === undefined ? `Publish ${messageId}` : `Publish of line ${line}`
    this.#warn(`${what} failed: ${reasonOf(reasonCode)}.${reason === undefined ? '' : ` ${reason}`}`)
  }

  /** How many messages were refused. */
  get count(): number {
    return this.#count
  }

  /** 0, or the first Reason Code that refused. */
  get status(): number {
    return this.#status
  }
}
