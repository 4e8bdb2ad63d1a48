// Broken brokers that change, drop or answer some packets, and pass the others.
import type { IPublishPacket, ISubackPacket, ISubscribePacket, Packet } from 'mqtt-packet'
import type { Between, Breaking, Passing } from '../rig.js'
import { bytesFromClients, bytesToClients } from './bytes.js'

type Cmd = Packet['cmd']
type Of<C extends Cmd> = Extract<Packet, { cmd: C }>

export const types = { connect: 1, publish: 3, subscribe: 8, unsubscribe: 10, disconnect: 14, auth: 15 }

/** Bytes that begin with the Fixed Header, with another first byte. */
export const withFirst = (bytes: Buffer, first: number): Buffer =>
  Buffer.concat([Buffer.of(first), bytes.subarray(1)])

/** Bytes of a packet whose last byte is another. */
export const withLast = (bytes: Buffer, last: number): Buffer =>
  Buffer.concat([bytes.subarray(0, -1), Buffer.of(last)])

type Replacement = Packet | Uint8Array | false | undefined

/**
 * Changes packets of one kind from a client; false: drops it, undefined: it passes. An invalid
 * UNSUBSCRIBE passes.
 */
export const request = <C extends Cmd>(
  cmd: C,
  change: (packet: Of<C>, between: Between) => Replacement,
): Breaking =>
  bytesFromClients(({ packet }, between) => {
    const filters = packet?.cmd === 'unsubscribe' ? packet.unsubscriptions : ['']
    const isInvalid = filters.length === 0 || filters.some((filter) => filter.includes('\ufffd'))
    return packet?.cmd === cmd && !isInvalid ? change(packet as Of<C>, between) : undefined
  })

/** Changes packets of one kind to a client. */
export const answer = <C extends Cmd>(
  cmd: C,
  change: (packet: Of<C>, between: Between) => Replacement,
): Breaking =>
  bytesToClients(({ packet }, between) =>
    packet?.cmd === cmd ? change(packet as Of<C>, between) : undefined,
  )

/** Both of two faults, the first one for packets of clients, the second one for packets to clients. */
export const both =
  (client: Breaking, server: Breaking): Breaking =>
  (between) => ({ ...client(between), ...server(between) })

/** Does not hand on a packet that matches, and answers instead as if all were well; `answers`: with what. */
export const takes = (
  matches: (passing: Passing, between: Between) => boolean,
  answers: (passing: Passing, between: Between) => Packet | Uint8Array | undefined,
): Breaking =>
  bytesFromClients((passing, between) => {
    if (!matches(passing, between)) return undefined
    const bytes = answers(passing, between)
    if (bytes !== undefined) between.toClient(bytes)
    return false
  })

/** Only on the connections of clients whose first CONNECT matches. */
export const forClients = (matches: (connect: Of<'connect'>) => boolean, breaking: Breaking): Breaking => {
  return (between) => {
    const faults = breaking(between)
    let is: boolean | undefined
    return {
      fromClient(passing) {
        if (passing.packet?.cmd === 'connect') is ??= matches(passing.packet)
        if (is && faults.fromClient) faults.fromClient(passing)
        else between.toServer(passing.bytes)
      },
      fromServer(passing) {
        if (is && faults.fromServer) faults.fromServer(passing)
        else between.toClient(passing.bytes)
      },
    }
  }
}

/** The two-byte number at `offset` of the body of a packet of less than 128 bytes: the Packet Identifier of most. */
export const identifierOf = ({ bytes }: Passing): number => bytes.readUInt16BE(2)

/** The SUBACK of a SUBSCRIBE that was not handed on. */
export const suback = (messageId: number, ...granted: number[]): ISubackPacket => ({
  cmd: 'suback',
  messageId,
  granted,
})

export const message = (topic: string, more: Partial<IPublishPacket> = {}): IPublishPacket => ({
  cmd: 'publish',
  topic,
  payload: '',
  qos: 0,
  retain: false,
  dup: false,
  ...more,
})

/** The first Topic Filter; empty if there is none. */
export const filterOf = ({ subscriptions }: ISubscribePacket): string => subscriptions[0]?.topic ?? ''

export const long = 'x'.repeat(200)

/** UNSUBACK or SUBACK without codes, as bytes; `first`: its first byte. */
export const withoutCodes = (first: number, { version }: Between): Buffer =>
  version === 5 ? Buffer.of(first, 3, 0, 7, 0) : Buffer.of(first, 2, 0, 7)

/** The payload as text. */
export const payloadOf = ({ payload }: { payload: string | Buffer }): string => payload.toString()
