import mqtt, { type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { Meter } from '../../src/broker/meter.js'
import { everyCut } from './cuts.js'

const packets: [Packet, seen: string][] = [
  [
    { cmd: 'publish', topic: 'a/b', payload: 'hello', qos: 0, retain: false, dup: false },
    '3 qos 0 payload 5',
  ],
  [{ cmd: 'publish', topic: 'a', payload: '', qos: 0, retain: true, dup: false }, '3 qos 0 payload 0'],
  [{ cmd: 'pingreq' }, '12 qos 0 payload 0'],
  [
    {
      cmd: 'publish',
      topic: 'a/b',
      payload: Buffer.alloc(200),
      qos: 2,
      retain: false,
      dup: false,
      messageId: 7,
    },
    '3 qos 2 payload 200',
  ],
  [{ cmd: 'puback', messageId: 7 }, '4 qos 0 payload 0'],
]
const bytes = Buffer.concat(packets.map(([packet]) => mqtt.generate(packet)))

test('where the bytes were cut does not change what is counted', () => {
  for (const chunks of everyCut(bytes)) {
    const seen: string[] = []
    const meter = new Meter(({ type, qos, payload }) => seen.push(`${type} qos ${qos} payload ${payload}`))

    for (const chunk of chunks) meter.push(chunk)

    expect(seen).toEqual(packets.map(([, words]) => words))
    expect([meter.bytes, meter.packets, meter.publishes, meter.publishBytes]).toEqual([
      bytes.length,
      5,
      3,
      205,
    ])
  }
})
