// The commands of docs/bench-method.md for runs in several processes, with less load and our own broker.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { Result } from '../../../src/commands/bench/result.js'
import { peerTest, startOwnBroker } from '../../helpers/peers.js'
import { mqttx, scratch, shell, startMqttx } from '../../helpers/run.js'

const guide = readFileSync(resolve(import.meta.dirname, '../../../docs/bench-method.md'), 'utf8')

/** The text from `start` to `end` in the guide. */
function between(start: string, end: string): string {
  const from = guide.indexOf(start)
  expect(from, start).toBeGreaterThan(0)
  return guide.slice(from, guide.indexOf(end, from))
}

/** A YAML list on one line: `key: [a, "b", c]`. */
function flowList(yaml: string, key: string): string[] {
  const text = new RegExp(`^ *${key}: \\[(.*)\\]$`, 'm').exec(yaml)![1]!
  return text.split(', ').map((word) => word.replace(/^"(.*)"$/, '$1'))
}

const whole = { offered: 200, sent: 200, acked: 200, lost: 0, duplicated: 0, connected: 8 }

test('the Kubernetes Job: its command in four processes, their logs merged', async () => {
  const manifest = between('apiVersion: batch/v1', '```')
  const [name, ...command] = flowList(manifest, 'command')
  const args = [...command, ...flowList(manifest, 'args')]
  expect(name).toBe('mqttx')
  for (const key of ['completions', 'parallelism']) expect(manifest).toContain(`\n  ${key}: 4\n`)
  expect(manifest).toContain('completionMode: Indexed')

  const broker = await startOwnBroker()
  const folder = scratch('job')
  const load = ['--rate', '200', '--clients', '8', '--duration', '1s']
  const pods = ['0', '1', '2', '3'].map((index) =>
    startMqttx([...args, ...broker.at, ...load], { env: { JOB_COMPLETION_INDEX: index } }),
  )
  await Promise.all(pods.map((pod) => pod.until((_, stderr) => stderr.startsWith('Ready: '))))
  const [, pub, signal] = /^mqttx (pub) -h broker (.*?) +#/m.exec(between('mqttx pub -h broker', '```'))!
  expect((await mqttx([pub!, ...broker.at, ...signal!.split(' ')])).status).toBe(0)
  for (const [index, pod] of pods.entries()) {
    const { stdout, stderr, status } = await pod.ended
    expect(status).toBe(0)
    writeFileSync(join(folder, `${index}.json`), `${stderr}${stdout}`) // a log contains both
  }
  await broker.stop()
  const joined = await shell(`cd '${folder}' && mqttx bench merge [0-3].json --json`)
  const result: Result = JSON.parse(joined.stdout.toString())
  expect(result).toMatchObject({ ...whole, setup: { clients: 8, asked_rate: 200 } })
  expect(joined.status).toBe(0)
})

peerTest(
  'GNU parallel: the commands of the guide',
  ['parallel'],
  async () => {
    const lines = between('start=$((', '```')
    const lighter = lines
      .replace('--rate 40000 --clients 400', '--rate 200 --clients 8 --duration 1s')
      .replace('+ 5)', '+ 3)')
      .replace('merge [0-3].json', 'merge [0-3].json --json')
    expect(lighter.match(/--rate 200 --clients 8|\+ 3\)|--json\n/g)).toHaveLength(3)
    const broker = await startOwnBroker()
    const script = `cd '${scratch('parallel')}' && export MQTTX_PORT=${broker.port} PARALLEL_HOME="$PWD" && ${lighter}`
    const { stdout, stderr, status } = await shell(script, { timeoutMs: 60_000 })
    await broker.stop()
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout.toString())).toMatchObject({ ...whole, setup: { clients: 8, asked_rate: 200 } })
  },
  90_000,
)
