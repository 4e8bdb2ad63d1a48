// A tree with the topics of a house, for the tests of the screen and the reports.
import { TopicTree } from '../../src/top/topic-tree.js'

export const limits = { topics: 10_000, nodes: 20_000, nameBytes: 1_000_000 }

export const emptyTree = (options: Partial<ConstructorParameters<typeof TopicTree>[0]> = {}): TopicTree =>
  new TopicTree({ limits, seed: 7, retainAsPublished: true, ...options })

export interface Sent {
  readonly size?: number
  readonly qos?: number
  readonly retain?: boolean
  readonly weight?: number
}

export function send(tree: TopicTree, topic: string, timeMs: number, sent: Sent = {}): void {
  const { size = 10, qos = 0, retain = false, weight = 1 } = sent
  const bytes = Buffer.from(topic)
  tree.add(bytes, 0, bytes.length, size, qos, retain, weight, timeMs)
}

/** A minute of a house with loud, quiet and silent topics, and names that are hostile or wide. */
export function house(options: Parameters<typeof emptyTree>[0] = {}): TopicTree {
  const tree = emptyTree(options)
  send(tree, 'home/door', 0, { retain: true, qos: 1 })
  for (let second = 0; second < 60; second++) {
    const ms = second * 1000
    for (let i = 0; i < 20; i++) send(tree, 'home/power/meter', ms, { size: 40 })
    send(tree, `home/room${second % 3}/temperature`, ms, { size: 5, qos: 1 })
    send(tree, `home/room${second % 3}/humidity`, ms, { size: 2, qos: 2, retain: true })
    if (second % 10 === 0) send(tree, 'home/camera', ms, { size: 123_456 })
    if (second < 20) send(tree, 'garden/pump', ms)
    if (second === 30) send(tree, 'home/\x1b[31mred\x1b[0m\u202e', ms)
    if (second === 40) send(tree, '家/温度', ms)
    if (second === 50) send(tree, `long/${'x'.repeat(200)}`, ms)
  }
  return tree
}
