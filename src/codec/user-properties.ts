// User Properties (MQTT 5.0, 3.3.2.3.7) by name, as in mqtt-packet: a repeated name has a list of values. The order of
// all pairs, which such an object cannot hold, is kept in a WeakMap.

/** Without a prototype, as `__proto__` may be a name. */
export type UserProperties = Record<string, string | string[]>

type Pair = readonly [name: string, value: string]

const orders = new WeakMap<object, Pair[]>()

export function noUserProperties(): UserProperties {
  const pairs = Object.create(null) as UserProperties
  orders.set(pairs, [])
  return pairs
}

/** Appends a pair in constant time. `pairs` comes from `noUserProperties`. */
export function addUserProperty(pairs: UserProperties, name: string, value: string): void {
  orders.get(pairs)?.push([name, value])
  const earlier = pairs[name]
  if (earlier === undefined) pairs[name] = value
  else if (Array.isArray(earlier)) earlier.push(value)
  else pairs[name] = [earlier, value]
}

/** All pairs in the order in which they were added; name by name for an object made elsewhere. */
export function pairsOf(pairs: Readonly<Record<string, string | readonly string[]>>): readonly Pair[] {
  return orders.get(pairs) ?? byName(pairs)
}

/** For JSON: the object itself if it has all pairs in their order, otherwise a list of objects of one pair. */
export function inOrder<Given extends Readonly<Record<string, string | readonly string[]>>>(
  pairs: Given,
): Given | readonly Readonly<Record<string, string>>[] {
  const order = pairsOf(pairs)
  const grouped = byName(pairs)
  const isSame = order.every(([name, value], index) => {
    const other = grouped[index]!
    return name === other[0] && value === other[1]
  })
  return isSame ? pairs : order.map(([name, value]) => ({ [name]: value }))
}

function byName(pairs: Readonly<Record<string, string | readonly string[]>>): Pair[] {
  return Object.entries(pairs).flatMap(([name, values]) =>
    [values].flat().map((value): Pair => [name, value]),
  )
}
