// A simulated network with simulated time: a seed decides which datagrams are lost, doubled, delayed and so reordered.
import { randomNumbers } from '../../src/commands/bench/random.js'

export interface NetworkFaults {
  /** 0 to 1: the share of datagrams that are lost. */
  readonly loss: number
  /** 0 to 1: the share that arrive twice. */
  readonly doubled: number
  /** Milliseconds from sending to arrival: the least, and the most. A range reorders. */
  readonly delay: readonly [number, number]
}

/** A participant: it has a deadline, at which `tick` is called. */
export interface Participant {
  readonly deadline: number
  tick(now: number): void
}

interface Arrival {
  readonly at: number
  arrive(now: number): void
}

export class Network {
  now = 0
  readonly #random: () => number
  readonly #faults: NetworkFaults
  readonly #participants: Participant[] = []
  /** In the order of sending; of two at the same time the earlier one arrives first. */
  readonly #arrivals: Arrival[] = []
  sent = 0
  lost = 0

  constructor(seed: number, faults: NetworkFaults) {
    this.#random = randomNumbers(seed)
    this.#faults = faults
  }

  add(participant: Participant): void {
    this.#participants.push(participant)
  }

  /** Sends a datagram to `receive`, which is called 0, 1 or 2 times. */
  send(datagram: Uint8Array, receive: (datagram: Uint8Array, now: number) => void): void {
    const { loss, doubled, delay } = this.#faults
    const [least, most] = delay
    this.sent++
    const copies = (this.#random() < loss ? 0 : 1) + (this.#random() < doubled ? 1 : 0)
    if (copies === 0) this.lost++
    for (let i = 0; i < copies; i++)
      this.later(least + this.#random() * (most - least), (now) => receive(datagram, now))
  }

  /** Calls `action` after `delay` milliseconds. */
  later(delay: number, action: (now: number) => void): void {
    this.#arrivals.push({ at: this.now + delay, arrive: action })
  }

  /**
   * Lets time pass until `isDone`, until nothing happens any more, or for `limit` milliseconds of simulated time.
   * @returns true if `isDone`
   */
  run(isDone: () => boolean, limit = 24 * 3600 * 1000): boolean {
    while (!isDone()) {
      let first = -1
      for (let i = 0; i < this.#arrivals.length; i++)
        if (first < 0 || this.#arrivals[i]!.at < this.#arrivals[first]!.at) first = i
      let due: Participant | undefined
      for (const one of this.#participants) if (due === undefined || one.deadline < due.deadline) due = one
      const arrival = this.#arrivals[first]
      const at = Math.min(arrival?.at ?? Number.POSITIVE_INFINITY, due?.deadline ?? Number.POSITIVE_INFINITY)
      if (at === Number.POSITIVE_INFINITY || at > limit) return false
      this.now = Math.max(this.now, at)
      if (arrival !== undefined && arrival.at <= at) {
        this.#arrivals.splice(first, 1)
        arrival.arrive(this.now)
      } else due!.tick(this.now)
    }
    return true
  }
}
