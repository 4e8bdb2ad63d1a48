// Decides which received messages are printed. The order of the checks is mosquitto_sub's.
import type { Publish } from '../../codec/publish.js'
import { matches } from '../../session/topic-filter.js'

export interface SelectionArgs {
  readonly retainedOnly: boolean
  readonly noRetained: boolean
  readonly filterOut: readonly string[]
  readonly removeRetained: boolean
  /** Percent. */
  readonly randomFilter?: number
}

/** What to do with a message. `end`: --retained-only got its first message that is not retained. */
export type Decision = 'print' | 'drop' | 'end'

/** `remove` is called with the topic of each retained message to remove from the server. */
export function selection(
  args: SelectionArgs,
  remove: (topic: string) => void,
): (message: Publish) => Decision {
  const { retainedOnly, noRetained, filterOut, removeRetained, randomFilter } = args
  return (message) => {
    if (retainedOnly && !message.retain) return 'end'
    if (noRetained && message.retain) return 'drop'
    if (filterOut.some((filter) => matches(filter, message.topic))) return 'drop'
    if (removeRetained && message.retain && message.payloadEnd > message.payloadStart) remove(message.topic)
    if (randomFilter !== undefined && Math.random() * 100 >= randomFilter) return 'drop'
    return 'print'
  }
}
