// MQTT-SN for pub and sub: loaded only when it is chosen.
import { randomBytes } from 'node:crypto'
import type { Host } from '../host.js'
import { snPort } from '../ports.js'
import type { RetrySettings } from '../sn/retransmission.js'
import { type CommandNeeds, type ConnectionArgs, type ConnectOptions, connectOptions } from './options.js'
import { SnConnection } from './sn-connection.js'
import { readPredefined } from './sn-predefined.js'
import { SnSender } from './sn-sender.js'

export { addressText } from '../transport/endpoint.js'
export { discover } from './sn-discover.js'

export interface SnArgs extends ConnectionArgs {
  readonly predefinedTopics?: string | undefined
  /** T_retry in seconds */
  readonly retryInterval: number
  /** N_retry */
  readonly retryCount: number
  /** Seconds */
  readonly sleep?: number | undefined
  /** `-q -1`: publish without connecting. */
  readonly unconnected?: true
}

/** @throws MqttxError if the file of predefined topics cannot be read or is invalid */
export async function snOptions(args: SnArgs, needs: CommandNeeds, host: Host): Promise<ConnectOptions> {
  const made = await connectOptions({ ...args, port: args.port ?? snPort, noTls: true }, needs, host)
  // A Client Identifier has 1 to 23 characters (5.3.1).
  const clientId = made.clientId === '' ? `mqttx-${randomBytes(8).toString('hex')}` : made.clientId
  const predefined = readPredefined(args.predefinedTopics)
  const retry: RetrySettings = { retryMs: args.retryInterval * 1000, retries: args.retryCount }
  const { cleanStart, keepAlive, will } = made
  const settings = { clientId, cleanSession: cleanStart, keepAlive, will, predefined, ...retry }
  return {
    ...made,
    clientId,
    create: (options, events, trace) =>
      args.unconnected
        ? new SnSender(options, predefined, trace)
        : new SnConnection(options, { ...settings, sleep: args.sleep }, events, trace),
  }
}
