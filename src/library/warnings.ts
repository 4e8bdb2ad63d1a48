// Process warnings about callbacks that are missing or throw. Each kind is emitted once per process.
import { shown } from '../text.js'
import type { Subscription } from './types.js'

/** The kinds of warning already emitted. */
const emitted = new Set<string>()

/** `kind` is the name of the warning, which is printed before `message`. */
function warnOnce(kind: string, message: string): void {
  if (emitted.has(kind)) return
  emitted.add(kind)
  process.emitWarning(message, kind)
}

/** Warns that a full queue drops messages at QoS 0; only about the first such subscription. */
export function warnOfDrop({ filter }: Subscription): void {
  const text = `The queue of subscription '${shown(filter)}' is full: dropping messages at QoS 0`
  warnOnce('MqttxDropWarning', `${text}; use onDrop, or subscribe at QoS 1`)
}

/** Warns that a responder could not answer a request; only about the first one. */
export function warnOfRequest({ message }: Error): void {
  warnOnce('MqttxRequestWarning', `${message}; use onError to handle such requests`)
}

/** Warns that the onLog of a broker has thrown; only the first time. */
export function warnOfLog(error: unknown): void {
  warnOnce('MqttxLogWarning', `onLog threw ${error instanceof Error ? error.message : String(error)}`)
}
