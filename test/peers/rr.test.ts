// Request and response against mosquitto: mosquitto_rr asks ours, ours asks ours, through mosquitto and mqttx broker.
// mosquitto_rr itself cannot answer, so the other direction is a responder made of mosquitto's clients.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Broker, findPeer, peerTest, startMosquitto, startOwnBroker } from '../helpers/peers.js'
import { mqttx, type Running, scratch, shell, start, startMqttx } from '../helpers/run.js'
import { tap } from '../helpers/tap.js'

let broker: Broker
beforeAll(async () => {
  if (findPeer('mosquitto') === undefined) return
  const acl = join(scratch('acl'), 'acl')
  writeFileSync(acl, 'topic readwrite open/#\n')
  broker = await startMosquitto(['allow_anonymous true', `acl_file ${acl}`])
})
afterAll(() => broker?.stop())

/** `mqttx rr --serve`, once its subscription stands. */
async function responder(at: Broker, words: readonly string[]): Promise<Running> {
  const relay = await tap(at.port)
  const running = startMqttx(['rr', '--serve', ...relay.at, ...words], { timeoutMs: 60_000 })
  await relay.subscribed()
  return running
}

const lines = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('')
const sorted = (text: Buffer) =>
  text
    .toString()
    .split('\n')
    .sort((a, b) => Number(a) - Number(b))
    .slice(1)
    .map((line) => `${line}\n`)
    .join('')

describe.each(['0', '1', '2'])('QoS %s', (qos) => {
  peerTest('mosquitto_rr asks mqttx rr --serve', ['mosquitto', 'mosquitto_rr'], async () => {
    const serving = await responder(broker, ['-t', 'open/q', '-q', qos, '--exec', 'tr a-z A-Z'])
    const words = [...broker.at, '-t', 'open/q', '-e', 'open/a', '-m', 'hello', '-q', qos, '-W', '5']
    const outcome = await start('mosquitto_rr', words).ended
    expect(outcome).toMatchObject({ status: 0, stdout: Buffer.from('HELLO\n'), stderr: '' })
    serving.kill('SIGTERM')
    expect(await serving.ended).toMatchObject({ status: 0, stderr: '' })
  })

  peerTest(
    'mqttx rr asks a responder of mosquitto_sub and mosquitto_pub',
    ['mosquitto', 'bash'],
    async () => {
      // It answers the Correlation Data that it was sent, after a retained message and a foreign answer.
      const script = `mosquitto_sub -V 5 ${broker.at.join(' ')} -t open/theirs -q ${qos} -C 1 -F '%R %D %p' |
      while read -r to data word; do
        say() { mosquitto_pub -V 5 ${broker.at.join(' ')} -t "$to" -q ${qos} "$@"; }
        say -m foreign -D publish correlation-data other
        say -m "$word back" -D publish correlation-data "$data"
      done`
      const relay = await tap(broker.port)
      const theirs = shell(script.replace(broker.at.join(' '), relay.at.join(' ')))
      await relay.subscribed()
      const words = ['-t', 'open/theirs', '-e', 'open/b', '-m', 'hello', '-q', qos, '-W', '10']
      const outcome = await mqttx(['rr', ...broker.at, ...words, '-D', 'publish', 'correlation-data', 'c-1'])
      expect(outcome).toMatchObject({ status: 0, stdout: Buffer.from('hello back\n'), stderr: '' })
      await theirs
    },
  )

  peerTest('E72: mqttx rr asks one that does not copy Correlation Data', ['mosquitto', 'bash'], async () => {
    const relay = await tap(broker.port)
    const theirs = shell(`mosquitto_sub -V 5 ${relay.at.join(' ')} -t open/bare -q ${qos} -C 1 -F %R |
      while read -r to; do mosquitto_pub -V 5 ${broker.at.join(' ')} -t "$to" -q ${qos} -m answer; done`)
    await relay.subscribed()
    const words = ['-t', 'open/bare', '-e', 'open/d', '-m', 'hello', '-q', qos, '-W', '10']
    const outcome = await mqttx(['rr', ...broker.at, ...words])
    expect(outcome).toMatchObject({ status: 0, stdout: Buffer.from('answer\n'), stderr: '' })
    await theirs
  })

  peerTest('5,000 lines, each with its answer', ['mosquitto'], async () => {
    const serving = await responder(broker, ['-t', 'open/many', '-q', qos, '--echo'])
    const words = ['-t', 'open/many', '-e', 'open/c', '-l', '-q', qos, '-W', '30']
    const outcome = await mqttx(['rr', ...broker.at, ...words], { stdin: lines(5000), timeoutMs: 60_000 })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(sorted(outcome.stdout)).toBe(lines(5000))
    serving.kill('SIGINT')
    expect(await serving.ended).toMatchObject({ status: 0, stderr: '' })
  })
})

peerTest(
  'two requesters on one Response Topic do not get the answers of each other',
  ['mosquitto'],
  async () => {
    const serving = await responder(broker, ['-t', 'open/both', '--echo'])
    const words = ['rr', ...broker.at, '-t', 'open/both', '-e', 'open/d', '-l', '-W', '10']
    const ask = (name: string) =>
      mqttx(words, { stdin: lines(500).replace(/^/gm, name).slice(0, -name.length) })
    const [a, b] = await Promise.all([ask('1'), ask('2')])
    expect([a.status, b.status]).toEqual([0, 0])
    expect(
      a.stdout
        .toString()
        .split('\n')
        .filter((line) => !line.startsWith('1')),
    ).toEqual([''])
    expect(
      b.stdout
        .toString()
        .split('\n')
        .filter((line) => !line.startsWith('2')),
    ).toEqual([''])
    serving.kill()
    await serving.ended
  },
)

peerTest('a request that the ACL denies: the Reason Code', ['mosquitto'], async () => {
  const words = ['-t', 'closed', '-e', 'open/y', '-q', '1', '-m', 'x', '-W', '5']
  const { status, stderr } = await mqttx(['rr', ...broker.at, ...words])
  expect(status).toBe(135)
  expect(stderr).toContain('Not authorized')
})

peerTest(
  'the responder comes back with its broker',
  ['mosquitto'],
  async () => {
    const own = await startMosquitto()
    const serving = await responder(own, ['-t', 'q', '--echo'])
    serving.kill()
    await serving.ended
    const direct = startMqttx(['rr', '--serve', ...own.at, '-t', 'q', '--echo'], { timeoutMs: 60_000 })
    const ask = () => mqttx(['rr', ...own.at, '-t', 'q', '-e', 'a', '-m', 'x', '-W', '1'])
    await expect.poll(async () => (await ask()).status).toBe(0)
    await own.stop()
    await own.restart()
    await direct.until((_, stderr) => stderr.includes('Reconnected.'))
    await expect.poll(async () => (await ask()).status).toBe(0)
    direct.kill()
    expect((await direct.ended).status).toBe(0)
    await own.stop()
  },
  90_000,
)

test.each([
  ['3.1.1', ['-V', '311', '-t', 'q', '-e', 'a'], ['-V', '311', '-t', 'q', '-e', 'a']],
  ['5', ['-t', '$share/g/q'], ['-t', 'q', '-e', 'a']],
])('MQTT %s, through mqttx broker', async (_, serve, ask) => {
  const own = await startOwnBroker()
  const serving = await responder(own, [...serve, '--exec', 'rev'])
  const outcome = await mqttx(['rr', ...own.at, ...ask, '-l', '-W', '5'], { stdin: 'abc\nxyz\n' })
  expect(outcome).toMatchObject({ status: 0, stderr: '' })
  expect(outcome.stdout.toString().split('\n').sort()).toEqual(['', 'cba', 'zyx'])
  serving.kill()
  expect((await serving.ended).status).toBe(0)
  await own.stop()
})
