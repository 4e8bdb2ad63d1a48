// mqttx check --capabilities and --diff: table, JSON, errors, signals.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startBroker } from '../../src/broker/broker.js'
import { main } from '../../src/main.js'
import { trialBroker } from '../check/rig.js'
import { accepting } from '../connection/rig.js'
import { scratch } from '../helpers/run.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { fakeHost, run } from './fake-host.js'

const check = (words: readonly string[], at: readonly string[] = []) => run(['check', ...words], { at })

test('a table, and as JSON a document; --diff prints what differs, with status 42', async () => {
  const usual = await trialBroker()
  const restricted = await trialBroker({ maxQos: 1, topicAliasMaximum: 3 })
  const [table, before, after] = await Promise.all([
    check(['--capabilities'], usual.at),
    check(['--capabilities', '--json'], usual.at),
    check(['--capabilities', '--format', 'json'], restricted.at),
  ])
  expect([table.status, table.stderr]).toEqual([0, ''])
  expect(table.stdout).toMatch(/^Connection\n {2}MQTT 3.1 +yes\n {2}MQTT 3.1.1 +yes\n/)
  expect(table.stdout).toMatch(/^ {2}Maximum QoS +2$/m)
  expect(table.stdout).toMatch(/^ {2}Maximum Packet Size \(bytes\) +at least 1048576$/m)
  const document = JSON.parse(before.stdout)
  expect(document).toMatchObject({
    format: 'mqttx check capabilities 1',
    server: `127.0.0.1:${usual.port}`,
    capabilities: {
      'maximum-qos': { value: 2 },
      'maximum-packet-size': { value: 1048576, atLeast: true },
      ordered: { value: true, detail: '100 messages at each QoS' },
    },
  })
  const folder = scratch('diff')
  const files = [before, after].map(({ stdout }, index) => {
    const file = join(folder, `${index}.json`)
    writeFileSync(file, stdout)
    return file
  })
  const diff = await check(['--diff', ...files])
  expect([diff.status, diff.stderr]).toEqual([42, ''])
  expect(diff.stdout.split('\n').map((line) => line.split(/ +/))).toEqual([
    ['', ...files],
    ['maximum-qos', '2', '1'],
    ['topic-alias-maximum', '10', '3'],
    [''],
  ])
  const asJson = await check(['--diff', ...files, '--json'])
  expect(JSON.parse(asJson.stdout).differences).toEqual({
    'maximum-qos': [{ value: 2 }, { value: 1, declared: true, detail: 'QoS 2: SUBACK grants QoS 1' }],
    'topic-alias-maximum': [{ value: 10 }, { value: 3 }],
  })
  expect(await check(['--diff', files[0]!, files[0]!])).toEqual({ status: 0, stdout: '', stderr: '' })
})

test('a user who may use no topic: status 42, with what to try; with --topic all is found out', async () => {
  const broker = await startBroker({
    ...{ port: 0, bind: '127.0.0.1', allowAnonymous: true, log: () => {} },
    authorize: (_client, _action, topic) => topic.startsWith('mine/'),
  })
  onTestFinished(() => broker.close())
  const at = ['-h', '127.0.0.1', '-p', String(broker.address.port)]
  const { status, stdout, stderr } = await check(['--capabilities', '-W', '9'], at)
  expect(status).toBe(42)
  expect(stdout).toMatch(/^ {2}Maximum QoS +\? +no message gets through$/m)
  expect(stderr).toMatch(
    /^Error: No message gets through: SUBACK 0x87 Not authorized\nhint: .*--topic TOPIC\n$/,
  )
  const named = await check(['--capabilities', '-t', 'mine'], at)
  expect([named.status, named.stderr]).toEqual([0, ''])
  expect(named.stdout).toMatch(/^ {2}Maximum QoS +2$/m)
})

test('nothing listens: the status of a connection that is refused', async () => {
  const { status, stdout, stderr } = await check(['--capabilities'], ['-h', '127.0.0.1', '-p', '1'])
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toContain('Connection refused')
})

test('a signal ends it, after it has cleaned up; --timeout, too', async () => {
  const { at } = await trialBroker()
  const fake = fakeHost()
  const running = main(['check', '--capabilities', ...at], fake.host)
  await new Promise((done) => setTimeout(done, 700)) // in the middle of it
  fake.signal('SIGINT')
  expect(await running).toBe(130)
  expect([fake.stdout.text(), fake.stderr.text()]).toEqual(['', 'Error: Ended by SIGINT\n'])
  const late = await check(['--capabilities', '-W', '0.5'], at)
  expect([late.status, late.stdout]).toEqual([27, ''])
  expect(late.stderr).toBe('Error: Not done after 0.5 s\nhint: give it more time: --timeout SECONDS\n')
})

test.each([
  ['no JSON', 'x', 'is not a result of mqttx check --capabilities --json'],
  ['other JSON', '{"capabilities":{}}', 'is not a result of mqttx check --capabilities --json'],
  [
    'a value that is no value',
    '{"format":"mqttx check capabilities 1","capabilities":{"x":{"value":{}}}}',
    'is not',
  ],
])('--diff with %s', async (_, text, message) => {
  const file = join(scratch('diff'), 'x.json')
  writeFileSync(file, text)
  const { status, stderr } = await check(['--diff', file, file])
  expect(status).toBe(1)
  expect(stderr).toContain(message)
})

test.each([
  [['--capabilities', '--fresh', 'a=1s'], '--capabilities and --fresh'],
  [['--capabilities', '--format', 'nagios'], '--capabilities and --format nagios'],
  [['--capabilities', '--conformance'], '--capabilities and --conformance'],
  [['--diff', 'a', 'b', '--crit', 'connect=1s'], '--diff and --crit'],
])('%s cannot be used together', async (words, message) => {
  const { status, stderr } = await check(words)
  expect([status, stderr]).toEqual([1, expect.stringContaining(`${message} cannot be used together.`)])
})

test('a second signal does not wait for a server that has stopped answering', async () => {
  const { at } = await scriptedServer(accepting(() => {}))
  const fake = fakeHost()
  const running = main(['check', '--capabilities', ...at], fake.host)
  await new Promise((done) => setTimeout(done, 300))
  const begin = performance.now()
  fake.signal('SIGINT')
  fake.signal('SIGTERM')
  expect(await running).toBe(143)
  expect(performance.now() - begin).toBeLessThan(1000) // cleaning up would take 2 s for each connection
  expect(fake.stderr.text()).toBe('Error: Ended by SIGTERM: something may be left on the server\n')
  expect(fake.handlers()).toBe(0)
})
