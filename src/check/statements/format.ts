// Data representation, Fixed Header, Packet Identifiers and properties (1.5 and 2 in both versions).
import { afterInteger, integerAt, variableByteInteger } from '../../codec/variable-byte-integer.js'
import { publish, subscriber } from '../delivery.js'
import { refuses } from '../exchanges.js'
import { demand, type Lab } from '../lab.js'
import type { Answer, RawClient } from '../raw-client.js'
import { changedConnect, field, packetOf, twoBytes } from '../raw-packets.js'
import { statementsOf } from '../statement.js'

const none = Buffer.alloc(0)
const pingreq = Buffer.of(0xc0, 0)

/** The Properties field of a packet without properties: a Property Length of 0 in MQTT 5, nothing before. */
const noProperties = ({ version }: Lab): Buffer => (version === 5 ? Buffer.of(0) : none)

const publish0 = (lab: Lab, topic: Uint8Array): Buffer => packetOf(0x30, field(topic), noProperties(lab))

const publish1 = (lab: Lab, identifier: number): Buffer =>
  packetOf(0x32, field(lab.topic('a')), twoBytes(identifier), noProperties(lab))

function subscribe(lab: Lab, filter: Uint8Array, identifier = 1, header = 0x82): Buffer {
  return packetOf(header, twoBytes(identifier), noProperties(lab), field(filter), Buffer.of(0))
}

function unsubscribe(lab: Lab, filter: Uint8Array, identifier = 1, header = 0xa2): Buffer {
  return packetOf(header, twoBytes(identifier), noProperties(lab), field(filter))
}

/** Each of the packets must end a connection of its own. */
async function eachEnds(lab: Lab, packets: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [what, bytes] of Object.entries(packets)) await (await lab.connect()).ends(what, bytes)
}

/** A topic with `bytes` in it ends the connection, in a PUBLISH and in a SUBSCRIBE. */
function badText(lab: Lab, bytes: Uint8Array, what: string): Promise<void> {
  const topic = Buffer.concat([Buffer.from(lab.topic('a')), bytes])
  return eachEnds(lab, {
    [`a PUBLISH whose Topic Name has ${what}`]: publish0(lab, topic),
    [`a SUBSCRIBE whose Topic Filter has ${what}`]: subscribe(lab, topic),
  })
}

/** One answer of each kind that a server gives, CONNACK included. */
async function answers(lab: Lab): Promise<Answer[]> {
  const topic = lab.topic('a')
  const client = await lab.connect()
  client.send(
    subscribe(lab, Buffer.from(topic), 1),
    lab.publishPacket(topic, { payload: 'short' }),
    lab.publishPacket(topic, { payload: 'x'.repeat(200) }),
    publish1(lab, 2),
    unsubscribe(lab, Buffer.from(topic), 3),
  )
  const others = await client.sync()
  return [client.connack as Answer, ...others]
}

/** The Remaining Length and the Property Length of CONNACK, SUBACK or PUBLISH at QoS 0 are as short as they can be. */
function isShort({ cmd, bytes }: Answer): boolean {
  const length = integerAt(bytes, 1, bytes.length)
  const start = afterInteger(bytes, 1)
  if (start > 1 + variableByteInteger(length).length) return false
  if (cmd !== 'connack' && cmd !== 'suback' && cmd !== 'publish') return true
  const at = start + 2 + (cmd === 'publish' ? bytes.readUInt16BE(start) : 0)
  return afterInteger(bytes, at) === at + variableByteInteger(integerAt(bytes, at, bytes.length)).length
}

/** PUBLISH at QoS 1 and 2 with the Packet Identifier `identifier`: the answers must have it. */
async function acknowledged(client: RawClient, lab: Lab, identifier: number): Promise<void> {
  client.send(lab.publishPacket(lab.topic('a'), { qos: 1, messageId: identifier }))
  const { messageId: ofPuback } = await client.expect('puback')
  client.send(lab.publishPacket(lab.topic('a'), { qos: 2, messageId: identifier }))
  const { messageId: ofPubrec } = await client.expect('pubrec')
  client.send({ cmd: 'pubrel', messageId: identifier })
  const { messageId: ofPubcomp } = await client.expect('pubcomp')
  for (const [name, seen] of Object.entries({ PUBACK: ofPuback, PUBREC: ofPubrec, PUBCOMP: ofPubcomp }))
    demand(seen === identifier, `${name} has the Packet Identifier ${seen}, PUBLISH had ${identifier}`)
}

const invalidFlags = (lab: Lab) => ({
  'SUBSCRIBE with the flags 0': subscribe(lab, Buffer.from(lab.topic('a')), 1, 0x80),
  'UNSUBSCRIBE with the flags 0': unsubscribe(lab, Buffer.from(lab.topic('a')), 1, 0xa0),
  'PUBREL with the flags 0': packetOf(0x60, twoBytes(1)),
  'PUBACK with the flags 1': packetOf(0x41, twoBytes(1)),
  'PINGREQ with the flags 1': packetOf(0xc1),
})

async function refusesFlags(lab: Lab): Promise<void> {
  await eachEnds(lab, invalidFlags(lab))
  const connect = changedConnect(lab, (body) => body)
  connect[0] = 0x11
  await refuses(lab, 'CONNECT with the flags 1', connect)
}

export const format = statementsOf([
  {
    v3: '1.5.3-1',
    v5: '1.5.4-1',
    text: 'a packet with a string that is not well-formed UTF-8 ends the connection',
    async check(lab) {
      await badText(lab, Buffer.from('eda080', 'hex'), 'a surrogate')
      await badText(lab, Buffer.from('c3', 'hex'), 'an incomplete character')
      await badText(lab, Buffer.from('ff61', 'hex'), 'the byte 0xff')
    },
  },
  {
    v3: '1.5.3-2',
    v5: '1.5.4-2',
    text: 'a packet with a string that contains U+0000 ends the connection',
    check: (lab) => badText(lab, Buffer.of(0, 0x61), 'U+0000'),
  },
  {
    v3: '1.5.3-3',
    v5: '1.5.4-3',
    text: 'U+FEFF in a string is a character like others and is not removed',
    async check(lab) {
      const topic = lab.topic('\ufeffa\ufeff')
      const client = await subscriber(lab, topic)
      await lab.subscribe(client, lab.topic('a'))
      client.send(publish0(lab, Buffer.from(topic)))
      const { bytes } = await client.expect('publish')
      demand(bytes.includes(Buffer.from(topic)), 'U+FEFF is missing in the Topic Name')
      await client.quiet('a topic without U+FEFF matches as well')
    },
  },
  {
    v5: '1.5.5-1',
    text: 'Variable Byte Integers from the server have no more bytes than they need',
    async check(lab) {
      for (const answer of await answers(lab))
        demand(isShort(answer), `${answer.cmd.toUpperCase()} has an integer that is longer than necessary`)
    },
    needs: ['qos 1'],
  },
  {
    v5: '1.5.7-1',
    text: 'a packet with a User Property whose name or value is not UTF-8 ends the connection',
    check(lab) {
      const [topic, good, bad] = [field(lab.topic('a')), field('a'), field(Buffer.from('eda080', 'hex'))]
      const packet = (name: Buffer, value: Buffer): Buffer =>
        packetOf(0x30, topic, Buffer.of(1 + name.length + value.length, 0x26), name, value)
      return eachEnds(lab, {
        'a PUBLISH with an invalid name of a User Property': packet(bad, good),
        'a PUBLISH with an invalid value of a User Property': packet(good, bad),
      })
    },
  },
  {
    v3: '2.2.2-1',
    text: 'the reserved flags in the Fixed Header of packets from the server have the values of the standard',
    async check(lab) {
      await answers(lab) // their flags are checked as they are read
      await acknowledged(await lab.connect(), lab, 1)
    },
    needs: ['qos 2'],
  },
  {
    v3: '2.2.2-2',
    text: 'a packet with invalid flags in its Fixed Header ends the connection',
    check: refusesFlags,
  },
  {
    v5: '2.1.3-1',
    text: 'reserved flags in Fixed Headers have the values of the standard, else the connection ends',
    async check(lab) {
      await answers(lab)
      await refusesFlags(lab)
    },
    needs: ['qos 1'],
  },
  {
    v3: '2.3.1-1',
    v5: '2.2.1-3',
    text: 'PUBLISH at QoS 1, SUBSCRIBE or UNSUBSCRIBE with the Packet Identifier 0 ends the connection',
    check: (lab) =>
      eachEnds(lab, {
        'PUBLISH with the Packet Identifier 0': publish1(lab, 0),
        'SUBSCRIBE with the Packet Identifier 0': subscribe(lab, Buffer.from(lab.topic('a')), 0),
        'UNSUBSCRIBE with the Packet Identifier 0': unsubscribe(lab, Buffer.from(lab.topic('a')), 0),
      }),
  },
  {
    v3: '2.3.1-4',
    v5: '2.2.1-4',
    text: 'each new PUBLISH at QoS 1 from the server has a Packet Identifier that is not 0 and not in use',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('a'), { qos: 1 })
      const publisher = await lab.connect()
      const seen = new Set<number | undefined>()
      for (let count = 1; count <= 5; count++) {
        await publish(lab, publisher, { topic: lab.topic('a'), qos: 1 })
        const { messageId } = await client.expect('publish') // PUBACK is never sent: all stay in use
        demand(!seen.has(messageId), `the Packet Identifier ${messageId} is used again before PUBACK`)
        seen.add(messageId)
      }
    },
    needs: ['qos 1'],
  },
  {
    v3: '2.3.1-5',
    v5: '2.2.1-2',
    text: 'a PUBLISH at QoS 0 from the server has no Packet Identifier',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('a'))
      client.send(lab.publishPacket(lab.topic('a'), { payload: 'payload' }))
      const { payload } = await client.expect('publish')
      demand(String(payload) === 'payload', 'there are bytes between the Topic Name and the payload')
    },
  },
  {
    v3: '2.3.1-6',
    v5: '2.2.1-5',
    text: 'PUBACK, PUBREC, PUBREL and PUBCOMP have the Packet Identifier of their PUBLISH',
    async check(lab) {
      const publisher = await lab.connect()
      await acknowledged(publisher, lab, 0x1234)
      const client = await subscriber(lab, lab.topic('b'), { qos: 2 })
      publisher.send(lab.publishPacket(lab.topic('b'), { qos: 2, messageId: 9 }), {
        cmd: 'pubrel',
        messageId: 9,
      })
      const { messageId } = await client.expect('publish')
      client.send({ cmd: 'pubrec', messageId: messageId! })
      const pubrel = await client.expect('pubrel')
      demand(pubrel.messageId === messageId, `PUBREL has ${pubrel.messageId}, PUBLISH had ${messageId}`)
    },
    needs: ['qos 2'],
  },
  {
    v3: '2.3.1-7',
    v5: '2.2.1-6',
    text: 'SUBACK and UNSUBACK have the Packet Identifier of their request',
    async check(lab) {
      const client = await lab.connect()
      const filter = Buffer.from(lab.topic('a'))
      client.send(subscribe(lab, filter, 0x1234), unsubscribe(lab, filter, 0x4321))
      const suback = await client.expect('suback')
      demand(suback.messageId === 0x1234, `SUBACK has ${suback.messageId}, SUBSCRIBE had 4660`)
      const unsuback = await client.expect('unsuback')
      demand(unsuback.messageId === 0x4321, `UNSUBACK has ${unsuback.messageId}, UNSUBSCRIBE had 17185`)
    },
  },
  {
    v5: '2.2.2-1',
    text: 'packets without properties from the server have a Property Length of 0',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('a'))
      // without its Property Length, the payload would be taken for it
      client.send(lab.publishPacket(lab.topic('a'), { payload: Buffer.of(0x7f) }), pingreq)
      const { payload } = await client.expect('publish')
      demand(payload.length === 1, 'the Property Length of PUBLISH is missing')
      await client.expect('pingresp')
    },
  },
])
