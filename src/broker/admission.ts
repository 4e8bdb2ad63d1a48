// A new connection until its first packet has shown what it is.
import type { Duplex } from 'node:stream'
import { farewell } from './farewell.js'
import { type FirstPacket, firstPacket, firstPacketBytes } from './first-packet.js'

export type Admission =
  /** The bytes read so far belong to the packet: they are for whoever reads on. */
  { admitted: true; first: Buffer } | { admitted: false; why: string; received: number; sent: number }

/** Calls `decided` once, as soon as the bytes suffice, or the time is up. A connection that was refused is closed. */
export function admit(stream: Duplex, timeoutMs: number, decided: (admission: Admission) => void): void {
  let seen: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => refuse(`it sent no CONNECT within ${timeoutMs / 1000} s`), timeoutMs)

  function settle(admission: Admission): void {
    clearTimeout(timer)
    stream.off('data', onData).off('close', onClose).off('end', onClose)
    decided(admission)
  }

  function refuse(why: string, answer: Uint8Array = new Uint8Array()): void {
    settle({ admitted: false, why, received: seen.length, sent: answer.length })
    farewell(stream, answer)
  }

  function onData(chunk: Buffer): void {
    seen = Buffer.concat([seen, chunk])
    const packet: FirstPacket = firstPacket(seen.subarray(0, firstPacketBytes))
    if (packet.kind === 'more') return
    if (packet.kind === 'refused') return refuse(packet.why, packet.answer)
    stream.pause()
    settle({ admitted: true, first: seen })
  }

  function onClose(): void {
    refuse('it closed the connection before a CONNECT')
  }

  stream.on('error', () => {}) // 'close' follows
  stream.on('data', onData).on('close', onClose).on('end', onClose)
}
