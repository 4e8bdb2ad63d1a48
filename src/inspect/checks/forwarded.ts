// Properties that a server must hand on as they were published (MQTT 5.0, 3.3.2.3).
import { type PropertyBag, type PropertyValue, properties, propertyId } from '../properties.js'

const statements: ReadonlyMap<number, string> = new Map([
  [propertyId.payloadFormat, 'MQTT-3.3.2-4'],
  [propertyId.responseTopic, 'MQTT-3.3.2-15'],
  [propertyId.correlationData, 'MQTT-3.3.2-16'],
  [propertyId.userProperty, 'MQTT-3.3.2-17'],
  [propertyId.contentType, 'MQTT-3.3.2-20'],
])

/** `bag` where it has such properties. */
export function forwarded(bag: PropertyBag | undefined): PropertyBag | undefined {
  if (bag === undefined) return undefined
  for (const identifier of bag.keys()) if (statements.has(identifier)) return bag
  return undefined
}

/** What is missing from `delivered`, or not as it was: words and the statement. More than was published is no fault. */
export function alteredProperty(
  published: PropertyBag,
  delivered: PropertyBag | undefined,
): string | undefined {
  for (const [identifier, statement] of statements) {
    const before = published.get(identifier)
    if (before === undefined) continue
    const name = properties.get(identifier)!.name
    const after = delivered?.get(identifier)
    if (after === undefined) return `without ${name} [${statement}]`
    if (!isWithin(before, after)) return `with another ${name} [${statement}]`
  }
  return undefined
}

/** User Properties keep their order [MQTT-3.3.2-18]. */
function isWithin(before: readonly PropertyValue[], after: readonly PropertyValue[]): boolean {
  let at = 0
  for (const value of after) if (at < before.length && isSame(before[at]!, value)) at++
  return at === before.length
}

function isSame(one: PropertyValue, other: PropertyValue): boolean {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other
  return one[0] === other[0] && one[1] === other[1]
}
