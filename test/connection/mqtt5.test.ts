// MQTT 5: limits of the server, Topic Aliases, Session Expiry, enhanced authentication.
import type { IConnackPacket, Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { preparePublish } from '../../src/codec/publish-properties.js'
import type { ConnectionEvents } from '../../src/connection/events.js'
import type { ConnectOptions } from '../../src/connection/options.js'
import { ServerLimits } from '../../src/connection/server-limits.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { bytes, connectionTo, failureOf } from './rig.js'
import { scramServer } from './scram-server.js'

const five = (topic: string, more: { qos?: 0 | 1 | 2; retain?: boolean; alias?: number } = {}) =>
  preparePublish(topic, {
    qos: more.qos ?? 0,
    retain: more.retain ?? false,
    version: 5,
    properties: more.alias === undefined ? undefined : { topicAlias: more.alias },
  })

describe('a PUBLISH that the server would refuse is not sent', () => {
  test.each([
    ['Maximum QoS', { maximumQoS: 1 }, five('t', { qos: 2 }), 24],
    ['Retain Available', { retainAvailable: false }, five('t', { retain: true }), 0x9a],
    ['Topic Alias Maximum', {}, five('t', { alias: 1 }), 0x94],
    ['Maximum Packet Size', { maximumPacketSize: 15 }, five('t'), 25],
  ])('%s', (_, properties, template, exitCode) => {
    expect(new ServerLimits(properties).refusesPublish(template, 10)).toMatchObject({ exitCode })
  })

  test.each([
    ['Maximum QoS', { maximumQoS: 1 }, five('t', { qos: 1 })],
    ['Retain Available', { retainAvailable: true }, five('t', { retain: true })],
    ['Topic Alias Maximum', { topicAliasMaximum: 1 }, five('t', { alias: 1 })],
    ['Maximum Packet Size', { maximumPacketSize: 16 }, five('t')],
  ])('within %s it is sent', (_, properties, template) => {
    expect(new ServerLimits(properties).refusesPublish(template, 10)).toBeUndefined()
  })
})

describe('a SUBSCRIBE that the server would refuse is not sent', () => {
  test.each([
    ['wildcards', { wildcardSubscriptionAvailable: false }, ['a', 'b/#'], {}, 0xa2],
    ['shared subscriptions', { sharedSubscriptionAvailable: false }, ['$share/g/a'], {}, 0x9e],
    ['identifiers', { subscriptionIdentifiersAvailable: false }, ['a'], { subscriptionIdentifier: 1 }, 0xa1],
  ])('%s', (_, properties, filters, more, exitCode) => {
    const options = { qos: 0, properties: more } as const
    expect(new ServerLimits(properties).refusesSubscribe(filters, options)).toMatchObject({
      exitCode,
      reasonCode: exitCode,
    })
    expect(new ServerLimits().refusesSubscribe(filters, options)).toBeUndefined()
  })
})

test('a packet that is too large for the server has no Reason Code', () => {
  const limits = new ServerLimits({ maximumPacketSize: 16 })
  expect(limits.refusesSize(16)).toBeUndefined()
  expect(limits.refusesSize(17)).toMatchObject({ exitCode: 25, reasonCode: undefined })
})

const connack = (properties: IConnackPacket['properties'] = {}, sessionPresent = false) =>
  bytes({ cmd: 'connack', reasonCode: 0, sessionPresent, properties }, 5)

async function connected(
  properties: IConnackPacket['properties'],
  overrides: Partial<ConnectOptions> = {},
  events: ConnectionEvents = {},
) {
  const received: Packet[] = []
  const server = await scriptedServer({
    packet(packet, socket) {
      received.push(packet)
      if (packet.cmd === 'connect') socket.write(connack(properties))
    },
  })
  const connection = connectionTo(server, { version: 5, ...overrides }, events)
  await connection.connect()
  return { connection, received: server.received, server }
}

test('with a Topic Alias the topic is sent once', async () => {
  const { connection, received } = await connected({ topicAliasMaximum: 5 })
  const template = five('a/long/topic', { alias: 3 })
  for (let i = 0; i < 3; i++) connection.publish(template, Buffer.from('x'))
  connection.flush()
  await expect.poll(() => received.length).toBe(4)
  expect(received.slice(1).map((packet) => packet.cmd === 'publish' && packet.topic)).toEqual([
    'a/long/topic',
    '',
    '',
  ])
})

test('the Receive Maximum of the server is the window', async () => {
  const { connection } = await connected({ receiveMaximum: 2 })
  const template = five('t', { qos: 1 })
  expect([connection.publish(template, Buffer.from('1')), connection.ready]).toEqual([1, true])
  expect([connection.publish(template, Buffer.from('2')), connection.ready]).toEqual([2, false])
})

test('a kept Session is resumed on the next connection, without Clean Start', async () => {
  const starts: unknown[] = []
  const server = await scriptedServer({
    packet(packet, socket) {
      if (packet.cmd !== 'connect') return
      starts.push(packet.clean)
      socket.write(connack({}, starts.length > 1))
      if (starts.length === 1) setTimeout(() => socket.destroy(), 20)
    },
  })
  const present: boolean[] = []
  const overrides = { version: 5, clientId: 'kept', sessionExpiry: 60, reconnects: 3 } as const
  const connection = connectionTo(server, overrides, { connected: (session) => present.push(session) })
  await connection.connect()
  await expect.poll(() => present).toEqual([false, true])
  expect(starts).toEqual([true, false])
})

describe.each([
  ['SCRAM-SHA-1', 'sha1'],
  ['SCRAM-SHA-256', 'sha256'],
  ['SCRAM-SHA-512', 'sha512'],
])('%s', (method, hash) => {
  async function exchange(password: string, final: (signature: Buffer) => Buffer = (signature) => signature) {
    const scram = scramServer(hash, 'secret')
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') {
          const authenticationData = scram.challenge(packet.properties!.authenticationData!)
          const properties = { authenticationMethod: method, authenticationData }
          socket.write(bytes({ cmd: 'auth', reasonCode: 0x18, properties }, 5))
        } else if (packet.cmd === 'auth') {
          const signature = scram.check(packet.properties!.authenticationData!)
          if (signature === undefined) {
            socket.write(bytes({ cmd: 'connack', reasonCode: 0x86, sessionPresent: false }, 5))
          } else socket.write(connack({ authenticationMethod: method, authenticationData: final(signature) }))
        }
      },
    })
    return connectionTo(server, {
      version: 5,
      username: 'ada',
      password: Buffer.from(password),
      properties: { connect: { authenticationMethod: method } },
    })
  }

  test('the right password is accepted', async () => {
    await (await exchange('secret')).connect()
  })

  test('a wrong password is refused: status 134', async () => {
    expect(await failureOf((await exchange('guess')).connect())).toMatchObject({ exitCode: 0x86 })
  })

  test('a server without the password is not trusted', async () => {
    const connection = await exchange('secret', () => Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`))
    expect(await failureOf(connection.connect())).toMatchObject({ exitCode: 0x8c })
  })
})

test('AUTH with an unsupported method is refused', async () => {
  const server = await scriptedServer({
    packet: (_, socket) =>
      void socket.write(
        bytes({ cmd: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'KERBEROS' } }, 5),
      ),
  })
  const failure = await failureOf(connectionTo(server, { version: 5 }).connect())
  expect(failure).toMatchObject({
    exitCode: 0x8c,
    message: "The server requires authentication by 'KERBEROS'",
  })
})

test('a packet above our Maximum Packet Size is answered with DISCONNECT 0x95', async () => {
  const large = bytes(
    { cmd: 'publish', topic: 't', payload: 'x'.repeat(60), qos: 0, dup: false, retain: false },
    5,
  )
  const server = await scriptedServer({
    packet(packet, socket) {
      if (packet.cmd === 'connect') socket.write(Buffer.concat([connack(), large]))
    },
  })
  const properties = { connect: { maximumPacketSize: 50 } }
  const connection = connectionTo(server, { version: 5, properties })
  await connection.connect()
  expect(await failureOf(connection.ended())).toMatchObject({ reasonCode: 0x95 })
  await expect.poll(() => server.received.length).toBe(2)
})
