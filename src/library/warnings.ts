// Process warnings for programs without the callbacks onDrop and onError: each kind once.
import { shown } from '../text.js'
import type { Subscription } from './types.js'

const given = new Set<string>()

function warnOnce(kind: string, message: string): void {
  if (given.has(kind)) return
  given.add(kind)
  process.emitWarning(message, kind)
}

/** Warns that messages at QoS 0 were dropped. */
export function warnOfDrop({ filter }: Subscription): void {
  const what = `The queue of subscription '${shown(filter)}' is full: dropping messages at QoS 0`
  warnOnce('MqttxDropWarning', `${what}; use onDrop, or subscribe at QoS 1`)
}

/** Warns that a request could not be answered. */
export function warnOfRequest({ message }: Error): void {
  warnOnce('MqttxRequestWarning', `${message}; use onError to handle such requests`)
}
