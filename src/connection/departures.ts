// How many messages at QoS 0 went down with a connection: nobody acknowledges them, but the system tells what it took.
import type { Link } from './link.js'

export class Departures {
  #sent = 0
  #lost = 0
  #last: { readonly link: Link; readonly sent: number } | undefined

  /** Messages that were given to a link so far. */
  get sent(): number {
    return this.#sent
  }

  /** Another one has been written into the batch of `link`. */
  next(link: Link): void {
    link.mark(++this.#sent)
  }

  /** `link` is lost; its writes may still be failing. */
  lostWith(link: Link): void {
    this.#lost = this.lost
    this.#last = { link, sent: this.#sent }
  }

  /** Messages that the system had not taken when their connection was lost. */
  get lost(): number {
    return this.#lost + (this.#last === undefined ? 0 : this.#last.sent - this.#last.link.taken)
  }
}
