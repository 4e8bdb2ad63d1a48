// The order of the rows of `mqttx top`, and the first rows of many without sorting all.
import type { Nodes } from './nodes.js'

export const sortKeys = ['rate', 'bytes', 'count', 'silence', 'name'] as const
export type SortKey = (typeof sortKeys)[number]

export interface Order {
  readonly key: SortKey
  /** The other way round: names descending, figures ascending. */
  readonly reverse: boolean
}

/** Nodes in their order: the comparison of a pair is negative if the first comes first. */
export type Comparison = (a: number, b: number) => number

/** Figures descending, names ascending, unless reversed. Without a message a topic has no silence and comes last. */
export function comparison(nodes: Nodes, { key, reverse }: Order, timeMs: number): Comparison {
  const sign = reverse ? -1 : 1
  if (key === 'name') return (a, b) => sign * nodes.comparePaths(a, b)
  const figure = figureOf(nodes, key, timeMs)
  return (a, b) => sign * (figure(b) - figure(a)) || nodes.comparePaths(a, b)
}

function figureOf(nodes: Nodes, key: Exclude<SortKey, 'name'>, timeMs: number): (node: number) => number {
  switch (key) {
    case 'rate':
      return (node) => nodes.rate(node, timeMs)
    case 'bytes':
      return (node) => nodes.bytes(node)
    case 'count':
      return (node) => nodes.messages(node)
    case 'silence':
      return (node) => nodes.silence(node, timeMs) ?? -1
    default:
      return key satisfies never
  }
}

/** The first `limit` of the nodes offered, in order: a heap with the last of them on top. */
export class FirstOf {
  readonly #limit: number
  readonly #compare: Comparison
  readonly #heap: number[] = []
  /** Nodes offered. */
  offered = 0

  constructor(limit: number, compare: Comparison) {
    this.#limit = limit
    this.#compare = compare
  }

  offer(node: number): void {
    this.offered++
    const heap = this.#heap
    if (heap.length < this.#limit) {
      heap.push(node)
      this.#up(heap.length - 1)
    } else if (this.#limit > 0 && this.#compare(node, heap[0]!) < 0) {
      heap[0] = node
      this.#down()
    }
  }

  /** Call it once, at the end. */
  sorted(): number[] {
    return this.#heap.sort(this.#compare)
  }

  #up(from: number): void {
    const heap = this.#heap
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (this.#compare(heap[at]!, heap[parent]!) <= 0) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #down(): void {
    const heap = this.#heap
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      if (left >= heap.length) return
      const right = left + 1
      const later = right < heap.length && this.#compare(heap[right]!, heap[left]!) > 0 ? right : left
      if (this.#compare(heap[later]!, heap[at]!) <= 0) return
      this.#swap(at, later)
      at = later
    }
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const kept = heap[a]!
    heap[a] = heap[b]!
    heap[b] = kept
  }
}
