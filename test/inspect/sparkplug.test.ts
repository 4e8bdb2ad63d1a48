// Sparkplug B payloads, encoded with pbf.

import mqtt from 'mqtt-packet'
import { PbfWriter } from 'pbf'
import { expect, test } from 'vitest'
import { decode } from '../../src/inspect/decode.js'
import { Fields } from '../../src/inspect/fields.js'
import { Sparkplug, sparkplugLines } from '../../src/inspect/sparkplug.js'
import { packetOf } from './packet-of.js'

function publish(topic: string, payload: Uint8Array) {
  const wire = mqtt.generate({
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos: 0,
    dup: false,
    retain: false,
  })
  const packet = packetOf(wire, 'c2s', 4)
  decode(new Fields(), packet)
  return packet
}

function payload(metrics: (metric: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeVarintField(1, 1_700_000_000_000)
  pbf.writeMessage(2, (_: null, metric: PbfWriter) => metrics(metric), null)
  pbf.writeVarintField(3, 4)
  return pbf.finish()
}

test('aliases get the names of the BIRTH message', () => {
  const sparkplug = new Sparkplug()
  const birth = publish(
    'spBv1.0/plant/NBIRTH/node',
    payload((metric) => {
      metric.writeStringField(1, 'temperature')
      metric.writeVarintField(2, 7)
      metric.writeVarintField(4, 3)
      metric.writeVarintField(10, 0xff_ff_ff_fe)
    }),
  )
  expect(sparkplug.read(birth)?.metrics).toEqual([
    { name: 'temperature', alias: 7, datatype: 'Int32', value: -2 },
  ])

  const data = publish(
    'spBv1.0/plant/DDATA/node/device',
    payload((metric) => {
      metric.writeVarintField(2, 7)
      metric.writeVarintField(4, 10)
      metric.writeDoubleField(13, 21.5)
    }),
  )
  const read = sparkplug.read(data)
  expect(read).toMatchObject({ timestamp: 1_700_000_000_000, seq: 4 })
  expect(sparkplugLines(read!)).toEqual([
    'sparkplug timestamp 1700000000000 seq 4',
    'metric "temperature" Double 21.5',
  ])
})

test('other payloads are not decoded', () => {
  const sparkplug = new Sparkplug()
  expect(sparkplug.read(publish('spBv1.0/plant/NDATA/node', Buffer.from('no protobuf')))).toBeUndefined()
  expect(
    sparkplug.read(
      publish(
        'other/topic',
        payload(() => {}),
      ),
    ),
  ).toBeUndefined()
})
