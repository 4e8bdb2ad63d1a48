// Messages at QoS -1 of clients that never connect (MQTT-SN 1.2, 6.8): a connection to the server for all of them, opened for
// the first message.
import type { UpstreamEvents, UpstreamLink } from '../sn/gateway-types.js'

/** Messages that wait for the first connection, and their bytes. More are lost. */
const mostWaiting = 100
const mostBytes = 64 * 1024
/** How long after a refusal by the server the next attempt to connect waits, in milliseconds. */
const reopenMs = 1000

interface Message {
  readonly topic: string
  readonly payload: Uint8Array
  readonly retain: boolean
}

export class UnconnectedClients {
  readonly #open: (events: UpstreamEvents) => UpstreamLink
  readonly #lost: (why: string) => void
  #link: UpstreamLink | undefined
  #refusedAt = Number.NEGATIVE_INFINITY
  /** undefined: the connection was there, so that nothing waits for it. */
  #waiting: Message[] | undefined = []
  #bytes = 0

  /** `lost` reports why messages that `publish` has taken are lost. */
  constructor(open: (events: UpstreamEvents) => UpstreamLink, lost: (why: string) => void) {
    this.#open = open
    this.#lost = lost
  }

  /** @returns false if the message is lost */
  publish(topic: string, payload: Uint8Array, retain: boolean): boolean {
    if (performance.now() - this.#refusedAt < reopenMs) return false
    this.#link ??= this.#open(this.#events())
    if (this.#link.up) return this.#link.publish(topic, payload, 0, retain) >= 0
    const waiting = this.#waiting
    if (waiting === undefined || waiting.length >= mostWaiting) return false
    if (this.#bytes + payload.length > mostBytes) return false
    this.#bytes += payload.length
    waiting.push({ topic, payload: Uint8Array.prototype.slice.call(payload), retain })
    return true
  }

  #events(): UpstreamEvents {
    return {
      accepted: () => {
        for (const { topic, payload, retain } of this.#waiting ?? [])
          this.#link!.publish(topic, payload, 0, retain)
        this.#waiting = undefined
      },
      refused: (_, why) => {
        if (this.#waiting !== undefined && this.#waiting.length > 0) this.#lost(why)
        this.#refusedAt = performance.now()
        this.#link = undefined
        this.#waiting = []
        this.#bytes = 0
      },
      ...{ settled() {}, suback() {}, unsuback() {}, message() {}, drained() {} },
    }
  }
}
