// The library: `import { connect } from 'mqttx'`.
import { LibraryClient } from './client.js'
import { inLibraryTerms } from './hints.js'
import { connectNames, own } from './names.js'
import { settings } from './settings.js'
import type { Client, ConnectOptions, Url } from './types.js'

export { ConnectionError, ConnectRefused, MqttxError, ProtocolError } from '../errors.js'
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
