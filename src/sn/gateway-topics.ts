// The topic identifiers that a gateway has given to one client (MQTT-SN 1.2, 6.5), and its Topic Filters.

/** Bytes that all clients share. */
export interface Budget {
  used: number
  readonly limit: number
}

interface Topic {
  readonly id: number
  readonly name: string
  /** The client has been told the identifier since its last CONNECT. */
  known: boolean
  /** Nobody was told the identifier before the last CONNECT. */
  isNew: boolean
}

export interface TopicLimits {
  readonly topics: number
  readonly topicBytes: number
}

const largestId = 65_534 // 0x0000 and 0xFFFF are reserved (5.3.11)

/** Bounded: a name too many takes the place of the one that was used least recently, which is registered again when needed. */
export class ClientTopics {
  readonly #limits: TopicLimits
  readonly #all: Budget
  readonly #random: () => number
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<number, Topic>()
  readonly #filters = new Map<string, 0 | 1 | 2>()
  #bytes = 0
  #last: number | undefined

  constructor(limits: TopicLimits, all: Budget, random: () => number) {
    this.#limits = limits
    this.#all = all
    this.#random = random
  }

  get size(): number {
    return this.#byName.size
  }

  get filters(): ReadonlyMap<string, 0 | 1 | 2> {
    return this.#filters
  }

  /** The name that has been given the identifier. */
  nameOf(id: number): string | undefined {
    const topic = this.#byId.get(id)
    if (topic === undefined) return undefined
    if (this.#byName.size * 2 > this.#limits.topics) this.#touch(topic)
    return topic.name
  }

  /** The identifier that the client knows for the name; undefined: REGISTER it first. */
  known(name: string): number | undefined {
    const topic = this.#byName.get(name)
    if (topic === undefined || !topic.known) return undefined
    this.#touch(topic)
    return topic.id
  }

  /** True if only who has received what was sent since the last CONNECT knows the identifier. */
  gave(id: number): boolean {
    const topic = this.#byId.get(id)
    return topic?.known === true && topic.isNew
  }

  /** The identifier of the name, a new one if it has none; undefined: there is no room. */
  assign(name: string): number | undefined {
    const found = this.#byName.get(name)
    if (found !== undefined) return found.id
    const size = sizeOf(name)
    if (this.#byName.size >= this.#limits.topics) this.#forgetOldest()
    while (this.#isFull(size) && this.#byName.size > 0) this.#forgetOldest()
    if (this.#isFull(size)) return undefined
    const topic = { id: this.#freeId(), name, known: false, isNew: true }
    this.#byName.set(name, topic)
    this.#byId.set(topic.id, topic)
    this.#add(size)
    return topic.id
  }

  /** The client has been told the identifier of the name. */
  learned(name: string): void {
    const topic = this.#byName.get(name)
    if (topic !== undefined) topic.known = true
  }

  /** The client does not know the identifier any more; undefined: none. */
  unlearned(id?: number): void {
    if (id === undefined) {
      this.#last = undefined
      for (const topic of this.#byName.values()) topic.known = topic.isNew = false
    } else {
      const topic = this.#byId.get(id)
      if (topic !== undefined) topic.known = false
    }
  }

  /** @returns false if there is no room */
  subscribed(filter: string, qos: 0 | 1 | 2): boolean {
    if (!this.#filters.has(filter)) {
      const size = sizeOf(filter)
      if (this.#filters.size >= this.#limits.topics || this.#isFull(size)) return false
      this.#add(size)
    }
    this.#filters.set(filter, qos)
    return true
  }

  unsubscribed(filter: string): void {
    if (this.#filters.delete(filter)) this.#add(-sizeOf(filter))
  }

  clear(): void {
    this.#byName.clear()
    this.#byId.clear()
    this.#filters.clear()
    this.#add(-this.#bytes)
  }

  #isFull(size: number): boolean {
    return this.#bytes + size > this.#limits.topicBytes || this.#all.used + size > this.#all.limit
  }

  #add(bytes: number): void {
    this.#bytes += bytes
    this.#all.used += bytes
  }

  #touch(topic: Topic): void {
    this.#byName.delete(topic.name)
    this.#byName.set(topic.name, topic)
  }

  #forgetOldest(): void {
    const [oldest] = this.#byName.values()
    this.#byName.delete(oldest!.name)
    this.#byId.delete(oldest!.id)
    this.#add(-sizeOf(oldest!.name))
  }

  #freeId(): number {
    this.#last ??= this.#random() % largestId
    do this.#last = this.#last >= largestId ? 1 : this.#last + 1
    while (this.#byId.has(this.#last))
    return this.#last
  }
}

/** What a name costs, about: its characters, and the entries of the tables. */
function sizeOf(name: string): number {
  return 100 + name.length * 2
}
