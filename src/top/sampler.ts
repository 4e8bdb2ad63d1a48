// Which live messages `mqttx top` looks at when there are more than the processor can count: one of 2, 4, ... by chance.

/** From this share of its time on, the process is busy; below the other one it has time for twice as many messages. */
const busyShare = 0.9
const idleShare = 0.45
/** Looks in a row that must agree: a burst, such as many retained messages, is no reason to sample. */
const agreement = 2
export const largestRatio = 64

export class Sampler {
  /** One of so many messages is counted, as so many messages; 1: all are. */
  ratio = 1
  /** Busy at the largest ratio: the server may drop messages. */
  isBehind = false
  #busy = 0
  #idle = 0
  #state: number

  /** @param seed of the random numbers, 32 bits */
  constructor(seed: number) {
    this.#state = seed | 1
  }

  /**
   * Called about once a second.
   * @param share of the time since the last call in which the process was busy, 0 to 1
   * @param canHelp most of the messages since the last call were live ones, of which some can be left out
   */
  observe(share: number, canHelp = true): void {
    this.#busy = share >= busyShare && canHelp ? this.#busy + 1 : 0
    this.#idle = share < idleShare ? this.#idle + 1 : 0
    this.isBehind = this.ratio === largestRatio && this.#busy > 0
    if (this.#busy >= agreement && this.ratio < largestRatio) this.#set(this.ratio * 2)
    else if (this.#idle >= agreement && this.ratio > 1) this.#set(this.ratio / 2)
  }

  #set(ratio: number): void {
    this.ratio = ratio
    this.#busy = 0
    this.#idle = 0
  }

  /** True if the next message is to be counted. By chance: publishers that take turns would be counted always or never. */
  next(): boolean {
    if (this.ratio === 1) return true
    // xorshift32
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return (state & (this.ratio - 1)) === 0
  }
}
