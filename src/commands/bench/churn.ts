// Clients disconnect and connect again, one after the other at a rate, while the work goes on.
import type { Clock } from './client.js'
import type { Member } from './member.js'
import type { Tally } from './tally.js'
import { Waiter } from './waiter.js'

export interface ChurnSettings {
  readonly clock: Clock
  readonly tally: Tally
  /** Of the whole run, all shards together. */
  readonly clients: number
  /** Clients a second of the whole run. */
  readonly rate: number
  /** Those of this shard, by their numbers. */
  readonly members: readonly Member[]
  /** Disconnects a client and connects it again; false: it could not be. */
  renew(member: Member, due: number): Promise<boolean>
}

/** Turn k of the run is that of client k mod `clients`, at (k + 1) / rate. */
export class Churn {
  readonly #settings: ChurnSettings
  readonly #waiter: Waiter
  readonly #under = new Map<Member, Promise<void>>()

  constructor(settings: ChurnSettings) {
    this.#settings = settings
    this.#waiter = new Waiter(settings.clock)
  }

  /** From `start` to `stop`; resolves when everybody whose turn came is connected again, or cannot be. */
  async run(start: number): Promise<void> {
    const { clock, clients, rate, members, tally } = this.#settings
    for (let round = 0; members.length > 0 && !this.#waiter.interrupted; round++) {
      await new Promise<void>((resolve) => clock.soon(resolve)) // others have their turn, however high the rate
      for (const member of members) {
        const due = start + ((round * clients + member.index + 1) * 1000) / rate
        if (due > clock.now()) await this.#waiter.until(due)
        if (this.#waiter.interrupted) break
        tally.counts.churned++
        if (member.up && !this.#under.has(member)) this.#under.set(member, this.#renew(member, due))
      }
    }
    await Promise.all(this.#under.values())
  }

  stop(): void {
    this.#waiter.interrupt()
  }

  async #renew(member: Member, due: number): Promise<void> {
    if (await this.#settings.renew(member, due)) this.#settings.tally.counts.reconnected++
    this.#under.delete(member)
  }
}
