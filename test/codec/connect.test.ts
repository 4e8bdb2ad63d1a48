// CONNECT packets that mqtt-packet does not encode.
import { expect, test } from 'vitest'
import { generate } from '../../src/codec/mqtt-packet.js'
import { parse } from './messages.js'

const connect = {
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 5,
  clean: true,
  clientId: 'me',
  keepalive: 60,
  properties: { receiveMaximum: 20 },
} as const

test('E34: MQTT 5.0 allows a Password without a User Name (3.1.2.9)', () => {
  expect(generate({ ...connect, password: Buffer.from('token') }, 5).toString('hex')).toBe(
    `1019${'00044d515454'}05${'42'}003c${'03210014'}${'00026d65'}${'0005746f6b656e'}`,
  )
})

test.each([0, 1, 105, 106, 107, 127, 128, 16_361, 16_362, 16_363, 65_535])(
  'E34: a Password of %i bytes, with a Will',
  (size) => {
    const will = { topic: 'w', payload: Buffer.from('gone'), qos: 1, retain: true } as const
    const password = Buffer.alloc(size, 'x')
    const packet = generate({ ...connect, will, password }, 5)
    const named = generate({ ...connect, will, password, username: '' }, 5)
    expect(packet.subarray(-size - 2)).toEqual(named.subarray(-size - 2))
    // Differs only in the User Name flag and its two bytes of length.
    const head = (bytes: Buffer) => bytes.subarray(bytes.indexOf('MQTT') - 2)
    expect(head(packet).length).toBe(head(named).length - 2)
    expect(head(packet)[7]).toBe(head(named)[7]! & ~0x80)
    let length = 0
    for (const [index, byte] of packet.subarray(1, packet.indexOf('MQTT') - 2).entries()) {
      length += (byte & 127) * 128 ** index
    }
    expect(length).toBe(head(packet).length)
    expect(parse(named, 5)).toMatchObject([{ cmd: 'connect', will: { topic: 'w' } }])
  },
)
