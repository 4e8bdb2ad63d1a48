// Which client sends what at which intended time. Pure: the same plan and seed give the same work on every machine, and
// the shards of a plan together are the plan.

export interface Shard {
  /** From 0. */
  readonly index: number
  readonly of: number
}

export interface Plan {
  /** Publishers of the whole run, all shards together. */
  readonly clients: number
  /** Messages a second of all publishers together; undefined: as fast as it goes. */
  readonly rate: number | undefined
  /** Messages that count, of all publishers together; undefined: as many as the time allows. */
  readonly count: number | undefined
  /** Milliseconds that count. */
  readonly durationMs: number
  /** Milliseconds before those, in which messages are sent and do not count. */
  readonly warmupMs: number
  /** Milliseconds before the warm-up, in which the rate climbs evenly from 0; these do not count either. */
  readonly rampMs: number
  readonly shard: Shard
}

export const wholeRun: Shard = { index: 0, of: 1 }

/** Message k of the run is sent by client k mod `clients`; at a rate its intended time is k / rate, after the ramp. */
export class Workload {
  readonly #plan: Plan
  /** Messages before those that count; in a closed loop the time decides instead. */
  readonly #warmup: number
  readonly #end: number
  /** Messages of the ramp: half of those that the whole rate would make. */
  readonly #ramp: number

  constructor(plan: Plan) {
    this.#plan = plan
    const { rate, count, durationMs, warmupMs, rampMs } = plan
    this.#ramp = rate === undefined ? 0 : (rampMs / 2000) * rate
    this.#warmup = rate === undefined ? 0 : Math.round((warmupMs / 1000) * rate + this.#ramp)
    const timed = rate === undefined ? Number.POSITIVE_INFINITY : Math.round((durationMs / 1000) * rate)
    this.#end = this.#warmup + Math.min(count ?? Number.POSITIVE_INFINITY, timed)
  }

  /** True where each message has an intended time. */
  get open(): boolean {
    return this.#plan.rate !== undefined
  }

  /** Milliseconds from the start to what counts. */
  get leadMs(): number {
    return this.#plan.rampMs + this.#plan.warmupMs
  }

  /** The clients of this shard, in order. */
  clients(): number[] {
    return membersOf(this.#plan.clients, this.#plan.shard)
  }

  /** Messages of the whole run, with warm-up; infinite where only the time ends it. */
  get end(): number {
    return this.#end
  }

  /** How many messages `client` has to send, with warm-up. */
  quota(client: number): number {
    return countUpTo(this.#end, client, this.#plan.clients)
  }

  /** How many of them do not count, in an open loop. */
  warmupOf(client: number): number {
    return countUpTo(this.#warmup, client, this.#plan.clients)
  }

  /** Messages of this shard that count; infinite where only the time ends it. */
  offered(): number {
    let sum = 0
    for (const client of this.clients()) sum += this.quota(client) - this.warmupOf(client)
    return sum
  }

  /** Milliseconds from the start to the intended time of the message `turn` (from 0) of `client`. */
  intended(client: number, turn: number): number {
    const { clients, rate = Number.POSITIVE_INFINITY, rampMs } = this.#plan
    const message = turn * clients + client
    if (message < this.#ramp) return Math.sqrt((message * 2 * rampMs * 1000) / rate)
    return rampMs + ((message - this.#ramp) * 1000) / rate
  }
}

/** Those of `count` that belong to a shard: dealt out like cards, so that rates stay even. */
export function membersOf(count: number, { index, of }: Shard): number[] {
  const members: number[] = []
  for (let member = index; member < count; member += of) members.push(member)
  return members
}

/** How many k below `end` are `client` modulo `clients`. */
function countUpTo(end: number, client: number, clients: number): number {
  return end === Number.POSITIVE_INFINITY ? end : Math.max(0, Math.ceil((end - client) / clients))
}
