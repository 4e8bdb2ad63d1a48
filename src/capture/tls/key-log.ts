// Key log files (draft-ietf-tls-keylogfile), as browsers, OpenSSL and Node write them: label, client random, secret.

/** Secrets that are kept; a TLS 1.3 connection has five. */
const maxSecrets = 200_000

export class KeyLog {
  readonly #secrets = new Map<string, Buffer>()

  /** Adds the secrets of lines; other lines are ignored, as the format requires. */
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
