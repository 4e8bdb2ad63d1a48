// Input that knows no packets: the bytes of one direction, or those that text writes down. One flow, without times.
import type { Context } from './context.js'
import { Conversation, type Side } from './conversation.js'
import { RecordOrigin } from './frame.js'
import type { Capture } from './open.js'
import { couldBePacket } from './recognise.js'
import { senderOf } from './roles.js'
import { Segment } from './segment.js'
import { type Direction, unknownSecond } from './stream.js'

/** As much of the input as its direction may be told by. */
export const rawHead = 16

/** The one flow of a file, fed by direction. Side 0 is the client. */
export class RawFlow {
  readonly #conversation: Conversation
  readonly #offsets: [number, number] = [0, 0]
  readonly #missing: [number, number] = [0, 0]

  constructor(context: Context, names: readonly [string, string] = ['client', 'server']) {
    this.#conversation = new Conversation(context, {
      protocol: 'raw',
      names,
      ports: [0, 0],
      client: 0,
      sawStart: true,
    })
  }

  data(direction: Direction, bytes: Buffer, place: { record: number; fileOffset: number }): void {
    if (bytes.length === 0) return
    const side = sideOf(direction)
    const moment = { record: place.record, second: unknownSecond, nanos: 0 }
    const origin = new RecordOrigin(moment, place.fileOffset)
    const offset = this.#offsets[side]
    this.#offsets[side] = offset + bytes.length
    const gapBefore = this.#missing[side] || undefined
    this.#missing[side] = 0
    this.#conversation.data(side, new Segment(bytes, offset, origin, gapBefore))
  }

  gap(direction: Direction, length: number, why: string): void {
    const side = sideOf(direction)
    this.#conversation.gap(side, this.#offsets[side], length, why)
    this.#offsets[side] += length
    this.#missing[side] += length
  }

  end(): void {
    this.#conversation.close('end')
  }
}

function sideOf(direction: Direction): Side {
  return direction === 'c2s' ? 0 : 1
}

/** A byte stream as a proxy or a debugger writes it to a file. */
export class RawCapture implements Capture {
  readonly #flow: RawFlow
  readonly #direction: Direction
  #position = 0

  constructor(context: Context, head: Buffer) {
    this.#flow = new RawFlow(context)
    this.#direction = context.options.direction ?? directionOf(head)
    if (!isPlausible(head)) {
      const text = 'this is no capture that is known: it was read as the bytes of one direction'
      context.notes.say('unknown format', text, 0)
    }
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    this.#flow.data(this.#direction, bytes, { record: 1, fileOffset: this.#position })
    this.#position += bytes.length
  }

  end(): void {
    this.#flow.end()
  }
}

/** CONNACK, SUBACK, UNSUBACK and PINGRESP come from servers (MQTT 5.0, 2.1.2). */
const serverTypes = new Set([2, 9, 11, 13])

function directionOf(head: Buffer): Direction {
  const sender = senderOf(head)
  if (sender !== undefined) return sender === 'client' ? 'c2s' : 's2c'
  return serverTypes.has((head[0] ?? 0) >> 4) ? 's2c' : 'c2s'
}

/** A packet type that exists with flags that it may have (MQTT 5.0, 2.1.2 and 2.1.3), or the start of TLS or HTTP. */
function isPlausible(head: Buffer): boolean {
  const first = head[0] ?? 0
  if (senderOf(head) !== undefined) return true
  return couldBePacket(first)
}
