// What the server refuses of a client's packets, by the bytes: a row for each rule.
import { expect, test } from 'vitest'
import { CoreRig, connectPacket } from './rig.js'

const malformed = 0x81
const protocolError = 0x82

/** Version, what is wrong, the bytes in hex after a good CONNECT, the Reason Code of DISCONNECT. */
const packets = [
  [5, 'Control Packet type 0', '0000', malformed],
  [5, 'flags of SUBSCRIBE', '8007000100000161 00', malformed],
  [5, 'flags of PINGREQ', 'c100', malformed],
  [5, 'CONNACK', '2003000000', protocolError],
  [5, 'SUBACK', '900400010000', protocolError],
  [5, 'PINGRESP', 'd000', protocolError],
  [5, 'AUTH', 'f0021900', protocolError],
  [4, 'AUTH', 'f000', protocolError],
  [5, 'H43: PUBLISH with Packet Identifier 0', '3206000161000000', protocolError],
  [5, 'H43: PUBLISH with DUP at QoS 0', '380400016100', malformed],
  [5, 'PUBLISH with QoS 3', '3606000161000100', malformed],
  [5, 'H43: PUBLISH with a topic that is not UTF-8', '30050002c32800', malformed],
  [5, 'PUBLISH with a wildcard', '30040001 2300', 0x90],
  [5, 'H43: PUBLISH to $share', '30 0d 000a 2473686172652f672f74 00', 0x90],
  [5, 'PUBLISH with an empty topic and no alias', '3003000000', protocolError],
  [5, 'PUBLISH with a Subscription Identifier', '3006000161020b01', protocolError],
  [5, 'PUBLISH with Topic Alias 0', '3007000161 03 230000', protocolError],
  [5, 'H10: PUBLISH with a Response Topic twice', '300c000161 08 08000161 08000161', protocolError],
  [5, 'PUBLISH with a Response Topic with a wildcard', '3008000161 04 08000123', protocolError],
  [5, 'PUBLISH with a Payload Format Indicator of 2', '3006000161 02 0102', protocolError],
  [5, 'H12: PUBLISH with a property that ends in the payload', '3006000161 01 0200', malformed],
  [5, 'PUBLISH with a property of CONNECT', '3009000161 05 1100000001', malformed],
  [5, 'a Property Length that takes too many bytes', '3005000161 8000', malformed],
  [5, 'H43: PUBACK of length 0', '4000', malformed],
  [5, 'H43: PUBACK of length 1', '400100', malformed],
  [4, 'H43: PUBACK of length 3 before MQTT 5', '4003000100', malformed],
  [5, 'H13: PUBACK with Packet Identifier 0', '40020000', protocolError],
  [5, 'PUBREC with a Reason Code that it does not have', '5003000101', protocolError],
  [5, 'PUBREL with wrong flags', '60020001', malformed],
  [5, 'PUBCOMP with bytes after its properties', '70050001000000', malformed],
  [5, 'H43: SUBSCRIBE without a filter', '8203000100', protocolError],
  [4, 'H43: SUBSCRIBE without a filter', '82020001', protocolError],
  [5, 'SUBSCRIBE with Packet Identifier 0', '8207000000 000161 00', protocolError],
  [5, 'SUBSCRIBE with reserved options', '8207000100 000161 40', malformed],
  [5, 'SUBSCRIBE with QoS 3', '8207000100 000161 03', protocolError],
  [4, 'SUBSCRIBE with options of MQTT 5', '82060001 000161 04', malformed],
  [5, 'SUBSCRIBE with Retain Handling 3', '8207000100 000161 30', protocolError],
  [5, 'SUBSCRIBE with Subscription Identifier 0', '8209000102 0b00 000161 00', protocolError],
  [5, 'SUBSCRIBE with two Subscription Identifiers', '820b000104 0b010b02 000161 00', protocolError],
  [5, 'H43: SUBSCRIBE with a filter that is not UTF-8', '8208000100 0002c328 00', malformed],
  [5, 'SUBSCRIBE with U+0000', '8207000100 000100 00', malformed],
  [5, 'H43: UNSUBSCRIBE without a filter', 'a203000100', protocolError],
  [4, 'H43: UNSUBSCRIBE without a filter', 'a2020001', protocolError],
  [5, 'H43: PINGREQ with a body', 'c00100', malformed],
  [5, 'DISCONNECT with a Reason Code of a server', 'e0018e', protocolError],
  [4, 'DISCONNECT with a body', 'e00100', malformed],
  [5, 'a Remaining Length of five bytes', '30ffffffff01', malformed],
] as const

test.each(packets)('version %i: %s', (protocolVersion, _, hex, code) => {
  const rig = new CoreRig()
  const client = rig.join('a', { protocolVersion })
  client.raw(...Buffer.from(hex.replaceAll(' ', ''), 'hex'))
  expect(client.ended).toBe(true)
  if (protocolVersion === 5) expect(client.packets).toMatchObject([{ cmd: 'disconnect', reasonCode: code }])
  else expect(client.packets).toEqual([])
  expect(rig.log.at(-1)).toMatch(/^closed a: /)
})

const name = '00044d515454'

/** Version, what is wrong, the body of CONNECT in hex, what is answered; undefined: nothing. */
const connects = [
  [4, 'the reserved flag', `${name}0403000a000161`, undefined],
  [5, 'the reserved flag', `${name}0503000a00000161`, malformed],
  [4, 'Will QoS without a will', `${name}040a000a000161`, undefined],
  [5, 'Will Retain without a will', `${name}0522000a00000161`, malformed],
  [5, 'H43: Will QoS 3', `${name}051e000a00000161 00 000174 0000`, malformed],
  [4, 'H43: a Password without a User Name', `${name}0442000a000161 000170`, undefined],
  [4, 'H43: bytes after its last field', `${name}0402000a000161 00`, undefined],
  [5, 'H43: bytes after its last field', `${name}0502000a00000161 00`, malformed],
  [5, 'H43: a Client Identifier that is not UTF-8', `${name}0502000a000002c328`, malformed],
  [5, 'H43: a Will Topic with a wildcard', `${name}0506000a00000161 00 000123 0000`, 0x90],
  [5, 'H43: an empty Will Topic', `${name}0506000a00000161 00 0000 0000`, 0x90],
  [4, 'H43: a Will Topic with U+0000', `${name}0406000a000161 000100 0000`, undefined],
  [5, 'a will in $SYS', `${name}0506000a00000161 00 0006 245359532f61 0000`, 0x87],
  [5, 'Receive Maximum 0', `${name}0502000a 03210000 000161`, protocolError],
  [5, 'Maximum Packet Size 0', `${name}0502000a 052700000000 000161`, protocolError],
  [5, 'a Session Expiry Interval twice', `${name}0502000a 0a11000000011100000001 000161`, protocolError],
  [5, 'a Topic Alias', `${name}0502000a 03230001 000161`, malformed],
  [5, 'Request Problem Information 2', `${name}0502000a 021702 000161`, protocolError],
  [5, 'Authentication Data without a method', `${name}0502000a 0416000161 000161`, protocolError],
  [5, 'an Authentication Method', `${name}0502000a 0415000161 000161`, 0x8c],
  [5, 'no Client Identifier', `${name}0502000a00`, malformed],
] as const

test.each(connects)('CONNECT of version %i: %s', (version, _, hex, code) => {
  const rig = new CoreRig()
  const client = rig.dial(version)
  const body = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  client.raw(0x10, body.length, ...body)
  expect(client.ended).toBe(true)
  expect(client.packets).toMatchObject(code === undefined ? [] : [{ cmd: 'connack', reasonCode: code }])
  expect(rig.broker.sessions.size).toBe(0)
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
