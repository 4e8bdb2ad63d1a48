// Messages that the server refused: named on stderr, and never a success.
import { reasonName } from '../../codec/reason-codes.js'
import type { Answer } from '../../connection/events.js'

const shown = 10 // refusals that get a line each; of the rest, only how many

export class Refusals {
  readonly #warn: (text: string) => void
  #count = 0
  #first = 0

  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  /** An answer has come. 0x80 and above: the message was refused. */
  note(reasonCode: number, { messageId, reason }: Answer): void {
    if (reasonCode < 0x80) return
    if (this.#count === 0) this.#first = reasonCode
    if (++this.#count > shown) return
    const said = reason === undefined ? '' : `\n${reason}`
    this.#warn(
      `Publish ${messageId} failed: ${reasonName(reasonCode)} (0x${reasonCode.toString(16)}).${said}`,
    )
  }

  /** How many messages were refused. */
  get count(): number {
    return this.#count
  }

  /** 0, or the first Reason Code that refused. Tells how many were refused without a line of their own. */
  get status(): number {
    if (this.#count > shown) this.#warn(`${this.#count} messages were refused in all.`)
    return this.#first
  }
}
