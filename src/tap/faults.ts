// Decides what happens to a packet: the rules with their counters, and chance from a seed.
import { matches } from '../session/topic-filter.js'
import type { Direction, FaultRule } from './fault-language.js'

/** What is known of a packet when it is decided. */
export interface PacketHead {
  readonly type: number
  readonly direction: Direction
  /** In bytes, with the Fixed Header. */
  readonly size: number
  /** Of a PUBLISH, if a rule asks for it. */
  readonly topic: string | undefined
}

/** A connection as the rules see it. */
export interface FaultedConnection {
  /** From 1, in the order in which they came. */
  readonly id: number
  /** Protocol Version of its CONNECT. */
  version: number
  clientId: string | undefined
  /** By rule: for how many packets of the connection chance has decided. */
  readonly draws: number[]
}

/** What happens to one packet. */
export interface Plan {
  readonly applied: readonly FaultRule[]
  readonly delayMs: number
  /** Bytes of the packet that are forwarded. */
  readonly keep: number
  readonly copies: number
  /** What happens to the connection after these bytes. */
  readonly end: 'close' | 'reset' | undefined
  /** Reason Code of the CONNACK in place of the packet. */
  readonly answer: number | undefined
  readonly bytesPerSecond: number | undefined
}

interface Count {
  selected: number
  applied: number
}

/** Packets up to this size can be sent twice, in bytes: they are kept until they are complete. */
export const largestCopy = 1024 * 1024

/** Rules in their order. Their counters are those of all connections. */
export class Faults {
  readonly rules: readonly FaultRule[]
  /** A rule for this direction has a Topic Filter. */
  readonly needsTopicIn: Readonly<Record<Direction, boolean>>
  /** A rule has a Client Identifier. */
  readonly needsClient: boolean
  readonly #seed: number
  readonly #counts: readonly Count[]
  /** Bit t: a rule is for packets of type t. */
  readonly #types: Readonly<Record<Direction, number>>

  constructor(rules: readonly FaultRule[], seed: number) {
    this.rules = rules
    this.#seed = seed
    this.#counts = rules.map(() => ({ selected: 0, applied: 0 }))
    this.needsClient = rules.some(({ client }) => client !== undefined)
    const rulesIn = (direction: Direction) =>
      rules.filter((rule) => rule.direction === undefined || rule.direction === direction)
    const types = (direction: Direction): number =>
      rulesIn(direction).reduce((mask, { type }) => mask | (type === undefined ? -1 : 1 << type), 0)
    const topics = (direction: Direction) => rulesIn(direction).some(({ topic }) => topic !== undefined)
    this.#types = { c2s: types('c2s'), s2c: types('s2c') }
    this.needsTopicIn = { c2s: topics('c2s'), s2c: topics('s2c') }
  }

  /** The rules and how often each was applied. */
  counts(): { readonly rule: FaultRule; readonly applied: number }[] {
    return this.rules.map((rule, index) => ({ rule, applied: this.#counts[index]!.applied }))
  }

  /** Packets of this type and direction may meet a rule. */
  concerns(direction: Direction, type: number): boolean {
    return ((this.#types[direction] >> type) & 1) === 1
  }

  /**
   * Undefined if no rule applies. The rules are asked in their order; after one that drops the packet, answers it or ends
   * the connection, the others do not see it.
   */
  decide(head: PacketHead, connection: FaultedConnection): Plan | undefined {
    if (!this.concerns(head.direction, head.type)) return undefined
    let plan: { -readonly [Key in keyof Plan]: Plan[Key] } | undefined
    for (let index = 0; index < this.rules.length; index++) {
      const rule = this.rules[index]!
      if (!this.#applies(rule, index, head, connection)) continue
      plan ??= {
        ...{ applied: [], delayMs: 0, keep: head.size, copies: 1 },
        ...{ end: undefined, answer: undefined, bytesPerSecond: undefined },
      }
      ;(plan.applied as FaultRule[]).push(rule)
      const { action } = rule
      switch (action.kind) {
        case 'drop':
          return { ...plan, delayMs: 0, keep: 0, copies: 1 }
        case 'close':
        case 'reset':
          return { ...plan, keep: Math.min(plan.keep, action.after), copies: 1, end: action.kind }
        case 'answer':
          return { ...plan, keep: 0, copies: 1, answer: action.code }
        case 'truncate':
          plan.keep = Math.min(plan.keep, action.bytes)
          break
        case 'duplicate':
          plan.copies++
          break
        case 'delay':
          plan.delayMs += action.ms
          break
        case 'throttle':
          plan.bytesPerSecond = Math.min(
            plan.bytesPerSecond ?? Number.POSITIVE_INFINITY,
            action.bytesPerSecond,
          )
          break
        default:
          action satisfies never
      }
    }
    return plan
  }

  #applies(rule: FaultRule, index: number, head: PacketHead, connection: FaultedConnection): boolean {
    const { type, direction, nth, topic, client, probability, times, action } = rule
    if (action.kind === 'duplicate' && head.size > largestCopy) return false
    if (action.kind === 'truncate' && head.size <= action.bytes) return false
    if (type !== undefined && type !== head.type) return false
    if (direction !== undefined && direction !== head.direction) return false
    if (client !== undefined && client !== connection.clientId) return false
    if (topic !== undefined && (head.topic === undefined || !matches(topic, head.topic))) return false
    const count = this.#counts[index]!
    count.selected++
    if (nth !== undefined && count.selected !== nth) return false
    if (times !== undefined && count.applied >= times) return false
    if (probability !== undefined) {
      const draw = (connection.draws[index] ?? 0) + 1
      connection.draws[index] = draw
      if (chance(this.#seed, index, connection.id, draw) >= probability) return false
    }
    count.applied++
    return true
  }
}

/** 0 to 1, the same for the same numbers: independent of what other connections do meanwhile. */
function chance(...numbers: readonly number[]): number {
  let hash = 0x9e3779b9
  for (const number of numbers) {
    hash = Math.imul(hash ^ number, 0x7feb352d)
    hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b)
    hash ^= hash >>> 16
  }
  return (hash >>> 0) / 2 ** 32
}
