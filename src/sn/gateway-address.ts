// The address of a client. Until it has shown that it receives what is sent to it, it is sent no more bytes than have come
// from it, with challenges three times as many (as QUIC does, RFC 9000, 8.1): the sender of a datagram may have given the
// address of another.
import type { Source } from './gateway-types.js'

/** Wrong answers after which an address that has shown nothing is given up: it is guessing. */
const mostGuesses = 32
/** Bytes for each byte that has come, with challenges. */
const mostAmplification = 3

export class ClientAddress {
  readonly source: Source
  /** It has answered with a number that it can only know from us. */
  proved = false
  #received = 0
  #sent = 0
  #guesses = 0

  constructor(source: Source) {
    this.source = source
  }

  received(bytes: number): void {
    if (!this.proved) this.#received += bytes
  }

  sent(bytes: number): void {
    if (!this.proved) this.#sent += bytes
  }

  /** True if so many bytes may be sent to it. */
  may(bytes: number): boolean {
    return this.proved || this.#sent + bytes <= this.#received
  }

  /** True if it may be asked, with so many bytes, to show that it is right. */
  mayAsk(bytes: number): boolean {
    return this.proved || this.#sent + bytes <= this.#received * mostAmplification
  }

  /** It has used a number that we did not give it. @returns true if it guesses */
  guessed(): boolean {
    return !this.proved && ++this.#guesses > mostGuesses
  }
}
