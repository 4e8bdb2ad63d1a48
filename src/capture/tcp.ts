// TCP (RFC 9293): finds the connection of each segment, and handles its start and end.

import { type ConnectionEntry, ConnectionTable, endpoint } from './connection-table.js'
import type { CaptureContext } from './context.js'
import { Conversation, otherSide, type Side } from './conversation.js'
import type { Frame } from './frame.js'
import type { FrameStage } from './pcap.js'
import { ackFlag, CapturedConnection, finFlag, rstFlag, synFlag } from './tcp-connection.js'
import type { TcpReassembler } from './tcp-reassembler.js'

/**
 * A connection that has ended is remembered, so that late copies of its segments do not open another. Data this far from
 * its sequence numbers belongs to a new connection whose SYN was not captured.
 */
const sameConnection = 1024 * 1024

export class TcpStage implements FrameStage {
  readonly #context: CaptureContext
  readonly #table = new ConnectionTable<CapturedConnection>((connection) => connection.close('timeout'))
  segments = 0
  /** Capture points after the first. */
  #capturePoints = 0

  constructor(context: CaptureContext) {
    this.#context = context
  }

  push(frame: Frame): void {
    const { bytes, start } = frame
    if (frame.end - start < 20) return this.#bad(frame, 'cut off')
    const payload = start + ((bytes[start + 12]! >> 4) << 2)
    if (payload < start + 20 || payload > frame.wireEnd) return this.#bad(frame, 'of an impossible length')
    this.segments += 1
    const flags = bytes[start + 13]!
    const seq = word(bytes, start + 4)
    const acknowledged = word(bytes, start + 8)
    const found = this.#table.find(frame)
    const isPlain = (flags & synFlag) === 0 && found?.value.closed === false
    const entry = isPlain
      ? found
      : this.#entryFor(frame, { found, flags, seq, acknowledged, hasData: payload < frame.wireEnd })
    if (entry === undefined) return
    const side = this.#table.side
    const connection = entry.value
    const own = connection.reassemblers[side]
    const peer = connection.reassemblers[otherSide(side)]
    const first = (flags & synFlag) === 0 ? seq : (seq + 1) | 0
    if (!own.anchored) {
      own.noteSequence(first)
      connection.passOnReady()
    }
    if ((flags & ackFlag) !== 0) {
      peer.acknowledge(acknowledged)
      if (!peer.anchored) connection.anchorByAcknowledgement(side, first, acknowledged)
      if (peer.isWaiting && (!peer.anchored || connection.isComplete(otherSide(side))))
        peer.check(frame.seconds)
    }
    if (payload < frame.wireEnd || (flags & (finFlag | rstFlag)) !== 0) {
      const isEarly =
        (connection.isHolding || (flags & rstFlag) !== 0 || peer.lacksBefore(acknowledged)) &&
        connection.mustWait(side, first, flags, acknowledged)
      if (isEarly) connection.hold({ side, frame, seq: first, payload, flags, acknowledged })
      else connection.take(frame, side, first, payload, flags)
    } else if (own.isWaiting && connection.isComplete(side)) own.check(frame.seconds)
    if (connection.isHolding) connection.afterPacket(frame.seconds)
  }

  /** The connection of a SYN, or of a segment that belongs to no open one; undefined if it is to be ignored. */
  #entryFor(frame: Frame, segment: SegmentHead): ConnectionEntry<CapturedConnection> | undefined {
    const { found, flags, seq, hasData } = segment
    if ((flags & synFlag) !== 0) return this.#synchronised(frame, segment)
    if (found === undefined) {
      // A reset alone opens no connection.
      return (flags & rstFlag) !== 0 ? undefined : this.#create(frame, undefined)
    }
    const { value: connection } = found
    if (!hasData) return undefined
    const distance = (seq - connection.reassemblers[this.#table.side].expected) | 0
    if (Math.abs(distance) > sameConnection) {
      this.#table.remove(found)
      return this.#create(frame, undefined)
    }
    if (distance >= 0) connection.dataAfterClose(frame)
    return undefined
  }

  /** RFC 9293, 3.5: a SYN opens a connection, unless it is a retransmission. */
  #synchronised(
    frame: Frame,
    { found, flags, seq, acknowledged }: SegmentHead,
  ): ConnectionEntry<CapturedConnection> {
    const answers = (flags & ackFlag) !== 0
    const { side } = this.#table
    if (found !== undefined && !this.#isOtherCapturePoint(frame, found)) {
      const { reassemblers, closed } = found.value
      const reassembler = reassemblers[side]
      if (!closed && reassembler.isn === seq) return found
      const peer = reassemblers[otherSide(side)].isn
      // A SYN with data may be acknowledged with or without the data (RFC 7413).
      const beyond = peer === undefined ? -1 : (acknowledged - 1 - peer) | 0
      const fits = answers && !closed && reassembler.isn === undefined && beyond >= 0 && beyond <= 65_535
      if (fits && reassembler.isFresh) {
        this.#anchor(reassembler, seq)
        return found
      }
      found.value.close('timeout')
      this.#table.remove(found)
    }
    const entry = this.#create(frame, answers ? 1 : 0)
    this.#anchor(entry.value.reassemblers[0], seq)
    if (answers) this.#anchor(entry.value.reassemblers[1], (acknowledged - 1) | 0)
    return entry
  }

  /**
   * Another file of the same time also has a SYN of this side: it was captured at another point of the network. The two
   * are kept apart, as otherwise each would look like a retransmission of the other.
   */
  #isOtherCapturePoint(
    { source }: Frame,
    { source: first, value }: ConnectionEntry<CapturedConnection>,
  ): boolean {
    const { closed, reassemblers } = value
    if (source === first || first.ended || source.capturePoint !== first.capturePoint) return false
    if (closed || reassemblers[this.#table.side].isn === undefined) return false
    this.#capturePoints += 1
    source.capturePoint = this.#capturePoints
    return true
  }

  #anchor(reassembler: TcpReassembler, isn: number): void {
    reassembler.isn = isn
    reassembler.anchor((isn + 1) | 0)
  }

  #create(frame: Frame, client: Side | undefined): ConnectionEntry<CapturedConnection> {
    const { bytes, start, addresses, addressLength } = frame
    const [portA, portB] = [bytes.readUInt16BE(start), bytes.readUInt16BE(start + 2)]
    const a = endpoint(bytes.subarray(addresses, addresses + addressLength), portA)
    const b = endpoint(bytes.subarray(addresses + addressLength, addresses + 2 * addressLength), portB)
    const conversation = new Conversation(this.#context, {
      protocol: 'tcp',
      names: [a, b],
      ports: [portA, portB],
      client,
      sawStart: client !== undefined,
    })
    return this.#table.add(frame, new CapturedConnection(this.#context, conversation))
  }

  #bad(frame: Frame, what: string): void {
    const text = `record ${frame.record} holds a TCP header that is ${what}; it was skipped`
    this.#context.notes.say('damaged TCP header', text, frame.fileOffset)
  }

  end(): void {
    for (const connection of this.#table.values()) connection.close('end')
  }
}

interface SegmentHead {
  readonly found: ConnectionEntry<CapturedConnection> | undefined
  readonly flags: number
  readonly seq: number
  readonly acknowledged: number
  readonly hasData: boolean
}

function word(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
