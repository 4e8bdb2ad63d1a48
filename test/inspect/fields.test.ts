// For any bytes the leaf fields tile the packet, and valid packets decode as mqtt-packet decodes them.
import fc from 'fast-check'
import mqtt, { type Packet as MqttPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { decode } from '../../src/inspect/decode.js'
import { FastDecoder } from '../../src/inspect/fast-decoder.js'
import { Fields } from '../../src/inspect/fields.js'
import { looksLikeMessage, messageOf } from '../../src/inspect/mqtt-sn.js'
import { returnCodeName, subackName } from '../../src/inspect/names.js'
import type { Packet } from '../../src/inspect/packet.js'
import { payloadKind } from '../../src/inspect/payload.js'
import { packetOf } from './packet-of.js'

const fields = new Fields()
const unknown = 'unknown return code'

/** Expects the leaf fields to cover every bit exactly once, in order. */
function expectTiled(packet: Packet): void {
  decode(fields, packet)
  let at = 0
  const open: { end: number; depth: number }[] = []
  for (const { kind, start, length, depth } of fields.items.slice(0, fields.count)) {
    while (open.length > 0 && open.at(-1)!.depth >= depth) expect(open.pop()!.end).toBeLessThanOrEqual(start)
    // expect() takes longer than decoding: it is called where it fails.
    for (const { end } of open) if (start + length > end) expect(start + length).toBeLessThanOrEqual(end)
    if (kind === 'group') {
      open.push({ end: start + length, depth })
      continue
    }
    if (start !== at) expect(start).toBe(at)
    at += length
  }
  expect(at).toBe(packet.length * 8)
}

const types = fc.integer({ min: 0, max: 255 })
const bytes = fc.uint8Array({ maxLength: 80 })

test('the leaf fields tile any packet of any version', () => {
  fc.assert(
    fc.property(
      types,
      bytes,
      fc.constantFrom(3, 4, 5),
      fc.constantFrom('c2s', 's2c'),
      (first, rest, version, way) => {
        expectTiled(packetOf(Uint8Array.of(first, rest.length, ...rest), way, version))
      },
    ),
    { numRuns: 20_000, seed: 1 },
  )
})

test('the leaf fields tile any MQTT-SN message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 40 }), (rest) => {
      const packet = messageOf(rest, 'c2s')
      if (packet !== undefined) expectTiled(packet)
    }),
    { numRuns: 20_000, seed: 2 },
  )
})

test('the leaf fields tile a packet with missing bytes', () => {
  const whole = mqtt.generate({
    cmd: 'publish',
    topic: 'a/b',
    payload: 'payload',
    qos: 1,
    messageId: 3,
    dup: false,
    retain: false,
  })
  for (let end = 2; end <= whole.length; end++) expectTiled(packetOf(whole.subarray(0, end), 'c2s', 4))
})

test('1,000 violations of a packet are kept, the last says that there are more', () => {
  const filters = (count: number) => {
    const body = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(count * 3)])
    const packet = packetOf(
      Buffer.concat([Buffer.of(0x82, 0x80 | (body.length & 127), body.length >> 7), body]),
      'c2s',
      4,
    )
    decode(fields, packet)
    return packet.violations.map(({ message }) => message)
  }
  const more = ' (more violations of this packet are left out)'
  const all = filters(1000)
  expect(all).toHaveLength(1000)
  expect(all.join()).not.toContain(more)
  for (const count of [1001, 1500]) {
    const found = filters(count)
    expect(found).toHaveLength(1000)
    expect(found.slice(0, 999)).toEqual(all.slice(0, 999))
    expect(found.at(-1)).toBe(all.at(-1)! + more)
  }
})

test.each([
  ['0a0404 01 003c 616263 64', true],
  ['0a0404 02 003c 61626364', false], // another protocol
  ['0a0404 01 003c 61626301', false], // no text
  ['090404 01 003c 61626364', false], // another length
  ['01000c04 04 01 003c 61626364', true],
  ['070a 0001 0002 61', true],
  ['060a 0001 0002', false], // no topic
  ['070a 0001 0002 07', false],
  ['0718 0001 0002 61', false],
  ['02', false],
  ['', false],
])('%s on an unknown port is MQTT-SN: %s', (hex, isMessage) => {
  expect(looksLikeMessage(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toBe(isMessage)
})

/** Names of the leaf fields of an MQTT-SN message, and the rules it breaks. */
function messageFields(hex: string): string {
  const packet = messageOf(Buffer.from(hex.replaceAll(' ', ''), 'hex'), 'c2s')!
  decode(fields, packet)
  const leaves = fields.items.slice(0, fields.count).filter(({ kind }) => kind !== 'group')
  return [...leaves.map(({ name }) => name), ...packet.violations.map(({ rule }) => `!${rule.key}`)].join(' ')
}

test.each([
  ['02 18', 'length message_type'],
  ['04 18 003c', 'length message_type duration'],
  ['03 18 00', 'length message_type undecoded !field-overrun'],
  ['02 16', 'length message_type'],
  ['03 16 61', 'length message_type client_id'],
  ['03 02 01', 'length message_type gw_id'],
  ['04 02 01 7f', 'length message_type gw_id gw_add'],
  ['02 07', 'length message_type'],
  ['03 fe 01', 'length message_type reserved radius wireless_node_id'],
  ['03 fe 01 02 17', 'length message_type reserved radius wireless_node_id length message_type'],
  [
    '04 fe 01 aa 04 18 003c',
    'length message_type reserved radius wireless_node_id length message_type duration',
  ],
])('the fields of the MQTT-SN message %s', (hex, names) => {
  expect(messageFields(hex)).toBe(names)
})

test.each([
  ['', 'empty'],
  ['text', 'text'],
  ['5', 'text'],
  ['true', 'text'],
  ['"a"', 'text'],
  ['{}', 'json'],
  ['[1, {"a": 2}]', 'json'],
  ['{]', 'text'],
  ['[1}', 'text'],
  ['[a]', 'text'],
  ['a\tb\r\n', 'text'],
  ['\u00e9', 'text'],
  ['\0', 'binary'],
  ['\u007f', 'binary'],
])('the payload %j is %s', (payload, kind) => {
  const bytes = Buffer.from(`>${payload}<`)
  expect(payloadKind(bytes, 1, bytes.length - 1)).toBe(kind)
})

test.each([
  [subackName, [0, 1, 2, 3, 128], ['Maximum QoS 0', 'Maximum QoS 1', 'Maximum QoS 2', unknown, 'Failure']],
  [returnCodeName, [0, 5, 6], ['Connection Accepted', 'not authorized', unknown]],
])('names of codes before MQTT 5', (nameOf, codes, names) => {
  expect(codes.map(nameOf)).toEqual(names)
})

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((t) => !/[+#\0]/.test(t) && t.isWellFormed())
const id = fc.integer({ min: 1, max: 65_535 })
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const)
const userProperties = fc.option(fc.dictionary(text, text, { minKeys: 1, maxKeys: 2 }), { nil: undefined })

const packets: fc.Arbitrary<Partial<MqttPacket>> = fc.oneof(
  fc.record({
    cmd: fc.constant('publish' as const),
    ...{
      topic: text,
      qos,
      messageId: id,
      retain: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b)),
    },
    properties: fc.record({
      userProperties,
      contentType: fc.option(text, { nil: undefined }),
      messageExpiryInterval: id,
    }),
  }),
  fc.record({
    cmd: fc.constantFrom('puback' as const, 'pubrec' as const, 'pubrel' as const, 'pubcomp' as const),
    ...{ messageId: id, reasonCode: fc.constant(0) },
  }),
  fc.record({
    cmd: fc.constant('connect' as const),
    ...{
      clientId: text,
      keepalive: id,
      clean: fc.constant(true),
      username: text,
      password: text.map((t) => Buffer.from(t)),
    },
    properties: fc.record({ sessionExpiryInterval: id, receiveMaximum: id, userProperties }),
  }),
  fc.record({
    cmd: fc.constant('subscribe' as const),
    messageId: id,
    subscriptions: fc.array(
      fc.record({ topic: text, qos, nl: fc.boolean(), rap: fc.boolean(), rh: fc.constantFrom(0, 1, 2) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  }),
  fc.record({
    cmd: fc.constant('suback' as const),
    messageId: id,
    granted: fc.array(qos, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    cmd: fc.constant('unsubscribe' as const),
    messageId: id,
    unsubscriptions: fc.array(text, { minLength: 1, maxLength: 3 }),
  }),
  fc.constantFrom({ cmd: 'pingreq' as const }, { cmd: 'pingresp' as const }, { cmd: 'disconnect' as const }),
) as fc.Arbitrary<Partial<MqttPacket>>

function parsed(wire: Buffer, version: number): MqttPacket | undefined {
  let found: MqttPacket | undefined
  const parser = mqtt.parser({ protocolVersion: version })
  parser.on('packet', (packet) => void (found = packet))
  parser.on('error', () => {})
  parser.parse(wire)
  return found
}

function fieldValue(name: string): unknown {
  return fields.items.slice(0, fields.count).find((field) => field.name === name && field.value !== undefined)
    ?.value
}

describe.each([4, 5])('version %i', (version) => {
  test('decodes packets written by mqtt-packet as mqtt-packet does', () => {
    fc.assert(
      fc.property(packets, (made) => {
        const full = { ...made, ...(made.cmd === 'connect' && { protocolVersion: version }) } as MqttPacket
        const wire = mqtt.generate(full, { protocolVersion: version })
        const theirs = parsed(wire, version) as unknown as Record<string, unknown>
        const packet = packetOf(
          wire,
          made.cmd === 'suback' || made.cmd === 'pingresp' ? 's2c' : 'c2s',
          version,
        )
        expectTiled(packet)
        expect(packet.violations.filter(({ severity }) => severity === 'error')).toEqual([])
        expect(packet.length).toBe(wire.length)
        if (theirs.messageId !== undefined && theirs.messageId !== 0 && made.cmd !== 'pingreq') {
          if (!(made.cmd === 'publish' && theirs.qos === 0))
            expect(packet.packetIdentifier).toBe(theirs.messageId)
        }
        if (made.cmd === 'publish') {
          expect(packet.topic).toBe(theirs.topic)
          expect(packet.qos).toBe(theirs.qos)
          expect(Buffer.from(wire.subarray(packet.payload))).toEqual(theirs.payload)
          if (version === 5)
            expect(fieldValue('message_expiry_interval')).toBe(
              (theirs.properties as { messageExpiryInterval: number }).messageExpiryInterval,
            )
        }
        if (made.cmd === 'connect') {
          expect(packet.connect).toMatchObject({ clientId: theirs.clientId, keepAlive: theirs.keepalive })
        }
        if (made.cmd === 'subscribe') {
          const topics = (theirs.subscriptions as { topic: string }[]).map(({ topic }) => topic)
          expect(packet.subscriptions?.map(({ filter }) => filter)).toEqual(topics)
        }
        if (made.cmd === 'suback') expect(packet.codes).toEqual(theirs.granted)
      }),
      { numRuns: 3000, seed: 3 },
    )
  })

  test('the fast decoder agrees with the full decoder', () => {
    const quick = new FastDecoder()
    fc.assert(
      fc.property(types, bytes, (first, rest) => {
        const wire = Uint8Array.of(first, rest.length, ...rest)
        const fast = packetOf(wire, 'c2s', version)
        if (!quick.read(fast)) return
        const slow = packetOf(wire, 'c2s', version)
        decode(fields, slow)
        expect(slow.violations).toEqual([])
        expect(fast.packetIdentifier).toBe(slow.packetIdentifier)
        expect(fast.topic).toBe(slow.topic)
        expect(fast.payload).toBe(slow.payload)
      }),
      { numRuns: 20_000, seed: 4 },
    )
  })
})
