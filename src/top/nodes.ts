// The nodes of the tree of `mqttx top` in blocks of memory of a fixed size: names, counters, decaying rates, marks.

/** A node is a record of 64 bytes, one cache line. These are the offsets of its fields in words of four bytes. */
const words = 16
const doubles = words / 2
const countAt = 0 // a double
const bytesAt = 1 // a double, in doubles
const parentAt = 4
const nameAt = 5
const flagsAt = 6 // the length of the name in the lower half
const hashAt = 7
const childAt = 8 // of a level: its newest child
const nextAt = 9 // the next child of the same level
const rateAt = 10 // a float: messages per second, decaying
const byteRateAt = 11 // a float
const lastAt = 12 // a time
const firstAt = 13 // a time
const gapAt = 14 // of a topic: its longest pause, in ticks
const retainedAt = 14 // of a level: its topics with a retained message
const topicsAt = 15 // of a level: its topics

const lengthMask = 0xffff
const qosShift = 16 // three bits, one for each QoS
const qosMask = 0x70000
const topicFlag = 0x80000
const retainedFlag = 0x100000
/** For the view: the level is unfolded. */
const unfoldedFlag = 0x200000
/** For the view: the text that is looked for is in the topic, or in one below the level. */
const matchFlag = 0x400000

/** Times are in ticks of 10 ms after the start, plus one: 0 is never. They last for 497 days. */
const tickMs = 10
/** The time constant of the rates in milliseconds: what is older than a few of these no longer counts. */
const decayMs = 5000
const decayTicks = decayMs / tickMs
const decaySeconds = decayMs / 1000

/** The parent of all topics, which counts everything. */
export const root = 0
/** Counts the topics that have no node of their own. */
export const others = 1
/** Topics and levels are the nodes from this on. */
export const firstNode = 2

const slash = 0x2f

/** A topic that has had so many messages is silent if it pauses for more than twice its longest pause. */
const regularMessages = 5
const leastSilenceMs = 5000

/** The figures of a topic or of all topics below a level at one time. Rates are per second, times in milliseconds. */
export interface Figures {
  /** Messages, without stored ones. */
  readonly messages: number
  /** Bytes of their payloads. */
  readonly bytes: number
  readonly rate: number
  readonly byteRate: number
  readonly averageRate: number
  /** Since the first message; undefined without one. */
  readonly age: number | undefined
  /** Since the last message. */
  readonly silence: number | undefined
  /** Bit n: messages at QoS n were received. */
  readonly qos: number
  readonly topics: number
  /** Topics with a retained message. */
  readonly retained: number
  readonly isSilent: boolean
}

export class Nodes {
  readonly #silentMs: number | undefined
  readonly #u32: Uint32Array
  readonly #f32: Float32Array
  readonly #f64: Float64Array
  readonly #names: Buffer
  #end = firstNode
  #nameBytes = 0

  /**
   * The blocks are as large as the limits, but the system provides memory only for what is used.
   * @param silentMs a topic without a message for so long is silent; undefined: twice its longest pause
   */
  constructor(mostNodes: number, mostNameBytes: number, silentMs: number | undefined) {
    const block = new ArrayBuffer((mostNodes + firstNode) * words * 4)
    this.#silentMs = silentMs
    this.#u32 = new Uint32Array(block)
    this.#f32 = new Float32Array(block)
    this.#f64 = new Float64Array(block)
    this.#names = Buffer.from(new ArrayBuffer(mostNameBytes))
    this.#u32[others * words + flagsAt] = topicFlag
  }

  /** One more than the largest node: topics and levels are the nodes from 2 on, in the order of their appearance. */
  get end(): number {
    return this.#end
  }

  /** True if so many nodes with so many bytes of names can be appended. */
  hasRoom(nodes: number, nameBytes: number): boolean {
    const most = this.#u32.length / words
    return this.#end + nodes <= most && this.#nameBytes + nameBytes <= this.#names.length
  }

  /** A new node, named `bytes` from `begin` to `end`. */
  append(
    bytes: Uint8Array,
    begin: number,
    end: number,
    hash: number,
    parent: number,
    isTopic: boolean,
  ): number {
    const u32 = this.#u32
    const node = this.#end++
    const word = node * words
    this.#names.set(bytes.subarray(begin, end), this.#nameBytes)
    u32[word + nameAt] = this.#nameBytes
    this.#nameBytes += end - begin
    u32[word + flagsAt] = (end - begin) | (isTopic ? topicFlag : 0)
    u32[word + hashAt] = hash
    u32[word + parentAt] = parent
    u32[word + nextAt] = u32[parent * words + childAt]!
    u32[parent * words + childAt] = node
    if (!isTopic) return node
    for (let at = parent; ; at = u32[at * words + parentAt]!) {
      u32[at * words + topicsAt]!++
      if (at === root) return node
    }
  }

  /** Counts in the topic and in all levels above it. */
  count(node: number, size: number, qos: number, weight: number, timeMs: number): void {
    const tick = Math.floor(timeMs / tickMs) + 1
    const u32 = this.#u32
    const f32 = this.#f32
    const f64 = this.#f64
    const qosBit = 1 << (qosShift + qos)
    const first = node * words
    const last = u32[first + lastAt]!
    if (last > 0 && tick - last > u32[first + gapAt]! && node !== others) u32[first + gapAt] = tick - last
    const added = weight / decaySeconds
    for (let at = node; ; at = u32[at * words + parentAt]!) {
      const word = at * words
      const double = at * doubles
      f64[double + countAt]! += weight
      f64[double + bytesAt]! += weight * size
      u32[word + flagsAt]! |= qosBit
      const previous = u32[word + lastAt]!
      if (previous === 0) u32[word + firstAt] = tick
      if (previous === tick) {
        f32[word + rateAt]! += added
        f32[word + byteRateAt]! += added * size
      } else {
        const decay = previous === 0 ? 0 : Math.exp((previous - tick) / decayTicks)
        f32[word + rateAt] = f32[word + rateAt]! * decay + added
        f32[word + byteRateAt] = f32[word + byteRateAt]! * decay + added * size
        u32[word + lastAt] = tick
      }
      if (at === root) return
    }
  }

  /** Marks a topic and its levels as having had a message at this QoS, without counting it. */
  markQos(topic: number, qos: number): void {
    for (let at = topic; ; at = this.parent(at)) {
      this.#u32[at * words + flagsAt]! |= 1 << (qosShift + qos)
      if (at === root) return
    }
  }

  /** Marks a topic as having a retained message or none. */
  setRetained(topic: number, is: boolean): void {
    const u32 = this.#u32
    const word = topic * words
    if (((u32[word + flagsAt]! & retainedFlag) !== 0) === is) return
    u32[word + flagsAt]! ^= retainedFlag
    for (let at = this.parent(topic); ; at = this.parent(at)) {
      u32[at * words + retainedAt]! += is ? 1 : -1
      if (at === root) return
    }
  }

  /** Forgets all messages; topics, their retained marks and what the view has set stay. */
  clear(): void {
    for (let node = 0; node < this.#end; node++) {
      const word = node * words
      this.#f64.fill(0, node * doubles, node * doubles + bytesAt + 1)
      this.#u32.fill(0, word + rateAt, word + firstAt + 1)
      this.#u32[word + flagsAt]! &= ~qosMask
      if (this.isTopic(node)) this.#u32[word + gapAt] = 0
    }
  }

  hash(node: number): number {
    return this.#u32[node * words + hashAt]!
  }

  /** Bytes of the name. */
  nameLength(node: number): number {
    return this.#u32[node * words + flagsAt]! & lengthMask
  }

  /** True if `bytes` have the name of `node` at `start`. */
  isNamed(node: number, bytes: Uint8Array, start: number): boolean {
    const length = this.#u32[node * words + flagsAt]! & lengthMask
    const name = this.#u32[node * words + nameAt]!
    for (let i = 0; i < length; i++) if (this.#names[name + i] !== bytes[start + i]) return false
    return true
  }

  /** False for a level: a part of longer topics. A topic and a level may have the same name. */
  isTopic(node: number): boolean {
    return (this.#u32[node * words + flagsAt]! & topicFlag) !== 0
  }

  parent(node: number): number {
    return this.#u32[node * words + parentAt]!
  }

  /** The first child of a level; 0 if it has none. */
  child(level: number): number {
    return this.#u32[level * words + childAt]!
  }

  /** The next child of the same level; 0 after the last. */
  next(node: number): number {
    return this.#u32[node * words + nextAt]!
  }

  /** Topics below a level; 1 for a topic. */
  topicsOf(node: number): number {
    return this.isTopic(node) ? 1 : this.#u32[node * words + topicsAt]!
  }

  /** The last level of a topic, or a level, as it was received. */
  name(node: number): string {
    const word = node * words
    const from = this.#u32[word + nameAt]!
    return this.#names.toString('utf8', from, from + (this.#u32[word + flagsAt]! & lengthMask))
  }

  /** The whole Topic Name, or the levels with `/` after each. */
  path(node: number): string {
    const levels = this.isTopic(node) ? [] : ['']
    for (let at = node; at !== root; at = this.parent(at)) levels.unshift(this.name(at))
    return levels.join('/')
  }

  /** Writes the bytes of `path` to the end of `buffer`, in lower case (ASCII); returns where they begin. Long ones are cut. */
  lowerPath(topic: number, buffer: Uint8Array): number {
    let position = buffer.length
    for (let at = topic; at !== root; at = this.parent(at)) {
      const word = at * words
      const from = this.#u32[word + nameAt]!
      const length = this.#u32[word + flagsAt]! & lengthMask
      if (position < buffer.length) buffer[--position] = slash
      if (length >= position) break
      for (let i = length - 1; i >= 0; i--) {
        const byte = this.#names[from + i]!
        buffer[--position] = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
      }
    }
    return position
  }

  /** By the bytes of their own names, as UTF-8 is sorted. */
  compareNames(a: number, b: number): number {
    const u32 = this.#u32
    const [fromA, fromB] = [u32[a * words + nameAt]!, u32[b * words + nameAt]!]
    const lengthA = u32[a * words + flagsAt]! & lengthMask
    const lengthB = u32[b * words + flagsAt]! & lengthMask
    const common = Math.min(lengthA, lengthB)
    for (let i = 0; i < common; i++) {
      const difference = this.#names[fromA + i]! - this.#names[fromB + i]!
      if (difference !== 0) return difference
    }
    return lengthA - lengthB || Number(this.isTopic(b)) - Number(this.isTopic(a))
  }

  /** By their levels, each as `compareNames`; a level comes before what is below it. */
  comparePaths(a: number, b: number): number {
    let [atA, atB] = [a, b]
    const levels = this.#depth(a) - this.#depth(b)
    for (let i = levels; i > 0; i--) atA = this.parent(atA)
    for (let i = levels; i < 0; i++) atB = this.parent(atB)
    if (atA === atB) return levels
    while (this.parent(atA) !== this.parent(atB)) {
      atA = this.parent(atA)
      atB = this.parent(atB)
    }
    return this.compareNames(atA, atB)
  }

  #depth(node: number): number {
    let depth = 0
    for (let at = node; at !== root; at = this.parent(at)) depth++
    return depth
  }

  /** Messages per second during the last seconds. */
  rate(node: number, timeMs: number): number {
    return this.#decayed(this.#f32[node * words + rateAt]!, node, timeMs)
  }

  #decayed(value: number, node: number, timeMs: number): number {
    if (value === 0 || timeMs <= 0) return 0
    const since = timeMs - (this.#u32[node * words + lastAt]! - 1) * tickMs
    // Soon after the start less time than the time constant has been observed.
    return (value * Math.exp(-Math.max(0, since) / decayMs)) / (1 - Math.exp(-timeMs / decayMs))
  }

  messages(node: number): number {
    return this.#f64[node * doubles + countAt]!
  }

  bytes(node: number): number {
    return this.#f64[node * doubles + bytesAt]!
  }

  /** Milliseconds since the last message; undefined without one. */
  silence(node: number, timeMs: number): number | undefined {
    return since(this.#u32[node * words + lastAt]!, timeMs)
  }

  /** True for a topic without a message for longer than is usual, or than the options say. */
  isSilent(topic: number, timeMs: number): boolean {
    if (!this.isTopic(topic) || topic === others) return false
    const silence = this.silence(topic, timeMs)
    if (silence === undefined) return false
    if (this.#silentMs !== undefined) return silence >= this.#silentMs
    const gap = this.#u32[topic * words + gapAt]! * tickMs
    return this.messages(topic) >= regularMessages && silence >= leastSilenceMs && silence > 2 * gap
  }

  figures(node: number, timeMs: number): Figures {
    const word = node * words
    const flags = this.#u32[word + flagsAt]!
    const isTopic = (flags & topicFlag) !== 0
    const messages = this.messages(node)
    return {
      messages,
      bytes: this.bytes(node),
      rate: this.rate(node, timeMs),
      byteRate: this.#decayed(this.#f32[word + byteRateAt]!, node, timeMs),
      averageRate: timeMs > 0 ? (messages * 1000) / timeMs : 0,
      age: since(this.#u32[word + firstAt]!, timeMs),
      silence: this.silence(node, timeMs),
      qos: (flags & qosMask) >> qosShift,
      topics: this.topicsOf(node),
      retained: isTopic ? Number((flags & retainedFlag) !== 0) : this.#u32[word + retainedAt]!,
      isSilent: this.isSilent(node, timeMs),
    }
  }

  isUnfolded(level: number): boolean {
    return (this.#u32[level * words + flagsAt]! & unfoldedFlag) !== 0
  }

  unfold(level: number, is: boolean): void {
    this.#setFlag(level, unfoldedFlag, is)
  }

  matches(node: number): boolean {
    return (this.#u32[node * words + flagsAt]! & matchFlag) !== 0
  }

  setMatch(node: number, is: boolean): void {
    this.#setFlag(node, matchFlag, is)
  }

  #setFlag(node: number, flag: number, is: boolean): void {
    if (is) this.#u32[node * words + flagsAt]! |= flag
    else this.#u32[node * words + flagsAt]! &= ~flag
  }
}

function since(tick: number, timeMs: number): number | undefined {
  return tick === 0 ? undefined : Math.max(0, timeMs - (tick - 1) * tickMs)
}
