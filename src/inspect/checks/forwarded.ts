// Properties of PUBLISH that a server must forward unaltered (MQTT 5.0, 3.3.2.3).
import { type PropertyBag, type PropertyValue, properties, propertyId } from '../properties.js'

const statements: ReadonlyMap<number, string> = new Map([
  [propertyId.payloadFormat, 'MQTT-3.3.2-4'],
  [propertyId.responseTopic, 'MQTT-3.3.2-15'],
  [propertyId.correlationData, 'MQTT-3.3.2-16'],
  [propertyId.userProperty, 'MQTT-3.3.2-17'],
  [propertyId.contentType, 'MQTT-3.3.2-20'],
])

/** Returns `bag` if it has a property that must be forwarded. */
export function forwarded(bag: PropertyBag | undefined): PropertyBag | undefined {
  if (bag === undefined) return undefined
  for (const identifier of bag.keys()) if (statements.has(identifier)) return bag
  return undefined
}

/**
 * Describes the first property that is missing from `delivered` or changed, with the statement it breaks. Additional
 * properties are allowed.
 */
export function alteredProperty(
  published: PropertyBag,
  delivered: PropertyBag | undefined,
): string | undefined {
  for (const [identifier, statement] of statements) {
    const before = published.get(identifier)
    if (before === undefined) continue
    const name = properties.get(identifier)!.name
    const after = delivered?.get(identifier)
    if (after === undefined) return `${name} is missing [${statement}]`
    if (!isWithin(before, after)) return `${name} was changed [${statement}]`
  }
  return undefined
}

/** True if `after` contains all of `before` in order, as User Properties must [MQTT-3.3.2-18]. */
function isWithin(before: readonly PropertyValue[], after: readonly PropertyValue[]): boolean {
  let at = 0
  for (const value of after) if (at < before.length && isSame(before[at]!, value)) at++
  return at === before.length
}

function isSame(one: PropertyValue, other: PropertyValue): boolean {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other
  return one[0] === other[0] && one[1] === other[1]
}
