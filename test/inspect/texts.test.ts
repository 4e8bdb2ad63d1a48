// Texts of the views and rules: places, codes, values, statements of the standards.
import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { openCapture } from '../../src/capture/open.js'
import { createView } from '../../src/commands/packet-view.js'
import type { Field } from '../../src/inspect/fields.js'
import { Inspector } from '../../src/inspect/inspector.js'
import type { Packet } from '../../src/inspect/packet.js'
import { type Rule, statementOf } from '../../src/inspect/rules.js'
import { codeText } from '../../src/inspect/views/line.js'
import { valueText } from '../../src/inspect/views/value.js'
import { opening, pcap, timed, toServer } from '../helpers/capture-builder.js'
import { packetOf } from './packet-of.js'

function shown(view: 'line' | 'tree' | 'bytes', input: Uint8Array): string {
  let text = ''
  const sink = {
    text: (more: string) => void (text += more),
    range: (bytes: Uint8Array, start: number, end: number) =>
      void (text += Buffer.from(bytes.subarray(start, end)).toString()),
  }
  const showing = { view, full: false, fields: false, showSecrets: false, columns: undefined }
  const inspector = new Inspector({ view: createView(showing, sink, undefined) })
  const capture = openCapture(inspector)
  capture.push(input)
  capture.end()
  inspector.end()
  return text
}

const connect = Buffer.from('100d00044d5154540402003c000161', 'hex')
const subscribe = Buffer.from('82060007000161 00'.replace(' ', ''), 'hex')

test.each(['tree', 'bytes'] as const)(
  '--view %s has the frame and the time of a packet of a capture',
  (view) => {
    const file = pcap(timed([...opening(), toServer({ seq: 1000, ack: 5000, payload: connect })]))
    expect(shown(view, file)).toMatch(
      / CONNECT {2}#1 {2}frame 4 {2}22:13:20\.003000 {2}connection 1 {2}c2s {2}offset 0, 15 bytes$/m,
    )
    expect(shown(view, connect)).toMatch(/ CONNECT {2}#1 {2}connection 1 {2}c2s {2}offset 0, 15 bytes$/m)
  },
)

test('--view line has the Packet Identifier', () => {
  expect(shown('line', Buffer.concat([connect, subscribe]))).toMatch(/ SUBSCRIBE\s+m7 /)
  expect(shown('line', connect)).not.toMatch(/ m\d/)
})

test.each([
  ['20020005', 4, ' 0x05 not authorized'],
  ['20020000', 4, ' 0x00 Connection Accepted'],
  ['2003008700', 5, ' 0x87 Not authorized'],
  ['40020001', 5, ''],
])('the code of %s, version %i', (hex, version, text) => {
  const packet = packetOf(Buffer.from(hex, 'hex'), 's2c', version)
  packet.reasonCode = packet.type === 2 ? packet.bytes[3]! : 0
  expect(codeText(packet)).toBe(text)
})

const field = (more: Partial<Field>): Field => ({
  ...{ name: 'x', kind: 'group', start: 8, length: 40, depth: 0, content: 3, value: undefined },
  ...{ meaning: '', whole: false, repeated: false, ...more },
})

test.each<[string, Partial<Field>, string]>([
  ['binary data', { kind: 'binary' }, '3 bytes 616263'],
  ['a group that is shown as a whole', { whole: true }, '3 bytes 616263'],
  ['such a group without bytes of its own', { whole: true, content: 0 }, ''],
  ['a group', {}, ''],
  ['bytes that were not decoded', { kind: 'undecoded' }, '5 bytes'],
  ['bits that were not decoded', { kind: 'undecoded', length: 4 }, '4 bits'],
  ['a number', { kind: 'bits', value: 7 }, '7'],
])('the value of %s', (_name, more, text) => {
  const packet = { bytes: Buffer.from('30000361626364', 'hex'), start: 0 } as unknown as Packet
  expect(valueText(field(more), packet, false)).toBe(text)
})

test.each([
  ['1.5.3-1', '§2.5'],
  ['2.2.2-1', '§2.1'],
  ['2.3.1-1', '§2.4'],
  ['4.3.2-1', '§4.1'],
  ['4.4.0-1', '§4.2'],
  ['4.6.0-1', '§4.3'],
  ['4.7.1-1', '§Appendix A'],
  ['4.8.0-1', '§2.1'],
  ['3.1.2-1', '§3.1'],
  ['§3.14.1', '§3.14'],
])('statement %s of MQTT 3.1.1 is MQTT 3.1 %s', (before5, section) => {
  const rule = { before5, since5: '-' } as Rule
  expect(statementOf(rule, 3)).toBe(`MQTT 3.1 ${section}`)
  expect(statementOf(rule, 4)).toBe(before5.startsWith('§') ? `MQTT 3.1.1 ${before5}` : `MQTT-${before5}`)
  expect(statementOf(rule, 5)).toBe('-')
})
