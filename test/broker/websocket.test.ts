// WebSocket connections of the broker. A title with [MQTT-...] is about a statement of MQTT 5.0, one with [MQTT3-...]
// about one of MQTT 3.1.1.
import mqtt, { type Packet } from 'mqtt-packet'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectPacket, publish, testBroker } from './rig.js'

interface Dialled {
  readonly socket: WebSocket
  readonly packets: Packet[]
  readonly closed: () => boolean
}

/** A WebSocket to a broker, with what the broker sends in it. */
async function dial(protocols: string[]): Promise<Dialled> {
  const broker = await testBroker({ others: [{ scheme: 'ws', port: 0 }] })
  const socket = new WebSocket(broker.urls[1]!, protocols)
  onTestFinished(() => socket.terminate())
  const packets: Packet[] = []
  const parser = mqtt.parser({ protocolVersion: 4 })
  parser.on('packet', (packet: Packet) => void packets.push(packet))
  let closed = false
  socket.on('message', (data: Buffer, isBinary) => {
    expect(isBinary).toBe(true)
    parser.parse(data)
  })
  socket.on('error', () => {}).on('close', () => (closed = true))
  await expect.poll(() => closed || socket.readyState === WebSocket.OPEN).toBe(true)
  return { socket, packets, closed: () => closed }
}

test.each([[['mqtt']], [['mqttv3.1', 'mqtt', 'other']]])(
  '[MQTT-6.0.0-4] [MQTT3-6.0.0-4] of %j the broker selects mqtt',
  async (protocols) => {
    const { socket } = await dial(protocols)
    expect(socket.protocol).toBe('mqtt')
  },
)

test('[MQTT-6.0.0-3] [MQTT3-6.0.0-3] a client that offers other protocols only is refused', async () => {
  const { closed } = await dial(['other'])
  expect(closed()).toBe(true)
})

test('[MQTT-6.0.0-2] [MQTT3-6.0.0-2] packets may be cut and joined in any way', async () => {
  const { socket, packets } = await dial(['mqtt'])
  const bytes = Buffer.concat(
    [
      connectPacket('a'),
      { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] } as Packet,
      publish('t', 'x'),
      { cmd: 'pingreq' } as Packet,
    ].map((packet) => mqtt.generate(packet)),
  )
  for (const byte of bytes.subarray(0, 20)) socket.send(Buffer.of(byte))
  socket.send(bytes.subarray(20))
  await expect.poll(() => packets.map(({ cmd }) => cmd)).toEqual(['connack', 'suback', 'publish', 'pingresp'])
})

test('[MQTT-6.0.0-1] [MQTT3-6.0.0-1] a text frame closes the connection', async () => {
  const { socket, packets, closed } = await dial(['mqtt'])
  socket.send(mqtt.generate(connectPacket('a')))
  await expect.poll(() => packets.length).toBe(1)
  socket.send('text')
  await expect.poll(closed).toBe(true)
})
