// All statements, in the order of the standard.
import type { Statement } from '../statement.js'
import { acknowledging } from './acknowledgements.js'
import { alias } from './alias.js'
import { auth } from './auth.js'
import { connack } from './connack.js'
import { connect } from './connect.js'
import { disconnect } from './disconnect.js'
import { errors } from './errors.js'
import { expiry } from './expiry.js'
import { flow } from './flow.js'
import { format } from './format.js'
import { ping } from './ping.js'
import { publishProperties } from './properties.js'
import { publishing } from './publish.js'
import { qosFlows } from './qos.js'
import { redelivery } from './redelivery.js'
import { retain } from './retain.js'
import { session } from './session.js'
import { sessionStart } from './session-start.js'
import { shared } from './shared.js'
import { subscribe } from './subscribe.js'
import { topics } from './topics.js'
import { unsubscribe } from './unsubscribe.js'
import { will } from './will.js'

const keyOf = ({ version, id }: Statement): string =>
  id.replace(/\d+/g, (number) => number.padStart(4)) + version

export const statements: readonly Statement[] = [
  acknowledging,
  alias,
  connack,
  connect,
  expiry,
  flow,
  format,
  ping,
  publishProperties,
  publishing,
  qosFlows,
  redelivery,
  retain,
  sessionStart,
  subscribe,
  topics,
  unsubscribe,
  will,
  session,
  shared,
  disconnect,
  auth,
  errors,
]
  .flat()
  .map((statement) => [keyOf(statement), statement] as const)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([, statement]) => statement)
