// The first 40 bytes of a payload, from which a receiver derives loss, duplicates, order and latency. Big-endian:
//   0 magic, 3 flags (1: measured), 4 host, 8 run, 12 client, 16 sequence number (64 bits), 24 intended time,
//   32 time of sending. Times are 64-bit floats: milliseconds of the monotonic clock of the host.

export const stampSize = 40
const magic = 0x6d717800 // "mqx"

export interface Stamp {
  /** False for messages of the warm-up. */
  readonly measured: boolean
  /** Times are comparable only if this is the same. */
  readonly host: number
  readonly run: number
  readonly client: number
  readonly sequence: number
  readonly intended: number
  readonly sent: number
}

export function writeStamp(to: Buffer, stamp: Stamp): void {
  to.writeUInt32BE(magic | (stamp.measured ? 1 : 0), 0)
  to.writeUInt32BE(stamp.host, 4)
  to.writeUInt32BE(stamp.run, 8)
  to.writeUInt32BE(stamp.client, 12)
  to.writeUInt32BE(Math.floor(stamp.sequence / 2 ** 32), 16)
  to.writeUInt32BE(stamp.sequence >>> 0, 20)
  to.writeDoubleBE(stamp.intended, 24)
  to.writeDoubleBE(stamp.sent, 32)
}

/** Undefined if the bytes do not begin with a stamp. */
export function readStamp(bytes: Buffer, start: number, end: number): Stamp | undefined {
  if (end - start < stampSize) return undefined
  const head = bytes.readUInt32BE(start)
  if ((head & 0xffffff00) !== magic) return undefined
  const intended = bytes.readDoubleBE(start + 24)
  const sent = bytes.readDoubleBE(start + 32)
  if (!Number.isFinite(intended) || !Number.isFinite(sent)) return undefined
  return {
    measured: (head & 1) !== 0,
    host: bytes.readUInt32BE(start + 4),
    run: bytes.readUInt32BE(start + 8),
    client: bytes.readUInt32BE(start + 12),
    sequence: bytes.readUInt32BE(start + 16) * 2 ** 32 + bytes.readUInt32BE(start + 20),
    intended,
    sent,
  }
}
