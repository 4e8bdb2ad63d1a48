// State that outlives a connection: the servers of a capture, their sessions, wills, and message deliveries.
import { DeliveryChecks } from './deliveries.js'
import { SessionChecks } from './sessions.js'
import { WillChecks } from './wills.js'

const mostServers = 16
const mostPairs = 10_000

/** The state of one server, which is an address and port. */
export class ServerState {
  readonly sessions = new SessionChecks()
  readonly wills = new WillChecks()
  readonly deliveries = new DeliveryChecks(this.wills)
  /** Client addresses for which packets from this server were captured. */
  readonly #heard = new Set<string>()

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
    const server = new ServerState()
    if (this.#servers.size < mostServers) this.#servers.set(address, server)
    return server
  }
}
