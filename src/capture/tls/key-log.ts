// Key log files as browsers, OpenSSL and Node write them (draft-ietf-tls-keylogfile): a label, the client's random
// number, a secret.

/** Secrets that are remembered; five for each TLS 1.3 connection. */
const maxSecrets = 200_000

export class KeyLog {
  readonly #secrets = new Map<string, Buffer>()

  /** Takes lines; those that are no secrets are passed over, as the format asks. */
  add(text: string): void {
    for (const [, label, random, secret] of text.matchAll(
      /^([A-Z0-9_]+) ([0-9a-f]{64}) ([0-9a-f]+)\s*$/gim,
    )) {
      if (this.#secrets.size === maxSecrets) return
      this.#secrets.set(`${label} ${random?.toLowerCase()}`, Buffer.from(secret ?? '', 'hex'))
    }
  }

  get isEmpty(): boolean {
    return this.#secrets.size === 0
  }

  find(label: string, clientRandom: string): Buffer | undefined {
    return this.#secrets.get(`${label} ${clientRandom}`)
  }
}
