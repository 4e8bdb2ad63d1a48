// TCP (RFC 9293): parses each segment and passes it to its connection, opened by a SYN or in mid-stream.

import { type ConnectionEntry, ConnectionTable, endpoint } from './connection-table.js'
import type { CaptureContext } from './context.js'
import { Conversation, otherSide, type Side } from './conversation.js'
import type { Frame } from './frame.js'
import type { FrameStage } from './pcap.js'
import { ackFlag, CapturedConnection, finFlag, rstFlag, synFlag } from './tcp-connection.js'
import type { TcpReassembler } from './tcp-reassembler.js'

/** Length of a header without options, in bytes. */
const minHeader = 20
/**
 * A closed connection stays in the table, so that late copies of its segments do not open another. Data
 * further than this from its sequence numbers, in bytes, belongs to a new connection whose SYN was not
 * captured.
 */
const maxLateDistance = 1024 * 1024
/** Most data in a SYN, in bytes: an IP packet holds no more. */
const maxSynData = 65_535

export class TcpStage implements FrameStage {
  readonly #context: CaptureContext
  readonly #table = new ConnectionTable<CapturedConnection>((connection) => connection.close('timeout'))
  /** Number of segments read, without damaged ones. */
  segments = 0
  /** Number of the last capture point; the first is 0. */
  #capturePoints = 0

  constructor(context: CaptureContext) {
    this.#context = context
  }

  push(frame: Frame): void {
    const { bytes, start } = frame
    if (frame.end - start < minHeader) return this.#noteDamaged(frame, 'cut off')
    const payload = start + ((bytes[start + 12]! >> 4) << 2)
    if (payload < start + minHeader || payload > frame.wireEnd)
      return this.#noteDamaged(frame, 'of an impossible length')
    this.segments += 1
    const flags = bytes[start + 13]!
    const isSyn = (flags & synFlag) !== 0
    const seq = int32(bytes, start + 4)
    const acknowledged = int32(bytes, start + 8)
    const hasData = payload < frame.wireEnd
    const found = this.#table.find(frame)
    const isOfOpen = !isSyn && found?.value.closed === false
    const entry = isOfOpen ? found : this.#entryFor(frame, { found, flags, seq, acknowledged, hasData })
    if (entry === undefined) return
    const side = this.#table.side
    const connection = entry.value
    const own = connection.reassemblers[side]
    const peer = connection.reassemblers[otherSide(side)]
    // Sequence number of the first byte of data: a SYN takes one itself.
    const dataSeq = isSyn ? (seq + 1) | 0 : seq
    if (!own.anchored) {
      own.noteSequence(dataSeq)
      connection.passOnReady()
    }
    if ((flags & ackFlag) !== 0) {
      peer.acknowledge(acknowledged)
      if (!peer.anchored) connection.anchorByAcknowledgement(side, dataSeq, acknowledged)
      if (peer.isWaiting && (!peer.anchored || connection.isComplete(otherSide(side))))
        peer.check(frame.seconds)
    }
    if (hasData || (flags & (finFlag | rstFlag)) !== 0) {
      // The first operand is a cheap test: most segments need not wait.
      const isEarly =
        (connection.isHolding || (flags & rstFlag) !== 0 || peer.lacksBefore(acknowledged)) &&
        connection.mustWait(side, dataSeq, flags, acknowledged)
      if (isEarly) connection.hold({ side, frame, seq: dataSeq, payload, flags, acknowledged })
      else connection.take(frame, side, dataSeq, payload, flags)
    } else if (own.isWaiting && connection.isComplete(side)) own.check(frame.seconds)
    if (connection.isHolding) connection.afterPacket(frame.seconds)
  }

  /**
   * Finds or opens the connection of a SYN, or of a segment that belongs to no open connection. Undefined:
   * ignore the segment.
   */
  #entryFor(frame: Frame, segment: SegmentHead): ConnectionEntry<CapturedConnection> | undefined {
    const { found, flags, seq, hasData } = segment
    if ((flags & synFlag) !== 0) return this.#entryForSyn(frame, segment)
    if (found === undefined) {
      // A reset alone opens no connection.
      return (flags & rstFlag) !== 0 ? undefined : this.#create(frame, undefined)
    }
    if (!hasData) return undefined
    const { value: connection } = found
    const distance = (seq - connection.reassemblers[this.#table.side].expected) | 0
    if (Math.abs(distance) > maxLateDistance) {
      this.#table.remove(found)
      return this.#create(frame, undefined)
    }
    if (distance >= 0) connection.dataAfterClose(frame)
    return undefined
  }

  /**
   * RFC 9293, 3.5: a SYN opens a connection, unless it is a retransmission or answers the SYN of an open
   * connection.
   */
  #entryForSyn(
    frame: Frame,
    { found, flags, seq, acknowledged }: SegmentHead,
  ): ConnectionEntry<CapturedConnection> {
    const isSynAck = (flags & ackFlag) !== 0
    const { side } = this.#table
    if (found !== undefined && !this.#splitsCapturePoint(frame, found)) {
      const { reassemblers, closed } = found.value
      const own = reassemblers[side]
      if (!closed && own.isn === seq) return found
      const peerIsn = reassemblers[otherSide(side)].isn
      // Bytes acknowledged after the SYN itself. A SYN with data may be acknowledged with or without the
      // data (RFC 7413).
      const synData = peerIsn === undefined ? -1 : (acknowledged - 1 - peerIsn) | 0
      const isAnswer = isSynAck && !closed && own.isn === undefined && synData >= 0 && synData <= maxSynData
      if (isAnswer && own.isFresh) {
        this.#anchor(own, seq)
        return found
      }
      found.value.close('timeout')
      this.#table.remove(found)
    }
    const entry = this.#create(frame, isSynAck ? 1 : 0)
    this.#anchor(entry.value.reassemblers[0], seq)
    if (isSynAck) this.#anchor(entry.value.reassemblers[1], (acknowledged - 1) | 0)
    return entry
  }

  /**
   * If a SYN of this side was already read from another file of the same time, the file of `frame` was
   * captured at another point of the network: gives it a capture point of its own and returns true.
   * Otherwise each file would look like a retransmission of the other.
   */
  #splitsCapturePoint(
    { source }: Frame,
    { source: firstSource, value }: ConnectionEntry<CapturedConnection>,
  ): boolean {
    const { closed, reassemblers } = value
    const isSamePoint = source.capturePoint === firstSource.capturePoint
    if (source === firstSource || firstSource.ended || !isSamePoint) return false
    if (closed || reassemblers[this.#table.side].isn === undefined) return false
    this.#capturePoints += 1
    source.capturePoint = this.#capturePoints
    return true
  }

  /** Starts a direction after its SYN, whose sequence number is `isn`. */
  #anchor(reassembler: TcpReassembler, isn: number): void {
    reassembler.isn = isn
    reassembler.anchor((isn + 1) | 0)
  }

  /** Adds a connection. `client` is the side that opened it, undefined if no SYN was captured. */
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

  #noteDamaged(frame: Frame, what: string): void {
    const text = `record ${frame.record} holds a TCP header that is ${what}; it was skipped`
    this.#context.notes.say('damaged TCP header', text, frame.fileOffset)
  }

  end(): void {
    for (const connection of this.#table.values()) connection.close('end')
  }
}

/** What `push` knows of a segment. */
interface SegmentHead {
  /** The connection in the table, open or closed. */
  readonly found: ConnectionEntry<CapturedConnection> | undefined
  readonly flags: number
  readonly seq: number
  readonly acknowledged: number
  readonly hasData: boolean
}

/** A signed 32-bit integer, as sequence numbers are here: `(seq + 1) | 0`. Faster than Buffer's readers. */
function int32(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
