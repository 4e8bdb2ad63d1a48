// CONNECT: its Variable Header and Payload, without wills (3.1 in both versions).
import { encodeProperties } from '../../codec/property-writer.js'
import { refuses } from '../exchanges.js'
import { demand, type Lab } from '../lab.js'
import type { RawClient } from '../raw-client.js'
import {
  byteAt,
  changedConnect,
  connectFlags,
  connectLevel,
  connectProperties,
  field,
  packetOf,
  twoBytes,
} from '../raw-packets.js'
import { type Row, statementsOf } from '../statement.js'
import { NotOffered, Violation } from '../violation.js'

/** A CONNECT without a login, whatever the server wants. */
const anonymous = { username: undefined, password: undefined } as unknown as {
  username: string
  password: Buffer
}

/** A `change` of the body of a CONNECT: `extra` follows its last field. */
const followedBy = (extra: Uint8Array) => (body: Buffer) => Buffer.concat([body, extra])

/** A `change`: the field that is `text` begins with a surrogate, which is not UTF-8. */
const spoilt = (text: string) => (body: Buffer) => {
  Buffer.from('eda080', 'hex').copy(body, body.indexOf(text))
  return body
}

/** A `change` for MQTT 5: `properties` instead of none. `length`: what the Property Length says. */
const withProperties =
  (properties: Uint8Array, length = properties.length) =>
  (body: Buffer) =>
    Buffer.concat([
      body.subarray(0, connectProperties),
      Buffer.of(length),
      properties,
      body.subarray(connectProperties + 1),
    ])

const setFlags = (flags: number) => byteAt(connectFlags, (byte) => byte | flags)

/** Faults of a CONNECT that are found in any version, and those of MQTT 5. */
const malformed: Readonly<Record<string, (body: Buffer) => Uint8Array>> = {
  'that ends within its Client Identifier': (body) => body.subarray(0, -2),
  'with bytes after its last field': followedBy(Buffer.from('surplus')),
}
const malformed5: typeof malformed = {
  'with Receive Maximum twice': withProperties(Buffer.of(0x21, 0, 9, 0x21, 0, 9)),
  'with Receive Maximum 0': withProperties(Buffer.of(0x21, 0, 0)),
  'with Topic Alias, a property of PUBLISH': withProperties(Buffer.of(0x23, 0, 1)),
  'with Request Problem Information 2': withProperties(Buffer.of(0x17, 2)),
  'whose Property Length is longer than the packet': withProperties(Buffer.of(0x21, 0, 9), 100),
  'with Authentication Data and no Authentication Method': withProperties(Buffer.of(0x16, 0, 1, 1)),
}

/** The server must end the connection, in MQTT 3.1.1 without CONNACK. */
async function refusesMalformed(lab: Lab): Promise<void> {
  for (const [what, change] of Object.entries({ ...malformed, ...(lab.version === 5 && malformed5) })) {
    await refuses(lab, `a CONNECT ${what}`, changedConnect(lab, change))
    const { connection } = lab.record.events.at(-1)!
    const isAnswered = lab.record.events.some((one) => one.connection === connection && one.side === 's2c')
    demand(lab.version === 5 || !isAnswered, `a CONNECT ${what} is answered`)
  }
}

/** Client Identifiers of 23 bytes that nobody else has, and that have all letters and digits together. */
function longIdentifiers(lab: Lab): string[] {
  const all = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const own = lab.prefix.slice(-7)
  return [0, 16, 32, 46].map((from) => own + all.slice(from, from + 16))
}

/** Gives a CONNECT with `clientId`; whether the server takes the Client Identifier. */
async function takes(lab: Lab, clientId: string, clean = true): Promise<[boolean, RawClient]> {
  const client = await lab.open()
  client.send(lab.connectPacket({ clientId, clean }))
  const { returnCode, reasonCode } = await client.expect('connack')
  return [lab.version === 5 ? reasonCode !== 0x85 : returnCode !== 2, client]
}

const rows: readonly Row[] = [
  {
    ...{ v3: '3.1.0-1', v5: '3.1.0-1' },
    text: 'a first packet that is no CONNECT ends the connection',
    async check(lab) {
      const properties = lab.version === 5 ? [Buffer.of(0)] : []
      const topic = field(lab.topic('a'))
      await refuses(lab, 'PINGREQ before CONNECT', Buffer.of(0xc0, 0))
      await refuses(lab, 'PUBLISH before CONNECT', packetOf(0x30, topic, ...properties))
      const filter = [...properties, topic, Buffer.of(0)]
      await refuses(lab, 'SUBSCRIBE before CONNECT', packetOf(0x82, twoBytes(1), ...filter))
    },
  },
  {
    ...{ v3: '3.1.0-2', v5: '3.1.0-2' },
    text: 'a second CONNECT ends the connection',
    async check(lab) {
      const clientId = lab.clientId()
      await (await lab.connect({ clientId })).ends('a second CONNECT', lab.connectPacket({ clientId }))
    },
  },
  {
    v3: '3.1.2-1',
    text: 'a CONNECT with another Protocol Name is not taken for one of MQTT 3.1.1',
    async check(lab) {
      const client = await lab.open()
      client.send(
        changedConnect(
          lab,
          byteAt(5, () => 0x58),
        ),
      )
      demand((await client.refusal()) !== 'accepted', 'a CONNECT of the protocol MQTX is accepted')
    },
  },
  {
    v5: '3.1.2-1',
    text: 'a CONNECT with another Protocol Name ends the connection',
    check: (lab) =>
      refuses(
        lab,
        'a CONNECT of the protocol MQTX',
        changedConnect(
          lab,
          byteAt(5, () => 0x58),
        ),
      ),
  },
  {
    v3: '3.1.2-2',
    text: 'a protocol level that the server does not support gets CONNACK with 1, and ends the connection',
    async check(lab) {
      const client = await lab.open()
      client.send(
        changedConnect(
          lab,
          byteAt(connectLevel, () => 2),
        ),
      )
      const { returnCode } = await client.expect('connack')
      demand(returnCode === 1, `the Return Code is ${returnCode}`)
      await client.closed()
    },
  },
  {
    v5: '3.1.2-2',
    text: 'a Protocol Version that the server does not support ends the connection',
    check: (lab) =>
      refuses(
        lab,
        'a CONNECT of version 6',
        changedConnect(
          lab,
          byteAt(connectLevel, () => 6),
        ),
      ),
  },
  {
    ...{ v3: '3.1.2-3', v5: '3.1.2-3' },
    text: 'a CONNECT whose reserved flag is set ends the connection',
    check: (lab) => refuses(lab, 'a CONNECT with its reserved flag', changedConnect(lab, setFlags(1))),
  },
  {
    ...{ v3: '3.1.2-18', v5: '3.1.2-16' },
    text: 'a CONNECT with a User Name and without its flag ends the connection',
    check: (lab) =>
      refuses(
        lab,
        'a CONNECT with a User Name and no flag for it',
        changedConnect(lab, followedBy(field('user name')), anonymous),
      ),
  },
  {
    ...{ v3: '3.1.2-19', v5: '3.1.2-17' },
    text: 'a CONNECT with the User Name Flag and no User Name ends the connection',
    check: (lab) =>
      refuses(
        lab,
        'a CONNECT without the User Name of its flags',
        changedConnect(lab, setFlags(0x80), anonymous),
      ),
  },
  {
    ...{ v3: '3.1.2-20', v5: '3.1.2-18' },
    text: 'a CONNECT with a Password and without its flag ends the connection',
    check: (lab) =>
      refuses(
        lab,
        'a CONNECT with a Password and no flag for it',
        changedConnect(lab, followedBy(field('password')), { ...anonymous, username: 'user' }),
      ),
  },
  {
    ...{ v3: '3.1.2-21', v5: '3.1.2-19' },
    text: 'a CONNECT with the Password Flag and no Password ends the connection',
    check: (lab) =>
      refuses(
        lab,
        'a CONNECT without the Password of its flags',
        changedConnect(lab, setFlags(0x40), { ...anonymous, username: 'user' }),
      ),
  },
  {
    v3: '3.1.2-22',
    text: 'a CONNECT with a Password and no User Name ends the connection',
    check: (lab) =>
      refuses(
        lab,
        'a CONNECT with a Password and no User Name',
        changedConnect(lab, (body) => body, { ...anonymous, password: Buffer.from('password') }),
      ),
  },
  {
    ...{ v3: '3.1.2-24', v5: '3.1.2-22' },
    text: 'a client that is silent for one and a half times its Keep Alive is disconnected',
    async check(lab) {
      const client = await lab.connect({ keepalive: 1 })
      if (client.connack?.properties?.serverKeepAlive !== undefined)
        throw new NotOffered('the server sets another Keep Alive')
      await client.closed(1500 + 6 * lab.patienceMs) // mosquitto looks once in five seconds
    },
  },
  {
    ...{ v3: '3.1.3-3', v5: '3.1.3-3' },
    text: 'a CONNECT without a Client Identifier, even an empty one, ends the connection',
    check: (lab) => {
      const end = lab.version === 5 ? connectProperties + 1 : connectProperties
      return refuses(
        lab,
        'a CONNECT without Payload',
        changedConnect(lab, (body) => body.subarray(0, end), anonymous),
      )
    },
  },
  {
    ...{ v3: '3.1.3-4', v5: '3.1.3-4' },
    text: 'a CONNECT whose Client Identifier is not UTF-8 ends the connection',
    check(lab) {
      const clientId = lab.clientId()
      const bytes = changedConnect(lab, spoilt(clientId), { clientId })
      return refuses(lab, 'a CONNECT whose Client Identifier is not UTF-8', bytes)
    },
  },
  {
    ...{ v3: '3.1.3-5', v5: '3.1.3-5' },
    text: 'Client Identifiers of up to 23 letters and digits are allowed',
    async check(lab) {
      for (const clientId of [lab.clientId().slice(2, 10), ...longIdentifiers(lab)])
        demand((await takes(lab, clientId))[0], `the Client Identifier ${clientId} is refused`)
    },
  },
  {
    v3: '3.1.3-6',
    text: 'a client with an empty Client Identifier gets one that nobody else has',
    async check(lab) {
      const first = await lab.connect({ clientId: '' })
      await lab.connect({ clientId: '' })
      await first.sync()
    },
    needs: ['empty client identifier'],
  },
  {
    v5: '3.1.3-6',
    text: 'a client with an empty Client Identifier gets one that nobody else has',
    async check(lab) {
      const first = await lab.connect({ clientId: '' })
      const second = await lab.connect({ clientId: '' })
      await first.sync()
      const [one, other] = [first, second].map(({ connack }) => connack?.properties?.assignedClientIdentifier)
      demand(one !== other, `two clients get the same one, ${one}`)
    },
    needs: ['empty client identifier'],
  },
  {
    v5: '3.1.3-7',
    text: 'the Client Identifier that the server assigns is in CONNACK and is that of the session',
    async check(lab) {
      const properties = { sessionExpiryInterval: 300 }
      const client = await lab.connect({ clientId: '', properties })
      const clientId = client.connack?.properties?.assignedClientIdentifier
      if (clientId === undefined) throw new Violation('CONNACK has no Assigned Client Identifier')
      await client.leave()
      const again = await lab.connect({ clientId, clean: false, properties })
      demand(again.connack?.sessionPresent === true, 'there is no session of the assigned identifier')
    },
    needs: ['empty client identifier', 'sessions'],
  },
  {
    v3: '3.1.3-8',
    text: 'an empty Client Identifier without Clean Session gets CONNACK with 2, and ends the connection',
    async check(lab) {
      const [isTaken, client] = await takes(lab, '', false)
      demand(!isTaken, 'the Return Code is not 2')
      await client.closed()
    },
  },
  {
    v3: '3.1.3-9',
    text: 'the server ends the connection after CONNACK with 2, if it rejects a Client Identifier',
    async check(lab) {
      for (const clientId of ['', lab.prefix.repeat(1000)]) {
        const [isTaken, client] = await takes(lab, clientId, false)
        if (!isTaken) return void (await client.closed())
      }
      throw new NotOffered('the server takes every Client Identifier')
    },
  },
  {
    ...{ v3: '3.1.3-11', v5: '3.1.3-12' },
    text: 'a CONNECT whose User Name is not UTF-8 ends the connection',
    check: (lab) =>
      refuses(
        lab,
        'a CONNECT whose User Name is not UTF-8',
        changedConnect(lab, spoilt('user name'), { ...anonymous, username: 'user name' }),
      ),
  },
  {
    v3: '3.1.4-1',
    text: 'a malformed CONNECT ends the connection without CONNACK',
    check: refusesMalformed,
  },
  {
    v5: '3.1.4-1',
    text: 'a malformed CONNECT ends the connection',
    check: refusesMalformed,
  },
  {
    v5: '3.1.4-2',
    text: 'a CONNECT that the server does not authenticate ends the connection',
    check: (lab) =>
      refuses(
        lab,
        'a CONNECT with an Authentication Method that no server has',
        changedConnect(
          lab,
          withProperties(encodeProperties({ authenticationMethod: 'mqttx-check' }).subarray(1)),
        ),
      ),
  },
]

export const connect = statementsOf(rows)
