// What the server refuses of a client's packets, by the bytes: a row for each rule. A title with [MQTT-...] is about a
// statement of MQTT 5.0, one with [MQTT3-...] about one of MQTT 3.1.1.
import { expect, test } from 'vitest'
import { CoreRig, connectPacket } from './rig.js'

const malformed = 0x81
const protocolError = 0x82

/** Version, what is wrong, the bytes in hex after a good CONNECT, the Reason Code of DISCONNECT. */
const packets = [
  [5, 'Control Packet type 0', '0000', malformed],
  [5, '[MQTT-3.8.1-1] flags of SUBSCRIBE', '80 07 0001 00 000161 00', malformed],
  [4, '[MQTT3-3.8.1-1] flags of SUBSCRIBE', '80 06 0001 000161 00', malformed],
  [5, 'flags of PINGREQ', 'c100', malformed],
  [5, 'CONNACK', '2003000000', protocolError],
  [5, 'SUBACK', '900400010000', protocolError],
  [5, 'PINGRESP', 'd000', protocolError],
  [5, '[MQTT-4.12.1-2] AUTH of a client without a method', 'f0021900', protocolError],
  [5, '[MQTT-3.15.2-1] AUTH with a Reason Code that it does not have', 'f0020100', protocolError],
  [4, 'AUTH', 'f000', protocolError],
  [5, '[MQTT-2.2.1-3] H43: PUBLISH with Packet Identifier 0', '3206000161000000', protocolError],
  [4, '[MQTT3-2.3.1-1] PUBLISH with Packet Identifier 0', '32 05 000161 0000', protocolError],
  [5, '[MQTT-3.3.1-2] H43: PUBLISH with DUP at QoS 0', '380400016100', malformed],
  [4, '[MQTT3-3.3.1-2] PUBLISH with DUP at QoS 0', '38 03 000161', malformed],
  [5, '[MQTT-3.3.1-4] PUBLISH with QoS 3', '3606000161000100', malformed],
  [4, '[MQTT3-3.3.1-4] PUBLISH with QoS 3', '36 05 000161 0001', malformed],
  [
    5,
    '[MQTT-1.5.4-1] [MQTT-3.3.2-1] H43: PUBLISH with a topic that is not UTF-8',
    '30050002c32800',
    malformed,
  ],
  [4, '[MQTT3-1.5.3-1] [MQTT3-3.3.2-1] PUBLISH with a topic that is not UTF-8', '30 04 0002 c328', malformed],
  [5, '[MQTT-1.5.4-1] PUBLISH with U+D800 in its topic', '30 06 0003 eda080 00', malformed],
  [4, '[MQTT3-1.5.3-1] PUBLISH with U+D800 in its topic', '30 05 0003 eda080', malformed],
  [5, '[MQTT-1.5.4-2] [MQTT-4.7.3-2] PUBLISH with U+0000 in its topic', '30 05 0002 6100 00', malformed],
  [4, '[MQTT3-1.5.3-2] [MQTT3-4.7.3-2] PUBLISH with U+0000 in its topic', '30 04 0002 6100', malformed],
  [5, '[MQTT-3.3.2-2] [MQTT-4.7.0-1] PUBLISH with #', '3004000123 00', 0x90],
  [5, '[MQTT-3.3.2-2] [MQTT-4.7.0-1] PUBLISH with +', '3006 0003 612f2b 00', 0x90],
  [4, '[MQTT3-3.3.2-2] [MQTT3-4.7.1-1] PUBLISH with #', '3003 000123', 0x90],
  [4, '[MQTT3-3.3.2-2] [MQTT3-4.7.1-1] PUBLISH with +', '3005 0003 612f2b', 0x90],
  [5, 'H43: PUBLISH to $share', '30 0d 000a 2473686172652f672f74 00', 0x90],
  [5, '[MQTT-4.7.3-1] PUBLISH with an empty topic and no alias', '3003000000', protocolError],
  [4, '[MQTT3-4.7.3-1] PUBLISH with an empty topic', '3002 0000', protocolError],
  [5, '[MQTT-3.3.4-6] PUBLISH with a Subscription Identifier', '3006000161020b01', protocolError],
  [5, '[MQTT-3.3.2-8] PUBLISH with Topic Alias 0', '3007000161 03 230000', protocolError],
  [5, 'H10: PUBLISH with a Response Topic twice', '300c000161 08 08000161 08000161', protocolError],
  [
    5,
    '[MQTT-3.3.2-14] PUBLISH with a wildcard in its Response Topic',
    '3008000161 04 08000123',
    protocolError,
  ],
  [5, '[MQTT-3.3.2-13] PUBLISH with a Response Topic that is not UTF-8', '3008000161 04 080001ff', malformed],
  [5, '[MQTT-3.3.2-19] PUBLISH with a Content Type that is not UTF-8', '3008000161 04 030001ff', malformed],
  [
    5,
    '[MQTT-1.5.7-1] PUBLISH with a User Property whose name is not UTF-8',
    '300a000161 06 260001ff0000',
    malformed,
  ],
  [
    5,
    '[MQTT-1.5.7-1] PUBLISH with a User Property whose value is not UTF-8',
    '300a000161 06 260000 0001ff',
    malformed,
  ],
  [5, '[MQTT-1.5.7-1] PUBLISH with a User Property with U+0000', '300a000161 06 260000 000100', malformed],
  [5, 'PUBLISH with a Payload Format Indicator of 2', '3006000161 02 0102', protocolError],
  [5, 'H12: PUBLISH with a property that ends in the payload', '3006000161 01 0200', malformed],
  [5, 'PUBLISH with a property of CONNECT', '3009000161 05 1100000001', malformed],
  [5, '[MQTT-1.5.5-1] a Property Length that takes too many bytes', '3005000161 8000', malformed],
  [5, '[MQTT-1.5.5-1] a Remaining Length that takes too many bytes', 'c0 8000', malformed],
  [5, '[MQTT-1.5.5-1] a Remaining Length of five bytes', '30ffffffff01', malformed],
  [4, 'a Remaining Length of five bytes', '30ffffffff01', malformed],
  [5, 'H43: PUBACK of length 0', '4000', malformed],
  [5, 'H43: PUBACK of length 1', '400100', malformed],
  [4, 'H43: PUBACK of length 3 before MQTT 5', '4003000100', malformed],
  [5, 'H13: PUBACK with Packet Identifier 0', '40020000', protocolError],
  [5, '[MQTT-3.4.2-1] PUBACK with a Reason Code that it does not have', '4003000101', protocolError],
  [5, '[MQTT-3.5.2-1] PUBREC with a Reason Code that it does not have', '5003000101', protocolError],
  [5, '[MQTT-3.6.2-1] PUBREL with a Reason Code that it does not have', '6203000110', protocolError],
  [5, '[MQTT-3.7.2-1] PUBCOMP with a Reason Code that it does not have', '7003000110', protocolError],
  [5, '[MQTT-3.6.1-1] PUBREL with wrong flags', '60020001', malformed],
  [4, '[MQTT3-3.6.1-1] PUBREL with wrong flags', '60020001', malformed],
  [5, 'PUBCOMP with bytes after its properties', '70050001000000', malformed],
  [5, '[MQTT-3.8.3-2] H43: SUBSCRIBE without a filter', '8203000100', protocolError],
  [4, '[MQTT3-3.8.3-3] H43: SUBSCRIBE without a filter', '82020001', protocolError],
  [5, '[MQTT-2.2.1-3] SUBSCRIBE with Packet Identifier 0', '8207000000 000161 00', protocolError],
  [4, '[MQTT3-2.3.1-1] SUBSCRIBE with Packet Identifier 0', '82060000 000161 00', protocolError],
  [5, '[MQTT-3.8.3-5] SUBSCRIBE with reserved options', '8207000100 000161 40', malformed],
  [5, '[MQTT-3.8.3-5] SUBSCRIBE with the other reserved option', '8207000100 000161 80', malformed],
  [4, '[MQTT3-3.8.3-4] SUBSCRIBE with reserved bits', '82060001 000161 80', malformed],
  [4, '[MQTT3-3.8.3-4] SUBSCRIBE with QoS 3', '82060001 000161 03', protocolError],
  [5, 'SUBSCRIBE with QoS 3', '8207000100 000161 03', protocolError],
  [4, '[MQTT3-3.8.3-4] SUBSCRIBE with options of MQTT 5', '82060001 000161 04', malformed],
  [5, 'SUBSCRIBE with Retain Handling 3', '8207000100 000161 30', protocolError],
  [5, 'SUBSCRIBE with Subscription Identifier 0', '8209000102 0b00 000161 00', protocolError],
  [5, 'SUBSCRIBE with two Subscription Identifiers', '820b000104 0b010b02 000161 00', protocolError],
  [5, '[MQTT-3.8.3-1] H43: SUBSCRIBE with a filter that is not UTF-8', '8208000100 0002c328 00', malformed],
  [4, '[MQTT3-3.8.3-1] SUBSCRIBE with a filter that is not UTF-8', '82070001 0002c328 00', malformed],
  [5, '[MQTT-4.7.3-2] SUBSCRIBE with U+0000', '8207000100 000100 00', malformed],
  [4, '[MQTT3-4.7.3-2] SUBSCRIBE with U+0000', '82060001 000100 00', malformed],
  [5, '[MQTT-3.10.3-2] H43: UNSUBSCRIBE without a filter', 'a203000100', protocolError],
  [4, '[MQTT3-3.10.3-2] H43: UNSUBSCRIBE without a filter', 'a2020001', protocolError],
  [5, '[MQTT-3.10.3-1] UNSUBSCRIBE with a filter that is not UTF-8', 'a207000100 0002c328', malformed],
  [4, '[MQTT3-3.10.3-1] UNSUBSCRIBE with a filter that is not UTF-8', 'a2060001 0002c328', malformed],
  [5, '[MQTT-2.2.1-3] UNSUBSCRIBE with Packet Identifier 0', 'a206000000 000161', protocolError],
  [4, '[MQTT3-2.3.1-1] UNSUBSCRIBE with Packet Identifier 0', 'a2050000 000161', protocolError],
  [5, 'H43: PINGREQ with a body', 'c00100', malformed],
  [5, '[MQTT-3.14.2-1] DISCONNECT with a Reason Code of a server', 'e0018e', protocolError],
  [4, 'DISCONNECT with a body', 'e00100', malformed],
] as const

test.each(packets)('[MQTT-4.13.1-1] [MQTT3-4.8.0-1] version %i: %s', (protocolVersion, _, hex, code) => {
  const rig = new CoreRig()
  const client = rig.join('a', { protocolVersion })
  client.hex(hex)
  expect(client.ended).toBe(true)
  if (protocolVersion === 5) expect(client.packets).toMatchObject([{ cmd: 'disconnect', reasonCode: code }])
  else expect(client.packets).toEqual([])
  expect(rig.log.at(-1)).toMatch(/^closed a: /)
})

/** What is named, its type and the flags that it must have, its body before MQTT 5. */
const flagged = [
  ['PUBACK', 4, 0, '02 0001'],
  ['PUBREC', 5, 0, '02 0001'],
  ['[MQTT-3.6.1-1] [MQTT3-3.6.1-1] PUBREL', 6, 2, '02 0001'],
  ['PUBCOMP', 7, 0, '02 0001'],
  ['[MQTT-3.8.1-1] [MQTT3-3.8.1-1] SUBSCRIBE', 8, 2, '06 0001 000161 00'],
  ['[MQTT-3.10.1-1] [MQTT3-3.10.1-1] UNSUBSCRIBE', 10, 2, '05 0001 000161'],
  ['PINGREQ', 12, 0, '00'],
  ['[MQTT-3.14.1-1] [MQTT3-3.14.1-1] DISCONNECT', 14, 0, '00'],
  ['[MQTT-3.15.1-1] AUTH', 15, 0, '00'],
] as const

test.each(flagged)(
  '[MQTT-2.1.3-1] [MQTT3-2.2.2-1] [MQTT3-2.2.2-2] the flags of %s',
  (_, type, right, body) => {
    for (const protocolVersion of [4, 5] as const) {
      if (type === 15 && protocolVersion === 4) continue
      for (let flags = 0; flags < 16; flags++) {
        if (flags === right) continue
        const client = new CoreRig().join('a', { protocolVersion })
        client.hex(`${((type << 4) | flags).toString(16)} ${body}`)
        expect(client.ended).toBe(true)
        if (protocolVersion === 5) expect(client.packets).toMatchObject([{ reasonCode: malformed }])
      }
    }
  },
)

const name = '00044d515454'

/** Version, what is wrong, the body of CONNECT in hex, what is answered; undefined: nothing. */
const connects = [
  [4, '[MQTT3-3.1.2-3] the reserved flag', `${name}0403000a000161`, undefined],
  [5, '[MQTT-3.1.2-3] the reserved flag', `${name}0503000a00000161`, malformed],
  [4, '[MQTT3-3.1.2-11] [MQTT3-3.1.2-13] Will QoS without a will', `${name}040a000a000161`, undefined],
  [5, '[MQTT-3.1.2-11] Will QoS without a will', `${name}050a000a00000161`, malformed],
  [4, '[MQTT3-3.1.2-11] [MQTT3-3.1.2-15] Will Retain without a will', `${name}0422000a000161`, undefined],
  [5, '[MQTT-3.1.2-13] Will Retain without a will', `${name}0522000a00000161`, malformed],
  [4, '[MQTT3-3.1.2-11] a Will Topic without a Will Flag', `${name}0402000a000161 000174 0000`, undefined],
  [4, '[MQTT3-3.1.2-14] Will QoS 3', `${name}041e000a000161 000174 0000`, undefined],
  [5, '[MQTT-3.1.2-12] H43: Will QoS 3', `${name}051e000a00000161 00 000174 0000`, malformed],
  [4, '[MQTT3-3.1.2-9] a Will Flag without a Will Topic', `${name}0406000a000161`, undefined],
  [4, '[MQTT3-3.1.2-9] a Will Flag without a Will Message', `${name}0406000a000161 000174`, undefined],
  [5, '[MQTT-3.1.2-9] a Will Flag without Will Properties', `${name}0506000a00000161`, malformed],
  [5, '[MQTT-3.1.2-9] a Will Flag without a Will Topic', `${name}0506000a00000161 00`, malformed],
  [5, '[MQTT-3.1.2-9] a Will Flag without a Will Payload', `${name}0506000a00000161 00 000174`, malformed],
  [4, '[MQTT3-3.1.2-18] a User Name without its flag', `${name}0402000a000161 000175`, undefined],
  [5, '[MQTT-3.1.2-16] a User Name without its flag', `${name}0502000a00000161 000175`, malformed],
  [4, '[MQTT3-3.1.2-19] a User Name Flag alone', `${name}0482000a000161`, undefined],
  [5, '[MQTT-3.1.2-17] a User Name Flag alone', `${name}0582000a00000161`, malformed],
  [4, '[MQTT3-3.1.2-20] a Password without its flag', `${name}0482000a000161 000175 000170`, undefined],
  [5, '[MQTT-3.1.2-18] a Password without its flag', `${name}0582000a00000161 000175 000170`, malformed],
  [4, '[MQTT3-3.1.2-21] a Password Flag alone', `${name}04c2000a000161 000175`, undefined],
  [5, '[MQTT-3.1.2-19] a Password Flag alone', `${name}05c2000a00000161 000175`, malformed],
  [4, '[MQTT3-3.1.2-22] H43: a Password without a User Name', `${name}0442000a000161 000170`, undefined],
  [4, 'H43: bytes after its last field', `${name}0402000a000161 00`, undefined],
  [5, 'H43: bytes after its last field', `${name}0502000a00000161 00`, malformed],
  [4, '[MQTT3-3.1.3-4] a Client Identifier that is not UTF-8', `${name}0402000a0002c328`, undefined],
  [5, '[MQTT-3.1.3-4] H43: a Client Identifier that is not UTF-8', `${name}0502000a000002c328`, malformed],
  [5, '[MQTT-1.5.4-2] a Client Identifier with U+0000', `${name}0502000a00000100`, malformed],
  [5, 'H43: a Will Topic with a wildcard', `${name}0506000a00000161 00 000123 0000`, 0x90],
  [5, 'H43: an empty Will Topic', `${name}0506000a00000161 00 0000 0000`, 0x90],
  [4, '[MQTT3-1.5.3-2] H43: a Will Topic with U+0000', `${name}0406000a000161 000100 0000`, undefined],
  [4, '[MQTT3-3.1.3-10] a Will Topic that is not UTF-8', `${name}0406000a000161 0001ff 0000`, undefined],
  [5, '[MQTT-3.1.3-11] a Will Topic that is not UTF-8', `${name}0506000a00000161 00 0001ff 0000`, malformed],
  [4, '[MQTT3-3.1.3-11] a User Name that is not UTF-8', `${name}0482000a000161 0001ff`, undefined],
  [5, '[MQTT-3.1.3-12] a User Name that is not UTF-8', `${name}0582000a00000161 0001ff`, malformed],
  [5, 'a will in $SYS', `${name}0506000a00000161 00 0006 245359532f61 0000`, 0x87],
  [5, 'Receive Maximum 0', `${name}0502000a 03210000 000161`, protocolError],
  [5, 'Maximum Packet Size 0', `${name}0502000a 052700000000 000161`, protocolError],
  [5, 'a Session Expiry Interval twice', `${name}0502000a 0a11000000011100000001 000161`, protocolError],
  [5, 'a Topic Alias', `${name}0502000a 03230001 000161`, malformed],
  [5, 'Request Problem Information 2', `${name}0502000a 021702 000161`, protocolError],
  [5, 'Authentication Data without a method', `${name}0502000a 0416000161 000161`, protocolError],
  [5, '[MQTT-4.12.0-1] an Authentication Method', `${name}0502000a 0415000161 000161`, 0x8c],
  [5, '[MQTT-3.1.3-3] no Client Identifier', `${name}0502000a00`, malformed],
  [4, '[MQTT3-3.1.3-3] no Client Identifier', `${name}0402000a`, undefined],
  [5, '[MQTT-1.5.5-1] a Property Length that takes too many bytes', `${name}0502000a 8000 000161`, malformed],
] as const

test.each(connects)('[MQTT-3.1.4-1] [MQTT3-3.1.4-1] CONNECT of version %i: %s', (version, _, hex, code) => {
  const rig = new CoreRig()
  const client = rig.dial(version)
  const body = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  client.raw(0x10, body.length, ...body)
  expect(client.ended).toBe(true)
  expect(client.packets).toMatchObject(code === undefined ? [] : [{ cmd: 'connack', reasonCode: code }])
  expect(rig.broker.sessions.size).toBe(0)
})

test('[MQTT-1.5.5-1] CONNECT with a Remaining Length that takes too many bytes', () => {
  const client = new CoreRig().dial()
  client.hex(`10 8e00 ${name}0502000a00000161`)
  expect(client.ended).toBe(true)
  expect(client.packets).toMatchObject([{ cmd: 'connack', reasonCode: malformed }])
})

test('a good packet of each kind, cut at every byte, is understood', () => {
  const hex = [
    '300a000161 0408000172 6162', // PUBLISH with a Response Topic
    '8209000502 0b05 000161 2e', // SUBSCRIBE with all options
    'a206000600 000161',
    'c000',
  ]
  const bytes = Buffer.from(hex.join('').replaceAll(' ', ''), 'hex')
  for (let at = 1; at < bytes.length; at++) {
    const client = new CoreRig().join('a')
    client.raw(...bytes.subarray(0, at))
    client.raw(...bytes.subarray(at))
    expect(client.packets.map(({ cmd }) => cmd)).toEqual(['suback', 'unsuback', 'pingresp'])
  }
})

test('mutated bytes of two clients never make the core fall, and a third is served', () => {
  let seed = 7
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  const rig = new CoreRig()
  const third = rig.join('third')
  for (let round = 0; round < 1500; round++) {
    const client = rig.connect('a', { clean: random(2) === 0, keepalive: random(3) })
    client.connection.receive(Buffer.from(connectPacket('x').clientId), rig.now)
    const other = rig.join('b')
    for (const target of [client, other]) {
      const [, , hex] = packets[random(packets.length)]!
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
      bytes[random(bytes.length)] = random(256)
      target.connection.receive(bytes, rig.now)
    }
    if (random(3) === 0) client.lose()
    rig.wait(random(1000))
  }
  third.send({ cmd: 'pingreq' })
  expect(third.packets.at(-1)!.cmd).toBe('pingresp')
})
