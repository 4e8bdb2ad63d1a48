// Several recordings as one, in order of time.

export interface Timed {
  /** Milliseconds since 1970; undefined if unknown: the message follows the one before it in its recording. */
  readonly time: number | undefined
}

/** The messages of a recording, one by one. */
export interface Messages<M> {
  /** The next message; undefined at the end. Only a promise if it has to be read first. */
  next(): M | undefined | Promise<M | undefined>
  /** Ends reading early. */
  close(): void
}

/** A recording that is opened when it is due. */
export interface Recording<M> {
  /** The time of its first message, if it is known; undefined: it is opened at the start. */
  readonly first: number | undefined
  open(): Messages<M>
}

/** A recording that is open, with the message that comes next. */
interface Head<M> {
  readonly messages: Messages<M>
  message: M
  /** The latest time so far: a message that is older than one before it comes directly after that one. */
  time: number
}

/**
 * Merges recordings by the times of their messages; those of equal time come in the order of the recordings. A recording
 * is open from its first message to its last.
 */
export class Merged<M extends Timed> implements Messages<M> {
  /** In the order in which they are due. */
  readonly #waiting: Recording<M>[]
  /** In the order of the recordings. */
  readonly #heads: Head<M>[] = []
  /** The one whose message was returned last: it has to go on. */
  #last: Head<M> | undefined

  constructor(recordings: readonly Recording<M>[]) {
    const due = ({ first = Number.NEGATIVE_INFINITY }: Recording<M>) => first
    this.#waiting = [...recordings].sort((a, b) => Math.sign(due(a) - due(b)) || 0)
  }

  /** Recordings that are open. */
  get open(): number {
    return this.#heads.length
  }

  next(): M | undefined | Promise<M | undefined> {
    const last = this.#last
    if (last === undefined) return this.#pick()
    const message = last.messages.next()
    if (message instanceof Promise) return message.then((read) => this.#goOn(last, read))
    return this.#goOn(last, message)
  }

  close(): void {
    for (const { messages } of this.#heads) messages.close()
    this.#heads.length = 0
    this.#waiting.length = 0
    this.#last = undefined
  }

  #goOn(head: Head<M>, message: M | undefined): M | undefined | Promise<M | undefined> {
    this.#last = undefined
    if (message === undefined) {
      head.messages.close()
      this.#heads.splice(this.#heads.indexOf(head), 1)
    } else {
      head.message = message
      head.time = Math.max(head.time, message.time ?? head.time)
    }
    return this.#pick()
  }

  #pick(): M | undefined | Promise<M | undefined> {
    const head = this.#earliest()
    const waiting = this.#waiting[0]
    if (waiting !== undefined && (head === undefined || (waiting.first ?? head.time) <= head.time)) {
      this.#waiting.shift()
      return this.#begin(waiting)
    }
    this.#last = head
    return head?.message
  }

  async #begin(recording: Recording<M>): Promise<M | undefined> {
    const messages = recording.open()
    const message = await messages.next()
    if (message === undefined) messages.close()
    else
      this.#heads.push({
        messages,
        message,
        time: message.time ?? recording.first ?? Number.NEGATIVE_INFINITY,
      })
    return this.#pick()
  }

  #earliest(): Head<M> | undefined {
    let [earliest] = this.#heads
    for (const head of this.#heads) if (head.time < earliest!.time) earliest = head
    return earliest
  }
}
