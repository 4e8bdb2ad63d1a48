// Will Messages (MQTT 5.0 and 3.1.1, 3.1.2.5). A title with [MQTT-...] is about a statement of MQTT 5.0, one with
// [MQTT3-...] about one of MQTT 3.1.1.
import type { IPublishPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { CoreRig, connectPacket, keep, lasting, type TestClient } from './rig.js'

const versions = [4, 5] as const

const will = { topic: 'gone', payload: Buffer.from('w'), qos: 1 as const, retain: false }
const delayed = {
  ...will,
  properties: { willDelayInterval: 5, messageExpiryInterval: 60, contentType: 't' },
}

/** A client that gets the wills. */
function heirs(): { rig: CoreRig; heir: TestClient } {
  const rig = new CoreRig()
  const heir = rig.join('heir')
  heir.subscribe('gone', { qos: 2 })
  heir.received()
  return { rig, heir }
}

describe.each(versions)('wills (version %i)', (protocolVersion) => {
  test.each([
    ['the network connection breaks', (client: TestClient) => client.lose(), true],
    [
      '[MQTT-3.14.4-3] [MQTT3-3.14.4-3] DISCONNECT',
      (client: TestClient) => client.send({ cmd: 'disconnect', reasonCode: 0 }),
      false,
    ],
    ['a Protocol Error', (client: TestClient) => client.raw(0x20, 2, 0, 0), true],
    ['a second CONNECT', (client: TestClient) => client.send(connectPacket('a', { protocolVersion })), true],
  ])(
    '[MQTT-3.1.2-7] [MQTT-3.1.2-8] [MQTT-3.1.2-10] [MQTT3-3.1.2-8] [MQTT3-3.1.2-10] after %s',
    (_, end, published) => {
      const { rig, heir } = heirs()
      const client = rig.join('a', { protocolVersion, will })
      rig.wait(1000)
      expect(heir.messages()).toEqual([])
      end(client)
      expect(heir.messages()).toEqual(published ? ['gone w q1'] : [])
      rig.join('a', { protocolVersion }).lose()
      rig.wait(1e7)
      expect(heir.messages()).toEqual([])
    },
  )

  test('[MQTT-3.1.2-8] [MQTT3-3.1.2-8] when another client takes over', () => {
    const { rig, heir } = heirs()
    rig.join('a', { protocolVersion, will })
    rig.join('a', { protocolVersion })
    expect(heir.messages()).toEqual(['gone w q1'])
  })

  test('[MQTT3-3.1.2-12] none without a Will Flag', () => {
    const { rig, heir } = heirs()
    heir.subscribe('#')
    heir.received()
    rig.join('a', { protocolVersion }).lose()
    rig.wait(1e7)
    expect(heir.packets).toEqual([])
  })

  test('[MQTT3-3.1.2-9] [MQTT-3.1.2-12] with their QoS', () => {
    for (const qos of [0, 1, 2] as const) {
      const { rig, heir } = heirs()
      rig.join('a', { protocolVersion, will: { ...will, qos } }).lose()
      expect(heir.messages()).toEqual([`gone w${qos > 0 ? ` q${qos}` : ''}`])
    }
  })

  test.each([
    ['[MQTT-3.1.2-14] [MQTT3-3.1.2-16] not retained', false],
    ['[MQTT-3.1.2-15] [MQTT3-3.1.2-17] retained', true],
  ])('%s, as CONNECT says', async (_, retain) => {
    const { rig, heir } = heirs()
    rig.join('a', { protocolVersion, will: { ...will, retain } }).lose()
    expect(heir.messages()).toEqual(['gone w q1'])
    const late = rig.join('late', { protocolVersion })
    late.subscribe('gone', { qos: 2 })
    await rig.settle()
    expect(late.messages()).toEqual(retain ? ['gone w q1 retain'] : [])
  })

  test('[MQTT-3.1.2-7] [MQTT3-3.1.2-8] none of a client that was refused', () => {
    const { rig, heir } = heirs()
    const client = rig.dial(protocolVersion)
    client.admits = false
    client.send(connectPacket('a', { protocolVersion, will }))
    client.connection.refuse(0x87, 'it may not', rig.now)
    client.lose()
    expect(heir.messages()).toEqual([])
  })
})

describe('MQTT 5', () => {
  test('[MQTT-3.1.2-8] after DISCONNECT 0x04', () => {
    const { rig, heir } = heirs()
    rig.join('a', { will }).send({ cmd: 'disconnect', reasonCode: 4 })
    expect(heir.messages()).toEqual(['gone w q1'])
  })

  test('[MQTT-3.1.3-9] none when the client is back within the Will Delay Interval', () => {
    const { rig, heir } = heirs()
    rig.join('a', { ...keep, will: delayed }).lose()
    rig.wait(4999)
    rig.join('a', { ...keep, will: delayed })
    rig.wait(60_000)
    expect(heir.messages()).toEqual([])
  })

  test('[MQTT-3.1.3-9] nor when the session ends after another will of the client', () => {
    const { rig, heir } = heirs()
    rig.join('a', { ...keep, will: delayed }).lose()
    rig.join('a', { ...keep, will: { ...will, payload: Buffer.from('second') } }).lose()
    expect(heir.messages()).toEqual(['gone second q1'])
    rig.wait(2_000_000)
    expect(heir.messages()).toEqual([])
  })

  test('[MQTT-3.1.3-9] none when another client takes over and they have a Will Delay Interval', () => {
    const { rig, heir } = heirs()
    rig.join('a', { ...keep, will: delayed })
    rig.join('a', keep)
    rig.wait(60_000)
    expect(heir.messages()).toEqual([])
  })

  test('[MQTT-3.1.2-7] [MQTT-3.1.2-8] come after the interval, with their properties', () => {
    const { rig, heir } = heirs()
    rig.join('a', { ...keep, will: delayed }).lose()
    rig.wait(4999)
    expect(heir.packets).toEqual([])
    rig.wait(1)
    const [message] = heir.received('publish') as IPublishPacket[]
    expect(message!.properties).toEqual({ messageExpiryInterval: 60, contentType: 't' })
  })

  test('[MQTT-3.1.3-10] have their User Properties in their order', () => {
    const { rig, heir } = heirs()
    const pairs = '26 000162 000131 26 000161 000132 26 000162 000133'.replaceAll(' ', '')
    const body = `00044d51545405 06 0000 00 000178 ${(pairs.length / 2).toString(16)} ${pairs} 0004 676f6e65 000177`
    const hex = body.replaceAll(' ', '')
    const client = rig.dial()
    client.hex(`10 ${(hex.length / 2).toString(16)} ${hex}`)
    heir.written()
    client.lose()
    expect(heir.written()).toContain(pairs)
  })

  test('[MQTT-3.1.2-8] come when the session ends, whichever is first', () => {
    const { rig, heir } = heirs()
    rig.join('a', { clean: false, properties: { sessionExpiryInterval: 2 }, will: delayed }).lose()
    rig.wait(2000)
    expect(heir.messages()).toEqual(['gone w q1'])
    rig.join('b', { ...keep, will: delayed }).lose()
    rig.join('b', { clean: true })
    expect(heir.messages()).toEqual(['gone w q1'])
  })

  test('[MQTT-3.1.2-10] come once: not again when the session ends', () => {
    const { rig, heir } = heirs()
    rig.join('a', { ...lasting(5), will: delayed }).lose()
    rig.wait(5000)
    expect(heir.messages()).toEqual(['gone w q1'])
    rig.wait(2_000_000)
    expect(rig.broker.sessions.get('a')).toBeUndefined()
    expect(heir.messages()).toEqual([])
  })
})
