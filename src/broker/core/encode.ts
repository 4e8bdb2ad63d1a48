// PUBLISH to clients. The packet for one receiver is copied for the next that gets the same: only the Packet Identifier
// differs.
import { type Batch, copy } from '../../codec/batch.js'
import { remainingLengthSize } from '../../codec/framing.js'
import { putInteger } from '../../codec/variable-byte-integer.js'
import type { Message } from './message.js'
import type { Delivery } from './subscription.js'

/** The parameters, besides the message, that the size of a PUBLISH depends on. */
interface Form {
  readonly version5: boolean
  /** Topic Alias; 0: none. */
  readonly alias: number
  /** The receiver knows the alias: the Topic Name is left out. */
  readonly known: boolean
}

/** How a PUBLISH is sent over one connection. */
export interface Transfer extends Form {
  /** 0 at QoS 0. */
  readonly messageId: number
  readonly dup: boolean
  readonly now: number
}

/** A payload from this size on is not copied into the batch (`Batch.append`), so its packet cannot be either. */
const largePayload = 16 * 1024

/** The Remaining Length of the PUBLISH. */
function bodySize(delivery: Delivery, { version5, alias, known }: Form): number {
  const { message, qos } = delivery
  const topic = known ? 0 : message.topicEnd - message.topicStart
  const fixed = 2 + topic + (qos > 0 ? 2 : 0) + message.end - message.start
  if (!version5) return fixed
  const properties = propertiesSize(delivery, alias)
  return fixed + remainingLengthSize(properties) + properties
}

function propertiesSize({ message, ids }: Delivery, alias: number): number {
  let size = message.properties.block.length + (alias > 0 ? 3 : 0)
  if (ids !== undefined) for (const id of ids) size += 1 + remainingLengthSize(id)
  return size
}

/** The size of the whole packet in bytes. */
export function packetSize(delivery: Delivery, form: Form): number {
  const size = bodySize(delivery, form)
  return 1 + remainingLengthSize(size) + size
}

/** The range of the last packet of a form. */
interface Copy {
  /** The serial of its message. */
  serial: number
  buffer: Buffer
  start: number
  end: number
  /** From the Packet Identifier to the end. */
  behindId: number
  now: number
}

const nothing = Buffer.alloc(0)

const forms = 12 // MQTT 5 or not, QoS, RETAIN

export class PublishEncoder {
  readonly #copies: Copy[] = Array.from({ length: forms }, () => ({
    ...{ serial: 0, buffer: nothing, start: 0, end: 0, behindId: 0, now: 0 },
  }))

  /** Appends the PUBLISH to `batch`. */
  write(batch: Batch, delivery: Delivery, transfer: Transfer): void {
    const { message, qos, retain, ids } = delivery
    const { alias, dup, messageId, now } = transfer
    const small = message.end - message.start < largePayload
    if (!small || ids !== undefined || alias > 0 || dup) {
      this.#encode(batch, delivery, transfer)
      if (!small) batch.append(message.bytes, message.start, message.end)
      return
    }
    const saved = this.#copies[(transfer.version5 ? 6 : 0) + qos * 2 + (retain ? 1 : 0)]!
    const same =
      saved.serial === message.serial && (saved.now === now || message.expires === Number.POSITIVE_INFINITY)
    if (!same) return this.#encode(batch, delivery, transfer, saved)
    const { buffer, start, end } = saved
    batch.reserve(end - start)
    copy(buffer, start, end, batch.buffer, batch.offset)
    batch.offset += end - start
    if (qos > 0) batch.buffer.writeUInt16BE(messageId, batch.offset - saved.behindId)
  }

  #encode(batch: Batch, delivery: Delivery, transfer: Transfer, saved?: Copy): void {
    const { message, qos, retain, ids } = delivery
    const { version5, messageId, dup, alias, known, now } = transfer
    const size = bodySize(delivery, transfer)
    const payload = message.end - message.start
    const small = payload < largePayload
    batch.reserve(5 + size - (small ? 0 : payload))
    const { buffer } = batch
    const start = batch.offset
    let at = start
    buffer[at++] = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)
    at = putInteger(buffer, at, size)
    const { topicStart, topicEnd } = message
    const topic = known ? 0 : topicEnd - topicStart
    buffer[at++] = topic >> 8
    buffer[at++] = topic & 0xff
    copy(message.topicBytes, topicStart, topicStart + topic, buffer, at)
    at += topic
    const idAt = at
    if (qos > 0) {
      buffer[at++] = messageId >> 8
      buffer[at++] = messageId & 0xff
    }
    if (version5) {
      at = putInteger(buffer, at, propertiesSize(delivery, alias))
      if (alias > 0) {
        buffer[at++] = 0x23
        buffer[at++] = alias >> 8
        buffer[at++] = alias & 0xff
      }
      if (ids !== undefined) {
        for (const id of ids) {
          buffer[at++] = 0x0b
          at = putInteger(buffer, at, id)
        }
      }
      const { block, expiryAt } = message.properties
      copy(block, 0, block.length, buffer, at)
      if (expiryAt >= 0) buffer.writeUInt32BE(secondsLeft(message, now), at + expiryAt) // [MQTT-3.3.2-6]
      at += block.length
    }
    if (small) {
      copy(message.bytes, message.start, message.end, buffer, at)
      at += payload
    }
    batch.offset = at
    if (saved === undefined) return
    saved.serial = message.serial
    saved.buffer = buffer
    saved.start = start
    saved.end = at
    saved.behindId = at - idAt
    saved.now = now
  }
}

/** The remaining Message Expiry Interval in seconds, rounded up, never more than was received. Both times are fractions. */
function secondsLeft({ expires, properties }: Message, now: number): number {
  const received = properties.block.readUInt32BE(properties.expiryAt)
  return Math.max(0, Math.min(received, Math.ceil((expires - now) / 1000)))
}
