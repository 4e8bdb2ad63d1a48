// Which of many topics a message goes to: by chance, but by seed, and all the same or by Zipf's law.
import { chance } from './random.js'

export interface TopicPlan {
  /** How many topics there are. */
  readonly topics: number
  /** Of Zipf's law: topic k is chosen as often as 1 / (k + 1) ** exponent says; 0: all the same. */
  readonly exponent: number
  readonly seed: number
}

export class TopicChoice {
  readonly #plan: TopicPlan
  /** How much of the law the topics up to each one have. */
  readonly #sums: Float64Array

  constructor(plan: TopicPlan) {
    this.#plan = plan
    this.#sums = new Float64Array(plan.exponent === 0 ? 0 : plan.topics)
    let sum = 0
    for (let topic = 0; topic < this.#sums.length; topic++) {
      sum += (topic + 1) ** -plan.exponent
      this.#sums[topic] = sum
    }
  }

  /** From 0, for the message with this number among those of its client. */
  of(client: number, message: number): number {
    const { topics, exponent, seed } = this.#plan
    const lot = chance(seed, client, message)
    if (exponent === 0) return Math.floor(lot * topics)
    const wanted = lot * this.#sums[topics - 1]!
    let low = 0
    let high = topics - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#sums[middle]! > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}
