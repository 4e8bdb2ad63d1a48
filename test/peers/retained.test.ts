// mqttx retained against mosquitto: more messages than its queue takes, and kills at any time.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { amount } from '../helpers/amount.js'
import { peerTest, startMosquitto } from '../helpers/peers.js'
import { mqttx, scratch, startMqttx } from '../helpers/run.js'
import { sleep } from '../helpers/wait.js'

const lineOf = (index: number): string =>
  JSON.stringify({
    ...{ topic: `t/${index % 50}/${index}`, qos: index % 3, retain: true, encoding: 'base64' },
    payload: Buffer.from([0xff, index & 255, index >> 8]).toString('base64'),
    ...(index % 4 === 0 && { properties: { userProperties: { a: `${index}` } } }),
  })

const linesOf = (many: number): string => Array.from({ length: many }, (_, i) => `${lineOf(i)}\n`).join('')

/** The lines without their times, sorted. */
const untimed = (text: string): string[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/"time":"[^"]*",/, ''))
    .sort()

peerTest(
  'more messages than the queue of mosquitto takes: removed and restored bit for bit',
  ['mosquitto'],
  async () => {
    const many = amount({ inCi: 100_000, here: 2000 })
    const broker = await startMosquitto()
    const folder = scratch('retained')
    const undo = join(folder, 'undo.ndjson')
    const restored = await mqttx(['retained', 'restore', ...broker.at, '-M', '1000'], {
      stdin: linesOf(many),
    })
    expect([restored.status, restored.stderr]).toEqual([0, ''])
    const before = await mqttx(['retained', 'save', ...broker.at])
    expect(untimed(before.stdout.toString())).toHaveLength(many)
    expect((await mqttx(['retained', 'rm', '#', '--yes', '--undo', undo, ...broker.at])).status).toBe(0)
    expect((await mqttx(['retained', 'ls', ...broker.at])).stdout.toString()).toBe('')
    expect((await mqttx(['retained', 'restore', undo, ...broker.at])).status).toBe(0)
    const after = await mqttx(['retained', 'save', ...broker.at])
    expect(untimed(after.stdout.toString())).toEqual(untimed(before.stdout.toString()))
    await broker.stop()
  },
)

peerTest('kill -9 at any time: what is gone from the server is in the undo file', ['mosquitto'], async () => {
  const many = 3000
  const broker = await startMosquitto()
  for (let round = 0; round < amount({ inCi: 6, here: 2 }); round++) {
    const folder = scratch('killed')
    const undo = join(folder, 'undo.ndjson')
    await mqttx(['retained', 'restore', ...broker.at], { stdin: linesOf(many) })
    const running = startMqttx(['retained', 'rm', 't/#', '--yes', '--undo', undo, ...broker.at])
    if (round % 3 === 0) while (!existsSync(undo)) await sleep(1)
    await sleep(Math.random() * (round % 3 === 0 ? 60 : 900))
    running.kill('SIGKILL')
    await running.ended
    const { stdout } = await mqttx(['retained', 'ls', ...broker.at])
    const left = new Set(stdout.toString().split('\n').slice(0, -1))
    const lines = existsSync(undo) ? readFileSync(undo, 'utf8').split('\n').slice(0, -1) : []
    const saved = new Set(lines.map((line) => (JSON.parse(line) as { topic: string }).topic))
    for (let i = 0; i < many; i++)
      expect(left.has(`t/${i % 50}/${i}`) || saved.has(`t/${i % 50}/${i}`)).toBe(true)
    expect(readdirSync(folder).filter((name) => name.endsWith('.ndjson')).length).toBeLessThanOrEqual(1)
  }
  await broker.stop()
})
