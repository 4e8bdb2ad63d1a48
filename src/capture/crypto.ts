// Interfaces of inflate and cryptography, which callers inject so that this folder imports no Node modules.

/**
 * Inflates raw DEFLATE that ends with a flush (RFC 7692, 7.2.2). `dictionary` is the LZ77 window. Throws if the input is
 * damaged or the output exceeds `maxLength` bytes.
 */
export type Inflate = (deflated: Uint8Array, dictionary: Uint8Array, maxLength: number) => Uint8Array

export type AeadName = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
export type HashName = 'sha256' | 'sha384'

export interface SealedBox {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly additional: Uint8Array
  /** Ciphertext, then the 16 bytes of the tag. */
  readonly sealed: Uint8Array
}

/** The cryptography that decrypting TLS needs; node:crypto has all of it. */
export interface TlsCrypto {
  hmac(hash: HashName, key: Uint8Array, data: Uint8Array): Uint8Array
  /** Returns undefined if the tag does not match. */
  decrypt(aead: AeadName, box: SealedBox): Uint8Array | undefined
}
