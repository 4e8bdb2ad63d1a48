// The library: `import { connect, startBroker } from 'mqttx'`.
import { pairsOf } from '../codec/user-properties.js'
import { launch } from './broker.js'
import { LibraryClient } from './client.js'
import { inLibraryTerms } from './hints.js'
import { connectNames, own } from './names.js'
import { settings } from './settings.js'
import { launchTap } from './tap.js'
import type { Tap, TapOptions } from './tap-types.js'
import type {
  Broker,
  Client,
  ConnectOptions,
  StartBrokerOptions,
  Url,
  UserProperties,
  UserPropertyPairs,
} from './types.js'

export { ConnectionError, ConnectRefused, MqttxError, ProtocolError } from '../errors.js'
export type * from './tap-types.js'
export type * from './types.js'

/**
 * Connects to `url`: `mqtt://`, `mqtts://`, `ws://` or `wss://` with host, port, user name and password, and a path for
 * WebSocket; `unix:///run/mqtt.sock` for a unix socket.
 * @throws ConnectionError if the server cannot be reached, ConnectRefused if it refuses the connection, MqttxError for
 * an invalid URL or option
 */
export async function connect(url: string | Url, options: ConnectOptions = {}): Promise<Client> {
  try {
    const given = own(options, connectNames)
    given.signal?.throwIfAborted()
    const client = new LibraryClient(await settings(url, options), given)
    await client.open(given.signal)
    return client
  } catch (error) {
    throw inLibraryTerms(error)
  }
}

/**
 * Starts a broker (MQTT 3.1, 3.1.1 and 5.0) in this process, which keeps everything in memory. It listens on a free port of
 * 127.0.0.1 unless told otherwise.
 * @throws MqttxError for an invalid option, or if it cannot listen there
 */
export async function startBroker(options: StartBrokerOptions = {}): Promise<Broker> {
  try {
    return await launch(options)
  } catch (error) {
    throw inLibraryTerms(error)
  }
}

/**
 * Starts a tap: a proxy in this process between clients and the server `to`, which passes bytes on unchanged, applies
 * faults to the packets that rules select, and lets them be read. It listens on a free port of 127.0.0.1 unless told
 * otherwise.
 * @throws MqttxError for an invalid option or rule, or if it cannot listen there
 */
export async function tap(options: TapOptions): Promise<Tap> {
  try {
    return await launchTap(options)
  } catch (error) {
    throw inLibraryTerms(error)
  }
}

/**
 * All pairs in the order of the packet, for the `userProperties` of a received message; for another object, name by
 * name.
 */
export function userPropertyPairs(userProperties: UserProperties): UserPropertyPairs {
  return pairsOf(userProperties)
}
