// State that outlives a connection: the servers of a capture, their sessions, wills, and message deliveries.
import { DeliveryChecks } from './deliveries.js'
import { SeenClients } from './seen-clients.js'
import { SessionChecks } from './sessions.js'
import { WillChecks } from './wills.js'

const mostServers = 16
const mostPairs = 10_000

/** The state of one server, which is an address and port. */
export class ServerState {
  readonly seen: SeenClients
  readonly sessions = new SessionChecks()
  readonly wills = new WillChecks()
  readonly deliveries = new DeliveryChecks(this.wills)
  /** Client addresses for which packets from this server were captured. */
  readonly #heard = new Set<string>()

  /** `isKept`: the next connections to this server get this state too. */
  constructor(isKept: boolean) {
    this.seen = new SeenClients(!isKept)
  }

  addHeard(host: string): void {
    if (this.#heard.size < mostPairs) this.#heard.add(host)
  }

  isHeard(host: string): boolean {
    return this.#heard.has(host)
  }
}

export class ServerStates {
  readonly #servers = new Map<string, ServerState>()

  /** The state of the server at `address`. Beyond the limit a new one each time, so that no checks across connections apply. */
  serverOf(address: string): ServerState {
    const known = this.#servers.get(address)
    if (known !== undefined) return known
    const isKept = this.#servers.size < mostServers
    const server = new ServerState(isKept)
    if (isKept) this.#servers.set(address, server)
    return server
  }
}
