// How recordings are read: no further than they are played, and what of them is remembered.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { RecordedCaptures } from '../../src/commands/replay/captures.js'
import { RecordingFiles } from '../../src/commands/replay/input.js'
import { RecordedLines } from '../../src/commands/replay/lines.js'
import { CapturedMessages } from '../../src/commands/replay/publishes.js'
import { Packet } from '../../src/inspect/packet.js'
import type { ConnectionFacts } from '../../src/inspect/views/view.js'
import { Inputs } from '../../src/io/inputs.js'
import { bytes } from '../connection/rig.js'
import { opening, pcapHeader, pcapRecord, timed, toServer } from '../helpers/capture-builder.js'
import { Dice } from '../helpers/dice.js'
import { scratch } from '../helpers/run.js'

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

/** The records of a capture: `count` messages from a client, a packet each millisecond. */
function records(count: number, payload: (at: number) => Buffer): Buffer[] {
  const connect = bytes({
    cmd: 'connect',
    clientId: 'c',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 0,
  })
  const publish = (at: number) =>
    bytes({ cmd: 'publish', topic: `t/${at}`, payload: payload(at), qos: 0, retain: false, dup: false })
  let seq = 1000
  const data = [connect, ...Array.from({ length: count }, (_, at) => publish(at))].map((payload) => {
    const frame = toServer({ seq, payload })
    seq += payload.length
    return frame
  })
  return timed([...opening(), ...data]).map((packet) => pcapRecord(packet))
}

test('a capture is read a portion at a time', async () => {
  const source = counted([pcapHeader(), ...records(100, () => Buffer.from('x'))])
  const messages = new RecordedCaptures(['capture'], {
    ...{ direction: 'c2s', clients: [], keyLog: undefined, needsTime: true, note() {} },
    inputs: new Inputs(() => {
      throw new Error('not standard input')
    }),
    open: () => source.chunks,
    share: () => undefined,
  })
  for (let at = 0; at < 100; at++) {
    expect((await messages.next())?.topic).toBe(`t/${at}`)
    expect(source.read()).toBeLessThanOrEqual(at + 8)
  }
  expect(await messages.next()).toBeUndefined()
})

describe('when a recording will end, while it is read', () => {
  const folder = scratch('replay-end')
  const count = 4000
  const dice = new Dice(7)
  const capture = Buffer.concat([pcapHeader(), ...records(count, () => dice.bytes(1000))])
  const last = 1_700_000_000_000 + count + 3 // after the three packets of the handshake and CONNECT

  function filesOf(files: readonly string[], stdin?: Readable): RecordingFiles {
    const capture = { direction: 'c2s', clients: [], keyLog: undefined, note() {} } as const
    return new RecordingFiles({
      ...{ files, defaults, needsTime: true },
      capture: { ...capture, inputs: new Inputs(() => stdin!) },
    })
  }

  function written(name: string, contents: Buffer): string {
    const file = join(folder, name)
    writeFileSync(file, contents)
    return file
  }

  /** The expected end after each message. */
  async function endsOf(recording: RecordingFiles): Promise<(number | undefined)[]> {
    const messages = await recording.open()
    const ends: (number | undefined)[] = []
    while ((await messages.next()) !== undefined) ends.push(recording.end)
    return ends
  }

  const pcapFile = written('a.pcap', capture)
  const packed = written('a.pcap.gz', gzipSync(capture))
  const lines = written('a.ndjson', line('t'))
  const linesEnd = Date.UTC(2026, 10, 27, 8)

  test.each([
    ['a capture', [pcapFile], 0.1],
    ['a capture in gzip', [packed], 0.8], // after the first messages: the decompressor is ahead
  ])('%s: it is estimated, and exact at the end', async (_, files, tolerance) => {
    const ends = await endsOf(filesOf(files))
    expect(ends).toHaveLength(count)
    const known = ends.filter((end) => end !== undefined)
    expect(known.length).toBeGreaterThan(count - 10) // not from one message
    const deviations = known.map((end) => Math.abs(end - last) / count)
    expect(Math.max(...deviations)).toBeLessThan(tolerance)
    expect(ends.at(-1)).toBe(last)
  })

  test('a capture from a pipe: not known', async () => {
    const ends = await endsOf(filesOf(['-'], Readable.from([capture])))
    expect(ends).toHaveLength(count)
    expect(new Set(ends)).toEqual(new Set([undefined]))
  })

  test('lines: the time of the last one', async () => {
    expect(await endsOf(filesOf([lines]))).toEqual([linesEnd])
    expect(await endsOf(filesOf(['-'], Readable.from([line('t')])))).toEqual([undefined])
  })

  test('captures and lines: whichever ends later', async () => {
    const ends = await endsOf(filesOf([pcapFile, lines]))
    expect(new Set(ends)).toEqual(new Set([linesEnd]))
  })
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
