// Checks of Topic Names and Topic Filters (MQTT 5.0, 4.7 and 4.8).
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
  const levels = real.split('/')
  levels.forEach((level, i) => {
    if (level.includes('#') && (level !== '#' || i < levels.length - 1)) f.report('filter-hash')
    if (level.includes('+') && level !== '+') f.report('filter-plus')
  })
}

/** The Topic Filter in `$share/NAME/FILTER`; undefined if malformed [MQTT-4.8.2-1] [MQTT-4.8.2-2]. */
export function filterOfShared(filter: string): string | undefined {
  return /^\$share\/[^/+#]+\/(.+)$/s.exec(filter)?.[1]
}
