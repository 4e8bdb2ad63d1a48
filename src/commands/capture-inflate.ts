// Inflate for WebSocket: the capture reader imports no Node modules.
import { constants, inflateRawSync } from 'node:zlib'
import type { Inflate } from '../capture/crypto.js'

export const inflate: Inflate = (deflated, dictionary, maxLength) => {
  return inflateRawSync(deflated, {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: maxLength,
    ...(dictionary.length > 0 && { dictionary }),
  })
}
