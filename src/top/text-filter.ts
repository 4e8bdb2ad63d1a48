// The text that the topics shown by `mqttx top` contain: marks them, and the levels above them, in the tree.
import { firstNode, type Nodes, root } from './nodes.js'

/** Bytes of a topic that are looked at, from its end. */
const longest = 4096

export class TextFilter {
  readonly #nodes: Nodes
  readonly #buffer = Buffer.alloc(longest)
  #text = ''
  #wanted: Buffer = Buffer.alloc(0)
  /** Nodes before this one have been looked at. */
  #seen = firstNode

  constructor(nodes: Nodes) {
    this.#nodes = nodes
  }

  /** Empty: everything matches, and nothing is marked. */
  get text(): string {
    return this.#text
  }

  /** Letters of ASCII match in both cases. */
  set(text: string): void {
    this.#text = text
    this.#wanted = Buffer.from(text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()))
    for (let node = root; node < this.#seen; node++) this.#nodes.setMatch(node, false)
    this.#seen = firstNode
  }

  /** Looks at the topics that are new since the last call. */
  update(): void {
    const nodes = this.#nodes
    if (this.#text === '') return
    for (; this.#seen < nodes.end; this.#seen++) {
      const topic = this.#seen
      if (!nodes.isTopic(topic)) continue
      const from = nodes.lowerPath(topic, this.#buffer)
      if (this.#buffer.indexOf(this.#wanted, from) < 0) continue
      for (let at = topic; !nodes.matches(at); at = nodes.parent(at)) nodes.setMatch(at, true)
    }
  }
}
