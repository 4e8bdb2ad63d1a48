// Finds the connection of a packet by its addresses and ports; an LRU cache. It runs for every packet, so it builds no
// key strings.
import type { Frame, FrameSource } from './frame.js'

/**
 * Capacity. Each connection takes about a kilobyte here and some more in the packet decoder, less than 50 MB in all.
 * Captures with more clients are rare.
 */
export const maxConnections = 20_000

/** A connection; `a` is the sender of its first packet. */
export interface ConnectionEntry<T> {
  readonly value: T
  readonly hash: number
  /** Address of `a`, then of `b`. */
  readonly addresses: Buffer
  readonly portA: number
  readonly portB: number
  /** The file of that packet. */
  readonly source: FrameSource
  next: ConnectionEntry<T> | undefined
  newer: ConnectionEntry<T> | undefined
  older: ConnectionEntry<T> | undefined
}

export class ConnectionTable<T> {
  /** Which end sent the packet of the last lookup: 0 is `a`. */
  side: 0 | 1 = 0
  readonly #chains = new Map<number, ConnectionEntry<T>>()
  #newest: ConnectionEntry<T> | undefined
  #oldest: ConnectionEntry<T> | undefined
  #size = 0
  readonly #limit: number
  readonly #forget: (value: T) => void
  // Random, as otherwise a crafted file could put all connections into one chain.
  readonly #seed = (Math.random() * 0x7fffffff) | 0

  /** `forget` is called with the least recently used connection when it is removed. */
  constructor(forget: (value: T) => void, limit = maxConnections) {
    this.#forget = forget
    this.#limit = limit
  }

  /** The connection of a packet; the ports are at `frame.start`. Sets `side`. */
  find(frame: Frame): ConnectionEntry<T> | undefined {
    const { bytes, start, addresses, addressLength: length, source: file } = frame
    const source = (bytes[start]! << 8) | bytes[start + 1]!
    const target = (bytes[start + 2]! << 8) | bytes[start + 3]!
    let entry = this.#chains.get(this.#hash(frame, source, target))
    for (; entry !== undefined; entry = entry.next) {
      if (entry.addresses.length !== 2 * length) continue
      if (entry.source !== file && entry.source.capturePoint !== file.capturePoint) continue
      if (entry.portA === source && entry.portB === target && sameBytes(entry, bytes, addresses)) {
        this.side = 0
        break
      }
      if (entry.portB === source && entry.portA === target && crossedBytes(entry, bytes, addresses)) {
        this.side = 1
        break
      }
    }
    if (entry !== undefined && entry !== this.#newest) this.#touch(entry)
    return entry
  }

  /** Adds a connection by its first packet, whose sender becomes side 0. */
  add(frame: Frame, value: T): ConnectionEntry<T> {
    if (this.#size === this.#limit && this.#oldest !== undefined) {
      const { value: forgotten } = this.#oldest
      this.remove(this.#oldest)
      this.#forget(forgotten)
    }
    const { bytes, start, addresses, addressLength: length } = frame
    const portA = bytes.readUInt16BE(start)
    const portB = bytes.readUInt16BE(start + 2)
    const hash = this.#hash(frame, portA, portB)
    const entry: ConnectionEntry<T> = {
      value,
      hash,
      addresses: Buffer.from(bytes.subarray(addresses, addresses + 2 * length)),
      portA,
      portB,
      source: frame.source,
      next: this.#chains.get(hash),
      newer: undefined,
      older: this.#newest,
    }
    this.#chains.set(hash, entry)
    if (this.#newest !== undefined) this.#newest.newer = entry
    this.#newest = entry
    this.#oldest ??= entry
    this.#size += 1
    this.side = 0
    return entry
  }

  remove(entry: ConnectionEntry<T>): void {
    this.#unlink(entry)
    this.#size -= 1
    const first = this.#chains.get(entry.hash)
    if (first === entry) {
      if (entry.next === undefined) this.#chains.delete(entry.hash)
      else this.#chains.set(entry.hash, entry.next)
      return
    }
    let before = first
    while (before !== undefined && before.next !== entry) before = before.next
    if (before !== undefined) before.next = entry.next
  }

  /** All connections, least recently used first. */
  *values(): Generator<T> {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) yield entry.value
  }

  #touch(entry: ConnectionEntry<T>): void {
    this.#unlink(entry)
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest !== undefined) this.#newest.newer = entry
    this.#newest = entry
    this.#oldest ??= entry
  }

  #unlink(entry: ConnectionEntry<T>): void {
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
  }

  /** The same for both directions. */
  #hash(frame: Frame, source: number, target: number): number {
    const { bytes, addresses: at, addressLength: length } = frame
    let a = this.#seed ^ source
    let b = this.#seed ^ target
    for (let index = 0; index < length; index += 4) {
      a = mix(a ^ word(bytes, at + index))
      b = mix(b ^ word(bytes, at + length + index))
    }
    return (a + b) | 0
  }
}

function word(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** The finisher of MurmurHash3. */
function mix(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return value ^ (value >>> 16)
}

function sameBytes({ addresses }: ConnectionEntry<unknown>, bytes: Buffer, at: number): boolean {
  for (let index = 0; index < addresses.length; index++) {
    if (addresses[index] !== bytes[at + index]) return false
  }
  return true
}

function crossedBytes({ addresses }: ConnectionEntry<unknown>, bytes: Buffer, at: number): boolean {
  const half = addresses.length >> 1
  for (let index = 0; index < half; index++) {
    if (addresses[index] !== bytes[at + half + index] || addresses[half + index] !== bytes[at + index]) {
      return false
    }
  }
  return true
}

/** `192.0.2.1:1883` or `[2001:db8::1]:1883`, as RFC 5952 writes addresses. */
export function endpoint(address: Buffer, port: number): string {
  if (address.length === 4) return `${address.join('.')}:${port}`
  const groups = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(index * 2).toString(16))
  const text = groups.join(':')
  const zeros = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length)[0]
  if (zeros === undefined) return `[${text}]:${port}`
  const before = text.slice(0, zeros.index)
  const after = text.slice(zeros.index + zeros[0].length)
  return `[${before}::${after.replace(/^:/, '')}]:${port}`
}
