// MQTT-SN through tap: what its capture has, by inspect and by tshark.
import { createSocket, type Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { decodeMessage, encodeMessage } from '../../src/codec/mqtt-sn.js'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import { snNames } from '../../src/codec/mqtt-sn-names.js'
import { run } from '../commands/fake-host.js'
import { peerTest } from '../helpers/peers.js'
import { scratch, shell } from '../helpers/run.js'
import { once } from '../helpers/wait.js'
import { inspected } from '../inspect/captures.js'

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
  onTestFinished(() => void socket.close())
  return socket
}

const flags = { dup: false, retain: false } as const
const topic = { kind: 'normal', id: 5 } as const

/** What a client sends, and what its gateway answers. */
const exchanges: readonly (readonly [SnMessage, ...SnMessage[]])[] = [
  [
    { type: 'connect', will: true, cleanSession: true, protocolId: 1, duration: 60, clientId: 'node' },
    { type: 'willtopicreq' },
  ],
  [{ type: 'willtopic', willTopic: 'gone', qos: 1, retain: true }, { type: 'willmsgreq' }],
  [
    { type: 'willmsg', data: Buffer.from('bye') },
    { type: 'connack', returnCode: 0 },
  ],
  [
    { type: 'register', topicId: 0, messageId: 1, name: 'room' },
    { type: 'regack', topicId: 5, messageId: 1, returnCode: 0 },
  ],
  [
    { type: 'publish', ...flags, qos: 1, topic, messageId: 2, data: Buffer.from('x'.repeat(300)) },
    { type: 'puback', topicId: 5, messageId: 2, returnCode: 0 },
  ],
  [
    { type: 'publish', ...flags, qos: 2, topic, messageId: 3, data: Buffer.from('y') },
    { type: 'pubrec', messageId: 3 },
  ],
  [
    { type: 'pubrel', messageId: 3 },
    { type: 'pubcomp', messageId: 3 },
  ],
  [
    { type: 'subscribe', dup: false, qos: 1, topic: { kind: 'name', name: 'a/#' }, messageId: 4 },
    { type: 'suback', qos: 1, topicId: 0, messageId: 4, returnCode: 0 },
    { type: 'register', topicId: 6, messageId: 1, name: 'a/b' },
  ],
  [
    { type: 'regack', topicId: 6, messageId: 1, returnCode: 0 },
    {
      type: 'publish',
      ...flags,
      qos: 0,
      topic: { kind: 'normal', id: 6 },
      messageId: 0,
      data: Buffer.from('z'),
    },
  ],
  [{ type: 'pingreq', clientId: '' }, { type: 'pingresp' }],
  [
    { type: 'disconnect', duration: undefined },
    { type: 'disconnect', duration: undefined },
  ],
]

peerTest(
  'tshark counts the messages of a capture of tap as inspect does, and no rule is broken',
  ['tshark'],
  async () => {
    const [gateway, client] = [await bound(), await bound()]
    const answersOf = new Map(
      exchanges.map(([asked, ...answers]) => [encodeMessage(asked).toString('hex'), answers]),
    )
    gateway.on('message', (bytes, { port }) => {
      for (const answer of answersOf.get(bytes.toString('hex')) ?? [])
        gateway.send(encodeMessage(answer), port, '127.0.0.1')
    })
    let got = 0
    client.on('message', (bytes) => {
      expect(decodeMessage(bytes)).not.toHaveProperty('fault')
      got++
    })
    const file = join(scratch('sn'), 'a.pcapng')
    const to = `mqtt-sn://127.0.0.1:${gateway.address().port}`
    await run(
      ['tap', '--listen', '0', '--to', to, '--write', file, '--view', 'none'],
      { at: [] },
      async (fake) => {
        const port = () => Number(/^Listening on .*:(\d+)$/m.exec(fake.stderr.text())?.[1])
        await once(() => port() > 0)
        for (const [asked, ...answers] of exchanges) {
          const until = got + answers.length
          client.send(encodeMessage(asked), port(), '127.0.0.1')
          await once(() => got === until)
        }
        fake.signal('SIGTERM')
      },
    )
    const { packets, broken } = inspected({ file: readFileSync(file) })
    expect(broken).toEqual([])
    const expected = exchanges.flat().map(({ type }) => type.toUpperCase())
    expect(packets.map(({ type }) => snNames[type])).toEqual(expected)
    const decodeAs = `-d udp.port==${gateway.address().port},mqttsn`
    const { stdout, stderr } = await shell(
      `tshark -r '${file}' ${decodeAs} -T fields -e mqttsn.msg.type -e _ws.malformed`,
    )
    const types = stdout.toString().trim().split('\n')
    expect([types.map((text) => snNames[Number(text)]), stderr.includes('alformed')]).toEqual([
      expected,
      false,
    ])
  },
)
