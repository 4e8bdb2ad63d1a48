// User Properties (MQTT 5.0, 3.3.2.3.7) by name, as mqtt-packet has them: a name that is there again has a list.

/** Without a prototype: the names are the sender's, and `__proto__` is one like any other. */
export type UserProperties = Record<string, string | string[]>

export function noUserProperties(): UserProperties {
  return Object.create(null) as UserProperties
}

/** Adds a value to those of its name, in constant time. */
export function addUserProperty(pairs: UserProperties, name: string, value: string): void {
  const earlier = pairs[name]
  if (earlier === undefined) pairs[name] = value
  else if (Array.isArray(earlier)) earlier.push(value)
  else pairs[name] = [earlier, value]
}
