// Which line of the input a message came from. Only messages at QoS 1 and 2 have a place that the session can tell;
// blank lines and lines at QoS 0 make the number of a line and that place differ.

interface Step {
  /** From this place on ... */
  readonly place: number
  /** ... the line is so much further. */
  readonly offset: number
}

const enough = 1024

/** Kept as the places where the difference changes: nothing grows while every line is a message at QoS 1 or 2. */
export class LineNumbers {
  #place = 0
  #steps: Step[] = [{ place: 1, offset: 0 }]
  #offset = 0
  #limit = enough

  /** Messages at QoS 1 and 2 so far. */
  get count(): number {
    return this.#place
  }

  /** True when it is worth calling `forget`. */
  get crowded(): boolean {
    return this.#steps.length > this.#limit
  }

  /** The next message at QoS 1 or 2 comes from `line`. */
  next(line: number): void {
    const offset = line - ++this.#place
    if (offset === this.#offset) return
    this.#offset = offset
    this.#steps.push({ place: this.#place, offset })
  }

  /** The line of the message at `place`, counted from 1. */
  lineOf(place: number): number {
    return place + this.#stepOf(place).offset
  }

  /** Nobody will ask for a place before `place`. */
  forget(place: number): void {
    this.#steps = this.#steps.slice(this.#steps.indexOf(this.#stepOf(place)))
    this.#limit = Math.max(enough, 2 * this.#steps.length)
  }

  #stepOf(place: number): Step {
    // The first step is at or before every place that is asked for.
    return this.#steps.findLast((step) => step.place <= place) ?? this.#steps[0]!
  }
}
