// Which clients have connected to a server before: one that reconnects may resend what it sent on an earlier connection.

const mostNames = 20_000
/** Characters of all names. */
const mostCharacters = 16 * 1024 * 1024

export class SeenClients {
  readonly #names = new Set<string>()
  #characters = 0
  /** Clients are missing in `#names`. */
  #incomplete: boolean

  /** @param incomplete true if clients may have connected that are not known here */
  constructor(incomplete: boolean) {
    this.#incomplete = incomplete
  }

  /** Adds a connection of `clientId`. @returns false if the client, or an unidentified one at `host`, may have had one before */
  add(clientId: string, host: string): boolean {
    const isNew = !this.#incomplete && !this.#names.has(`@${host}`) && !this.#names.has(`=${clientId}`)
    this.identify(clientId)
    return isNew
  }

  /** Adds the Client Identifier of an open connection, such as an Assigned Client Identifier. */
  identify(clientId: string): void {
    this.#keep(`=${clientId}`)
  }

  /** Adds a connection from `host` whose CONNECT was not captured. */
  addUnidentified(host: string): void {
    this.#keep(`@${host}`)
  }

  #keep(name: string): void {
    if (this.#incomplete || this.#names.has(name)) return
    this.#characters += name.length
    this.#names.add(name)
    if (this.#names.size <= mostNames && this.#characters <= mostCharacters) return
    this.#incomplete = true
    this.#names.clear()
  }
}
