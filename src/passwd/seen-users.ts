// Remembers the first line of each user in a compact hash table: a file may have millions of users.
import { createHash } from 'node:crypto'

const slot = 3 // 64 bits of the name's digest, and a line number

/** Names are compared by 64 bits of SHA-256. */
export class SeenUsers {
  #table = new Uint32Array(slot * 1024)
  #count = 0

  get size(): number {
    return this.#count
  }

  /** Adds the user. @returns the earlier line of the same user, if any */
  earlier(user: string, line: number): number | undefined {
    if (this.#count * 2 * slot > this.#table.length) this.#grow()
    const digest = createHash('sha256').update(user).digest()
    const at = this.#find(digest.readUInt32LE(0), digest.readUInt32LE(4))
    const first = this.#table[at + 2]!
    if (first > 0) return first
    this.#table.set([digest.readUInt32LE(0), digest.readUInt32LE(4), line], at)
    this.#count++
    return undefined
  }

  /** The index of a name, or of the free slot for it. */
  #find(low: number, high: number): number {
    const table = this.#table
    const size = table.length / slot
    let at = low % size
    while (table[at * slot + 2]! > 0 && (table[at * slot] !== low || table[at * slot + 1] !== high))
      at = (at + 1) % size
    return at * slot
  }

  #grow(): void {
    const old = this.#table
    this.#table = new Uint32Array(old.length * 2)
    for (let at = 0; at < old.length; at += slot) {
      if (old[at + 2]! > 0) this.#table.set(old.subarray(at, at + slot), this.#find(old[at]!, old[at + 1]!))
    }
  }
}
