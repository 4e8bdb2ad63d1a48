// Why a command that subscribes ends: errors, and how long it waits then.
import { ExitCode, MqttxError } from '../errors.js'

/** DISCONNECT after a signal or -W asks for the Will Message (MQTT 5.0, 3.14.2.1). */
export const disconnectWithWill = 4
/** After a signal or -W: how long to wait for a reader of standard output that takes nothing, in milliseconds. */
export const patienceMs = 2000
/** How long to wait for PUBREL of the QoS 2 messages that were acknowledged, in milliseconds. */
export const releaseMs = 5000
/** After a signal or -W: how long to wait for the server, in milliseconds. */
export const goodbyeMs = 1000

export function beforeConnack(): MqttxError {
  const hint = 'no CONNACK received'
  return new MqttxError('Ended before CONNACK', { exitCode: ExitCode.beforeConnack, hint })
}
