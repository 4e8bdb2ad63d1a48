// Shared subscriptions (MQTT 5.0, 4.8.2), which clients of all versions can make. A title with [MQTT-...] is about a
// statement of MQTT 5.0.
import type { IPublishPacket } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { CoreRig, codes, keep, publish, reason } from './rig.js'

const versions = [4, 5] as const

test.each(versions)('each message goes to one member, in turn (version %i)', (protocolVersion) => {
  const rig = new CoreRig()
  const members = ['a', 'b', 'c'].map((id) => rig.join(id, { protocolVersion }))
  for (const member of members) member.subscribe('$share/g/t/+', { qos: 1 })
  const other = rig.join('other')
  other.subscribe('$share/h/t/#', { qos: 1 })
  const writer = rig.join('writer')
  for (let i = 1; i <= 9; i++) writer.send(publish('t/1', `${i}`, { qos: 1, messageId: i }))
  expect(members.map((member) => member.messages().length)).toEqual([3, 3, 3])
  expect(other.messages()).toHaveLength(9)
})

test.each(versions)(
  '[MQTT-4.8.2-1] [MQTT-4.8.2-2] begins with $share/ and a ShareName (version %i)',
  (protocolVersion) => {
    const rig = new CoreRig()
    const client = rig.join('a', { protocolVersion })
    for (const filter of ['$share/g/t', '$share/a b/+/x', '$share/$/#', '$share/g//']) {
      expect(codes(client.subscribe(filter))).toEqual([0])
    }
    expect(codes(client.subscribe('$sharex/y'))).toEqual([0])
    client.received()
    rig
      .join('writer')
      .send(publish('t', '1'), publish('q/x', '2'), publish('/', '3'), publish('$sharex/y', '4'))
    expect(client.messages().sort()).toEqual([
      ...['$sharex/y 4', '/ 3', '/ 3', 'q/x 2', 'q/x 2', 't 1', 't 1'],
    ])
  },
)

test('[MQTT-4.8.2-3] a member gets a message with the QoS that it was granted', () => {
  const rig = new CoreRig()
  const members = ([0, 1, 2] as const).map((qos) => {
    const member = rig.join(`m${qos}`)
    member.subscribe('$share/g/t', { qos })
    member.received()
    return member
  })
  const writer = rig.join('writer')
  for (let i = 1; i <= 3; i++) writer.send(publish('t', 'x', { qos: 2, messageId: i }))
  expect(members.map((member) => member.messages())).toEqual([['t x'], ['t x q1'], ['t x q2']])
})

test('what was not sent to a member that leaves goes to another', () => {
  const rig = new CoreRig()
  const slow = rig.join('slow', { ...keep, properties: { sessionExpiryInterval: 1000, receiveMaximum: 1 } })
  slow.subscribe('$share/g/t', { qos: 1 })
  const writer = rig.join('writer')
  for (let i = 1; i <= 3; i++) writer.send(publish('t', `${i}`, { qos: 1, messageId: i }))
  expect(slow.messages()).toEqual(['t 1 q1'])
  const other = rig.join('other')
  other.subscribe('$share/g/t', { qos: 1 })
  other.received()
  slow.lose()
  expect(other.messages()).toEqual(['t 2 q1', 't 3 q1'])
  rig.join('slow', { clean: true })
  expect(other.messages()).toEqual(['t 1 q1'])
  expect(rig.broker.holding.bytes).toBeGreaterThan(0)
})

test('what was not sent to a member that unsubscribes goes to another', () => {
  const rig = new CoreRig()
  const slow = rig.join('slow', { properties: { receiveMaximum: 1 } })
  slow.subscribe('$share/g/t', { qos: 1 })
  const writer = rig.join('writer')
  for (let i = 1; i <= 3; i++) writer.send(publish('t', `${i}`, { qos: 1, messageId: i }))
  const [first] = slow.received('publish') as IPublishPacket[]
  const other = rig.join('other')
  other.subscribe('$share/g/t', { qos: 1 })
  other.received()
  slow.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['$share/g/t'] })
  expect(other.messages()).toEqual(['t 2 q1', 't 3 q1'])
  slow.send({ cmd: 'puback', messageId: first!.messageId! })
  expect(slow.messages()).toEqual([])
})

test('retained messages are not sent to members (MQTT 5.0, 4.8.2)', async () => {
  const rig = new CoreRig()
  rig.join('writer').send(publish('t', 'x', { retain: true }))
  const member = rig.join('member')
  member.subscribe('$share/g/t')
  await rig.settle()
  expect(member.messages()).toEqual([])
})

test('[MQTT-4.8.2-4] a member gets what it was being sent with QoS 2 when it is back', () => {
  const rig = new CoreRig()
  const first = rig.join('first', keep)
  first.subscribe('$share/g/t', { qos: 2 })
  const writer = rig.join('writer')
  writer.send(publish('t', '1', { qos: 2, messageId: 1 }), publish('t', '2', { qos: 2, messageId: 2 }))
  const sent = first.received('publish') as IPublishPacket[]
  first.send({ cmd: 'pubrec', messageId: sent[0]!.messageId! })
  const other = rig.join('other')
  other.subscribe('$share/g/t', { qos: 2 })
  other.received()
  first.lose()
  rig.wait(10_000)
  expect(other.messages()).toEqual([])
  const again = rig.connect('first', keep)
  expect(again.received().map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
    ['connack', undefined],
    ['pubrel', sent[0]!.messageId],
    ['publish', sent[1]!.messageId],
  ])
  again.send(
    { cmd: 'pubcomp', messageId: sent[0]!.messageId! },
    { cmd: 'pubrec', messageId: sent[1]!.messageId! },
  )
  again.send({ cmd: 'pubcomp', messageId: sent[1]!.messageId! })
  expect(rig.broker.holding.bytes).toBe(0)
  expect(other.messages()).toEqual([])
})

test('[MQTT-4.8.2-5] what was being sent with QoS 2 to a member whose session ends goes to no other', () => {
  const rig = new CoreRig()
  const first = rig.join('first', keep)
  first.subscribe('$share/g/t', { qos: 2 })
  const writer = rig.join('writer')
  writer.send(publish('t', '1', { qos: 2, messageId: 1 }), publish('t', '2', { qos: 1, messageId: 2 }))
  expect(first.messages()).toEqual(['t 1 q2', 't 2 q1'])
  const other = rig.join('other')
  other.subscribe('$share/g/t', { qos: 2 })
  other.received()
  first.lose()
  rig.wait(1_000_001)
  expect(rig.broker.sessions.get('first')).toBeUndefined()
  expect(other.messages()).toEqual(['t 2 q1'])
})

test.each([
  ['puback', 1],
  ['pubrec', 2],
] as const)('[MQTT-4.8.2-6] what a member refuses with %s goes to no other', (cmd, qos) => {
  const rig = new CoreRig()
  const members = ['a', 'b'].map((id) => {
    const member = rig.join(id, keep)
    member.subscribe('$share/g/t', { qos: 2 })
    member.received()
    return member
  })
  rig.join('writer').send(publish('t', '1', { qos, messageId: 1 }))
  const [message] = members[0]!.received('publish') as IPublishPacket[]
  members[0]!.send({ cmd, messageId: message!.messageId!, reasonCode: 0x97 })
  expect(members[1]!.packets).toEqual([])
  members[0]!.lose()
  rig.wait(2_000_000)
  expect(members[1]!.packets).toEqual([])
  expect(rig.broker.holding.bytes).toBe(0)
})

test('[MQTT-3.8.3-4] No Local is a Protocol Error', () => {
  const client = new CoreRig().join('a')
  client.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [{ topic: '$share/g/t', qos: 0, nl: true }],
  })
  expect(reason(client.last('disconnect'))).toBe(0x82)
})
