// All probes.
import type { Probe } from '../probe.js'
import { connection } from './connection.js'
import { limits } from './limits.js'
import { basics, messages } from './messages.js'
import { sessions } from './sessions.js'
import { aliases, subscriptions } from './subscriptions.js'

export { basics }

/** In the order of the table. */
export const probes: readonly Probe[] = [
  ...connection,
  ...basics,
  ...messages,
  ...subscriptions,
  ...sessions,
  ...aliases,
  ...limits,
]
