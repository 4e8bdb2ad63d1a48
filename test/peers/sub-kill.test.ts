// sub --exec is killed with SIGKILL at random points: no message is lost. KILLS=1000 is the long form.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { amount } from '../helpers/amount.js'
import { Dice } from '../helpers/dice.js'
import { patientBrokers, peerTest } from '../helpers/peers.js'
import { mqttx, scratch, startMqttx } from '../helpers/run.js'
import { once, sleep } from '../helpers/wait.js'

const kills = Number(process.env.KILLS ?? amount({ inCi: 20, here: 2 }))
const seed = Number(process.env.SEED ?? 20_261_127)
const perKill = 12
/** The longest life of a worker after it has connected, or, of one of four, after its start, in milliseconds. */
const longestLife = 400
/** Messages that fail end with this digit. */
const bad = '3'

const linesOf = (text: string | Buffer) => text.toString().split('\n').filter(Boolean)

describe.each(patientBrokers)('$name', ({ name, needs, launch }) => {
  const rows = [
    ['311', '1'],
    ['5', '2'],
  ] as const
  for (const [version, qos] of rows) {
    const title = `MQTT ${version}, QoS ${qos}: every message is handled or a dead letter after ${kills} kills`
    peerTest(title, needs, () => killed({ name, launch, version, qos }), 4_000_000)
  }
})

interface Setting extends Pick<(typeof patientBrokers)[number], 'name' | 'launch'> {
  readonly version: string
  readonly qos: string
}

async function killed({ name, launch, version, qos }: Setting): Promise<void> {
  const dice = new Dice(seed + Number(qos))
  const broker = await launch()
  const done = join(scratch('kill'), 'done')
  writeFileSync(done, '')
  const common = [...broker.at, '-V', version]
  const subscribe = [...common, '-i', 'worker', '-c', '-q', qos, '-t', 'jobs/#']
  const exec = `read n; sleep 0.00$((n % 7)); case $n in *${bad}) exit 1; esac; echo $n >> '${done}'`
  const work = ['--exec', exec, '--jobs', '2', '--dead-letter', 'dead', '-d']
  const worker = () => startMqttx(['sub', ...subscribe, ...work], { timeoutMs: 120_000 })
  const counter = startMqttx(['sub', ...common, '-i', 'dead', '-c', '-q', '1', '-t', 'dead', '-d'], {
    timeoutMs: 3_600_000,
  })
  await counter.until((_, stderr) => stderr.includes('Subscribed'))
  await mqttx(['sub', ...subscribe, '-E'])

  const messages = kills * perKill
  const lines = Array.from({ length: messages }, (_, index) =>
    JSON.stringify({ topic: `jobs/${index % 3}`, payload: `${index}\n`, qos: Number(qos) }),
  )
  const fed = await mqttx(['pub', ...common, '--json'], { stdin: `${lines.join('\n')}\n` })
  expect(fed.status).toBe(0)

  for (let kill = 0; kill < kills; kill++) {
    const victim = worker()
    if (dice.below(4) > 0) await victim.until((_, stderr) => stderr.includes('CONNACK'))
    await sleep(dice.below(longestLife))
    victim.kill('SIGKILL')
    await victim.ended
  }
  const before = new Set([...linesOf(readFileSync(done)), ...linesOf(counter.stdout())]).size
  const all = () => [...linesOf(readFileSync(done)), ...linesOf(counter.stdout())]
  const missing = () => {
    const seen = new Set(all())
    return Array.from({ length: messages }, (_, index) => String(index)).filter((n) => !seen.has(n))
  }
  const last = startMqttx(['sub', ...subscribe, ...work], { timeoutMs: 600_000 })
  await once(() => missing().length === 0, 300_000).catch(() => {})
  last.kill('SIGTERM')
  await last.ended
  counter.kill('SIGTERM')
  await counter.ended
  const letters = linesOf(counter.stdout())
  if (process.env.KILLS !== undefined)
    process.stderr.write(
      `${name}, MQTT ${version}, QoS ${qos}: ${kills} kills, ${messages} messages, ${before} handled before the last run, ` +
        `${all().length - messages} handled twice, ${letters.length} dead letters, ${missing().length} missing\n`,
    )
  expect(missing()).toEqual([])
  expect(letters.every((n) => n.endsWith(bad))).toBe(true)
  await broker.stop()
}
