// Packet Identifiers and what each of them waits for (MQTT 5.0, 2.2.1 and 4.3), in arrays: no object per message.

/** What an outgoing Packet Identifier waits for. */
export const stage = { free: 0, puback: 1, pubrec: 2, pubcomp: 3, suback: 4, unsuback: 5 } as const
export type Stage = (typeof stage)[keyof typeof stage]

const identifiers = 65_536 // index 0 is not used: no packet has Packet Identifier 0 [MQTT-2.2.1-3]

/** Outgoing requests by Packet Identifier. `Kept` is what must be kept to send a PUBLISH again. */
export class InFlight<Kept> {
  readonly #stages = new Uint8Array(identifiers)
  readonly #sequence = new Float64Array(identifiers)
  readonly #kept: (Kept | undefined)[] = []
  #last = 0
  #publishes = 0
  #requests = 0

  /** PUBLISH packets at QoS 1 and 2 that are not settled. */
  get publishes(): number {
    return this.#publishes
  }

  /** SUBSCRIBE and UNSUBSCRIBE packets that are not answered. */
  get requests(): number {
    return this.#requests
  }

  stage(messageId: number): Stage {
    return this.#stages[messageId]! as Stage
  }

  kept(messageId: number): Kept | undefined {
    return this.#kept[messageId]
  }

  sequence(messageId: number): number {
    return this.#sequence[messageId]!
  }

  /** The next Packet Identifier for a packet that nobody answers, so that QoS 0 counts on as in the reference. */
  pass(): number {
    this.#last = this.#last === 65_535 ? 1 : this.#last + 1
    return this.#last
  }

  /**
   * Takes a free Packet Identifier (1..65535).
   * @throws RangeError when all are in use, which the caller's window prevents
   */
  take(waitsFor: Stage, sequence: number, kept: Kept | undefined): number {
    if (this.#publishes + this.#requests >= identifiers - 1)
      throw new RangeError('no Packet Identifier is free')
    do this.pass()
    while (this.#stages[this.#last] !== stage.free)
    const messageId = this.#last
    this.#stages[messageId] = waitsFor
    this.#sequence[messageId] = sequence
    this.#kept[messageId] = kept
    if (waitsFor < stage.suback) this.#publishes++
    else this.#requests++
    return messageId
  }

  /** The payload is the server's now: forget it, wait for PUBCOMP. */
  release(messageId: number): void {
    this.#stages[messageId] = stage.pubcomp
    this.#kept[messageId] = undefined
  }

  settle(messageId: number): void {
    if (this.#stages[messageId]! < stage.suback) this.#publishes--
    else this.#requests--
    this.#stages[messageId] = stage.free
    this.#kept[messageId] = undefined
  }

  /** Packet Identifiers of the PUBLISH packets in flight, in the order in which they were sent first. */
  ordered(): number[] {
    const found: number[] = []
    for (let id = 1; id < identifiers && found.length < this.#publishes; id++) {
      if (this.#stages[id] !== stage.free && this.#stages[id]! < stage.suback) found.push(id)
    }
    return found.sort((a, b) => this.#sequence[a]! - this.#sequence[b]!)
  }

  /** The sequence number of the oldest PUBLISH in flight; undefined when there is none. */
  oldest(): number | undefined {
    const first = this.ordered()[0]
    return first === undefined ? undefined : this.#sequence[first]!
  }
}
