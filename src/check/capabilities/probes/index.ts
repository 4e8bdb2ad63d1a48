// All probes, in the order of the table.
import type { Probe } from '../probe.js'
import { connection } from './connection.js'
import { limits } from './limits.js'
import { basics, messages } from './messages.js'
import { sessions } from './sessions.js'
import { aliases, subscriptions } from './subscriptions.js'

export { basics }

/** Run after the basics. */
export const others: readonly Probe[] = [
  ...messages,
  ...connection,
  ...subscriptions,
  ...sessions,
  ...aliases,
  ...limits,
]
