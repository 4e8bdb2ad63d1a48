// A short capture with the usual packets, for a rehearsal of the pipeline. V8 compiles what runs often for the branches and
// types it has met. A packet of a type that first comes later in a capture, such as a PUBREC after ten thousand messages at
// QoS 0, invalidates that code, and it is compiled again. A rehearsal after the first packets of a long capture shows V8 the
// usual types together.
import {
  closingBlocks,
  fileHead,
  openingBlocks,
  packetBlocks,
  type WrittenFlow,
  writtenFlow,
} from '../../capture/pcapng-writer.js'

/** Packets after which a capture counts as long. */
export const manyPackets = 1000

/** V8 may miss what it meets for the first time, as it has no place to note it yet. */
const rounds = 2
const messages = 3
/** Seconds between SUBSCRIBE and the first message: longer than the checks allow for messages sent before it. */
const pause = 3

type Bytes = readonly number[]

/** A pcapng file: a publisher and a subscriber in each version of MQTT, with messages at QoS 0, 1 and 2. */
export function rehearsalCapture(): Buffer {
  const time = { second: 1_700_000_000, nanos: 0 }
  const blocks = [fileHead()]
  let flows = 0
  const open = (): WrittenFlow => {
    const flow = writtenFlow('', '', ++flows, false)
    blocks.push(openingBlocks(flow, time))
    return flow
  }
  /** A packet, and the segment that acknowledges it. */
  const send = (flow: WrittenFlow, fromClient: boolean, type: number, ...body: Bytes): void => {
    time.nanos += 1000
    blocks.push(packetBlocks(flow, fromClient, Uint8Array.of(type, body.length, ...body), time))
    blocks.push(packetBlocks(flow, !fromClient, new Uint8Array(), time))
  }
  for (let round = 0; round < rounds; round++) {
    for (const version of [3, 4, 5]) {
      const [publisher, subscriber] = [open(), open()]
      /** No properties. */
      const none = version === 5 ? [0] : []
      const name = text(version === 3 ? 'MQIsdp' : 'MQTT')
      for (const [flow, clientId] of [[publisher, 'p'] as const, [subscriber, 's'] as const]) {
        send(flow, true, 0x10, ...name, version, 2, 0, 60, ...none, ...text(clientId))
        send(flow, false, 0x20, 0, 0, ...none)
      }
      send(subscriber, true, 0x82, 0, 1, ...none, ...text('t/#'), 2)
      send(subscriber, false, 0x90, 0, 1, ...none, 2)
      time.second += pause
      for (let id = 1; id <= messages; id++) {
        const topic = text('t/a')
        for (const qos of [0, 1, 2]) {
          const payload = [...text('reading'), round, version, id, qos]
          const message = [...topic, ...(qos === 0 ? [] : [qos, id]), ...none, ...payload]
          for (const [flow, fromClient] of [[publisher, true] as const, [subscriber, false] as const]) {
            send(flow, fromClient, 0x30 | (qos << 1), ...message)
            if (qos === 1) send(flow, !fromClient, 0x40, qos, id)
            if (qos < 2) continue
            send(flow, !fromClient, 0x50, qos, id)
            send(flow, fromClient, 0x62, qos, id)
            send(flow, !fromClient, 0x70, qos, id)
          }
        }
        send(publisher, true, 0xc0)
        send(publisher, false, 0xd0)
      }
      send(subscriber, true, 0xa2, 0, 2, ...none, ...text('t/#'))
      send(subscriber, false, 0xb0, 0, 2, ...(version === 5 ? [0, 0] : []))
      for (const flow of [publisher, subscriber]) {
        send(flow, true, 0xe0)
        blocks.push(closingBlocks(flow, 'fin', time))
      }
    }
  }
  return Buffer.concat(blocks)
}

/** A UTF-8 Encoded String (MQTT 5.0, 1.5.4) of less than 256 bytes. */
function text(value: string): Bytes {
  return [0, value.length, ...Buffer.from(value)]
}
