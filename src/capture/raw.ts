// Input without packets: the bytes of one direction, or bytes in a text. One flow, without times.
import type { CaptureContext } from './context.js'
import { Conversation, type Side } from './conversation.js'
import { RecordOrigin } from './frame.js'
import { couldBePacket } from './mqtt-packets.js'
import { MqttSnMessages } from './mqtt-sn-messages.js'
import type { Capture } from './options.js'
import { senderOf, senderOfDatagram } from './roles.js'
import { Segment } from './segment.js'
import { type Direction, unknownSecond } from './stream.js'

/** Bytes of the input that decide its direction. */
export const rawHead = 16

/** The place of bytes in a file: line or record, and offset. */
interface Place {
  readonly record: number
  readonly fileOffset: number
}

/** The single flow of a file. Side 0 is the client. */
export class RawFlow {
  readonly #conversation: Conversation
  readonly #offsets: [number, number] = [0, 0]
  readonly #missing: [number, number] = [0, 0]
  /** Set for MQTT-SN. */
  readonly #messages: Record<Direction, MqttSnMessages<Place>> | undefined

  constructor(context: CaptureContext, names: readonly [string, string] = ['client', 'server']) {
    if (context.options.protocol === 'mqtt-sn') {
      const messages = (direction: Direction) =>
        new MqttSnMessages<Place>((message, place) => this.#data(direction, message, place))
      this.#messages = { c2s: messages('c2s'), s2c: messages('s2c') }
    }
    this.#conversation = new Conversation(context, {
      protocol: 'raw',
      names,
      ports: [0, 0],
      client: 0,
      sawStart: true,
    })
  }

  /** The direction of bytes that begin with a packet; undefined if it may be either. */
  directionOf(bytes: Buffer): Direction | undefined {
    if (bytes.length === 0) return undefined
    if (this.#messages === undefined) return directionOf(bytes)
    const sender = senderOfDatagram(bytes)
    return sender && (sender === 'client' ? 'c2s' : 's2c')
  }

  data(direction: Direction, bytes: Buffer, place: Place): void {
    if (bytes.length === 0) return
    if (this.#messages === undefined) this.#data(direction, bytes, place)
    else this.#messages[direction].push(bytes, place)
  }

  #data(direction: Direction, bytes: Buffer, place: Place): void {
    const side = sideOf(direction)
    const time = { record: place.record, second: unknownSecond, nanos: 0 }
    const origin = new RecordOrigin(time, place.fileOffset)
    const offset = this.#offsets[side]
    this.#offsets[side] = offset + bytes.length
    const gapBefore = this.#missing[side] || undefined
    this.#missing[side] = 0
    this.#conversation.data(side, new Segment(bytes, offset, origin, gapBefore))
  }

  gap(direction: Direction, length: number, why: string): void {
    this.#messages?.[direction].flush()
    const side = sideOf(direction)
    this.#conversation.gap(side, this.#offsets[side], length, why)
    this.#offsets[side] += length
    this.#missing[side] += length
  }

  end(): void {
    this.#messages?.c2s.flush()
    this.#messages?.s2c.flush()
    this.#conversation.close('end')
  }
}

function sideOf(direction: Direction): Side {
  return direction === 'c2s' ? 0 : 1
}

/** A byte stream as a proxy or debugger writes it to a file. */
export class RawCapture implements Capture {
  readonly #flow: RawFlow
  readonly #direction: Direction
  #position = 0

  constructor(context: CaptureContext, head: Buffer) {
    this.#flow = new RawFlow(context)
    this.#direction = context.options.direction ?? this.#flow.directionOf(head) ?? 'c2s'
    // A packet (MQTT 5.0, 2.1.2 and 2.1.3), or the start of TLS or HTTP.
    const isPlausible = senderOf(head) !== undefined || couldBePacket(head[0] ?? 0)
    if (context.options.protocol === undefined && !isPlausible) {
      const text = 'unknown capture format: read as the bytes of one direction'
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

function directionOf(head: Buffer): Direction | undefined {
  const sender = senderOf(head)
  if (sender !== undefined) return sender === 'client' ? 'c2s' : 's2c'
  return serverTypes.has(head[0]! >> 4) ? 's2c' : undefined
}
