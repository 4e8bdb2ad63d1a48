// Topic Aliases that the server chooses for one network connection (MQTT 5.0, 3.3.2.3.4).

/** However many the client accepts: each keeps a Topic Name. */
const mostAliases = 64

export class OutgoingAliases {
  readonly #most: number
  readonly #aliases = new Map<string, number>()

  /** `maximum`: the Topic Alias Maximum of the client. */
  constructor(maximum: number) {
    this.#most = Math.min(maximum, mostAliases)
  }

  /** The alias of `topic`, negative if the client does not know it yet; 0: no alias left [MQTT-3.1.2-26]. */
  get(topic: string): number {
    const known = this.#aliases.get(topic)
    if (known !== undefined) return known
    return this.#aliases.size < this.#most ? -(this.#aliases.size + 1) : 0
  }

  /** Records that the client knows the last new alias. */
  sent(topic: string, alias: number): void {
    this.#aliases.set(topic, alias)
  }
}
