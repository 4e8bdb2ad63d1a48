// The topic identifiers of one client (MQTT-SN 1.2, 6.5): names by identifier, and identifiers by name.

const mostTopics = 65_535
const mostBytes = 16 * 1024 * 1024

/** Bounded: beyond 16 MiB of names the one that was registered first is forgotten, and is registered again when it is used. */
export class TopicTable {
  readonly #names = new Map<number, string>()
  readonly #ids = new Map<string, number>()
  #bytes = 0

  /** Records an assignment. A name that had another identifier, and an identifier that had another name, get the new one. */
  set(id: number, name: string): void {
    this.forget(id)
    const before = this.#ids.get(name)
    if (before !== undefined) this.forget(before)
    this.#names.set(id, name)
    this.#ids.set(name, id)
    this.#bytes += name.length
    while (this.#bytes > mostBytes || this.#names.size > mostTopics) {
      const [oldest] = this.#names.keys()
      this.forget(oldest!)
    }
  }

  forget(id: number): void {
    const name = this.#names.get(id)
    if (name === undefined) return
    this.#names.delete(id)
    this.#ids.delete(name)
    this.#bytes -= name.length
  }

  nameOf(id: number): string | undefined {
    return this.#names.get(id)
  }

  idOf(name: string): number | undefined {
    return this.#ids.get(name)
  }

  get size(): number {
    return this.#names.size
  }

  clear(): void {
    this.#names.clear()
    this.#ids.clear()
    this.#bytes = 0
  }
}
