// Cryptography for TLS: the capture reader imports no Node modules.
import { createDecipheriv, createHmac, getCiphers } from 'node:crypto'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import type { AeadName, SealedBox, TlsCrypto } from '../capture/crypto.js'

const tagLength = 16

export const crypto: TlsCrypto = {
  hmac: (hash, key, data) => createHmac(hash, key).update(data).digest(),
  decrypt: (aead, box) => (decrypt ??= decryptWith(getCiphers()))(aead, box),
}

let decrypt: TlsCrypto['decrypt'] | undefined

/**
 * `known`: the ciphers of node:crypto. ChaCha20-Poly1305 is decrypted in JavaScript where it lacks it, as in Bun and in
 * an OpenSSL for FIPS.
 */
export function decryptWith(known: readonly string[]): TlsCrypto['decrypt'] {
  const isMissing = !known.includes('chacha20-poly1305')
  return (aead, box) => {
    if (box.sealed.length < tagLength) return undefined
    try {
      return isMissing && aead === 'chacha20-poly1305' ? withoutNode(box) : withNode(aead, box)
    } catch {
      return undefined
    }
  }
}

function withoutNode({ key, nonce, additional, sealed }: SealedBox): Uint8Array {
  return chacha20poly1305(key, nonce, additional).decrypt(sealed)
}

function withNode(aead: AeadName, { key, nonce, additional, sealed }: SealedBox): Uint8Array {
  const end = sealed.length - tagLength
  const decipher = createDecipheriv(aead as Exclude<AeadName, 'chacha20-poly1305'>, key, nonce, {
    authTagLength: tagLength,
  })
  decipher.setAAD(additional, { plaintextLength: end })
  decipher.setAuthTag(sealed.subarray(end))
  return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()])
}
