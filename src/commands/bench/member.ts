// One client of a run: its connection, what it does, and whether it is connected.
import type { ConnectionEvents } from '../../connection/events.js'
import type { MqttxError } from '../../errors.js'
import { type BenchConnection, type Dial, type Identity, reasonOf } from './client.js'
import type { Publisher } from './publisher.js'
import { Seat } from './seat.js'
import type { Subscriber } from './subscriber.js'
import type { Tally } from './tally.js'

export class Member {
  readonly index: number
  readonly connection: BenchConnection
  publisher: Publisher | undefined
  subscriber: Subscriber | undefined
  /** Called before each connection is made: resolves when the SUBSCRIBE packets of it are answered. */
  answered: (() => Promise<void>) | undefined
  readonly #tally: Tally
  #up = false

  /** @param renewable its connection can be ended and made again */
  constructor(
    { dial, tally, renewable }: { dial: Dial; tally: Tally; renewable: boolean },
    identity: Identity,
    events: ConnectionEvents,
  ) {
    this.index = identity.index
    this.#tally = tally
    const watched: ConnectionEvents = {
      ...events,
      connected: (sessionPresent) => {
        this.#up = true
        events.connected?.(sessionPresent)
      },
      retrying: (error) => this.down(error),
    }
    const make = () => dial(identity, watched)
    this.connection = renewable ? new Seat(make) : make()
  }

  /** True between CONNACK and the loss or end of the connection. */
  get up(): boolean {
    return this.#up
  }

  /** The connection was lost, or could not be made again; only the loss counts. */
  down(error: MqttxError): void {
    if (this.#up) this.#tally.disconnect(reasonOf(error))
    this.#up = false
  }

  /** DISCONNECT, and a new connection. */
  renew(dialling: () => void): Promise<void> {
    this.#up = false
    return (this.connection as Seat).renew(dialling)
  }
}
