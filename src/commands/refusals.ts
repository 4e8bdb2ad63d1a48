// Counts messages that the server refused: a warning for each of the first ten, and the exit status.
import { reasonName } from '../codec/reason-codes.js'
import type { Answer } from '../connection/events.js'

const shown = 10 // refusals with a warning of their own

/** A Reason Code as `name (0xNN)`. */
export function reasonOf(code: number): string {
  return `${reasonName(code)} (0x${code.toString(16)})`
}

export class Refusals {
  readonly #warn: (text: string) => void
  readonly #noun: string
  #count = 0
  #status = 0

  /** `noun`: what the numbered messages are called. */
  constructor(warn: (text: string) => void, noun: 'line' | 'message' = 'line') {
    this.#warn = warn
    this.#noun = noun
  }

  /** Records an acknowledgement; a Reason Code from 0x80 on is a refusal. `number`: of the input line or message, if any. */
  note(reasonCode: number, { messageId, reason }: Answer, number?: number): void {
    if (reasonCode < 0x80) return
    this.#status ||= reasonCode
    if (++this.#count > shown) return
    const what = number === undefined ? `Publish ${messageId}` : `Publish of ${this.#noun} ${number}`
    this.#warn(`${what} failed: ${reasonOf(reasonCode)}${reason === undefined ? '.' : `; ${reason}`}`)
  }

  /** The number of refused messages. */
  get count(): number {
    return this.#count
  }

  /** The first Reason Code from 0x80 on; 0 if there is none. */
  get status(): number {
    return this.#status
  }
}
