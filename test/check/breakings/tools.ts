// Kinds of broken brokers.
import type { Packet } from 'mqtt-packet'
import type { Between, Breaking } from '../rig.js'

type PacketOf<Cmd extends Packet['cmd']> = Extract<Packet, { cmd: Cmd }>
export type Sent = Packet | Uint8Array | (Packet | Uint8Array)[] | undefined

/** What becomes of a packet: itself, others, or nothing. `seen`: kept for the connection. */
export type Change<Cmd extends Packet['cmd']> = (
  packet: PacketOf<Cmd>,
  context: { between: Between; bytes: Buffer; seen: Set<unknown> },
) => Sent

const listOf = (sent: Sent): (Packet | Uint8Array)[] => (sent === undefined ? [] : [sent].flat())

/** A broker that changes packets of `cmd` to clients. Packets that stay the same keep their bytes. */
export function toClients<Cmd extends Packet['cmd']>(cmd: Cmd, change: Change<Cmd>): Breaking {
  return (between) => {
    const seen = new Set<unknown>()
    return {
      fromServer({ packet, bytes }) {
        if (packet?.cmd !== cmd) return between.toClient(bytes)
        const sent = change(packet as PacketOf<Cmd>, { between, bytes, seen })
        between.toClient(...(sent === packet ? [bytes] : listOf(sent)))
      },
    }
  }
}

/** A broker that takes packets of `cmd` from clients as others. */
export function fromClients<Cmd extends Packet['cmd']>(cmd: Cmd, change: Change<Cmd>): Breaking {
  return (between) => {
    const seen = new Set<unknown>()
    return {
      fromClient({ packet, bytes }) {
        if (packet?.cmd !== cmd) return between.toServer(bytes)
        const sent = change(packet as PacketOf<Cmd>, { between, bytes, seen })
        between.toServer(...(sent === packet ? [bytes] : listOf(sent)))
      },
    }
  }
}

/** A broker that ignores packets of clients whose bytes are so. */
export function ignoring(isSo: (bytes: Buffer) => boolean): Breaking {
  return ({ toServer }) => ({
    fromClient: ({ bytes }) => !isSo(bytes) && toServer(bytes),
  })
}

/** Under the numbers of both versions; `in5`: where MQTT 5 has another. */
export function inBoth(in4: string, breaking: Breaking, in5 = in4): Record<string, Breaking> {
  return { [`MQTT-${in4} in 4`]: breaking, [`MQTT-${in5} in 5`]: breaking }
}

/** The Topic Name of a PUBLISH, also of one that is invalid; undefined for other packets. */
export function topicOf(bytes: Buffer): string | undefined {
  if (bytes[0]! >> 4 !== 3) return undefined
  const at = bytes.findIndex((byte, index) => index > 0 && byte < 0x80) + 1
  return bytes.toString('utf8', at + 2, at + 2 + bytes.readUInt16BE(at))
}
