// MQTT is recognised on any port by the first bytes of a connection whose beginning was captured.
import { expect, test } from 'vitest'
import { opening, pcap, timed, toClient, toServer } from '../helpers/capture-builder.js'
import { inspected } from './captures.js'

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
