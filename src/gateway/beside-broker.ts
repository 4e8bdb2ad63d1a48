// A gateway of MQTT-SN in the process of the broker: each client has a stream to it instead of a network connection.
import { type Duplex, duplexPair } from 'node:stream'
import type { ConnectOptions } from '../connection/options.js'
import { defaultRetries, defaultRetryMs } from '../sn/retransmission.js'
import type { Origin } from '../transport/listeners.js'
import type { GatewayStart } from './gateway.js'

interface Server {
  handle(stream: Duplex, origin?: Origin): void
}

/** The settings of a gateway in front of `server`, which sees the addresses of its clients. */
export function gatewayBeside(
  server: Server,
): Pick<GatewayStart, 'connect' | 'openStream' | 'gatewayId' | 'retryMs' | 'retries'> {
  return {
    connect,
    openStream(origin) {
      const [ours, theirs] = duplexPair()
      // A stream that is destroyed has no end for the other side.
      ours.once('close', () => theirs.destroy())
      theirs.once('close', () => ours.destroy())
      server.handle(theirs, origin && { address: origin.host, port: origin.port })
      return ours
    },
    ...{ gatewayId: 1, retryMs: defaultRetryMs, retries: defaultRetries },
  }
}

/** The stream cannot be lost, so there is no Keep Alive. */
const connect: ConnectOptions = {
  endpoint: { address: { host: 'localhost', port: 0 }, noDelay: true },
  ...{ version: 4, clientId: '', cleanStart: true, keepAlive: 0 },
  ...{ username: undefined, password: undefined, will: undefined, properties: {} },
  ...{ sessionExpiry: 0, receiveMaximum: 100, maxInFlight: 1000 },
  ...{ connectTimeoutMs: 30_000, retries: 0, reconnects: 0 },
}
