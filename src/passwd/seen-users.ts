// The first line of each user of a file, in some bytes for each: a file may have millions.
import { createHash } from 'node:crypto'

const slot = 3 // two words of a name's digest, and a line number

/** Names are told apart by 64 bits of SHA-256. */
export class SeenUsers {
  #table = new Uint32Array(slot * 1024)
  #count = 0

  get size(): number {
    return this.#count
  }

  /** @returns the line that the user was first seen on, if there is an earlier one */
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

  /** Where a name is, or belongs. */
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
