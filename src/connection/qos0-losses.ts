// Counts the messages at QoS 0 that were lost with a network connection. No packet acknowledges them, so a message
// counts as sent when the operating system has taken its bytes.
import type { Link } from './link.js'

export class QoS0Losses {
  #encoded = 0
  #lost = 0
  #lastLink: { readonly link: Link; readonly encoded: number } | undefined

  /** Messages encoded for any link so far. */
  get encoded(): number {
    return this.#encoded
  }

  /** A message has been encoded into the batch of `link`. */
  add(link: Link): void {
    link.encoded(++this.#encoded)
  }

  /** A message could not be sent, as there was no connection. */
  addLost(): void {
    this.#lost++
  }

  /** `link` is lost. Its pending writes may still complete. */
  lostLink(link: Link): void {
    this.#lost = this.lost
    this.#lastLink = { link, encoded: this.#encoded }
  }

  /** Messages that the operating system had not taken when their connection was lost. */
  get lost(): number {
    return (
      this.#lost + (this.#lastLink === undefined ? 0 : this.#lastLink.encoded - this.#lastLink.link.taken)
    )
  }
}
