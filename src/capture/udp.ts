// UDP (RFC 768): datagrams that may be MQTT-SN. Each is one segment of its flow.

import { type ConnectionEntry, ConnectionTable, endpoint } from './connection-table.js'
import type { CaptureContext } from './context.js'
import { Conversation } from './conversation.js'
import { type Frame, RecordOrigin } from './frame.js'
import type { FrameStage } from './pcap.js'
import { looksLikeMqttSn } from './roles.js'
import { Segment } from './segment.js'
import { cutShort } from './tcp-reassembler.js'

class DatagramFlow {
  readonly conversation: Conversation
  readonly #offsets: [number, number] = [0, 0]
  readonly #missing: [number, number] = [0, 0]

  constructor(conversation: Conversation) {
    this.conversation = conversation
  }

  push(frame: Frame, side: 0 | 1): void {
    const { bytes, start, end, wireEnd } = frame
    const offset = this.#offsets[side]
    const origin = new RecordOrigin(frame, frame.fileOffsetOf(start))
    const segment = new Segment(bytes.subarray(start, end), offset, origin, this.#missing[side] || undefined)
    segment.cut = wireEnd - end
    this.conversation.data(side, segment)
    this.#offsets[side] = offset + wireEnd - start
    this.#missing[side] = wireEnd - end
    if (wireEnd > end) this.conversation.gap(side, offset + end - start, wireEnd - end, cutShort)
  }
}

export class UdpStage implements FrameStage {
  readonly #context: CaptureContext
  readonly #table = new ConnectionTable<DatagramFlow>((flow) => flow.conversation.close('timeout'))
  datagrams = 0

  constructor(context: CaptureContext) {
    this.#context = context
  }

  push(frame: Frame): void {
    const { bytes, start } = frame
    if (frame.end - start < 8) return
    const length = bytes.readUInt16BE(start + 4)
    if (length >= 8 && start + length < frame.wireEnd) frame.wireEnd = start + length
    if (frame.end > frame.wireEnd) frame.end = frame.wireEnd
    if (frame.end - start <= 8) return
    this.datagrams += 1
    const entry = this.#table.find(frame) ?? this.#create(frame)
    if (entry === undefined) return
    frame.start = start + 8
    entry.value.push(frame, this.#table.side)
  }

  /** A flow begins with a datagram on a known port, or one that looks like MQTT-SN. Others, such as DNS, are ignored. */
  #create(frame: Frame): ConnectionEntry<DatagramFlow> | undefined {
    const { bytes, start, end, addresses, addressLength } = frame
    const ports = [bytes.readUInt16BE(start), bytes.readUInt16BE(start + 2)] as const
    const known = ports.some((port) => this.#context.udpPorts.has(port))
    if (!known && !looksLikeMqttSn(bytes.subarray(start + 8, end))) return undefined
    const conversation = new Conversation(this.#context, {
      protocol: 'udp',
      names: [
        endpoint(bytes.subarray(addresses, addresses + addressLength), ports[0]),
        endpoint(bytes.subarray(addresses + addressLength, addresses + 2 * addressLength), ports[1]),
      ],
      ports,
      client: undefined,
      // Every datagram begins a message.
      sawStart: true,
    })
    return this.#table.add(frame, new DatagramFlow(conversation))
  }

  end(): void {
    for (const flow of this.#table.values()) flow.conversation.close('end')
  }
}
