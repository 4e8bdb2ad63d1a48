// An index of nodes by the hash of their names: open addressing, with a bound on the work of each look-up.

const firstSize = 1024

export class NodeIndex {
  /** A name is looked for in so many places. In a table that is half full, more are needed only if hashes are chosen. */
  static readonly probes = 64
  readonly #seed: number
  /** Nodes; 0 is a free place. The length is a power of two. */
  slots = new Uint32Array(firstSize)
  #used = 0

  /** @param seed a random 32-bit number, so that topics cannot be chosen to collide */
  constructor(seed: number) {
    this.#seed = seed
  }

  /** The state of a hash before the first byte. */
  get start(): number {
    return this.#seed ^ 0x811c9dc5
  }

  /** The state after more bytes (FNV-1a). */
  extended(state: number, bytes: Uint8Array, start: number, end: number): number {
    let hash = state
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    return hash
  }

  /** The hash, 32 bits, of a topic or of a level (the end of MurmurHash3). */
  finished(state: number, isTopic: boolean): number {
    let hash = isTopic ? ~state : state
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }

  /** The place to look at for a hash, at the attempt `probe`, from 0. */
  slot(hash: number, probe: number): number {
    return (hash + ((probe * (probe + 1)) >> 1)) & (this.slots.length - 1)
  }

  /** Adds a node that is not in it. `hashOf` returns the hash of one that is. False if there is no place for it. */
  add(node: number, hash: number, hashOf: (node: number) => number): boolean {
    if (2 * (this.#used + 1) > this.slots.length) this.#grow(hashOf)
    if (!this.#place(node, hash, NodeIndex.probes)) return false
    this.#used++
    return true
  }

  #place(node: number, hash: number, probes: number): boolean {
    for (let probe = 0; probe < probes; probe++) {
      const slot = this.slot(hash, probe)
      if (this.slots[slot] !== 0) continue
      this.slots[slot] = node
      return true
    }
    return false
  }

  /** Doubles the table. A node that needs too many attempts then is no longer found, nor added again. */
  #grow(hashOf: (node: number) => number): void {
    const before = this.slots
    this.slots = new Uint32Array(2 * before.length)
    for (const node of before) if (node !== 0) this.#place(node, hashOf(node), this.slots.length)
  }
}
