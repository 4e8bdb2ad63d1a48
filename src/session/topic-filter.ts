// Topic Filters (MQTT 5.0, 4.7; MQTT 3.1.1, 4.7).

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
