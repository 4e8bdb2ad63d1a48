// Decrypts the records of one direction: nonce, additional data and sequence number (RFC 8446, 5.2 and 5.3; RFC 5288, 3;
// RFC 7905, 2).
import type { SealedBox, TlsCrypto } from '../crypto.js'
import { nextSecret, type RecordKey, trafficKey } from './keys.js'
import type { TlsRecord } from './records.js'
import type { Suite } from './suites.js'

/** Sequence numbers that are tried after a gap; at records of a segment or more, a gap of some hundred kilobytes. */
const maxTried = 256

const headerLength = 5
const tagLength = 16

export interface DecryptedRecord {
  /** Content type: 20 to 23. */
  readonly type: number
  readonly content: Buffer
}

export class RecordDecryptor {
  readonly #crypto: TlsCrypto
  readonly #suite: Suite
  readonly #is13: boolean
  #key: RecordKey
  #secret: Uint8Array | undefined
  #sequence = 0n
  /** Records are missing: the sequence number must be searched for. */
  #isUnsure = false

  /** `from` is a traffic secret in TLS 1.3, a key in TLS 1.2. */
  constructor(crypto: TlsCrypto, suite: Suite, from: { secret: Uint8Array } | { key: RecordKey }) {
    this.#crypto = crypto
    this.#suite = suite
    this.#is13 = 'secret' in from
    this.#secret = 'secret' in from ? from.secret : undefined
    this.#key = 'secret' in from ? trafficKey(crypto, suite, from.secret) : from.key
  }

  missing(count: number | undefined): void {
    if (count === undefined) this.#isUnsure = true
    else this.#sequence += BigInt(count)
  }

  /** Switches to the next keys after a KeyUpdate (RFC 8446, 4.6.3). */
  update(): void {
    if (this.#secret === undefined) return
    this.#secret = nextSecret(this.#crypto, this.#suite, this.#secret)
    this.#key = trafficKey(this.#crypto, this.#suite, this.#secret)
    this.#sequence = 0n
  }

  /** Returns undefined, and changes nothing, if the key does not match. */
  open(record: TlsRecord): DecryptedRecord | undefined {
    const tries = this.#isUnsure ? maxTried : 1
    for (let index = 0; index < tries; index++) {
      const sequence = this.#sequence + BigInt(index)
      const opened = this.#is13 ? this.#open13(record, sequence) : this.#open12(record, sequence)
      if (opened === undefined) continue
      this.#sequence = sequence + 1n
      this.#isUnsure = false
      return opened
    }
    return undefined
  }

  /** The content type is the last byte that is not zero (RFC 8446, 5.2 and 5.4). */
  #open13({ bytes }: TlsRecord, sequence: bigint): DecryptedRecord | undefined {
    const sealed = bytes.subarray(headerLength)
    const inner = this.#decrypt({
      nonce: this.#xored(sequence),
      additional: bytes.subarray(0, headerLength),
      sealed,
    })
    if (inner === undefined) return undefined
    let end = inner.length
    while (end > 0 && inner[end - 1] === 0) end -= 1
    if (end === 0) return undefined
    return { type: inner[end - 1]!, content: inner.subarray(0, end - 1) }
  }

  #open12({ type, bytes }: TlsRecord, sequence: bigint): DecryptedRecord | undefined {
    const isChacha = this.#suite.aead === 'chacha20-poly1305'
    const explicit = isChacha ? 0 : 8
    const sealed = bytes.subarray(headerLength + explicit)
    const nonce = isChacha
      ? this.#xored(sequence)
      : Buffer.concat([this.#key.iv, bytes.subarray(headerLength, headerLength + explicit)])
    const additional = Buffer.alloc(13)
    additional.writeBigUInt64BE(BigInt.asUintN(64, sequence))
    bytes.copy(additional, 8, 0, 3)
    additional.writeUInt16BE(Math.max(0, sealed.length - tagLength), 11)
    const content = this.#decrypt({ nonce, additional, sealed })
    return content && { type, content }
  }

  #decrypt(box: Omit<SealedBox, 'key'>): Buffer | undefined {
    if (box.sealed.length < tagLength || box.nonce.length !== 12) return undefined
    const opened = this.#crypto.decrypt(this.#suite.aead, { key: this.#key.key, ...box })
    return opened && Buffer.from(opened.buffer, opened.byteOffset, opened.length)
  }

  #xored(sequence: bigint): Buffer {
    const nonce = Buffer.alloc(12)
    nonce.writeBigUInt64BE(BigInt.asUintN(64, sequence), 4)
    for (let index = 0; index < 12; index++) nonce[index] = nonce[index]! ^ this.#key.iv[index]!
    return nonce
  }
}
