// Framing of segments into packets: split packets, missing bytes, and streams captured from the middle.
import mqtt from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { segmentOf } from '../../src/capture/stream.js'
import { Assembler } from '../../src/inspect/assembler.js'
import type { Packet } from '../../src/inspect/packet.js'
import { everyCut } from '../helpers/cuts.js'

const origin = { record: 1, fileOffset: 0, second: 0, nanos: 0 }

function assemble(options: { synchronised?: boolean; keep?: number } = {}) {
  const packets: Packet[] = []
  const skips: string[] = []
  const assembler = new Assembler(
    'c2s',
    {
      packet: (packet) => void packets.push(packet),
      skipped: (_direction, offset, length, why) => void skips.push(`${offset}+${length}: ${why}`),
    },
    { synchronised: true, budget: { left: 1e9 }, showUnfinished: false, ...options },
  )
  return { assembler, packets, skips }
}

const hex = (packet: Packet) => Buffer.from(packet.bytes.subarray(packet.start, packet.end)).toString('hex')
const headerLength = ({ start, body }: Packet) => body - start

function publish(topic: string, payload: string | Buffer, qos: 0 | 1 = 0): Buffer {
  return mqtt.generate({ cmd: 'publish', topic, payload, qos, messageId: 5, dup: false, retain: false })
}

test('packets are framed wherever the segments are cut', () => {
  const stream = Buffer.concat([
    publish('a/b', 'x'.repeat(9)),
    Buffer.from('c000', 'hex'),
    publish('a', '', 1),
  ])
  const whole = assemble()
  whole.assembler.push(segmentOf(stream, 0, origin))
  const expected = whole.packets.map((packet) => [hex(packet), headerLength(packet), packet.offset])
  expect(expected).toHaveLength(3)

  for (const chunks of everyCut(stream)) {
    const { assembler, packets, skips } = assemble()
    let offset = 0
    for (const bytes of chunks) {
      assembler.push(segmentOf(bytes, offset, origin))
      offset += bytes.length
    }
    assembler.end()
    expect(packets.map((packet) => [hex(packet), headerLength(packet), packet.offset])).toEqual(expected)
    expect(skips).toEqual([])
  }
})

/** tshark 4.0.17 loses synchronisation if a segment ends inside the Remaining Length. */
test('a segment that ends inside the Remaining Length', () => {
  const packet = publish('a', 'x'.repeat(300))
  const { assembler, packets } = assemble()
  assembler.push(segmentOf(packet.subarray(0, 2), 0, origin))
  assembler.push(segmentOf(packet.subarray(2), 2, { ...origin, record: 2 }))
  expect(packets).toHaveLength(1)
  expect(packets[0]?.first?.record).toBe(1)
  expect(packets[0]?.last?.record).toBe(2)
})

describe('missing bytes', () => {
  const packet = publish('a/b', 'x'.repeat(100))
  const next = Buffer.from('c000', 'hex')

  test('in a payload become a hole in the packet', () => {
    const { assembler, packets, skips } = assemble()
    assembler.push(segmentOf(packet.subarray(0, 40), 0, origin))
    assembler.gap(40, 30, 'lost')
    assembler.push(segmentOf(Buffer.concat([packet.subarray(70), next]), 70, origin))
    expect(packets).toHaveLength(2)
    expect(packets[0]?.holes).toEqual([{ offset: 40, length: 30 }])
    expect(skips).toEqual([])
  })

  test('right after the Fixed Header become a hole too', () => {
    const { assembler, packets, skips } = assemble()
    assembler.push(segmentOf(packet.subarray(0, 4), 0, origin))
    assembler.gap(4, packet.length - 4, 'lost')
    assembler.push(segmentOf(next, packet.length, origin))
    expect(packets.map(({ type }) => type)).toEqual([3, 12])
    expect(packets[0]?.holes).toEqual([{ offset: 4, length: packet.length - 4 }])
    expect(skips).toEqual([])
  })

  test('in a Fixed Header: framing continues with the next packet', () => {
    const { assembler, packets, skips } = assemble()
    assembler.push(segmentOf(packet.subarray(0, 1), 0, origin))
    assembler.gap(1, packet.length - 1, 'lost')
    assembler.push(segmentOf(next, packet.length, origin))
    expect(packets).toHaveLength(1)
    expect(skips).toEqual(['0+1: cut off: lost', `1+${packet.length - 1}: lost`])
  })

  test('beyond the end of a packet become a hole in it and a skipped range', () => {
    const { assembler, packets, skips } = assemble()
    assembler.push(segmentOf(packet.subarray(0, 60), 0, origin))
    assembler.gap(60, packet.length + 40, 'lost')
    assembler.push(segmentOf(next, packet.length + 100, origin))
    expect(packets).toHaveLength(2)
    expect(packets[0]?.holes).toEqual([{ offset: 60, length: packet.length - 60 }])
    expect(skips).toEqual([`${packet.length}+100: lost`])
  })
})

test('only the beginning of a large packet is kept, with its length', () => {
  const { assembler, packets } = assemble({ keep: 64 })
  const packet = publish('a', 'x'.repeat(1000))
  assembler.push(segmentOf(packet.subarray(0, 500), 0, origin))
  assembler.push(segmentOf(packet.subarray(500), 500, origin))
  expect(packets[0]?.length).toBe(packet.length)
  expect(packets[0]!.end - packets[0]!.start).toBe(64)
})

describe('mid-stream', () => {
  test('a payload full of plausible packets is skipped', () => {
    const packets = Buffer.concat([publish('a', 'one'), publish('a', 'two'), publish('a', 'three')])
    const payload = Buffer.alloc(5000, 'B')
    const { assembler, skips } = assemble({ synchronised: false })
    assembler.push(segmentOf(Buffer.concat([payload, packets]), 0, origin))
    expect(skips).toEqual(['0+5000: not synchronised; 3 packets in a row decode from here'])
  })

  test('the skipped range is reported with the evidence for the boundary', () => {
    const { assembler, packets, skips } = assemble({ synchronised: false })
    const bytes = Buffer.concat([
      Buffer.alloc(50, 'B'),
      publish('a', '1'),
      publish('a', '2'),
      publish('a', '3'),
    ])
    assembler.push(segmentOf(bytes, 7, origin))
    expect(packets).toHaveLength(3)
    expect(skips).toEqual(['7+50: not synchronised; 3 packets in a row decode from here'])
  })

  test('after a packet of type 0 the next packet boundary is searched', () => {
    const { assembler, packets } = assemble()
    assembler.push(
      segmentOf(
        Buffer.concat([
          Buffer.from('0002ffff', 'hex'),
          publish('a', '1'),
          publish('a', '2'),
          publish('a', '3'),
        ]),
        0,
        origin,
      ),
    )
    expect(packets.map(({ type }) => type)).toEqual([0, 3, 3, 3])
  })
})
