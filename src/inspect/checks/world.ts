// What outlives a connection: the servers of a capture, the sessions of their clients, and the messages on their way from
// one client to others.
import { Deliveries } from './deliveries.js'
import { Sessions } from './sessions.js'
import { Wills } from './wills.js'

const mostServers = 16
const mostPairs = 10_000

/** One server, by its address and port. */
export class Server {
  readonly sessions = new Sessions()
  readonly wills = new Wills()
  readonly deliveries = new Deliveries(this.wills)
  /** Addresses of clients to which packets of this server were captured. */
  readonly #heard = new Set<string>()

  hears(host: string): void {
    if (this.#heard.size < mostPairs) this.#heard.add(host)
  }

  isHeard(host: string): boolean {
    return this.#heard.has(host)
  }
}

export class World {
  readonly #servers = new Map<string, Server>()

  /** A new one where too many are known: nothing is concluded from it. */
  serverOf(address: string): Server {
    const known = this.#servers.get(address)
    if (known !== undefined) return known
    const server = new Server()
    if (this.#servers.size < mostServers) this.#servers.set(address, server)
    return server
  }
}
