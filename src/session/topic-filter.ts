// Topic Filters (MQTT 5.0, 4.7; MQTT 3.1.1, 4.7): misplaced wildcards, and whether a Topic Name matches.

/**
 * True if the valid Topic Filter `filter` matches the Topic Name `topic`. A filter that begins with a wildcard
 * does not match topics that begin with `$` [MQTT-4.7.2-1].
 */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && (filter.startsWith('#') || filter.startsWith('+'))) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '#') return true
    if (i >= levels.length) return false
    if (wanted[i] !== '+' && wanted[i] !== levels[i]) return false
    // `a/#` also matches `a` (4.7.1.2).
    if (i === levels.length - 1 && i === wanted.length - 2 && wanted[i + 1] === '#') return true
  }
  return wanted.length === levels.length
}

/** A wildcard of a Topic Filter that is not where it may be. */
export interface MisplacedWildcard {
  readonly wildcard: '#' | '+'
  /** Its position in the filter in UTF-16 units, from 0. */
  readonly index: number
  readonly mustBe: 'alone in its level' | 'the last level'
}

/**
 * The misplaced wildcards of a Topic Filter by level, the first of each kind: [MQTT-4.7.1-1] and [MQTT-4.7.1-2]; in
 * MQTT 3.1.1 [MQTT-4.7.1-2] and [MQTT-4.7.1-3]. None: the wildcards are valid.
 */
export function misplacedWildcards(filter: string): MisplacedWildcard[] {
  const misplaced: MisplacedWildcard[] = []
  let start = 0
  for (const level of filter.split('/')) {
    for (const wildcard of ['#', '+'] as const) {
      const index = level.indexOf(wildcard)
      if (index < 0) continue
      if (level.length > 1) misplaced.push({ wildcard, index: start + index, mustBe: 'alone in its level' })
      else if (wildcard === '#' && start + 1 < filter.length)
        misplaced.push({ wildcard, index: start, mustBe: 'the last level' })
    }
    start += level.length + 1
  }
  return misplaced
}
