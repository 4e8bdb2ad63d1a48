// Node functions for the capture reader, which has no Node imports: inflate for WebSocket, cryptography for TLS.
import { createDecipheriv, createHmac } from 'node:crypto'
import { constants, inflateRawSync } from 'node:zlib'
import type { AeadName, Inflate, TlsCrypto } from '../../capture/crypto.js'

export const inflate: Inflate = (deflated, dictionary, maxLength) => {
  return inflateRawSync(deflated, {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: maxLength,
    ...(dictionary.length > 0 && { dictionary }),
  })
}

const tagLength = 16

export const crypto: TlsCrypto = {
  hmac: (hash, key, data) => createHmac(hash, key).update(data).digest(),
  decrypt(aead, { key, nonce, additional, sealed }) {
    const end = sealed.length - tagLength
    if (end < 0) return undefined
    try {
      const decipher = createDecipheriv(aead as Exclude<AeadName, 'chacha20-poly1305'>, key, nonce, {
        authTagLength: tagLength,
      })
      decipher.setAAD(additional, { plaintextLength: end })
      decipher.setAuthTag(sealed.subarray(end))
      return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()])
    } catch {
      return undefined
    }
  },
}
