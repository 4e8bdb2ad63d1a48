// DISCONNECT (3.14 in both versions).
import { lasting } from '../delivery.js'
import { type ConnectSettings, demand, type Lab } from '../lab.js'
import { byteAt, changedConnect, connectFlags, packetOf } from '../raw-packets.js'
import { type Row, statementsOf } from '../statement.js'
import { request, Subscriber, smallAnswer, watchedWill } from '../subscriber.js'
import { Violation } from '../violation.js'

/** A client with a will sends `packet` and is gone. @returns the subscriber to the will */
async function willAfter(lab: Lab, packet: Uint8Array, settings: ConnectSettings = {}): Promise<Subscriber> {
  const { watcher, will } = await watchedWill(lab)
  const client = await lab.connect({ will, ...settings })
  client.send(packet)
  await client.gone()
  return watcher
}

const isPublished =
  (packet: Uint8Array, settings?: ConnectSettings) =>
  async (lab: Lab): Promise<void> => {
    const watcher = await willAfter(lab, packet, settings)
    await watcher.client.expect('publish')
  }

const isDiscarded =
  (packet: Uint8Array) =>
  async (lab: Lab): Promise<void> => {
    const watcher = await willAfter(lab, packet)
    await watcher.expect(await lab.connect(), [], 'the will was to be discarded')
  }

/** DISCONNECT of MQTT 5 with the body `body`. */
const disconnectOf = (...body: number[]): Buffer => packetOf(0xe0, Uint8Array.from(body))

/** Provokes the server to send DISCONNECT. @throws Violation if it is invalid */
async function endings(lab: Lab): Promise<void> {
  const settings = { clientId: lab.clientId() }
  const clients = [await lab.connect(settings)]
  await lab.connect(settings)
  for (const packet of [lab.connectPacket(), request(lab, 0x82, []), packetOf(0x00)]) {
    const client = await lab.connect()
    client.send(packet)
    clients.push(client)
  }
  for (const client of clients) {
    client.send({ cmd: 'pingreq' })
    await client.next()
  }
}

const smallDisconnect = (lab: Lab, property: 'reasonString' | 'userProperties'): Promise<void> =>
  smallAnswer(lab, property, (client) => {
    client.send(lab.connectPacket())
    return client.next()
  })

/** Whether the server has the session after DISCONNECT with these bytes. */
async function sessionAfter(lab: Lab, packet: Uint8Array): Promise<boolean> {
  const settings = lasting(lab)
  const client = await lab.connect(settings)
  client.send(packet)
  await client.gone()
  return (await lab.connect(settings)).connack?.sessionPresent === true
}

const rows: readonly Row[] = [
  {
    v3: '3.14.1-1',
    v5: '3.14.1-1',
    text: 'DISCONNECT with flags other than 0 is no DISCONNECT: the connection is closed, the will published',
    async check(lab) {
      const { watcher, will } = await watchedWill(lab)
      const client = await lab.connect({ will })
      client.send(packetOf(0xe1))
      await client.closed()
      await watcher.client.expect('publish')
    },
  },
  {
    v3: '3.14.4-3',
    v5: '3.14.4-3',
    text: 'after DISCONNECT with Reason Code 0 the will is discarded',
    check: (lab) => isDiscarded(lab.version === 5 ? disconnectOf(0, 0) : disconnectOf())(lab),
  },
  {
    v5: '3.14.0-1',
    text: 'the server sends no DISCONNECT before it has accepted with CONNACK',
    async check(lab) {
      const invalid = changedConnect(
        lab,
        byteAt(connectFlags, (flags) => flags | 1),
      )
      for (const packet of [invalid, packetOf(0xc0), request(lab, 0x82, [])]) {
        const client = await lab.open()
        client.send(packet)
        const answer = await client.next().catch(() => undefined)
        if (answer?.cmd === 'disconnect') throw new Violation('DISCONNECT came without CONNACK')
      }
    },
  },
  {
    v5: '3.14.2-1',
    text: 'DISCONNECT of the server has a Reason Code that the standard lists for it',
    check: endings,
  },
  {
    v5: '3.14.2-2',
    text: 'DISCONNECT of the server has no Session Expiry Interval',
    check: endings,
  },
  {
    v5: '3.14.2-3',
    text: 'DISCONNECT has no Reason String that makes it larger than the Maximum Packet Size of the client',
    check: (lab) => smallDisconnect(lab, 'reasonString'),
  },
  {
    v5: '3.14.2-4',
    text: 'DISCONNECT has no User Properties that make it larger than the Maximum Packet Size of the client',
    check: (lab) => smallDisconnect(lab, 'userProperties'),
  },
  {
    v5: '3.14.4-1',
    text: 'the server sends nothing after its DISCONNECT',
    async check(lab) {
      const subscriber = await Subscriber.connect(lab)
      const topic = lab.topic('a')
      await subscriber.granted(topic)
      const { client } = subscriber
      client.send(lab.connectPacket(), lab.publishPacket(topic), packetOf(0xc0))
      await client.closed()
    },
  },
  {
    v5: '3.14.4-2',
    text: 'the server closes the connection after its DISCONNECT',
    async check(lab) {
      const settings = { clientId: lab.clientId() }
      const first = await lab.connect(settings)
      await lab.connect(settings)
      await first.closed()
    },
  },
  {
    v5: '3.14.2.1-a',
    text: 'DISCONNECT without a Reason Code has Reason Code 0: the will is discarded',
    check: isDiscarded(disconnectOf()),
  },
  {
    v5: '3.14.2.1-b',
    text: 'after DISCONNECT with Reason Code 4 the will is published',
    check: isPublished(disconnectOf(4)),
  },
  {
    v5: '3.14.2.2.1-a',
    text: 'DISCONNECT without a Property Length has none: the will is discarded',
    check: isDiscarded(disconnectOf(0)),
  },
  {
    v5: '3.14.2.2.2-a',
    text: 'a Session Expiry Interval in DISCONNECT is an error if that of CONNECT is 0: the will is published',
    check: isPublished(disconnectOf(0, 5, 0x11, 0, 0, 0, 9)),
  },
  {
    v5: '3.14.2.2.2-b',
    text: 'the Session Expiry Interval of DISCONNECT replaces that of CONNECT',
    needs: ['sessions'],
    check: async (lab) =>
      demand(!(await sessionAfter(lab, disconnectOf(0, 5, 0x11, 0, 0, 0, 0))), 'the session is still there'),
  },
  {
    v5: '3.14.2.2.2-c',
    text: 'without a Session Expiry Interval in DISCONNECT that of CONNECT holds',
    needs: ['sessions'],
    check: async (lab) => demand(await sessionAfter(lab, disconnectOf(0, 0)), 'the session is gone'),
  },
  {
    v5: '3.14.2.2.2-d',
    text: 'two Session Expiry Intervals in DISCONNECT are an error: the will is published',
    check: isPublished(disconnectOf(0, 10, 0x11, 0, 0, 0, 9, 0x11, 0, 0, 0, 9), {
      properties: { sessionExpiryInterval: 1 },
    }),
  },
]

export const disconnect = statementsOf(rows)
