// Packets as bytes, valid ones and others.

import { sized, twoBytes } from '../codec/property-writer.js'
import { afterInteger, variableByteInteger } from '../codec/variable-byte-integer.js'
import { encode } from './encode.js'
import type { ConnectSettings, Lab } from './lab.js'

/** A packet with the first byte `header`, and the right Remaining Length. */
export function packetOf(header: number, ...body: readonly Uint8Array[]): Buffer {
  const all = Buffer.concat(body)
  return Buffer.concat([Uint8Array.of(header), variableByteInteger(all.length), all])
}

/** A string after its length. */
export function field(value: string | Uint8Array): Buffer {
  return Buffer.concat(sized(value))
}

export { twoBytes }

/** Where the fields of CONNECT are in its body. */
export const connectLevel = 6
export const connectFlags = 7
export const connectProperties = 10

/** A CONNECT of this exchange whose body is changed by `change`; the Remaining Length is right. */
export function changedConnect(
  lab: Lab,
  change: (body: Buffer) => Uint8Array,
  settings: ConnectSettings = {},
): Buffer {
  const bytes = encode(lab.connectPacket(settings), lab.version)
  return packetOf(0x10, change(bytes.subarray(afterInteger(bytes, 1))))
}

/** A `change` of the body of a CONNECT: the byte at `offset` becomes `value(byte)`. */
export function byteAt(offset: number, value: (byte: number) => number): (body: Buffer) => Buffer {
  return (body) => {
    body[offset] = value(body[offset]!)
    return body
  }
}
