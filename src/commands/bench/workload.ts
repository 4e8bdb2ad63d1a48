// Which client sends which message at which time. Pure: the same plan gives the same workload on every machine, and the
// shards of a plan add up to the plan.

export interface Shard {
  /** From 0. */
  readonly index: number
  readonly of: number
}

export interface WorkloadPlan {
  /** Publishers of the whole run, all shards together. */
  readonly clients: number
  /** Messages per second of all publishers together; undefined: closed loop. */
  readonly rate: number | undefined
  /** Measured messages of all publishers together; undefined: limited by time only. */
  readonly count: number | undefined
  /** Length of the measurement in milliseconds. */
  readonly durationMs: number
  /** Milliseconds before the measurement, in which messages are sent but not measured. */
  readonly warmupMs: number
  /** Milliseconds before the warm-up, in which the rate increases linearly from 0; not measured. */
  readonly rampMs: number
  readonly shard: Shard
}

export const wholeRun: Shard = { index: 0, of: 1 }

/** Message k of the run is sent by client k mod `clients`. In an open loop it is due at k / rate, after the ramp. */
export class Workload {
  readonly #plan: WorkloadPlan
  /** Messages before the measurement; 0 in a closed loop, where the time limit applies. */
  readonly #warmup: number
  readonly #end: number
  /** Messages of the ramp: half of what the full rate would send. */
  readonly #ramp: number

  constructor(plan: WorkloadPlan) {
    this.#plan = plan
    const { rate, count, durationMs, warmupMs, rampMs } = plan
    this.#ramp = rate === undefined ? 0 : (rampMs / 2000) * rate
    this.#warmup = rate === undefined ? 0 : Math.round((warmupMs / 1000) * rate + this.#ramp)
    const timed = rate === undefined ? Number.POSITIVE_INFINITY : Math.round((durationMs / 1000) * rate)
    this.#end = this.#warmup + Math.min(count ?? Number.POSITIVE_INFINITY, timed)
  }

  /** True in an open loop, where each message has an intended time. */
  get open(): boolean {
    return this.#plan.rate !== undefined
  }

  /** Milliseconds from the start to the measurement. */
  get leadMs(): number {
    return this.#plan.rampMs + this.#plan.warmupMs
  }

  /** The clients of this shard, in order. */
  clients(): number[] {
    return clientsOfShard(this.#plan.clients, this.#plan.shard)
  }

  /** Messages of the whole run including the warm-up; infinite if only the time is limited. */
  get end(): number {
    return this.#end
  }

  /** How many messages `client` sends, including the warm-up. */
  quota(client: number): number {
    return countUpTo(this.#end, client, this.#plan.clients)
  }

  /** How many of them are not measured, in an open loop. */
  warmupOf(client: number): number {
    return countUpTo(this.#warmup, client, this.#plan.clients)
  }

  /** Measured messages of this shard; infinite if only the time is limited. */
  offered(): number {
    let sum = 0
    for (const client of this.clients()) sum += this.quota(client) - this.warmupOf(client)
    return sum
  }

  /** Intended time of message `number` (from 0) of `client`, in milliseconds from the start. */
  intended(client: number, number: number): number {
    const { clients, rate = Number.POSITIVE_INFINITY, rampMs } = this.#plan
    const message = number * clients + client
    if (message < this.#ramp) return Math.sqrt((message * 2 * rampMs * 1000) / rate)
    return rampMs + ((message - this.#ramp) * 1000) / rate
  }
}

/** The clients of a shard, from 0 to `count` - 1: every `of`th one, so that each shard has the same rate. */
export function clientsOfShard(count: number, { index, of }: Shard): number[] {
  const clients: number[] = []
  for (let client = index; client < count; client += of) clients.push(client)
  return clients
}

/** How many k below `end` are congruent to `client` modulo `clients`. */
function countUpTo(end: number, client: number, clients: number): number {
  return end === Number.POSITIVE_INFINITY ? end : Math.max(0, Math.ceil((end - client) / clients))
}
