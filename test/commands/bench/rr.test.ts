// bench rr: requests and responses, over a correct and over a faulty server.
import type { Socket } from 'node:net'
import mqtt, { type IPublishPacket, type Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { peerTest, startMosquitto, startOwnBroker } from '../../helpers/peers.js'
import { scriptedServer } from '../../helpers/scripted-server.js'
import { bench } from './command.js'

type Fate = (response: IPublishPacket, number: number) => IPublishPacket[]

const pass: Fate = (response) => [response]

/** A small server for MQTT 3.1.1 and 5; `fate` decides which copies of each response are delivered. */
function postOffice(fate: Fate) {
  const filters = new Map<Socket, string[]>()
  const versions = new Map<Socket, number>()
  let responses = 0
  const send = (socket: Socket, packet: Packet) =>
    void socket.write(mqtt.generate(packet, { protocolVersion: versions.get(socket) ?? 4 }))
  const matches = (filter: string, topic: string) =>
    new RegExp(`^${filter.replaceAll('+', '[^/]*')}$`).test(topic)
  const forward = ({ topic, payload, properties }: IPublishPacket) => {
    for (const [socket, own] of filters) {
      if (!own.some((filter) => matches(filter, topic))) continue
      const packet: IPublishPacket = { cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false }
      send(socket, { ...packet, ...(properties && { properties }) })
    }
  }
  return (packet: Packet, socket: Socket) => {
    if (packet.cmd === 'connect') {
      versions.set(socket, packet.protocolVersion ?? 4)
      send(socket, { cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false })
    }
    if (packet.cmd === 'disconnect') filters.delete(socket)
    if (packet.cmd === 'subscribe') {
      const asked = packet.subscriptions.map(({ topic }) => topic)
      filters.set(socket, [...(filters.get(socket) ?? []), ...asked])
      send(socket, { cmd: 'suback', messageId: packet.messageId!, granted: asked.map(() => 0) })
    }
    if (packet.cmd !== 'publish') return
    if (packet.qos === 1) send(socket, { cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 })
    const isResponse = packet.topic.startsWith('mqttx/bench/response/')
    for (const copy of isResponse ? fate(packet, responses++) : [packet]) forward(copy)
  }
}

const work = ['rr', '-q', '1', '--clients', '3', '--rate', '500', '--count', '120']

const published = (received: readonly Packet[]) =>
  received.filter((packet): packet is IPublishPacket => packet.cmd === 'publish')

describe('bench rr', () => {
  test('in MQTT 5 each request has a Response Topic and unique Correlation Data', async () => {
    const server = await scriptedServer({ packet: postOffice(pass) })
    const { report, status } = await bench([...work, '-V', '5', '--subscribers', '2'], server.at)
    const requests = published(server.received).filter(({ topic }) => /^mqttx\/bench\/\d$/.test(topic))
    const responses = published(server.received).filter(({ topic }) => topic.includes('/response/'))
    expect([requests.length, responses.length]).toEqual([120, 120])
    const correlation = ({ properties }: IPublishPacket) => properties!.correlationData!.toString('hex')
    expect(new Set(requests.map(correlation)).size).toBe(120)
    expect(responses.map(correlation).sort()).toEqual(requests.map(correlation).sort())
    for (const { topic, properties } of requests)
      expect(properties!.responseTopic).toMatch(new RegExp(`^mqttx/bench/response/.*-p${topic.slice(-1)}$`))
    for (const { properties } of responses) expect(properties!.responseTopic).toBeUndefined()
    expect(report).toMatchObject({ sent: 120, acked: 120, received: 120, lost: 0, failed: {} })
    expect(report.setup).toMatchObject({ mode: 'rr', loop: 'open', clients: 3, subscribers: 2 })
    expect(status).toBe(0)
  })

  test('before MQTT 5 responses are assigned by topic', async () => {
    const server = await scriptedServer({ packet: postOffice(pass) })
    const args = [...work, '--response-topic', 'mqttx/bench/response/of/%i']
    const { report, status } = await bench(args, server.at)
    const topics = new Set(published(server.received).map(({ topic }) => topic))
    const ofClients = [0, 1, 2].flatMap((client) => [
      `mqttx/bench/${client}`,
      `mqttx/bench/response/of/${client}`,
    ])
    expect([...topics].sort()).toEqual(ofClients.sort())
    expect(report).toMatchObject({ sent: 120, acked: 120, received: 120, lost: 0, failed: {} })
    expect(status).toBe(0)
  })

  test('each of several responders subscribes to the requests of its clients', async () => {
    const server = await scriptedServer({ packet: postOffice(pass) })
    const { report } = await bench([...work, '--subscribers', '2'], server.at)
    const filters = server.received.flatMap((packet) =>
      packet.cmd === 'subscribe' ? [packet.subscriptions.map(({ topic }) => topic).join(' ')] : [],
    )
    expect(filters).toContain('mqttx/bench/0 mqttx/bench/2')
    expect(filters).toContain('mqttx/bench/1')
    expect(report).toMatchObject({ received: 120, duplicated: 0 })
  })

  test('counts exactly the missing and duplicate responses', async () => {
    const fate: Fate = (response, number) => {
      if (number % 10 === 3) return []
      return number % 10 === 5 ? [response, response] : [response]
    }
    const server = await scriptedServer({ packet: postOffice(fate) })
    const { report, status } = await bench([...work, '-V', '5'], server.at)
    expect(report).toMatchObject({ sent: 120, received: 108, lost: 12, duplicated: 12, reordered: 0 })
    expect(status).toBe(42)
  })

  test('a response with wrong Correlation Data does not count', async () => {
    const wrong: Fate = (response, number) => {
      const correlationData = Buffer.alloc(16, number)
      return [
        number === 7 ? { ...response, properties: { ...response.properties, correlationData } } : response,
      ]
    }
    const server = await scriptedServer({ packet: postOffice(wrong) })
    const { report, status } = await bench([...work, '-V', '5'], server.at)
    expect(report.failed).toEqual({ 'response with the wrong Correlation Data': 1 })
    expect(report).toMatchObject({ received: 119, lost: 1 })
    expect(status).toBe(42)
  })

  test.each([
    [[], 2],
    [['-M', '3'], 6],
  ])('outstanding requests of two clients without a rate, with %j: %i', async (args, sent) => {
    const server = await scriptedServer({ packet: postOffice(() => []) })
    const closed = ['rr', '--clients', '2', '--duration', '1s', ...args]
    const { report, status } = await bench(closed, server.at)
    expect(report).toMatchObject({ sent, received: 0, lost: sent })
    expect(report.setup.window).toBe(sent / 2)
    expect(status).toBe(42)
  })

  test.each(['0', '1', '2'])('QoS %s, against our broker', async (qos) => {
    const broker = await startOwnBroker()
    const args = ['rr', '-q', qos, '--clients', '5', '--count', '200', '--workers', '2']
    const { report, status } = await bench(args, broker.at)
    await broker.stop()
    expect(report).toMatchObject({
      connected: 7,
      sent: 200,
      received: 200,
      lost: 0,
      duplicated: 0,
      failed: {},
    })
    expect(report.setup).toMatchObject({ loop: 'closed', clients: 5, subscribers: 2 })
    expect(status).toBe(0)
  })

  peerTest('MQTT 5, with churn of the requesters', ['mosquitto'], async () => {
    const broker = await startMosquitto()
    const args = ['rr', '-V', '5', '-q', '1', '--clients', '4', '--rate', '100', '--count', '200']
    const { report, status } = await bench([...args, '--churn', '10', '--warmup', '200ms'], broker.at)
    await broker.stop()
    expect(report).toMatchObject({ sent: 200, acked: 200, received: 200, lost: 0, duplicated: 0, failed: {} })
    expect(report.reconnected).toBeGreaterThan(0)
    expect(status).toBe(0)
  })
})
