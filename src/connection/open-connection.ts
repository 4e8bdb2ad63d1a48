// The connection that the options ask for: over TCP, or MQTT-SN.
import type { ClientConnection } from './client-connection.js'
import { Connection } from './connection.js'
import type { ConnectionEvents } from './events.js'
import type { ConnectOptions } from './options.js'
import type { Trace } from './trace.js'

export function newConnection(
  options: ConnectOptions,
  events: ConnectionEvents,
  trace?: Trace,
): ClientConnection {
  return options.create?.(options, events, trace) ?? new Connection(options, events, trace)
}
