// Topic Filters: whether one is valid, and a tree that finds all that match a Topic Name.
import { misplacedWildcards } from '../session/topic-filter.js'

/** What a subscription costs in bytes, about: its text, and a node of the tree for each level. */
export function filterCost(filter: string): number {
  return filter.length + 512 * filter.split('/').length
}

/** What is wrong with a Topic Filter (MQTT 3.1.1, 4.7.1); undefined for a good one. */
export function filterFault(filter: string): string | undefined {
  if (filter === '') return 'it is empty' // [MQTT-4.7.3-1]
  const [first] = misplacedWildcards(filter)
  if (first !== undefined) return `${first.wildcard} is not ${first.mustBe}`
  return filter.includes('\0') ? 'it contains U+0000' : undefined // [MQTT-4.7.3-2]
}

interface Node {
  readonly children: Map<string, Node>
  /** Who subscribed with the filter that ends here, and the QoS granted. */
  readonly subscribers: Map<string, number>
}

const emptyNode = (): Node => ({ children: new Map(), subscribers: new Map() })

/** The subscriptions of many clients, one branch for each level of a Topic Filter. */
export class FilterTree {
  readonly #root = emptyNode()

  add(filter: string, clientId: string, qos: number): void {
    let node = this.#root
    for (const level of filter.split('/')) {
      let child = node.children.get(level)
      if (child === undefined) node.children.set(level, (child = emptyNode()))
      node = child
    }
    node.subscribers.set(clientId, qos)
  }

  remove(filter: string, clientId: string): void {
    const path: [parent: Node, level: string, node: Node][] = []
    let node = this.#root
    for (const level of filter.split('/')) {
      const child = node.children.get(level)
      if (child === undefined) return
      path.push([node, level, child])
      node = child
    }
    node.subscribers.delete(clientId)
    for (const [parent, level, child] of path.reverse()) {
      if (child.subscribers.size > 0 || child.children.size > 0) return
      parent.children.delete(level)
    }
  }

  /** The clients that want `topic`, each once, with the highest QoS of those of its subscriptions that match. */
  match(topic: string): Map<string, number> {
    const found = new Map<string, number>()
    const levels = topic.split('/')
    const collect = (node: Node | undefined): void => {
      for (const [id, qos] of node?.subscribers ?? []) found.set(id, Math.max(qos, found.get(id) ?? 0))
    }
    const descend = (node: Node, depth: number): void => {
      const wild = depth > 0 || !topic.startsWith('$') // [MQTT-4.7.2-1]
      if (wild) collect(node.children.get('#')) // `a/#` matches `a` too
      const level = levels[depth]
      if (level === undefined) return collect(node)
      const exact = node.children.get(level)
      if (exact !== undefined) descend(exact, depth + 1)
      const any = wild ? node.children.get('+') : undefined
      if (any !== undefined) descend(any, depth + 1)
    }
    descend(this.#root, 0)
    return found
  }
}
