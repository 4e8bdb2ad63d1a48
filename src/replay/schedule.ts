// When each message of a recording is due. Pure: times go in and come out, so that an hour can be tested in milliseconds.

/** Between rounds of a recording that has no length, in milliseconds of its time. */
const shortestRoundMs = 1000

/** Milliseconds throughout, with fractions. */
export class Schedule {
  readonly #speed: number
  /** When the current round begins, from the start of the replay. */
  #roundStart = 0
  /** The time of the first message of the round; undefined before it. */
  #origin: number | undefined
  /** The latest time of a message of the round. */
  #latest = 0
  #messages = 0
  /** Messages that are older than one before them. */
  backwards = 0

  /** `speed`: 2 plays twice as fast as recorded; Infinity makes everything due at once. */
  constructor(speed: number) {
    this.#speed = speed
  }

  /**
   * When the next message is due, from the start of the replay, given the time at which it was recorded. The first is due
   * at 0. It is a function of the recorded times only: delays do not add up. A message that is older than one before it,
   * or has no time, is due with that one.
   */
  due(recorded: number | undefined): number {
    this.#messages++
    const time = recorded ?? this.#latest
    if (this.#origin === undefined) {
      this.#origin = time
      this.#latest = time
    } else if (time < this.#latest) this.backwards++
    else this.#latest = time
    return this.#roundStart + this.#played
  }

  /** How long the messages of the round so far take to play. */
  get #played(): number {
    return (this.#latest - (this.#origin ?? 0)) / this.#speed
  }

  /** The recording begins again: after its mean spacing, so that a steady rate stays steady. */
  again(): void {
    const recorded = this.#latest - (this.#origin ?? 0)
    const spacing = recorded > 0 ? recorded / (this.#messages - 1) : shortestRoundMs
    this.#roundStart += this.#played + spacing / this.#speed
    this.#origin = undefined
    this.#latest = 0
    this.#messages = 0
  }
}
