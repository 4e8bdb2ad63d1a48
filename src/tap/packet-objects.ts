// The packets that pass as objects, with the fields of `inspect --view json`: for the library.
import { Inspector } from '../inspect/inspector.js'
import { LiveConnections } from '../inspect/live.js'
import { CollectedText } from '../inspect/views/collected-text.js'
import { JsonView } from '../inspect/views/json.js'
import { Backlog } from './backlog.js'
import type { Watcher } from './common.js'
import type { TapProtocol } from './fault-language.js'

export type PacketObject = Readonly<Record<string, unknown>>

/** Packets that wait for a reader. */
const mostWaiting = 1000

/** A reader of packets. */
export class PacketReader implements AsyncIterableIterator<PacketObject> {
  /** Packets that were left out because too many waited. */
  dropped = 0
  readonly #left: (reader: PacketReader) => void
  #packets: PacketObject[] = []
  #wanted: ((result: IteratorResult<PacketObject>) => void)[] = []
  #ended = false

  /** `left` is called when it takes no more. */
  constructor(left: (reader: PacketReader) => void) {
    this.#left = left
  }

  put(packet: PacketObject): void {
    const wanted = this.#wanted.shift()
    if (wanted !== undefined) wanted({ value: packet, done: false })
    else if (this.#packets.length < mostWaiting) this.#packets.push(packet)
    else this.dropped++
  }

  end(): void {
    this.#ended = true
    for (const wanted of this.#wanted.splice(0)) wanted({ value: undefined, done: true })
  }

  async next(): Promise<IteratorResult<PacketObject>> {
    const value = this.#packets.shift()
    if (value !== undefined) return { value, done: false }
    if (this.#ended) return { value: undefined, done: true }
    return new Promise((resolve) => this.#wanted.push(resolve))
  }

  async return(): Promise<IteratorResult<PacketObject>> {
    this.#packets = []
    this.end()
    this.#left(this)
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

export interface PacketObjects {
  readonly watcher: Watcher
  /** The packets that are decoded from now on. */
  reader(): PacketReader
  end(): Promise<void>
}

export function packetObjects(protocol: TapProtocol = 'mqtt'): PacketObjects {
  const isSn = protocol === 'mqtt-sn'
  const readers = new Set<PacketReader>()
  const text = new CollectedText()
  const inspector = new Inspector({
    view: new JsonView(text, { fields: false, showSecrets: true }),
    certain: true,
    protocol: isSn ? 'mqtt-sn' : undefined,
  })
  const live = new LiveConnections(inspector)
  const flush = (): undefined => {
    inspector.flush()
    for (const line of text.take().split('\n')) {
      if (line === '' || readers.size === 0) continue
      const value = JSON.parse(line) as PacketObject
      if ('packet' in value) for (const reader of readers) reader.put(value)
    }
    return undefined
  }
  const backlog = new Backlog(live, flush, isSn ? 'udp' : 'tcp')
  return {
    watcher: {
      opened: (id, client, server) => backlog.opened(id, client, server),
      passed: (id, direction, bytes) => backlog.passed(id, direction, bytes),
      applied: (id) => isSn || backlog.doubt(id),
      answered: (id, connack) => backlog.passed(id, 's2c', connack),
      closed: (id, how) => backlog.closed(id, isSn ? 'timeout' : how === 'reset' ? 'rst' : 'fin'),
    },
    reader() {
      const reader = new PacketReader((left) => void readers.delete(left))
      readers.add(reader)
      return reader
    },
    async end() {
      await backlog.end()
      for (const reader of readers) reader.end()
    },
  }
}
