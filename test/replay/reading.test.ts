// How recordings are read: no further than they are played, and what of them is remembered.
import { expect, test } from 'vitest'
import { RecordedCaptures } from '../../src/commands/replay/captures.js'
import { RecordedLines } from '../../src/commands/replay/lines.js'
import { CapturedMessages } from '../../src/commands/replay/publishes.js'
import { Packet } from '../../src/inspect/packet.js'
import type { ConnectionFacts } from '../../src/inspect/views/view.js'
import { bytes } from '../connection/rig.js'
import { opening, pcapHeader, pcapRecord, timed, toServer } from '../helpers/capture-builder.js'

const defaults = { topic: undefined, qos: 0, retain: false, properties: undefined, version: 5 } as const
const line = (topic: string) =>
  Buffer.from(`{"time":"2026-11-27T08:00:00Z","topic":"${topic}","payload":""}\n`)

/** Yields chunks, and counts them. */
function counted(chunks: readonly Buffer[]): { read: () => number; chunks: AsyncIterable<Buffer> } {
  let read = 0
  async function* generate(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) {
      read++
      yield chunk
    }
  }
  return { read: () => read, chunks: generate() }
}

test('lines are read a chunk at a time', async () => {
  const source = counted(
    Array.from({ length: 100 }, (_, at) => Buffer.concat([line(`${at}a`), line(`${at}b`)])),
  )
  const messages = new RecordedLines(source.chunks, { defaults, needsTime: true, label: undefined })
  for (let at = 0; at < 100; at++) {
    expect((await messages.next())?.topic).toBe(`${at}a`)
    expect(source.read()).toBe(at + 1)
    expect((await messages.next())?.topic).toBe(`${at}b`)
  }
  expect(await messages.next()).toBeUndefined()
})

test('a capture is read a portion at a time', async () => {
  const connect = bytes({
    cmd: 'connect',
    clientId: 'c',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 0,
  })
  const publish = (at: number) =>
    bytes({ cmd: 'publish', topic: `t/${at}`, payload: 'x', qos: 0, retain: false, dup: false })
  let seq = 1000
  const data = [connect, ...Array.from({ length: 100 }, (_, at) => publish(at))].map((payload) => {
    const frame = toServer({ seq, payload })
    seq += payload.length
    return frame
  })
  const source = counted([
    pcapHeader(),
    ...timed([...opening(), ...data]).map((packet) => pcapRecord(packet)),
  ])
  const messages = new RecordedCaptures(['capture'], {
    ...{ direction: 'c2s', clients: [], keyLog: undefined, needsTime: true, note() {} },
    stdin: () => {
      throw new Error('not standard input')
    },
    open: () => source.chunks,
  })
  for (let at = 0; at < 100; at++) {
    expect((await messages.next())?.topic).toBe(`t/${at}`)
    expect(source.read()).toBeLessThanOrEqual(at + 8)
  }
  expect(await messages.next()).toBeUndefined()
})

test('20,000 messages are recognised if they are sent again', () => {
  const messages = new CapturedMessages('c2s')
  const connection = { clientId: 'c', number: 1 } as ConnectionFacts
  const send = (messageId: number, dup: boolean) => {
    const encoded = bytes({ cmd: 'publish', topic: 't', payload: '', qos: 1, retain: false, dup, messageId })
    const packet = new Packet(encoded, 0, 2, encoded.length, encoded.length)
    Object.assign(packet, { packetIdentifier: messageId, topic: 't' })
    messages.packet(packet, connection)
  }
  for (let id = 1; id <= 20_001; id++) send(id, false)
  expect(messages.take()).toHaveLength(20_001)
  send(20_001, true)
  send(2, true)
  expect(messages).toMatchObject({ repeated: 2 })
  send(1, true) // too long ago
  expect(messages.take()).toHaveLength(1)
})
