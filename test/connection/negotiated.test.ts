// The limits of CONNACK apply to all packets of its connection, including those sent again.
import mqtt, { type IConnackPacket, type Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import type { PublishProperties, QoS } from '../../src/codec/publish.js'
import { preparePublish } from '../../src/codec/publish-properties.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'
import { bareServer, bytes, connectionTo, failureOf } from './rig.js'
import { scramServer } from './scram-server.js'

type Properties = NonNullable<IConnackPacket['properties']>

const connack = (properties: Properties, sessionPresent = false) =>
  bytes({ cmd: 'connack', reasonCode: 0, sessionPresent, properties }, 5)

/** Accepts a connection, which it closes after a PUBLISH, and then one with `properties`. */
async function changedServer(properties: Properties, first: Properties = { topicAliasMaximum: 10 }) {
  let connections = 0
  const again: Packet[] = []
  const server = await scriptedServer({
    packet(packet, socket) {
      if (packet.cmd === 'connect')
        return void socket.write(++connections === 1 ? connack(first) : connack(properties, true))
      if (connections === 1) return void (packet.cmd === 'publish' && socket.destroy())
      again.push(packet)
      if (packet.cmd === 'publish')
        socket.write(bytes({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 }, 5))
    },
  })
  return { server, again }
}

interface Row {
  readonly name: string
  readonly connack: Properties
  readonly qos?: QoS
  readonly retain?: boolean
  readonly length?: number
  readonly properties?: PublishProperties
  /** The PUBLISH on the second connection, or the Reason Code with which it is settled unsent. */
  readonly again: object | number
}

const rows: readonly Row[] = [
  {
    name: 'a Topic Alias that is no longer accepted: the Topic Name is sent alone',
    connack: { topicAliasMaximum: 0 },
    properties: { topicAlias: 5, contentType: 'text' },
    again: { topic: 'a/b', dup: true, properties: { contentType: 'text' } },
  },
  {
    name: 'a Topic Alias that is still accepted is sent with the Topic Name',
    connack: { topicAliasMaximum: 5 },
    properties: { topicAlias: 5 },
    again: { topic: 'a/b', dup: true, properties: { topicAlias: 5 } },
  },
  { name: 'Maximum QoS 0', connack: { maximumQoS: 0 }, again: 0x9b },
  { name: 'no RETAIN', connack: { retainAvailable: false }, retain: true, again: 0x9a },
  { name: 'Maximum Packet Size', connack: { maximumPacketSize: 50 }, length: 100, again: 0x95 },
  { name: 'no limits', connack: {}, again: { topic: 'a/b', dup: true } },
]

test.each(rows)('E23: a PUBLISH sent again follows the new CONNACK: $name', async (row) => {
  const { server, again } = await changedServer(row.connack)
  const settled: number[] = []
  const connection = connectionTo(
    server,
    { version: 5, reconnects: 5, sessionExpiry: 100 },
    { settled: (code) => void settled.push(code) },
  )
  await connection.connect()
  const { qos = 1, retain = false, length = 1 } = row
  const template = preparePublish('a/b', { qos, retain, version: 5, properties: row.properties })
  connection.publish(template, Buffer.alloc(length, 'x'))
  await connection.idle()
  expect(settled).toEqual([typeof row.again === 'number' ? row.again : 0])
  await connection.close()
  const publishes = again.filter(({ cmd }) => cmd === 'publish')
  if (typeof row.again === 'number') expect(publishes).toEqual([])
  else expect(publishes).toMatchObject([row.again])
})

test('E23: two templates with one Topic Alias: the alias is never used for the other topic', async () => {
  const server = await scriptedServer({
    packet: (packet, socket) =>
      void (packet.cmd === 'connect' && socket.write(connack({ topicAliasMaximum: 10 }))),
  })
  const connection = connectionTo(server, { version: 5 })
  await connection.connect()
  const [a, b] = ['a', 'b'].map((topic) =>
    preparePublish(topic, { qos: 0, retain: false, version: 5, properties: { topicAlias: 1 } }),
  )
  for (const template of [a!, b!, a!, a!]) connection.publish(template, Buffer.from('x'))
  await connection.close()
  const topics = server.received
    .filter(({ cmd }) => cmd === 'publish')
    .map((packet) => (packet as { topic: string }).topic)
  expect(topics).toEqual(['a', 'b', 'a', ''])
})

describe('H14: not sent if larger than the Maximum Packet Size of the server:', () => {
  const long = 'a'.repeat(100)
  test.each([
    ['SUBSCRIBE', (connection: ReturnType<typeof connectionTo>) => connection.subscribe([long], { qos: 0 })],
    ['UNSUBSCRIBE', (connection: ReturnType<typeof connectionTo>) => connection.unsubscribe([long])],
  ])('%s', async (_, send) => {
    const server = await scriptedServer({
      packet: (packet, socket) =>
        void (packet.cmd === 'connect' && socket.write(connack({ maximumPacketSize: 100 }))),
    })
    let refusal: unknown
    const connection = connectionTo(server, { version: 5 })
    await connection.connect()
    try {
      send(connection)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toMatchObject({
      exitCode: 25,
      hint: expect.stringContaining('Maximum Packet Size is 100'),
    })
    await connection.close()
    expect(server.received.map(({ cmd }) => cmd)).toEqual(['connect', 'disconnect'])

    const subscribing = connectionTo(server, { version: 5 }, { connected: () => void send(subscribing) })
    expect(await failureOf(subscribing.connect())).toMatchObject({ exitCode: 25 })
  })
})

describe('H11: before CONNACK nothing is delivered or acknowledged:', () => {
  const publish = (qos: QoS) =>
    bytes({ cmd: 'publish', topic: 't', payload: 'x', qos, messageId: 7, dup: false, retain: false }, 5)
  const early: readonly [string, Buffer][] = [
    ['PUBLISH at QoS 0', publish(0)],
    ['PUBLISH at QoS 1', publish(1)],
    ['PUBLISH at QoS 2', publish(2)],
    ['PUBACK', Buffer.of(0x40, 2, 0, 1)],
    ['PUBREL', Buffer.of(0x62, 2, 0, 1)],
    ['SUBACK', Buffer.of(0x90, 4, 0, 1, 0, 0)],
  ]
  const scram = {
    version: 5,
    username: 'u',
    password: Buffer.from('p'),
    properties: { connect: { authenticationMethod: 'SCRAM-SHA-256' } },
  } as const

  /** AUTH with a challenge that the client answers. */
  function challenge(connect: Packet): Buffer {
    const { authenticationData = '' } = (connect as mqtt.IConnectPacket).properties ?? {}
    const nonce = /r=(.*)$/.exec(authenticationData.toString())![1]
    const properties = {
      authenticationMethod: 'SCRAM-SHA-256',
      authenticationData: Buffer.from(`r=${nonce}x,s=c2FsdA==,i=4096`),
    }
    return bytes({ cmd: 'auth', reasonCode: 0x18, properties }, 5)
  }

  /** Accepts `good` connections, then sends `packet` instead of CONNACK. */
  async function earlyServer(good: number, packet: Buffer, answers: Packet[]): Promise<{ port: number }> {
    let connections = 0
    return bareServer((socket) => {
      const accepting = ++connections <= good
      const parser = mqtt.parser({ protocolVersion: 5 })
      parser.on('packet', (received: Packet) => {
        if (received.cmd !== 'connect') return void answers.push(received)
        if (accepting) return void socket.end(connack({}))
        const withMethod = received.properties?.authenticationMethod !== undefined
        socket.write(withMethod ? Buffer.concat([challenge(received), packet]) : packet)
      })
      socket.on('data', (chunk) => void parser.parse(chunk))
    })
  }

  test.each(early)('%s after AUTH', async (_, packet) => {
    const answers: Packet[] = []
    const happened: unknown[] = []
    const note = (what: unknown) => void happened.push(what)
    const events = { message: note, settled: note, suback: note }
    const connection = connectionTo(await earlyServer(0, packet, answers), scram, events)
    expect(await failureOf(connection.connect())).toMatchObject({ reasonCode: 0x82, exitCode: 2 })
    expect(happened).toEqual([])
    expect(answers.filter(({ cmd }) => cmd !== 'auth' && cmd !== 'disconnect')).toEqual([])
  })

  test.each(early)('%s on a reconnect', async (_, packet) => {
    const answers: Packet[] = []
    const happened: unknown[] = []
    const note = (what: unknown) => void happened.push(what)
    const server = await earlyServer(1, packet, answers)
    const events = { message: note, settled: note, suback: note }
    const connection = connectionTo(server, { version: 5, reconnects: 3 }, events)
    await connection.connect()
    expect(await failureOf(connection.ended())).toMatchObject({ reasonCode: 0x82, exitCode: 2 })
    expect(happened).toEqual([])
    expect(answers.filter(({ cmd }) => cmd !== 'disconnect')).toEqual([])
  })

  test.each(early)(
    '%s on a reconnect with SCRAM, while the answer to the challenge is computed',
    async (_, packet) => {
      const answers: Packet[] = []
      const happened: unknown[] = []
      const note = (what: unknown) => void happened.push(what)
      const authenticationMethod = 'SCRAM-SHA-256'
      let connections = 0
      const server = await bareServer((socket) => {
        const first = ++connections === 1
        const proof = scramServer('sha256', 'p')
        const parser = mqtt.parser({ protocolVersion: 5 })
        parser.on('packet', (received: Packet) => {
          const { authenticationData = '' } = (received as mqtt.IConnectPacket).properties ?? {}
          if (received.cmd === 'connect') {
            const data = proof.challenge(Buffer.from(authenticationData))
            const properties = { authenticationMethod, authenticationData: data }
            const auth = bytes({ cmd: 'auth', reasonCode: 0x18, properties }, 5)
            socket.write(first ? auth : Buffer.concat([auth, packet]))
          } else if (received.cmd === 'auth' && first) {
            const signature = proof.check(Buffer.from(authenticationData))!
            socket.end(connack({ authenticationMethod, authenticationData: signature }))
          } else answers.push(received)
        })
        socket.on('data', (chunk) => void parser.parse(chunk))
      })
      const events = { message: note, settled: note, suback: note }
      const connection = connectionTo(server, { ...scram, reconnects: 3 }, events)
      await connection.connect()
      expect(await failureOf(connection.ended())).toMatchObject({ reasonCode: 0x82, exitCode: 2 })
      expect(connections).toBe(2)
      expect(happened).toEqual([])
      expect(answers.filter(({ cmd }) => cmd !== 'auth' && cmd !== 'disconnect')).toEqual([])
    },
  )
})

test('H45: released() waits for PUBREL of all delivered messages, also across a reconnect of a kept Session', async () => {
  let connections = 0
  const got: string[] = []
  const publish = { cmd: 'publish', topic: 't', payload: 'x', qos: 2, messageId: 7, retain: false } as const
  const server = await scriptedServer({
    packet(packet, socket) {
      got.push(packet.cmd)
      if (packet.cmd === 'connect') {
        const present = ++connections > 1
        socket.write(bytes({ cmd: 'connack', returnCode: 0, sessionPresent: present }))
        socket.write(bytes({ ...publish, dup: present }))
      }
      if (packet.cmd !== 'pubrec') return
      if (connections === 1) return void socket.destroy() // as if PUBREC were lost
      socket.write(bytes({ cmd: 'pubrel', messageId: 7 }))
    },
  })
  let messages = 0
  const connection = connectionTo(
    server,
    { cleanStart: false, reconnects: 5 },
    {
      message() {
        messages++
        connection.stopDelivery()
      },
    },
  )
  await connection.connect()
  await once(() => messages === 1)
  await connection.released()
  await connection.close()
  expect(messages).toBe(1)
  expect(got).toEqual(['connect', 'pubrec', 'connect', 'pubrec', 'pubcomp', 'disconnect'])
})
