// The supported cipher suites: GCM and ChaCha20-Poly1305, of TLS 1.2 and 1.3.
import type { AeadName, HashName } from '../crypto.js'

export interface Suite {
  readonly aead: AeadName
  readonly hash: HashName
  readonly keyLength: 16 | 32
}

const aes128: Suite = { aead: 'aes-128-gcm', hash: 'sha256', keyLength: 16 }
const aes256: Suite = { aead: 'aes-256-gcm', hash: 'sha384', keyLength: 32 }
const chacha: Suite = { aead: 'chacha20-poly1305', hash: 'sha256', keyLength: 32 }

const numbers: readonly (readonly [Suite, readonly number[]])[] = [
  // RFC 8446 (B.4); RFC 5288 (RSA, DHE), RFC 5289 (ECDHE), RFC 5487 (PSK, DHE_PSK), RFC 8442 (ECDHE_PSK)
  [aes128, [0x1301, 0x009c, 0x009e, 0xc02b, 0xc02f, 0x00a8, 0x00aa, 0xd001]],
  [aes256, [0x1302, 0x009d, 0x009f, 0xc02c, 0xc030, 0x00a9, 0x00ab, 0xd002]],
  // RFC 8446 (B.4), RFC 7905
  [chacha, [0x1303, 0xcca8, 0xcca9, 0xccaa, 0xccab, 0xccac, 0xccad]],
]

const suites = new Map(numbers.flatMap(([suite, list]) => list.map((number) => [number, suite] as const)))

export function suiteOf(number: number): Suite | undefined {
  return suites.get(number)
}
