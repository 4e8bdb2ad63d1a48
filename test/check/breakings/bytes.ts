// Brokers that change packets whose bytes matter, such as those that are invalid.
import type { Packet } from 'mqtt-packet'
import { afterInteger } from '../../../src/codec/variable-byte-integer.js'
import type { Between, Breaking, Passing } from '../rig.js'

/** What is passed on instead of a packet; undefined: the packet, whose bytes may have been changed; false: nothing. */
type Replacement = Packet | Uint8Array | false | undefined

type Change = (passing: Passing, between: Between) => Replacement

export const bytesFromClients =
  (change: Change): Breaking =>
  (between) => ({
    fromClient(passing) {
      const changed = change(passing, between)
      if (changed !== false) between.toServer(changed ?? passing.bytes)
    },
  })

export const bytesToClients =
  (change: Change): Breaking =>
  (between) => ({
    fromServer(passing) {
      const changed = change(passing, between)
      if (changed !== false) between.toClient(changed ?? passing.bytes)
    },
  })

/** In packets from clients, bytes that the broker would refuse become others of the same length. */
export const overlooking = (bad: Uint8Array, good: string): Breaking =>
  bytesFromClients(({ bytes }) => {
    const at = bytes.indexOf(bad)
    if (at >= 0) bytes.write(good, at, 'latin1')
    return undefined
  })

/** CONNECTs whose body is so are taken for a valid one. */
export const accepting = (isSo: (body: Buffer) => boolean): Breaking =>
  bytesFromClients(({ type, bytes }) => {
    const body = bytes.subarray(afterInteger(bytes, 1))
    if (type !== 1 || !isSo(body)) return undefined
    const protocolVersion = body[6] === 5 ? 5 : 4
    return { cmd: 'connect', protocolId: 'MQTT', protocolVersion, clean: true, keepalive: 0, clientId: '' }
  })
