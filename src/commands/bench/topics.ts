// --topics and --zipf: selects the topic of each message, by seed.
import { randomAt } from './random.js'

export interface TopicPlan {
  /** Number of topics. */
  readonly topics: number
  /** Of Zipf's law: topic k is selected in proportion to 1 / (k + 1) ** exponent; 0: all with equal probability. */
  readonly exponent: number
  readonly seed: number
}

export class TopicSelector {
  readonly #plan: TopicPlan
  /** Cumulative weights, by topic. */
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

  /** Topic number, from 0. `message` is the message number of the client. */
  topicOf(client: number, message: number): number {
    const { topics, exponent, seed } = this.#plan
    const random = randomAt(seed, client, message)
    if (exponent === 0) return Math.floor(random * topics)
    const weight = random * this.#sums[topics - 1]!
    let low = 0
    let high = topics - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#sums[middle]! > weight) high = middle
      else low = middle + 1
    }
    return low
  }
}
