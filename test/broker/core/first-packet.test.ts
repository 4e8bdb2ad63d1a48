// The first bytes of a connection.
import mqtt, { type IConnectPacket } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { type FirstPacket, firstPacket, firstPacketBytes } from '../../../src/broker/core/first-packet.js'

const connect = (protocolVersion: 3 | 4 | 5, clientId: string, bridge = false): Buffer => {
  const protocolId = protocolVersion === 3 ? 'MQIsdp' : 'MQTT'
  const packet: IConnectPacket = {
    cmd: 'connect',
    protocolId,
    protocolVersion,
    clientId,
    clean: true,
    keepalive: 60,
  }
  const bytes = mqtt.generate(packet)
  if (bridge) bytes[bytes.indexOf(protocolId) + protocolId.length]! |= 0x80
  return bytes
}

/** The first answer that is not `more`, and after how many bytes it came. */
function decide(bytes: Uint8Array): { answer: FirstPacket; after: number } {
  for (let after = 0; after <= bytes.length; after++) {
    const answer = firstPacket(bytes.subarray(0, after))
    if (answer.kind !== 'more') return { answer, after }
  }
  return { answer: { kind: 'more' }, after: bytes.length }
}

test.each([
  ['MQTT 3.1.1', connect(4, 'a'), 4, 9],
  ['MQTT 3.1', connect(3, 'a'), 3, 11],
  ['MQTT 3.1.1 with a long Remaining Length', connect(4, 'a'.repeat(20_000)), 4, 11],
  ['a bridge of MQTT 3.1.1', connect(4, 'a', true), 4, 9],
  ['a bridge of MQTT 3.1', connect(3, 'a', true), 3, 11],
  ['MQTT 5', connect(5, 'a'), 5, 9],
  ['a bridge of MQTT 5', connect(5, 'a', true), 5, 9],
])('%s is let in, as soon as its level is known', (_, bytes, version, after) => {
  expect(decide(bytes)).toEqual({ answer: { kind: 'connect', version }, after })
})

test.each([
  ['MQTT 6', [0x10, 12, 0, 4, 77, 81, 84, 84, 6], [0x20, 3, 0, 0x84, 0]],
  ['MQTT with the level of 3.1', [0x10, 12, 0, 4, 77, 81, 84, 84, 3], [0x20, 2, 0, 1]],
  ['MQIsdp with the level of 3.1.1', [0x10, 14, 0, 6, 77, 81, 73, 115, 100, 112, 4], [0x20, 2, 0, 1]],
])('%s is refused with the CONNACK that it understands', (_, bytes, connack) => {
  const { answer } = decide(Uint8Array.from(bytes))

  expect(answer).toMatchObject({ kind: 'refused', answer: Uint8Array.from(connack) })
})

test.each([
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n'), 'its first byte is 0x47, not a CONNECT', 1],
  ['a TLS handshake', [0x16, 3, 1, 2, 0], 'its first byte is 0x16, not a CONNECT', 1],
  ['a PUBLISH', [0x30, 5, 0, 1, 97], 'its first byte is 0x30, not a CONNECT', 1],
  ['CONNECT with reserved bits', [0x11, 12, 0, 4], 'its first byte is 0x11, not a CONNECT', 1],
  [
    'a length of five bytes',
    [0x10, 255, 255, 255, 255, 1],
    'the Remaining Length of its CONNECT is malformed',
    5,
  ],
  ['a length of 256 MB', [0x10, 255, 255, 255, 127], 'its CONNECT is 268435455 bytes long', 5],
  ['another protocol', [0x10, 12, 0, 4, 65, 77, 81, 80, 4], 'its CONNECT does not name the protocol MQTT', 5],
  ['a CONNECT of no bytes', [0x10, 0], 'its CONNECT ends too early', 2],
  ['a CONNECT without a level', [0x10, 6, 0, 4, 77, 81, 84, 84], 'its CONNECT ends too early', 2],
])('%s is refused without an answer', (_, bytes, why, after) => {
  expect(decide(Uint8Array.from(bytes))).toEqual({ answer: { kind: 'refused', why }, after })
})

test('14 bytes always suffice', () => {
  const longest = Buffer.concat([Buffer.from([0x10, 0x8f, 0x80, 0x80, 0]), connect(3, 'abc').subarray(2)])

  expect(decide(longest).after).toBeLessThanOrEqual(firstPacketBytes)
})
