// The loop of docs/cookbook.md that delivers a file, run against a server that refuses and drops messages and connections.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { IPublishPacket } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { bytes } from '../connection/rig.js'
import { scratch, shell } from '../helpers/run.js'
import { scriptedServer } from '../helpers/scripted-server.js'

const cookbook = readFileSync(resolve(import.meta.dirname, '../../docs/cookbook.md'), 'utf8')
const [, loop] = /^```sh\n(first=1\n.*?)^```/ms.exec(cookbook)!

type Answer = number | 'nothing' | 'end'

/** The fate of the lines on each connection in turn; after these every line is accepted. */
const connections: readonly ((line: number) => Answer)[] = [
  (line) => (line === 3 || line === 40 ? 0x97 : 0), // refuses
  (line) => (line === 20 ? 'nothing' : 0), // drops a message: no PUBACK
  (line) => (line === 50 ? 'end' : 0), // loses the connection
  (line) => (line === 70 ? 0x97 : line === 75 ? 'end' : line === 60 ? 'nothing' : 0),
]

test('E16, E17, E18: the loop delivers every line and ends', async () => {
  const accepted: number[] = []
  const firsts: number[] = []
  let connection = -1
  let fresh = false
  const server = await scriptedServer({
    accept: () => {
      connection++
      fresh = true
    },
    packet(packet, socket) {
      if (packet.cmd === 'connect')
        socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
      if (packet.cmd !== 'publish') return
      const { payload, messageId = 0 } = packet as IPublishPacket
      const line = Number(payload)
      if (fresh) firsts.push(line)
      fresh = false
      const answer = connections[connection]?.(line) ?? 0
      if (answer === 'end') return void socket.destroy()
      if (answer === 'nothing' || socket.destroyed) return
      if (answer === 0) accepted.push(line)
      socket.write(bytes({ cmd: 'puback', messageId, reasonCode: answer }, 5))
    },
  })
  const folder = scratch('loop')
  const count = 100
  writeFileSync(join(folder, 'access.log'), Array.from({ length: count }, (_, i) => `${i + 1}\n`).join(''))
  const env = { MQTTX_HOST: '127.0.0.1', MQTTX_PORT: `${server.port}`, MQTTX_PROTOCOL_VERSION: '5' }
  const script = loop!.replace('--timeout 60', '--timeout 2').replace('sleep 1', 'sleep 0.1')
  const { status, stderr } = await shell(`cd '${folder}'\n${script}`, { env, timeoutMs: 60_000 })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(firsts).toEqual([1, 3, 20, expect.any(Number), 60])
  expect([...new Set(accepted)].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i + 1))
})
