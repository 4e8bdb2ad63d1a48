// Brokers that break the statements of src/check/statements/topics.ts.
import type { Breaking, Passing } from '../rig.js'
import { answer, filterOf, identifierOf, request, suback, takes, types } from './changes.js'
import { inBoth, topicOf } from './tools.js'

/** Takes a SUBSCRIBE that is invalid, and grants QoS 0. */
const grants = (matches: (bytes: Buffer) => boolean): Breaking =>
  takes(
    ({ type, bytes }) => type === types.subscribe && matches(bytes),
    (passing: Passing) => suback(identifierOf(passing), 0),
  )

/** Takes a Topic Name for another one. */
const names = (read: (topic: string) => string): Breaking =>
  request('publish', (packet) => ({ ...packet, topic: read(packet.topic) }))

/** Loses messages with `payload` to those who have subscribed to `filter` below the topics of the exchange. */
const loses =
  (payload: string, filter: string): Breaking =>
  (between) => {
    let has = false
    const client = request('subscribe', (packet) => {
      has ||= filterOf(packet).endsWith(filter)
      return undefined
    })
    const server = answer('publish', (packet) =>
      has && packet.payload.toString() === payload ? false : undefined,
    )
    return { ...client(between), ...server(between) }
  }

const anyCase = names((topic) => topic.replace(/topic$/i, 'Topic'))
const wildcardName = takes(
  ({ bytes }) => /[+#]$/.test(topicOf(bytes) ?? ''),
  () => ({ cmd: 'puback', messageId: 1 }),
)

export const topics: Record<string, Breaking> = {
  ...inBoth('4.7.1-1', wildcardName, '4.7.0-1'),
  ...inBoth(
    '4.7.1-2',
    grants((bytes) => bytes.includes('a#') || bytes.includes('#/a')),
    '4.7.1-1',
  ),
  ...inBoth(
    '4.7.1-3',
    grants((bytes) => bytes.includes('a+') || bytes.includes('+a/b')),
    '4.7.1-2',
  ),
  ...inBoth('4.7.1.2-a', loses("'a'", '/a/#')),
  ...inBoth('4.7.1.3-a', loses("'a//b'", '/a/+/b')),
  ...inBoth(
    '4.7.2-1',
    names((topic) => topic.replace('$mqttx', 'mqttx')),
  ),
  ...inBoth(
    '4.7.3-1',
    grants((bytes) => bytes.length < 9),
  ),
  ...inBoth(
    '4.7.3-2',
    grants((bytes) => bytes.includes('a\0b')),
  ),
  ...inBoth(
    '4.7.3-3',
    answer('publish', (packet) =>
      packet.topic.length > 1024 ? { ...packet, topic: packet.topic.slice(0, 1024) } : undefined,
    ),
  ),
  ...inBoth(
    '4.7.3-4',
    names((topic) => topic.normalize()),
  ),
  ...inBoth('4.7.3-a', anyCase),
  ...inBoth(
    '4.7.3-b',
    names((topic) => topic.trimEnd()),
  ),
  ...inBoth(
    '4.7.3-c',
    names((topic) => topic.replace(/\/$/, '')),
  ),
}
