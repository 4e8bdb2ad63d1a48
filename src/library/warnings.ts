// Warnings of the process, for a program that handles no callback: each kind once, which Node shows.
import { shown } from '../text.js'
import type { Subscription } from './types.js'

const given = new Set<string>()

function warnOnce(kind: string, message: string): void {
  if (given.has(kind)) return
  given.add(kind)
  process.emitWarning(message, kind)
}

/** Messages at QoS 0 had no room in a subscription. */
export function warnOfDrop({ filter }: Subscription): void {
  const what = `The subscription to '${shown(filter)}' is full, messages at QoS 0 are dropped`
  warnOnce('MqttxDropWarning', `${what}: handle onDrop, or subscribe at QoS 1`)
}

/** A request could not be answered. */
export function warnOfRequest({ message }: Error): void {
  warnOnce('MqttxRequestWarning', `${message}: handle onError to be told of all such requests`)
}
