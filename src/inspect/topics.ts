// Checks of Topic Names and Topic Filters (MQTT 5.0, 4.7 and 4.8).
import { misplacedWildcards } from '../session/topic-filter.js'
import type { Fields } from './fields.js'
import type { RuleKey } from './rules.js'

/** Checks a Topic Name. `instead`: the rule reported for a Will Topic or Response Topic. */
export function checkTopic(f: Fields, topic: string, instead?: RuleKey, offset = f.last.start >> 3): void {
  if (topic === '') f.report(instead ?? 'topic-empty', undefined, offset)
  else if (/[+#]/.test(topic)) f.report(instead ?? 'topic-wildcard', undefined, offset)
  if (topic.includes('\0') && instead === undefined) f.report('topic-nul', undefined, offset)
}

/** Checks the Topic Filter of the last field. */
export function checkFilter(f: Fields, filter: string): void {
  if (filter === '') return f.report('filter-empty')
  const shared = f.version === 5 && filter.startsWith('$share/')
  const real = shared ? filterOfShared(filter) : filter
  if (real === undefined) return f.report('share-malformed')
  for (const { wildcard } of misplacedWildcards(real))
    f.report(wildcard === '#' ? 'filter-hash' : 'filter-plus')
}

/** The Topic Filter in `$share/NAME/FILTER`; undefined if malformed [MQTT-4.8.2-1] [MQTT-4.8.2-2]. */
export function filterOfShared(filter: string): string | undefined {
  return /^\$share\/[^/+#]+\/(.+)$/s.exec(filter)?.[1]
}
