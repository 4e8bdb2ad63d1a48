// What reading captures needs of others' libraries, injected so that this folder stays free of Node's modules.

/** Raw DEFLATE that ends with a flush, after `dictionary` (RFC 7692, 7.2.2). Throws on bad input and beyond `maxLength`. */
export type Inflate = (deflated: Uint8Array, dictionary: Uint8Array, maxLength: number) => Uint8Array

export type AeadName = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
export type HashName = 'sha256' | 'sha384'

export interface SealedBox {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly additional: Uint8Array
  /** Ends with the 16 bytes of the tag. */
  readonly sealed: Uint8Array
}

/** The cryptography that a captured TLS connection needs; node:crypto has all of it. */
export interface TlsCrypto {
  hmac(hash: HashName, key: Uint8Array, data: Uint8Array): Uint8Array
  /** Undefined where the tag does not fit. */
  decrypt(aead: AeadName, box: SealedBox): Uint8Array | undefined
}
