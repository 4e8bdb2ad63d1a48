// One client of a run: its connection, what it publishes and receives, and whether it is connected.
import type { ConnectionEvents } from '../../connection/events.js'
import type { MqttxError } from '../../errors.js'
import type { BenchConnection, Dial, Identity } from './connection.js'
import { failureName } from './failures.js'
import type { BenchPublisher } from './publisher.js'
import { ReplaceableConnection } from './replaceable-connection.js'
import type { RunStats } from './run-stats.js'
import type { BenchSubscriber } from './subscriber.js'

export class BenchClient {
  readonly index: number
  readonly connection: BenchConnection
  publisher: BenchPublisher | undefined
  subscriber: BenchSubscriber | undefined
  /** Called before each connect; resolves when all SUBSCRIBE packets of that connection are acknowledged. */
  subscribed: (() => Promise<void>) | undefined
  readonly #stats: RunStats
  #up = false

  /** @param replaceable `reconnect` will be called (--churn) */
  constructor(
    { dial, stats, replaceable }: { dial: Dial; stats: RunStats; replaceable: boolean },
    identity: Identity,
    events: ConnectionEvents,
  ) {
    this.index = identity.index
    this.#stats = stats
    const watched: ConnectionEvents = {
      ...events,
      connected: (sessionPresent) => {
        this.#up = true
        events.connected?.(sessionPresent)
      },
      retrying: (error) => this.down(error),
    }
    const make = () => dial(identity, watched)
    this.connection = replaceable ? new ReplaceableConnection(make) : make()
  }

  /** True between CONNACK and the loss or end of the connection. */
  get up(): boolean {
    return this.#up
  }

  /** The connection was lost, or a reconnect failed; only the loss is counted. */
  down(error: MqttxError): void {
    if (this.#up) this.#stats.disconnect(failureName(error))
    this.#up = false
  }

  /**
   * DISCONNECT, then a new connection.
   * @param onConnecting called between the two
   */
  reconnect(onConnecting: () => void): Promise<void> {
    this.#up = false
    return (this.connection as ReplaceableConnection).replace(onConnecting)
  }
}
