// Topic Names and Topic Filters as a server checks them (MQTT 5.0, 4.7 and 4.8.2).
import { misplacedWildcards } from '../../session/topic-filter.js'

/** Topics with more separators are refused, as mosquitto does: this bounds the depth of the trees. */
export const mostSeparators = 200

/** Why `topic`, which is UTF-8 without U+0000, cannot be published to; undefined if it can. */
export function nameFault(topic: string): string | undefined {
  if (topic === '') return 'it is empty [MQTT-4.7.3-1]'
  if (hasWildcard(topic)) return 'it contains a wildcard [MQTT-4.7.0-1]'
  if (topic.startsWith('$share/')) return '$share is for subscriptions'
  return depthFault(topic)
}

/** True if there is a `+` or `#`. */
export const hasWildcard = (text: string): boolean => text.includes('+') || text.includes('#')

/** True for topics that only the server publishes to. */
export function isServerTopic(topic: string): boolean {
  return topic === '$SYS' || topic.startsWith('$SYS/')
}

export interface ParsedFilter {
  /** ShareName; undefined: the subscription is not shared. */
  readonly share: string | undefined
  /** The part that topics are matched against. */
  readonly filter: string
}

/** Parses a Topic Filter, which is UTF-8 without U+0000; or returns its fault. */
export function parseFilter(text: string): ParsedFilter | { readonly fault: string } {
  let share: string | undefined
  let filter = text
  if (text === '$share' || text.startsWith('$share/')) {
    const end = text.indexOf('/', '$share/'.length)
    if (end < 0) return { fault: 'a shared subscription has no Topic Filter [MQTT-4.8.2-2]' }
    share = text.slice('$share/'.length, end)
    filter = text.slice(end + 1)
    if (share === '' || hasWildcard(share))
      return { fault: 'its ShareName is empty or has a wildcard [MQTT-4.8.2-1]' }
  }
  const fault = filterFault(filter)
  return fault === undefined ? { share, filter } : { fault }
}

function filterFault(filter: string): string | undefined {
  if (filter === '') return 'it is empty [MQTT-4.7.3-1]'
  const depth = depthFault(filter)
  if (depth !== undefined) return depth
  if (!hasWildcard(filter)) return undefined
  const [misplaced] = misplacedWildcards(filter)
  return misplaced === undefined
    ? undefined
    : `${misplaced.wildcard} is not ${misplaced.mustBe} [MQTT-4.7.1-${misplaced.wildcard === '#' ? 1 : 2}]`
}

function depthFault(text: string): string | undefined {
  let separators = 0
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) separators++
  return separators > mostSeparators ? `it has ${separators} '/', the limit is ${mostSeparators}` : undefined
}

/** The approximate cost of a subscription in bytes: its text, and a node of the tree for each level. */
export function filterCost(filter: string): number {
  let levels = 1
  for (let at = filter.indexOf('/'); at >= 0; at = filter.indexOf('/', at + 1)) levels++
  return filter.length + 512 * levels
}
