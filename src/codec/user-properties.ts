// User Properties (MQTT 5.0, 3.3.2.3.7) by name, as in mqtt-packet: a repeated name has a list of values. The order of
// all pairs, which such an object cannot hold, is kept under a symbol.

/** Without a prototype, as `__proto__` may be a name. */
export type UserProperties = Record<string, string | string[]>

type Pair = readonly [name: string, value: string]

/** A registered symbol: several bundles have a copy of this file. */
const order = Symbol.for('mqttx.order')

type Ordered = { readonly [order]?: Pair[] }

export function noUserProperties(): UserProperties {
  return Object.defineProperty(Object.create(null), order, { value: [] })
}

/** Appends a pair in constant time. `pairs` comes from `noUserProperties`. */
export function addUserProperty(pairs: UserProperties & Ordered, name: string, value: string): void {
  pairs[order]?.push([name, value])
  const earlier = pairs[name]
  if (earlier === undefined) pairs[name] = value
  else if (Array.isArray(earlier)) earlier.push(value)
  else pairs[name] = [earlier, value]
}

/** All pairs in the order in which they were added; name by name for an object made elsewhere. */
export function pairsOf(pairs: Readonly<Record<string, string | readonly string[]>>): readonly Pair[] {
  return (pairs as Ordered)[order] ?? byName(pairs)
}

/** For JSON: the object itself if it has all pairs in their order, otherwise a list of objects of one pair. */
export function inOrder<Given extends Readonly<Record<string, string | readonly string[]>>>(
  pairs: Given,
): Given | readonly Readonly<Record<string, string>>[] {
  const all = pairsOf(pairs)
  const grouped = byName(pairs)
  const isSame = all.every(([name, value], index) => {
    const other = grouped[index]!
    return name === other[0] && value === other[1]
  })
  return isSame ? pairs : all.map(([name, value]) => ({ [name]: value }))
}

function byName(pairs: Readonly<Record<string, string | readonly string[]>>): Pair[] {
  return Object.entries(pairs).flatMap(([name, values]) =>
    [values].flat().map((value): Pair => [name, value]),
  )
}
