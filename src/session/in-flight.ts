// The Packet Identifiers in use and the packet that each waits for (MQTT 5.0, 2.2.1 and 4.3). Kept in arrays, without an
// object per message; a page of the identifier space is allocated while it is in use.

/** The packet that an outgoing Packet Identifier waits for. */
export const stage = { free: 0, puback: 1, pubrec: 2, pubcomp: 3, suback: 4, unsuback: 5 } as const
export type Stage = (typeof stage)[keyof typeof stage]

const identifiers = 65_536 // 0 is not valid [MQTT-2.2.1-3]
const pageBits = 8
const pageSize = 1 << pageBits
const within = pageSize - 1

/** A range of Packet Identifiers. */
class Page<Kept> {
  readonly stages = new Uint8Array(pageSize)
  readonly sequence = new Float64Array(pageSize)
  readonly kept: (Kept | undefined)[] = []
  used = 0
}

/** Outgoing requests by Packet Identifier. `Kept` is what is needed to send a PUBLISH again. */
export class InFlight<Kept> {
  readonly #pages: (Page<Kept> | undefined)[] = []
  /** An empty page to reuse, so that a stream of messages allocates none. */
  #spare: Page<Kept> | undefined
  #last = 0
  #publishes = 0
  #requests = 0

  /** PUBLISH packets at QoS 1 and 2 in flight. */
  get publishes(): number {
    return this.#publishes
  }

  /** SUBSCRIBE and UNSUBSCRIBE packets without an answer. */
  get requests(): number {
    return this.#requests
  }

  stage(messageId: number): Stage {
    return (this.#pages[messageId >> pageBits]?.stages[messageId & within] ?? stage.free) as Stage
  }

  kept(messageId: number): Kept | undefined {
    return this.#pages[messageId >> pageBits]?.kept[messageId & within]
  }

  /** For a PUBLISH its position in the order of sending, for SUBSCRIBE or UNSUBSCRIBE the number of Topic Filters. */
  sequence(messageId: number): number {
    return this.#pages[messageId >> pageBits]!.sequence[messageId & within]!
  }

  /** Advances to the next Packet Identifier for a PUBLISH at QoS 0, which does not use it. As in mosquitto. */
  pass(): number {
    this.#last = this.#last === 65_535 ? 1 : this.#last + 1
    return this.#last
  }

  /**
   * Takes a free Packet Identifier (1..65535).
   * @throws RangeError if all are in use, which the caller's window prevents
   */
  take(waitsFor: Stage, sequence: number, kept: Kept | undefined): number {
    if (this.#publishes + this.#requests >= identifiers - 1)
      throw new RangeError('no Packet Identifier is free')
    do this.pass()
    while (this.stage(this.#last) !== stage.free)
    const messageId = this.#last
    const page = this.#page(messageId >> pageBits)
    page.stages[messageId & within] = waitsFor
    page.sequence[messageId & within] = sequence
    page.kept[messageId & within] = kept
    page.used++
    if (waitsFor < stage.suback) this.#publishes++
    else this.#requests++
    return messageId
  }

  /** PUBREC has come: drops the payload and waits for PUBCOMP. */
  release(messageId: number): void {
    const page = this.#pages[messageId >> pageBits]!
    page.stages[messageId & within] = stage.pubcomp
    page.kept[messageId & within] = undefined
  }

  /** Frees a Packet Identifier that is in use. */
  settle(messageId: number): void {
    const number = messageId >> pageBits
    const page = this.#pages[number]!
    if (page.stages[messageId & within]! < stage.suback) this.#publishes--
    else this.#requests--
    page.stages[messageId & within] = stage.free
    page.kept[messageId & within] = undefined
    if (--page.used > 0) return
    this.#pages[number] = undefined
    this.#spare = this.#publishes + this.#requests > 0 ? page : undefined
  }

  /** Packet Identifiers of the PUBLISH packets in flight, in the order of their first transmission. */
  ordered(): number[] {
    const found: number[] = []
    this.#pages.forEach((page, number) => {
      if (page === undefined) return
      for (let id = 0; id < pageSize; id++) {
        if (page.stages[id] !== stage.free && page.stages[id]! < stage.suback)
          found.push((number << pageBits) | id)
      }
    })
    return found.sort((a, b) => this.sequence(a) - this.sequence(b))
  }

  #page(number: number): Page<Kept> {
    const page = (this.#pages[number] ??= this.#spare ?? new Page<Kept>())
    if (page === this.#spare) this.#spare = undefined
    return page
  }
}
