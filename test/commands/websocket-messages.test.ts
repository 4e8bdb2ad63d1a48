// A packet in one WebSocket message of a megabyte, as many servers and clients send it, with the built program: the
// limit on messages before CONNACK (H19) ends with it.
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { mqttx, startMqttx } from '../helpers/run.js'
import { connack } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'

const payload = Buffer.alloc(1_000_000, 'x')
const size = payload.length + 3
const publish = Buffer.concat([
  Buffer.of(0x30, (size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14, 0, 1, 0x74),
  payload,
])

/** The URL of a tap before `target`, without its path. */
async function tapOf(target: string): Promise<string> {
  const tap = startMqttx(['tap', '--ws-port', '0', '--to', target])
  onTestFinished(() => tap.kill())
  const address = /ws:\/\/[\d.]+:\d+/
  await tap.until((_, stderr) => address.test(stderr))
  return address.exec(tap.stderr())![0]
}

test.each(['from a server', 'from a server behind tap'])('%s', async (name) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mqtt' })
  onTestFinished(() => void server.close())
  server.on('connection', (client) => {
    let packets = 0
    client.on('message', () => {
      packets++
      if (packets === 1) client.send(connack())
      if (packets !== 2) return
      client.send(Buffer.of(0x90, 3, 0, 1, 0)) // SUBACK
      client.send(publish)
    })
  })
  await once(() => server.address() !== null)
  const { port } = server.address() as AddressInfo
  const url = `ws://127.0.0.1:${port}`
  const outcome = await mqttx([
    'sub',
    '-L',
    `${name.endsWith('tap') ? await tapOf(url) : url}/t`,
    '-C',
    '1',
    '-N',
  ])
  expect(outcome).toMatchObject({ status: 0, stderr: '' })
  expect(outcome.stdout.equals(payload)).toBe(true)
})

test.each(['from a client', 'from a client of tap'])('%s', async (name) => {
  const broker = startMqttx(['broker', '-p', '0', '--ws-port', '0'])
  await broker.until((stdout) => stdout.includes('ws://'))
  const [tcp, ws = ''] = broker.stdout().toString().split('\n')
  const url = name.endsWith('tap') ? await tapOf(ws) : ws
  const sub = startMqttx(['sub', '-L', `${tcp}/t`, '-C', '1', '-N', '-d'])
  await sub.until((_, stderr) => stderr.includes('SUBACK'))
  const client = new WebSocket(url, 'mqtt')
  client.on('open', () => client.send(Buffer.of(0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 0)))
  client.once('message', () => client.send(publish)) // after CONNACK
  const outcome = await sub.ended
  client.close()
  broker.kill()
  expect(outcome.status).toBe(0)
  expect(outcome.stdout.equals(payload)).toBe(true)
})
