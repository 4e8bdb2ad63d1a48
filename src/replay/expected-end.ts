// When a recording that has been read in part will end.

/** Times in milliseconds since 1970. */
export class ExpectedEnd {
  #first: number | undefined
  #latest = 0

  /** A message was read; undefined: it has no time. */
  add(time: number | undefined): void {
    if (time === undefined) return
    this.#latest = this.#first === undefined ? time : Math.max(this.#latest, time)
    this.#first ??= time
  }

  /**
   * The expected time of the last message, given the share of the recording that has been read, from 0 to 1: as if the
   * rest were as dense. It is exact for 1. Undefined as long as it cannot be told, or for an unknown share.
   */
  at(share: number | undefined): number | undefined {
    if (this.#first === undefined || share === undefined) return undefined
    if (share >= 1) return this.#latest
    const span = this.#latest - this.#first
    return span > 0 && share > 0 ? this.#first + span / share : undefined
  }
}
