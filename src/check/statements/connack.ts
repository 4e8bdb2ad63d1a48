// CONNACK (3.2 in both versions).
import { lasting, publish } from '../delivery.js'
import { leftSession, refuses } from '../exchanges.js'
import { type ConnectSettings, demand, type Lab } from '../lab.js'
import { type AnswerOf, described, type RawClient } from '../raw-client.js'
import { byteAt, changedConnect, connectFlags, connectLevel } from '../raw-packets.js'
import { type Row, statementsOf } from '../statement.js'
import { NotOffered, Violation } from '../violation.js'

/**
 * The client and the CONNACK of a connection that the server refuses: for its protocol level in MQTT 3.1.1, for its
 * Authentication Method in MQTT 5.
 * @throws NotOffered if it does so without CONNACK
 */
async function refused(lab: Lab, settings: ConnectSettings = {}): Promise<[AnswerOf<'connack'>, RawClient]> {
  const client = await lab.open()
  const properties = { ...settings.properties, authenticationMethod: 'mqttx-check' }
  client.send(
    lab.version === 5
      ? lab.connectPacket({ ...settings, properties })
      : changedConnect(
          lab,
          byteAt(connectLevel, () => 2),
          settings,
        ),
  )
  const connack = await client.next()
  if (connack === undefined) throw new NotOffered('the server refuses without CONNACK')
  const code = connack.cmd === 'connack' ? (connack.reasonCode ?? connack.returnCode) : 0
  if (connack.cmd !== 'connack' || code === 0)
    throw new Violation(`a CONNECT that had to be refused is answered with ${described(connack)}`)
  return [connack, client]
}

/** Session Present of the CONNACK for a client that has left a session. */
async function presentAfter(lab: Lab, more: ConnectSettings = {}): Promise<boolean | undefined> {
  const settings = await leftSession(lab, lab.topic('a'))
  return (await lab.connect({ ...settings, ...more })).connack?.sessionPresent
}

/** Session Present of the CONNACK for a client that wants to go on with a session that there is not. */
async function presentWithout(lab: Lab): Promise<boolean | undefined> {
  return (await lab.connect(lasting(lab))).connack?.sessionPresent
}

/** CONNACKs of a refusal and of an acceptance must not have `property` if they are too large with it. */
async function omits(lab: Lab, property: 'reasonString' | 'userProperties'): Promise<void> {
  const properties = { maximumPacketSize: 20 }
  const connacks = [(await refused(lab, { properties }))[0], (await lab.connect({ properties })).connack!]
  for (const connack of connacks) {
    const { length } = (connack as AnswerOf<'connack'>).bytes
    const isLeftOut = connack.properties?.[property] === undefined
    demand(length <= 20 || isLeftOut, `CONNACK has it with ${length} bytes, 20 are allowed`)
  }
}

/** The properties that CONNACK announces to a client. */
async function offer(lab: Lab): Promise<Partial<NonNullable<AnswerOf<'connack'>['properties']>>> {
  return (await lab.connect()).connack?.properties ?? {}
}

const rows: readonly Row[] = [
  {
    ...{ v3: '3.2.0-1', v5: '3.2.0-1', needs: ['sessions', 'qos 1'] },
    text: 'the first packet from the server is CONNACK, also if messages wait for the client',
    async check(lab) {
      const settings = await leftSession(lab, lab.topic('a'))
      await publish(lab, await lab.connect(), { topic: lab.topic('a'), qos: 1 })
      const client = await lab.open()
      client.send(lab.connectPacket(settings), { cmd: 'pingreq' })
      await client.expect('connack')
    },
  },
  {
    v5: '3.2.0-2',
    text: 'there is only one CONNACK in a network connection',
    async check(lab) {
      const client = await lab.connect()
      client.send(lab.connectPacket())
      for (let answer = await client.next(); answer !== undefined; answer = await client.next())
        demand(answer.cmd !== 'connack', 'a second CONNECT is answered with CONNACK')
    },
  },
  {
    v5: '3.2.2-1',
    text: 'the reserved Connect Acknowledge Flags are 0',
    async check(lab) {
      await refused(lab) // they are checked as it is read
      await lab.connect()
    },
  },
  {
    ...{ v3: '3.2.2-1', v5: '3.2.2-2', needs: ['sessions', 'qos 1'] },
    text: 'Session Present is 0 for a client that wants a new session',
    check: async (lab) => demand((await presentAfter(lab, { clean: true })) === false, 'it is 1'),
  },
  {
    ...{ v3: '3.2.2-2', needs: ['sessions', 'qos 1'] },
    text: 'Session Present is 1 if the session of the client goes on',
    check: async (lab) => demand((await presentAfter(lab)) === true, 'it is 0'),
  },
  {
    v3: '3.2.2-3',
    text: 'Session Present is 0 if there was no session',
    check: async (lab) => demand((await presentWithout(lab)) === false, 'it is 1'),
  },
  {
    ...{ v5: '3.2.2-3', needs: ['sessions', 'qos 1'] },
    text: 'Session Present is 1 if the session of the client goes on, and 0 if there was none',
    async check(lab) {
      demand((await presentAfter(lab)) === true, 'it is 0 with a session')
      demand((await presentWithout(lab)) === false, 'it is 1 without a session')
    },
  },
  {
    ...{ v3: '3.2.2-4', v5: '3.2.2-6', needs: ['sessions', 'qos 1'] },
    text: 'Session Present is 0 in a CONNACK that refuses',
    async check(lab) {
      const [connack] = await refused(lab, await leftSession(lab, lab.topic('a')))
      demand(!connack.sessionPresent, 'it is 1')
    },
  },
  {
    ...{ v3: '3.2.2-5', v5: '3.2.2-7' },
    text: 'the connection ends after a CONNACK that refuses',
    check: async (lab) => void (await (await refused(lab))[1].closed()),
  },
  {
    v5: '3.2.2-8',
    text: 'CONNACK has a Reason Code of the standard',
    async check(lab) {
      await refused(lab) // it is checked as it is read
      const client = await lab.open()
      client.send(
        changedConnect(
          lab,
          byteAt(connectFlags, (byte) => byte | 1),
        ),
      )
      const answer = await client.next()
      demand(answer === undefined || answer.cmd === 'connack', `${described(answer)} is no answer to CONNECT`)
    },
  },
  {
    v5: '3.2.2-9',
    text: 'without Maximum QoS in CONNACK, PUBLISH is accepted at QoS 1 and 2',
    async check(lab) {
      const client = await lab.connect()
      const most = client.connack?.properties?.maximumQoS ?? 2
      for (const qos of [1, 2].filter((one) => one <= most) as (1 | 2)[])
        await publish(lab, client, { topic: lab.topic('a'), qos })
    },
  },
  {
    v5: '3.2.2-10',
    text: 'a subscription at any QoS is accepted, also by a server with a Maximum QoS',
    async check(lab) {
      const client = await lab.connect()
      if (client.connack?.properties?.maximumQoS === undefined) throw new NotOffered('the server has QoS 2')
      for (const qos of [0, 1, 2] as const)
        demand((await lab.subscribe(client, lab.topic('a'), { qos })) < 0x80, `QoS ${qos} is refused`)
    },
  },
  {
    v5: '3.2.2-12',
    text: 'a CONNECT whose Will QoS is higher than the Maximum QoS ends the connection',
    async check(lab) {
      const { maximumQoS } = await offer(lab)
      if (maximumQoS === undefined) throw new NotOffered('the server has QoS 2')
      const will = { topic: lab.topic('a'), payload: Buffer.of(1), qos: 2, retain: false } as const
      await refuses(
        lab,
        'a CONNECT with Will QoS 2',
        changedConnect(lab, (body) => body, { will }),
      )
    },
  },
  {
    v5: '3.2.2-13',
    text: 'a CONNECT with Will Retain ends the connection if Retain Available is 0',
    async check(lab) {
      const { retainAvailable } = await offer(lab)
      if (retainAvailable !== false) throw new NotOffered('the server retains messages')
      const will = { topic: lab.topic('a'), payload: Buffer.of(1), qos: 0, retain: true } as const
      await refuses(
        lab,
        'a CONNECT with Will Retain',
        changedConnect(lab, (body) => body, { will }),
      )
    },
  },
  {
    ...{ v5: '3.2.2-16', needs: ['empty client identifier'] },
    text: 'CONNACK has a new Client Identifier if that of CONNECT is empty',
    async check(lab) {
      const names = new Set([lab.clientId()])
      for (let count = 1; count <= 2; count++) {
        const { connack } = await lab.connect({ clientId: '' })
        const name = connack?.properties?.assignedClientIdentifier
        demand(name !== undefined, 'CONNACK has no Assigned Client Identifier')
        demand(!names.has(name), `${name} is assigned to two clients`)
        names.add(name)
      }
    },
  },
  {
    v5: '3.2.2-19',
    text: 'CONNACK has no Reason String if it were larger than the Maximum Packet Size with it',
    check: (lab) => omits(lab, 'reasonString'),
  },
  {
    v5: '3.2.2-20',
    text: 'CONNACK has no User Properties if it were larger than the Maximum Packet Size with them',
    check: (lab) => omits(lab, 'userProperties'),
  },
  {
    v5: '3.2.2-22',
    text: 'without Server Keep Alive in CONNACK, the Keep Alive of the client is used',
    async check(lab) {
      const client = await lab.connect({ keepalive: 30 })
      if (client.connack?.properties?.serverKeepAlive !== undefined)
        throw new NotOffered('the server sets another Keep Alive')
      await lab.pause(2200)
      await client.sync()
    },
  },
]

export const connack = statementsOf(rows)
