// State that outlives a connection: the servers of a capture, their sessions, wills, and message deliveries.
import { Deliveries } from './deliveries.js'
import { Sessions } from './sessions.js'
import { Wills } from './wills.js'

const mostServers = 16
const mostPairs = 10_000

/** The state of one server, which is an address and port. */
export class Server {
  readonly sessions = new Sessions()
  readonly wills = new Wills()
  readonly deliveries = new Deliveries(this.wills)
  /** Client addresses for which packets from this server were captured. */
  readonly #heard = new Set<string>()

  addHeard(host: string): void {
    if (this.#heard.size < mostPairs) this.#heard.add(host)
  }

  isHeard(host: string): boolean {
    return this.#heard.has(host)
  }
}

export class World {
  readonly #servers = new Map<string, Server>()

  /** The state of the server at `address`. Beyond the limit a new one each time, so that no checks across connections apply. */
  serverOf(address: string): Server {
    const known = this.#servers.get(address)
    if (known !== undefined) return known
    const server = new Server()
    if (this.#servers.size < mostServers) this.#servers.set(address, server)
    return server
  }
}
