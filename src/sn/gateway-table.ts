// The clients of a gateway: by Client Identifier, by address, and in the order in which they may be forgotten.
import type { GatewayClient } from './gateway-client.js'
import type { Source } from './gateway-types.js'

export class ClientTable {
  readonly #limit: number
  readonly #byId = new Map<string, GatewayClient>()
  readonly #byAddress = new Map<string, GatewayClient>()
  /** Clients whose address is not proved, the longest silent first. */
  readonly #strangers = new Set<GatewayClient>()
  /** Clients that are away and have a session, the longest away first. */
  readonly #away = new Set<GatewayClient>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#byId.size
  }

  all(): IterableIterator<GatewayClient> {
    return this.#byId.values()
  }

  withId(clientId: string): GatewayClient | undefined {
    return this.#byId.get(clientId)
  }

  at({ key }: Source): GatewayClient | undefined {
    return this.#byAddress.get(key)
  }

  /** Who has to go before another client is added; undefined: nobody, or nobody may. */
  oldest(): GatewayClient | undefined {
    if (!this.isFull) return undefined
    const [stranger] = this.#strangers
    const [away] = this.#away
    return stranger ?? away
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#limit
  }

  add(client: GatewayClient): void {
    this.#byId.set(client.clientId, client)
  }

  /** The client is at its address now. `before` is where it was. */
  placed(client: GatewayClient, before: Source | undefined): void {
    if (before !== undefined && this.#byAddress.get(before.key) === client) this.#byAddress.delete(before.key)
    this.#byAddress.set(client.source.key, client)
    this.#away.delete(client)
    this.heard(client)
  }

  /** Something has come from the client. */
  heard(client: GatewayClient): void {
    if (client.proved) return
    this.#strangers.delete(client)
    this.#strangers.add(client)
  }

  proved(client: GatewayClient): void {
    this.#strangers.delete(client)
  }

  left(client: GatewayClient, kept: boolean): void {
    this.#strangers.delete(client)
    this.#away.delete(client)
    const { key } = client.source
    if (this.#byAddress.get(key) === client) this.#byAddress.delete(key)
    if (kept) this.#away.add(client)
    else this.#byId.delete(client.clientId)
  }
}
