// Counts the packets in a stream of bytes, whatever the chunking: for $SYS, and to know what a client has yet to answer.

/** A packet that went by. `payload` is 0 for all but PUBLISH. */
export interface Passed {
  type: number
  qos: number
  payload: number
}

export class Meter {
  bytes = 0
  packets = 0
  publishes = 0
  publishBytes = 0
  readonly #passed: (packet: Passed) => void
  #stage: 'type' | 'length' | 'topic' | 'body' = 'type'
  #header = 0
  #shift = 0
  /** Bytes of the packet that are yet to come. */
  #left = 0
  #topicBytes = 0
  #topicLength = 0
  #payload = 0

  constructor(passed: (packet: Passed) => void) {
    this.#passed = passed
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length
    for (let at = 0; at < chunk.length; ) {
      if (this.#stage === 'body') {
        const step = Math.min(this.#left, chunk.length - at)
        at += step
        this.#left -= step
        if (this.#left === 0) this.#done()
      } else {
        this.#byte(chunk[at++] ?? 0)
      }
    }
  }

  #byte(byte: number): void {
    switch (this.#stage) {
      case 'type':
        this.#header = byte
        this.#shift = 0
        this.#left = 0
        this.#payload = 0
        this.#stage = 'length'
        return
      case 'length':
        this.#left += (byte & 0x7f) * 2 ** this.#shift
        this.#shift += 7
        if (byte < 0x80) this.#begin()
        return
      case 'topic':
        this.#topicLength = (this.#topicLength << 8) | byte
        this.#left--
        if (++this.#topicBytes === 2) {
          const identifier = (this.#header & 6) === 0 ? 0 : 2
          this.#payload = Math.max(0, this.#left - this.#topicLength - identifier)
          this.#stage = 'body'
        }
        if (this.#left === 0) this.#done()
        return
      case 'body':
        return
    }
  }

  #begin(): void {
    this.#topicBytes = 0
    this.#topicLength = 0
    this.#stage = this.#header >> 4 === 3 ? 'topic' : 'body'
    if (this.#left === 0) this.#done()
  }

  #done(): void {
    this.#stage = 'type'
    this.packets++
    const type = this.#header >> 4
    if (type === 3) {
      this.publishes++
      this.publishBytes += this.#payload
    }
    this.#passed({ type, qos: (this.#header >> 1) & 3, payload: this.#payload })
  }
}
