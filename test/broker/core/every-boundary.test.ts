// The connection of a publisher or of a subscriber is lost at every packet boundary in turn, before or after what the
// client sends back: nothing of QoS 1 and 2 is lost, and QoS 2 is delivered once [MQTT-4.3.2-5] [MQTT-4.3.3-13].
import type { IPublishPacket, Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { CoreRig, publish, type TestClient } from './rig.js'

type Version = 4 | 5

/** What a client does with each packet, and what survives its connections. */
interface Behaviour {
  readonly clientId: string
  /** After CONNACK. */
  begin(client: TestClient): void
  packet(packet: Packet): Packet | undefined
}

const texts = ['1', '2', '3', '4']

class Publisher implements Behaviour {
  readonly clientId = 'publisher'
  /** By Packet Identifier: what is not acknowledged. */
  readonly #open = new Map<number, IPublishPacket | 'released'>()

  constructor() {
    for (const [index, text] of texts.entries()) {
      const messageId = index + 1
      this.#open.set(messageId, publish('t', text, { qos: messageId % 2 === 0 ? 2 : 1, messageId }))
    }
  }

  get done(): boolean {
    return this.#open.size === 0
  }

  begin(client: TestClient): void {
    for (const [messageId, packet] of this.#open) {
      client.send(packet === 'released' ? { cmd: 'pubrel', messageId, reasonCode: 0 } : packet)
      if (packet !== 'released') this.#open.set(messageId, { ...packet, dup: true })
    }
  }

  packet({ cmd, messageId = 0 }: Packet): Packet | undefined {
    if (cmd === 'puback' || cmd === 'pubcomp') this.#open.delete(messageId)
    if (cmd !== 'pubrec') return undefined
    this.#open.set(messageId, 'released')
    return { cmd: 'pubrel', messageId, reasonCode: 0 }
  }
}

class Subscriber implements Behaviour {
  readonly clientId = 'subscriber'
  readonly delivered: string[] = []
  readonly #unreleased = new Set<number>()

  begin(client: TestClient): void {
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 2, rh: 1 }] })
  }

  packet(packet: Packet): Packet | undefined {
    const { cmd, messageId = 0 } = packet
    if (cmd === 'pubrel') {
      this.#unreleased.delete(messageId)
      return { cmd: 'pubcomp', messageId, reasonCode: 0 }
    }
    if (cmd !== 'publish') return undefined
    const { qos, payload } = packet
    if (qos < 2 || !this.#unreleased.has(messageId)) this.delivered.push(payload.toString())
    if (qos === 2) this.#unreleased.add(messageId)
    return { cmd: qos === 2 ? 'pubrec' : 'puback', messageId, reasonCode: 0 }
  }
}

/** Packets of the exchange until it was complete; `cutAt`: at this one the connection is lost. */
async function exchange(version: Version, cutAt: number, sendsBefore: boolean) {
  const rig = new CoreRig()
  const settings = {
    protocolVersion: version,
    clean: false,
    ...(version === 5 && { properties: { sessionExpiryInterval: 1000 } }),
  }
  const publisher = new Publisher()
  const subscriber = new Subscriber()
  const connect = (behaviour: Behaviour): TestClient => {
    const client = rig.connect(behaviour.clientId, settings)
    behaviour.begin(client)
    return client
  }
  const clients = [
    { behaviour: subscriber as Behaviour, client: connect(subscriber) },
    { behaviour: publisher as Behaviour, client: connect(publisher) },
  ]
  let handled = 0
  for (let idle = 0; idle < 3; ) {
    await rig.settle()
    idle++
    for (const one of clients) {
      const packet = one.client.packets.shift()
      if (packet === undefined) continue
      idle = 0
      const isCut = handled++ === cutAt
      const answer = one.behaviour.packet(packet)
      if (answer !== undefined && (!isCut || sendsBefore)) one.client.send(answer)
      if (!isCut) continue
      one.client.lose() // what is on its way to it is lost with it
      one.client = connect(one.behaviour)
    }
  }
  return { handled, delivered: subscriber.delivered, done: publisher.done }
}

test.each([
  [4, false],
  [4, true],
  [5, false],
  [5, true],
] as const)('MQTT version %i, the response sent before the cut: %s', async (version, sendsBefore) => {
  const whole = await exchange(version, -1, sendsBefore)
  expect(whole).toMatchObject({ delivered: texts, done: true })
  expect(whole.handled).toBe(15)
  for (let cutAt = 0; cutAt < whole.handled; cutAt++) {
    const { delivered, done } = await exchange(version, cutAt, sendsBefore)
    expect(done, `cut at ${cutAt}`).toBe(true)
    expect([...new Set(delivered)], `cut at ${cutAt}`).toEqual(texts)
    const twice = delivered.filter((text, index) => delivered.indexOf(text) !== index)
    expect(
      twice.filter((text) => Number(text) % 2 === 0),
      `cut at ${cutAt}`,
    ).toEqual([])
  }
})
