// --view json: the members of each packet, the values of repeated fields, of wills, of bytes that were not captured.
import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { openCapture } from '../../src/capture/open.js'
import { Inspector } from '../../src/inspect/inspector.js'
import { JsonView } from '../../src/inspect/views/json.js'
import { opening, pcap, timed, toServer } from '../helpers/capture-builder.js'

type Shown = Record<string, unknown>

function shown(input: Uint8Array, options: { fields?: boolean; showSecrets?: boolean } = {}): Shown[] {
  let text = ''
  const sink = {
    text: (more: string) => void (text += more),
    range: (bytes: Uint8Array, start: number, end: number) =>
      void (text += Buffer.from(bytes.subarray(start, end)).toString()),
  }
  const inspector = new Inspector({ view: new JsonView(sink, options) })
  const capture = openCapture(inspector)
  capture.push(input)
  capture.end()
  inspector.end()
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const found = JSON.parse(line) as Shown
      expect(JSON.stringify(found)).toBe(line) // no member twice
      return found
    })
}

/** A packet from its first byte and body. */
function packet(first: number, body: string): Buffer {
  const bytes = Buffer.from(body.replaceAll(' ', ''), 'hex')
  return Buffer.concat([Buffer.of(first, bytes.length), bytes])
}

const will = '0c 18 00000005 26 0001 78 0001 79 0002 7774 0003 706179'
const connect = packet(
  0x10,
  `0004 4d515454 05 c6 003c 0c 11 0000000a 26 0001 6b 0001 76 0001 61 ${will} 0001 75 0002 7077`,
)
const publish = packet(0x33, '0003 612f62 0009 09 26 0001 6b 0001 76 01 01 68c3a9')
const connectMembers = {
  ...{ connection: 1, packet: 1, direction: 'c2s', protocol: 'mqtt', version: 5, type: 'CONNECT' },
  ...{ offset: 0, length: 57, record: 1, file_offset: 0, client: 'client', server: 'server' },
  ...{ flags: 0, remaining_length: 55, protocol_name: 'MQTT', protocol_version: 5, user_name_flag: true },
  ...{ password_flag: true, will_retain: false, will_qos: 0, will_flag: true, clean_start: true },
  ...{ reserved: false, keep_alive: 60, session_expiry_interval: 10, client_identifier: 'a' },
  ...{ user_properties: [{ name: 'k', value: 'v' }], will_user_properties: [{ name: 'x', value: 'y' }] },
  ...{ will_delay_interval: 5, will_topic: 'wt', will_payload: '706179', user_name: 'u' },
}
const publishMembers = {
  ...{ direction: 'c2s', protocol: 'mqtt', version: 5, type: 'PUBLISH', length: 22, client_identifier: 'a' },
  ...{ dup: false, qos: 1, retain: true, remaining_length: 20, topic_name: 'a/b', packet_identifier: 9 },
  ...{ user_properties: [{ name: 'k', value: 'v' }], payload_format_indicator: 1 },
}

test('a CONNECT with a will, each with User Properties; the password is hidden', () => {
  expect(shown(connect)).toEqual([{ ...connectMembers, password: '(hidden)' }])
  expect(shown(connect, { showSecrets: true })).toEqual([{ ...connectMembers, password: '7077' }])
})

test.each<[string, Buffer, Shown]>([
  [
    'SUBSCRIBE',
    packet(0x82, '0007 02 0b05 0001 61 01 0003 622f23 2e'),
    {
      subscription_identifiers: [5],
      subscriptions: [
        {
          ...{ topic_filter: 'a', reserved: 0, retain_handling: 0, retain_as_published: false },
          ...{ no_local: false, maximum_qos: 1 },
        },
        {
          ...{ topic_filter: 'b/#', reserved: 0, retain_handling: 2, retain_as_published: true },
          ...{ no_local: true, maximum_qos: 2 },
        },
      ],
    },
  ],
  ['UNSUBSCRIBE', packet(0xa2, '0007 00 0001 61 0001 62'), { topic_filters: ['a', 'b'] }],
  [
    'a text',
    publish,
    {
      ...{ connection: 1, packet: 2, offset: 57, record: 1, file_offset: 0, client: 'client' },
      ...{ ...publishMembers, server: 'server', payload: 'hé' },
    },
  ],
  ['bytes', packet(0x30, '0001 61 00 ff00'), { payload: 'ff00', payload_encoding: 'hex' }],
  [
    'several Subscription Identifiers',
    packet(0x30, '0001 61 04 0b01 0b02 78'),
    { subscription_identifiers: [1, 2], payload: 'x' },
  ],
  ['nothing', packet(0x30, '0001 61 00'), { topic_name: 'a' }],
])('%s', (name, bytes, members) => {
  const [, found] = shown(Buffer.concat([connect, bytes]))
  if (name === 'a text') expect(found).toEqual(members)
  else expect(found).toMatchObject(members)
})

test.each([
  [3, { payload: null, missing: 3 }, 'payload_format_indicator 1, missing null'],
  [12, { property: null, missing: 12 }, 'property_length 9, missing null'],
  [20, { topic_name: null, missing: 20 }, 'remaining_length 20, missing null'],
])('%i bytes of a PUBLISH were not captured', (lost, members, last) => {
  const whole = toServer({ seq: 1000 + connect.length, ack: 5000, payload: publish })
  const packets = timed([...opening(), toServer({ seq: 1000, ack: 5000, payload: connect }), whole])
  packets[4] = { ...packets[4]!, bytes: whole.subarray(0, -lost), wire: whole.length }
  const found = shown(pcap(packets), { fields: true })[1]!
  const { payload: _payload, ...rest } = publishMembers as Shown
  if (lost === 3) expect(found).toMatchObject({ ...rest, ...members, time: '1700000000.004000000', frame: 5 })
  else {
    expect(found).toMatchObject(members)
    expect(found).not.toHaveProperty('user_properties')
  }
  const ranges = found.fields as { name: string; value: unknown }[]
  expect(
    ranges
      .slice(-2)
      .map(({ name, value }) => `${name} ${String(value)}`)
      .join(', '),
  ).toBe(last)
})

test('the fields have their place in bits, and tile the packet', () => {
  for (const one of shown(Buffer.concat([connect, publish]), { fields: true })) {
    let at = 0
    for (const { bit, bits } of one.fields as { bit: number; bits: number }[]) {
      expect(bit).toBe(at)
      at += bits
    }
    expect(at).toBe((one.length as number) * 8)
  }
  const [, found] = shown(Buffer.concat([connect, publish]), { fields: true })
  const ranges = found!.fields as Shown[]
  expect(ranges.map(({ name, value }) => `${String(name)} ${String(value)}`)).toEqual([
    ...['packet_type 3', 'dup false', 'qos 1', 'retain true', 'remaining_length 20', 'topic_name a/b'],
    ...['packet_identifier 9', 'property_length 9', 'identifier 38', 'name k', 'value v', 'identifier 1'],
    ...['payload_format_indicator 1', 'payload hé'],
  ])
})
