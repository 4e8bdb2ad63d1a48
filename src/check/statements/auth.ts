// AUTH and enhanced authentication (MQTT 5.0, 3.15 and 4.12).
import { demand, type Lab } from '../lab.js'
import type { AnswerOf } from '../raw-client.js'
import { packetOf } from '../raw-packets.js'
import { type Row, statementsOf } from '../statement.js'
import { closes } from '../subscriber.js'
import { NotOffered } from '../violation.js'

/** Maximum Packet Size of the client in `challenges`. */
const most = 200

const methods = ['SCRAM-SHA-1', 'SCRAM-SHA-256'] as const

/** CONNECT with an Authentication Method, and the first message of SCRAM of a user that does not exist. */
const withMethod = (lab: Lab, authenticationMethod: string) =>
  lab.connectPacket({
    properties: {
      authenticationMethod,
      authenticationData: Buffer.from('n,,n=mqttx-check,r=fyko+d2lbbFgONRv9qkxdawL'),
      maximumPacketSize: most,
    },
  })

/** What the server sends in AUTH for usual Authentication Methods. @throws NotOffered if it sends none */
async function challenges(lab: Lab): Promise<{ method: string; packet: AnswerOf<'auth'> }[]> {
  const came: { method: string; packet: AnswerOf<'auth'> }[] = []
  for (const method of methods) {
    const client = await lab.open()
    client.send(withMethod(lab, method))
    const packet = await client.next()
    if (packet?.cmd === 'auth') came.push({ method, packet: packet as AnswerOf<'auth'> })
  }
  if (came.length === 0) throw new NotOffered(`enhanced authentication: no AUTH for ${methods.join(', ')}`)
  return came
}

const smallAuth = async (lab: Lab, property: 'reasonString' | 'userProperties'): Promise<void> => {
  for (const { packet } of await challenges(lab)) {
    const isLarge = packet.properties?.[property] !== undefined && packet.bytes.length > most
    demand(!isLarge, `Maximum Packet Size ${most}: ${packet.bytes.length} bytes with ${property} came`)
  }
}

/** The server must refuse the Authentication Method, and close. @throws Violation */
async function refusesMethod(lab: Lab, method: string): Promise<void> {
  const client = await lab.open()
  client.send(withMethod(lab, method))
  const answer = await client.next()
  if (answer?.cmd === 'auth') client.send(authOf(0x18, method))
  const last = answer?.cmd === 'auth' ? await client.next() : answer
  if (last === undefined) return
  demand(last.cmd === 'connack' || last.cmd === 'disconnect', `${last.cmd} came`)
  demand((last.reasonCode ?? 0) >= 0x80, `${method} was accepted`)
  demand((await client.next()) === undefined, 'the connection is still open after a failed authentication')
}

/** AUTH with an Authentication Method. */
const authOf = (code: number, method: string): Buffer =>
  packetOf(0xf0, Uint8Array.of(code, method.length + 3, 0x15, 0, method.length), Buffer.from(method))

const rows: readonly Row[] = [
  {
    v5: '3.15.1-1',
    text: 'AUTH with flags other than 0 is malformed, and the server closes the connection',
    check: (lab) => closes(lab, packetOf(0xf1)),
  },
  {
    v5: '3.15.0-a',
    text: 'AUTH without an Authentication Method in CONNECT is refused by closing the connection',
    check: (lab) => closes(lab, authOf(0x18, methods[0])),
  },
  {
    v5: '3.15.2.2.2-a',
    text: 'AUTH without an Authentication Method is refused by closing the connection',
    check: (lab) => closes(lab, packetOf(0xf0, Uint8Array.of(0x18, 0)), packetOf(0xf0)),
  },
  {
    v5: '3.15.2-1',
    text: 'AUTH of the server has a Reason Code that the standard lists for it',
    check: async (lab) => void (await challenges(lab)),
  },
  {
    v5: '3.15.2-2',
    text: 'AUTH has no Reason String that makes it larger than the Maximum Packet Size of the client',
    check: (lab) => smallAuth(lab, 'reasonString'),
  },
  {
    v5: '3.15.2-3',
    text: 'AUTH has no User Properties that make it larger than the Maximum Packet Size of the client',
    check: (lab) => smallAuth(lab, 'userProperties'),
  },
  {
    v5: '4.12.0-1',
    text: 'an Authentication Method that the server does not support is refused by closing the connection',
    check: (lab) => refusesMethod(lab, 'mqttx-check'),
  },
  {
    v5: '4.12.0-2',
    text: 'AUTH by which the server asks for more has Reason Code 0x18',
    async check(lab) {
      for (const { packet } of await challenges(lab))
        demand(packet.reasonCode === 0x18, `AUTH has Reason Code ${packet.reasonCode}`)
    },
  },
  {
    v5: '4.12.0-4',
    text: 'an authentication that fails is ended by closing the connection',
    async check(lab) {
      for (const method of methods) await refusesMethod(lab, method)
    },
  },
  {
    v5: '4.12.0-5',
    text: 'AUTH of the server has the Authentication Method of CONNECT',
    async check(lab) {
      for (const { method, packet } of await challenges(lab)) {
        const { authenticationMethod } = packet.properties ?? {}
        demand(authenticationMethod === method, `${method} was answered with ${authenticationMethod}`)
      }
    },
  },
  {
    v5: '4.12.0-6',
    text: 'without an Authentication Method in CONNECT there is none in CONNACK, and no AUTH',
    async check(lab) {
      const client = await lab.connect()
      const { authenticationMethod } = client.connack?.properties ?? {}
      demand(authenticationMethod === undefined, `CONNACK has Authentication Method ${authenticationMethod}`)
      await client.quiet('there is no enhanced authentication')
    },
  },
  {
    v5: '4.12.1-2',
    text: 'a re-authentication that fails is ended by closing the connection',
    check: (lab) => closes(lab, authOf(0x19, methods[0])),
  },
]

export const auth = statementsOf(rows)
