// Handling of errors (MQTT 3.1.1, 4.8; MQTT 5.0, 4.13), and what is demanded of any server (4.2, 7).
import { publish } from '../delivery.js'
import { demand, type Lab } from '../lab.js'
import { byteAt, changedConnect, connectLevel, field, packetOf } from '../raw-packets.js'
import { type Row, statementsOf } from '../statement.js'
import { closes, request, Subscriber } from '../subscriber.js'

/** Packets that no client may send, and one that ends too early. */
const forbidden = (lab: Lab): Buffer[] => [
  packetOf(0x00),
  packetOf(0x20, Uint8Array.of(0, 0, 0).subarray(0, lab.version === 5 ? 3 : 2)),
  request(lab, 0x90, [Uint8Array.of(0)]),
  packetOf(0xd0),
  request(lab, 0x82, [field(lab.topic('a')).subarray(0, -1), Uint8Array.of(0)]),
]

const protocolLevel = (lab: Lab, level: number): Buffer =>
  changedConnect(
    lab,
    byteAt(connectLevel, () => level),
  )

/** Packets in one piece, and in pieces of a byte. */
async function stream(lab: Lab): Promise<void> {
  const subscriber = await Subscriber.connect(lab)
  const topic = lab.topic('a')
  await subscriber.granted(topic, { qos: 1 })
  const publisher = await lab.connect()
  const texts = Array.from({ length: 15 }, (_, index) => String(index))
  publisher.send(
    ...texts.map((payload) =>
      lab.publishPacket(topic, { payload, qos: 1, messageId: publisher.nextIdentifier() }),
    ),
  )
  const messages = await subscriber.expect(publisher, texts, 'the connection loses nothing')
  const order = messages.map(({ payload }) => String(payload))
  demand(order.join() === texts.join(), `messages came in the order ${order}`)
  const other = await lab.connect()
  for (const byte of request(lab, 0xa2, [field(topic)])) other.send(Uint8Array.of(byte))
  await other.expect('unsuback')
}

const rows: readonly Row[] = [
  {
    v3: '4.8.0-1',
    text: 'a protocol violation is answered by closing the connection',
    check: (lab) => closes(lab, ...forbidden(lab)),
  },
  {
    v5: '4.13.1-1',
    text: 'a Malformed Packet or Protocol Error is answered by closing the connection',
    check: (lab) =>
      closes(
        lab,
        ...forbidden(lab),
        // A Topic Alias in SUBSCRIBE; the property 0x7f, which does not exist.
        ...[
          [3, 0x23, 0, 1],
          [1, 0x7f],
        ].map((bytes) =>
          request(lab, 0x82, [field(lab.topic('a')), Uint8Array.of(0)], Uint8Array.from(bytes)),
        ),
      ),
  },
  {
    v5: '4.13.1-a',
    text: 'a Malformed Packet or Protocol Error has no consequences for other sessions',
    async check(lab) {
      const subscriber = await Subscriber.connect(lab)
      await subscriber.granted(lab.topic('a'))
      await closes(lab, request(lab, 0x82, []))
      const publisher = await lab.connect()
      await publish(lab, publisher, { topic: lab.topic('a'), payload: 'a' })
      await subscriber.expect(publisher, ['a'], 'another client made an error')
    },
  },
  {
    v5: '4.13.2-1',
    text: 'a connection that is refused, with a Reason Code of 0x80 or more, is closed',
    async check(lab) {
      const client = await lab.open()
      client.send(protocolLevel(lab, 6))
      demand((await client.refusal()) !== 'open', 'the connection is open after CONNECT of version 6')
    },
  },
  {
    v3: '7.1.1-1',
    v5: '4.2.0-1',
    text: 'the connection is an ordered, lossless stream of bytes, in whatever pieces they come',
    needs: ['qos 1'],
    check: stream,
  },
  {
    v3: '7.0.0-2',
    text: 'no extension of MQTT is needed to use the server',
    async check(lab) {
      const subscriber = await Subscriber.connect(lab)
      await subscriber.granted(lab.topic('a'))
      const publisher = await lab.connect()
      await publish(lab, publisher, { topic: lab.topic('a'), payload: 'a' })
      await subscriber.expect(publisher, ['a'], 'a subscription was granted')
      await subscriber.unsubscribe(lab.topic('a'))
    },
  },
]

export const errors = statementsOf(rows)
