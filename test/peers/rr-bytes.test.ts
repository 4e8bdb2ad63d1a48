// The packets of a plain rr are those of mosquitto_rr, byte for byte: test servers of other projects compare them.
import { createServer } from 'node:net'
import mqtt, { type Packet } from 'mqtt-packet'
import { expect, onTestFinished } from 'vitest'
import { peerTest } from '../helpers/peers.js'
import { mqttx, type Outcome, start } from '../helpers/run.js'

/** Answers a requester as a server should, and keeps the bytes of its packets up to the PUBLISH (QoS 2: the PUBREL). */
async function recorder(version: 4 | 5): Promise<{ port: number; packets: string[] }> {
  const packets: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    const parser = mqtt.parser({ protocolVersion: version })
    const send = (packet: Packet) => void socket.write(mqtt.generate(packet, { protocolVersion: version }))
    const answer = () =>
      send({ cmd: 'publish', topic: 'e', payload: 'answer', qos: 0, dup: false, retain: false })
    parser.on('packet', (packet: Packet) => {
      const { cmd, messageId = 0 } = packet
      if (cmd === 'connect') send({ cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent: false })
      if (cmd === 'subscribe') send({ cmd: 'suback', messageId, granted: [packet.subscriptions[0]!.qos] })
      if (cmd === 'pubrel') send({ cmd: 'pubcomp', messageId })
      if (cmd !== 'publish') return
      if (packet.qos === 1) send({ cmd: 'puback', messageId })
      if (packet.qos === 2) send({ cmd: 'pubrec', messageId })
      answer()
    })
    socket.on('data', (chunk) => {
      for (let at = 0; at < chunk.length; at += 2 + chunk[at + 1]!) {
        const packet = chunk.subarray(at, at + 2 + chunk[at + 1]!)
        if ([1, 3, 8].includes(packet[0]! >> 4)) packets.push(packet.toString('hex'))
      }
      parser.parse(chunk)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, packets }
}

for (const words of [
  '-m x',
  '-m x -q 1',
  '-m x -q 2',
  '-n',
  '-m x -x 10',
  '-m x -c -i me',
  '-m x -i me -u ada -P secret -k 30',
  '-m x -D publish content-type text/plain -D publish correlation-data mine -D publish user-property a b',
  '-m x -D connect user-property a b -D subscribe user-property c d',
  '-m x --will-topic w --will-payload gone --will-qos 1 --will-retain',
  '-m x -V 311',
  '-m x -V 311 -q 1',
]) {
  peerTest(`E72: rr ${words}`, ['mosquitto_rr'], async () => {
    const version = words.includes('311') ? 4 : 5
    const sent: string[][] = []
    const run: ((args: string[]) => Promise<Outcome>)[] = [
      (args) => start('mosquitto_rr', args).ended,
      (args) => mqttx(['rr', ...args]),
    ]
    for (const each of run) {
      const { port, packets } = await recorder(version)
      const at = ['-h', '127.0.0.1', '-p', `${port}`, '-t', 't', '-e', 'e', '-W', '5']
      expect(await each([...at, ...words.split(' ')])).toMatchObject({
        status: 0,
        stdout: Buffer.from('answer\n'),
      })
      sent.push(packets)
    }
    expect(sent[1]).toEqual(sent[0])
    expect(sent[0]).toHaveLength(3)
  })
}
