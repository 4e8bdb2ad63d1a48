// Derives record keys from the secrets of a key log: HKDF for TLS 1.3 (RFC 8446, 7.1 and 7.3), the PRF for TLS 1.2
// (RFC 5246, 5 and 6.3).
import type { HashName, TlsCrypto } from '../crypto.js'
import type { Suite } from './suites.js'

/** Key and IV of one direction. */
export interface RecordKey {
  readonly key: Uint8Array
  /** 12 bytes; with AES-GCM in TLS 1.2 the first 4 of the nonce. */
  readonly iv: Uint8Array
}

/** HKDF-Expand-Label (RFC 8446, 7.1; RFC 5869, 2.3) with an empty context. */
function expandLabel(
  crypto: TlsCrypto,
  hash: HashName,
  label: { secret: Uint8Array; name: string; length: number },
): Buffer {
  const { secret, name, length } = label
  const full = `tls13 ${name}`
  const info = Buffer.concat([
    Buffer.from([length >> 8, length & 255, full.length]),
    Buffer.from(full, 'latin1'),
    Buffer.from([0]),
  ])
  let block: Uint8Array = Buffer.alloc(0)
  const blocks: Uint8Array[] = []
  for (let index = 1; (index - 1) * hashLength(hash) < length; index++) {
    block = crypto.hmac(hash, secret, Buffer.concat([block, info, Buffer.from([index])]))
    blocks.push(block)
  }
  return Buffer.concat(blocks).subarray(0, length)
}

function hashLength(hash: HashName): number {
  return hash === 'sha256' ? 32 : 48
}

export function trafficKey(crypto: TlsCrypto, { hash, keyLength }: Suite, secret: Uint8Array): RecordKey {
  return {
    key: expandLabel(crypto, hash, { secret, name: 'key', length: keyLength }),
    iv: expandLabel(crypto, hash, { secret, name: 'iv', length: 12 }),
  }
}

/** The secret after a KeyUpdate (RFC 8446, 7.2). */
export function nextSecret(crypto: TlsCrypto, { hash }: Suite, secret: Uint8Array): Buffer {
  return expandLabel(crypto, hash, { secret, name: 'traffic upd', length: hashLength(hash) })
}

/** The keys of both directions in TLS 1.2. */
export function keyBlock(
  crypto: TlsCrypto,
  { aead, hash, keyLength }: Suite,
  secrets: { master: Uint8Array; clientRandom: Uint8Array; serverRandom: Uint8Array },
): Record<'c2s' | 's2c', RecordKey> {
  const { master, clientRandom, serverRandom } = secrets
  const ivLength = aead === 'chacha20-poly1305' ? 12 : 4 // RFC 7905 (2), RFC 5288 (3)
  const seed = Buffer.concat([Buffer.from('key expansion', 'latin1'), serverRandom, clientRandom])
  const wanted = 2 * (keyLength + ivLength)
  let a: Uint8Array = seed
  let block = Buffer.alloc(0)
  while (block.length < wanted) {
    a = crypto.hmac(hash, master, a)
    block = Buffer.concat([block, crypto.hmac(hash, master, Buffer.concat([a, seed]))])
  }
  const iv = 2 * keyLength
  return {
    c2s: { key: block.subarray(0, keyLength), iv: block.subarray(iv, iv + ivLength) },
    s2c: { key: block.subarray(keyLength, iv), iv: block.subarray(iv + ivLength, iv + 2 * ivLength) },
  }
}
