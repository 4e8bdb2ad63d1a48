// --churn: clients disconnect and reconnect in turn, at a rate, while the run goes on.

import type { Clock } from '../clock.js'
import { Waiter } from '../waiter.js'
import type { BenchClient } from './client.js'
import type { RunStats } from './run-stats.js'

export interface ChurnSettings {
  readonly clock: Clock
  readonly stats: RunStats
  /** Number of clients of the whole run, all shards together. */
  readonly total: number
  /** Clients per second of the whole run. */
  readonly rate: number
  /** The clients of this shard, in order of their numbers. */
  readonly clients: readonly BenchClient[]
  /**
   * Disconnects a client and connects it again; false: that failed.
   * @param due intended time, on the clock
   */
  reconnect(client: BenchClient, due: number): Promise<boolean>
}

/** Turn k of the run belongs to client k mod `total`, at (k + 1) / rate seconds. */
export class Churn {
  readonly #settings: ChurnSettings
  readonly #waiter: Waiter
  readonly #reconnecting = new Map<BenchClient, Promise<void>>()

  constructor(settings: ChurnSettings) {
    this.#settings = settings
    this.#waiter = new Waiter(settings.clock)
  }

  /** Runs until `stop`; resolves when every reconnect that began has succeeded or failed. */
  async run(start: number): Promise<void> {
    const { clock, total, rate, clients, stats } = this.#settings
    for (let round = 0; clients.length > 0 && !this.#waiter.interrupted; round++) {
      await new Promise<void>((resolve) => clock.soon(resolve)) // lets I/O run, however high the rate
      for (const client of clients) {
        const due = start + ((round * total + client.index + 1) * 1000) / rate
        if (due > clock.now()) await this.#waiter.until(due)
        if (this.#waiter.interrupted) break
        stats.counts.churned++
        if (client.up && !this.#reconnecting.has(client))
          this.#reconnecting.set(client, this.#reconnect(client, due))
      }
    }
    await Promise.all(this.#reconnecting.values())
  }

  stop(): void {
    this.#waiter.interrupt()
  }

  async #reconnect(client: BenchClient, due: number): Promise<void> {
    if (await this.#settings.reconnect(client, due)) this.#settings.stats.counts.reconnected++
    this.#reconnecting.delete(client)
  }
}
