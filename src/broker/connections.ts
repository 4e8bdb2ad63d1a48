// The connections of a broker: bytes and times go to the core, and the core is called again when it wants to be.
import type { Duplex } from 'node:stream'
import { limitFrames } from '../transport/frame-limit.js'
import { endOf, type Origin } from '../transport/listeners.js'
import { type AccessRules, notAuthorized, refusal } from './access.js'
import type { Broker } from './core/broker.js'
import type { ConnectRequest } from './core/connect.js'
import { Peer } from './peers.js'

/** How long connections may take to close when the broker stops. Milliseconds. */
const stopMs = 300

/** The longest time that Node's timers take. */
const longestTimeout = 2 ** 31 - 1

/** Sees the bytes of MQTT that pass. */
export interface Wire {
  /** `client` is its address and port. `id` is of this connection alone. */
  opened(id: number, client: string): void
  passed(id: number, direction: 'c2s' | 's2c', bytes: Uint8Array): void
  closed(id: number): void
}

export class Connections {
  readonly #core: Broker
  readonly #rules: AccessRules
  readonly #open = new Set<Duplex>()
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  /** When `#timer` fires. */
  #wakesAt = Number.POSITIVE_INFINITY
  #stopped = false
  readonly #wire: Wire | undefined
  #connections = 0

  constructor(core: Broker, rules: AccessRules, wire: Wire | undefined) {
    this.#core = core
    this.#rules = rules
    this.#wire = wire
  }

  handle(stream: Duplex, origin: Origin): void {
    this.#open.add(stream)
    const id = ++this.#connections
    const wire = this.#wire
    wire?.opened(id, endOf(origin))
    const peer = new Peer(stream, origin, {
      taken: ({ connection }, bytes) => this.#do((now) => connection.taken(bytes, now)),
      writing: wire && ((bytes) => wire.passed(id, 's2c', bytes)),
      connecting: (arrived, request) => this.#login(arrived, request),
    })
    peer.connection = this.#core.open(peer, performance.now())
    const { connection } = peer
    const closed = (): void => this.#do((now) => connection.closed(now))
    stream.once('close', () => {
      this.#open.delete(stream)
      closed()
      wire?.closed(id)
    })
    stream.on('error', closed).on('end', closed)
    stream.on('data', (chunk: Buffer) => {
      wire?.passed(id, 'c2s', chunk)
      this.#do((now) => connection.receive(chunk, now))
    })
    this.wake()
  }

  async close(): Promise<void> {
    this.#core.stop(performance.now())
    this.#stopped = true
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    const closed = Array.from(this.#open, (stream) => new Promise((resolve) => stream.once('close', resolve)))
    const late = setTimeout(() => {
      for (const stream of this.#open) stream.destroy()
    }, stopMs)
    await Promise.all(closed)
    clearTimeout(late)
  }

  /** Has the core called when it wants to be. */
  wake(): void {
    if (this.#stopped || this.#immediate !== undefined) return
    const at = this.#core.deadline()
    if (at >= this.#wakesAt) return
    const now = performance.now()
    if (at <= now) {
      this.#immediate = setImmediate(() => {
        this.#immediate = undefined
        this.#do((time) => this.#core.tick(time))
      })
      return
    }
    clearTimeout(this.#timer)
    this.#wakesAt = at
    this.#timer = setTimeout(
      () => {
        this.#wakesAt = Number.POSITIVE_INFINITY
        this.#do((time) => this.#core.tick(time))
      },
      Math.min(at - now, longestTimeout),
    )
  }

  #do(work: (now: number) => void): void {
    work(performance.now())
    this.wake()
  }

  #login({ connection, origin, stream }: Peer, { user, password }: ConnectRequest): void {
    const refuse = (code: number, why: string): void => this.#do((now) => connection.refuse(code, why, now))
    refusal(this.#rules, { address: origin.address, user, password }).then(
      (refused) => {
        if (refused !== undefined) return refuse(refused.code, refused.why)
        limitFrames(stream, this.#core.settings.maxPacketSize ?? Number.POSITIVE_INFINITY)
        this.#do((now) => connection.accept(now))
      },
      (error) => refuse(notAuthorized, String(error)),
    )
  }
}
