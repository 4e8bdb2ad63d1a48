// MQTT is recognised on any port by the first bytes of a connection whose beginning was captured, its version by CONNECT or
// by packets that decode in one version only.
import { expect, test } from 'vitest'
import { openCapture } from '../../src/capture/open.js'
import { InspectedConnection } from '../../src/inspect/connection.js'
import { Inspector } from '../../src/inspect/inspector.js'
import { opening, pcap, timed, toClient, toServer } from '../helpers/capture-builder.js'
import { inspected } from './captures.js'
import { packetOf } from './packet-of.js'
import { flow, Recorder } from './scenarios.js'

const connect = Buffer.from('100d00044d5154540402003c000161', 'hex')
const connack = Buffer.from('20020000', 'hex')
const publish = Buffer.from('30040001616f', 'hex')
const http = Buffer.from('GET / HTTP/1.0\r\n\r\n')

const other = [40_000, 5000] as const
const known = [40_000, 1883] as const

test.each([
  ['CONNECT', other, connect, connack, [1, 2]],
  ['CONNECT, but no CONNACK', other, connect, http, [1]],
  ['PUBLISH', other, publish, publish, []],
  ['PUBLISH, on a known port', known, publish, publish, [3, 3]],
  ['a CONNECT of no legal flags', other, Buffer.from('1f00', 'hex'), connack, []],
  ['HTTP', other, http, http, []],
] as const)('a client that begins with %s', (_name, ports, first, answer, types) => {
  const frames = [
    ...opening([999, 4999], { ports }),
    toServer({ ports, seq: 1000, ack: 5000, payload: first }),
    toClient({ ports, seq: 5000, ack: 1000 + first.length, payload: answer }),
  ]
  const { packets } = inspected({ file: pcap(timed(frames)) })
  expect(packets.map(({ type }) => type)).toEqual(types)
})

const ping = () => packetOf(Buffer.from('c000', 'hex'), 'c2s', 4)
const publish5 = () => packetOf(Buffer.from('3005000161006f', 'hex'), 'c2s', 4)
const text4 = () => packetOf(Buffer.from('30040001616f', 'hex'), 'c2s', 4)

test('after 64 packets that decode in both versions, 4 is assumed', () => {
  const connection = new InspectedConnection(flow, undefined)
  for (let i = 0; i < 63; i++) connection.decide(ping())
  expect(connection).toMatchObject({ version: 0, versionFrom: 'assumed' })
  connection.decide(ping())
  expect(connection).toMatchObject({ version: 4, versionFrom: 'assumed' })
})

test.each([
  ['that decode in both versions', [publish5(), publish5()], 4, 'assumed'],
  ['that decode in version 4 only', [text4()], 4, 'inferred'],
])('packets %s', (_name, packets, version, versionFrom) => {
  const connection = new InspectedConnection(flow, undefined)
  for (const packet of packets) connection.decide(packet)
  connection.assumeVersion()
  expect(connection).toMatchObject({ version, versionFrom })
})

test('a version that is forced, or known from CONNECT, is not assumed anew', () => {
  const forced = new InspectedConnection(flow, 5)
  forced.assumeVersion()
  expect(forced).toMatchObject({ version: 5, versionFrom: 'forced' })
  const known = new InspectedConnection(flow, undefined)
  known.decide(packetOf(Buffer.from('100e00044d5154540502003c00000161', 'hex'), 'c2s', 4))
  known.assumeVersion()
  expect(known).toMatchObject({ version: 5, versionFrom: 'connect' })
})

test('packets of one side wait while a boundary is searched in earlier bytes of the other', () => {
  const frames = [
    toServer({ seq: 1000, ack: 5000, payload: Buffer.from('61616161', 'hex') }),
    toServer({ seq: 1004, ack: 5000, payload: Buffer.from('61c000', 'hex') }),
    toClient({ seq: 5000, ack: 1007, payload: Buffer.from('d000', 'hex') }),
    toServer({ seq: 1007, ack: 5002, payload: Buffer.from('c000c000', 'hex') }),
  ]
  const view = new Recorder()
  const inspector = new Inspector({ view, version: 4 })
  const capture = openCapture(inspector)
  capture.push(pcap(timed(frames)))
  capture.end()
  inspector.end()
  expect(view.packets.map(({ type }) => type)).toEqual([12, 13, 12, 12])
})
