// MQTT 5 against mosquitto: properties both ways, refusals, subscription options, wills, expiry.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { directions, publish, subscriber } from '../helpers/clients.js'
import { type Broker, findPeer, peerTest, startMosquitto } from '../helpers/peers.js'
import { mqttx, scratch, startMqttx } from '../helpers/run.js'
import { sleep } from '../helpers/wait.js'

const v5 = ['-V', '5']
let broker: Broker
let strict: Broker

beforeAll(async () => {
  if (findPeer('mosquitto') === undefined) return
  broker = await startMosquitto(['allow_anonymous true'])
  const acl = join(scratch('acl'), 'acl')
  writeFileSync(acl, 'topic readwrite open/#\n')
  strict = await startMosquitto(['allow_anonymous true', `acl_file ${acl}`, 'max_packet_size 200'])
})
afterAll(async () => {
  await broker?.stop()
  await strict?.stop()
})

describe.each(directions)('$publisher to $subscriber', ({ publisher, subscriber: reader, needs }) => {
  peerTest('properties arrive', ['mosquitto', ...needs], async () => {
    const topic = `props/${publisher}`
    const format = '%p|%C|%R|%D|%F|%E|%P'
    const listening = await subscriber(reader, broker, [...v5, '-t', topic, '-C', '1', '-F', format])
    const properties = [
      'content-type text/plain',
      'response-topic answers/here',
      'correlation-data c0',
      'payload-format-indicator 1',
      'message-expiry-interval 100',
      'user-property a 1',
      'user-property b 2',
    ]
    const words = properties.flatMap((line) => ['-D', 'publish', ...line.split(' ')])
    await publish(publisher, broker, [...v5, '-t', topic, '-m', 'hello', '-q', '1', ...words])
    const { stdout } = await listening.ended
    expect(stdout.toString()).toMatch(/^hello\|text\/plain\|answers\/here\|c0\|1\|(100|99)\|a:1 b:2\n$/)
  })
})

describe('refused', () => {
  peerTest('a PUBLISH that the ACL denies: status 135, and the reason on stderr', ['mosquitto'], async () => {
    const outcome = await mqttx(['pub', ...strict.at, ...v5, '-t', 'closed', '-m', 'x', '-q', '1'])
    expect(outcome.status).toBe(135)
    expect(outcome.stderr).toContain('Warning: Publish 1 failed: Not authorized')
  })

  peerTest('lines that the ACL denies: status 135, and each is told', ['mosquitto'], async () => {
    const outcome = await mqttx(['pub', ...strict.at, ...v5, '-t', 'closed', '-l', '-q', '2'], {
      stdin: 'a\nb\n',
    })
    expect(outcome.status).toBe(135)
    expect(outcome.stderr.match(/^Warning: Publish of line [12] failed: Not authorized/gm)).toHaveLength(2)
  })

  peerTest('a packet above the Maximum Packet Size is not sent: status 25', ['mosquitto'], async () => {
    const outcome = await mqttx(['pub', ...strict.at, ...v5, '-t', 'open/a', '-m', 'x'.repeat(300)])
    expect(outcome.status).toBe(25)
    expect(outcome.stderr).toContain('Message payload is too large.')
  })

  peerTest('a Topic Alias above the maximum: status 148', ['mosquitto'], async () => {
    const outcome = await mqttx(['pub', ...broker.at, '-t', 'a', '-m', 'x', '--topic-alias', '5000'])
    expect(outcome.status).toBe(148)
  })
})

peerTest('a Topic Alias shortens what follows', ['mosquitto', 'mosquitto_sub'], async () => {
  const listening = await subscriber('mosquitto', broker, [...v5, '-t', 'alias/topic', '-C', '3', '-v'])
  const outcome = await mqttx(['pub', ...broker.at, '-t', 'alias/topic', '-l', '--topic-alias', '2', '-d'], {
    stdin: '1\n2\n3\n',
  })
  expect(outcome.stderr).toContain("m2, '(null)'")
  expect((await listening.ended).stdout.toString()).toBe('alias/topic 1\nalias/topic 2\nalias/topic 3\n')
})

peerTest('a shared subscription splits the messages', ['mosquitto'], async () => {
  const args = [...v5, '-t', '$share/group/shared/#', '-W', '3']
  const [one, two] = [await subscriber('mqttx', broker, args), await subscriber('mqttx', broker, args)]
  await mqttx(['pub', ...broker.at, '-t', 'shared/x', '-l', '-q', '1'], { stdin: '1\n2\n3\n4\n5\n6\n' })
  const all = [await one.ended, await two.ended].map(({ stdout }) =>
    stdout.toString().split('\n').filter(Boolean),
  )
  expect(all.flat().sort()).toEqual(['1', '2', '3', '4', '5', '6'])
  expect(all.every((lines) => lines.length > 0)).toBe(true)
})

peerTest('--retain-as-published and --retain-handling are asked for', ['mosquitto'], async () => {
  await mqttx(['pub', ...broker.at, '-t', 'rh', '-m', 'old', '-r', '-q', '1'])
  const never = await subscriber('mqttx', broker, [
    ...v5,
    '-t',
    'rh',
    '--retain-handling',
    'never',
    '--retain-as-published',
    '-C',
    '1',
    '-F',
    '%r %p',
  ])
  await mqttx(['pub', ...broker.at, '-t', 'rh', '-m', 'new', '-r', '-q', '1'])
  expect((await never.ended).stdout.toString()).toBe('1 new\n')
  await mqttx(['pub', ...broker.at, '-t', 'rh', '-r', '-n', '-q', '1'])
})

peerTest('a Subscription Identifier comes back', ['mosquitto'], async () => {
  const listening = await subscriber('mqttx', broker, [
    '-t',
    'subid',
    '--subscription-identifier',
    '77',
    '-C',
    '1',
    '-F',
    '%S %p',
  ])
  await mqttx(['pub', ...broker.at, '-t', 'subid', '-m', 'x'])
  expect((await listening.ended).stdout.toString()).toBe('77 x\n')
})

peerTest('the Will Delay Interval holds the will back', ['mosquitto'], async () => {
  const listening = await subscriber('mqttx', broker, ['-t', 'wills/delayed', '-C', '1'])
  const victim = startMqttx([
    'sub',
    ...broker.at,
    ...v5,
    '-i',
    'victim',
    '-x',
    '60',
    '-t',
    'nothing',
    '--will-topic',
    'wills/delayed',
    '--will-payload',
    'gone',
    '--will-delay',
    '2',
    '-d',
  ])
  await victim.until((_, stderr) => stderr.includes('SUBACK'))
  const killed = performance.now()
  victim.kill('SIGKILL')
  expect((await listening.ended).stdout.toString()).toBe('gone\n')
  expect(performance.now() - killed).toBeGreaterThan(1000)
})

peerTest('a message that has expired is not delivered, one that has not is', ['mosquitto'], async () => {
  const session = ['sub', ...broker.at, ...v5, '-i', 'expiring', '-c', '-q', '1', '-t', 'expiry']
  await mqttx([...session, '-E'])
  await mqttx(['pub', ...broker.at, '-t', 'expiry', '-q', '1', '-m', 'short', '--message-expiry', '1'])
  await mqttx(['pub', ...broker.at, '-t', 'expiry', '-q', '1', '-m', 'long', '--message-expiry', '60'])
  await sleep(2500)
  const outcome = await mqttx([...session, '-C', '1', '-W', '50'])
  expect(outcome.stdout.toString()).toBe('long\n')
})

peerTest('a Session that expires is gone, one that does not is kept', ['mosquitto'], async () => {
  const sub = (expiry: string) => [
    'sub',
    ...broker.at,
    '-i',
    `session-${expiry}`,
    '-c',
    '-x',
    expiry,
    '-q',
    '1',
    '-t',
    'kept',
  ]
  await mqttx([...sub('1'), '-E'])
  await mqttx([...sub('60'), '-E'])
  await sleep(3000)
  await mqttx(['pub', ...broker.at, '-t', 'kept', '-q', '1', '-m', 'waiting'])
  expect((await mqttx([...sub('60'), '-C', '1', '-W', '50'])).stdout.toString()).toBe('waiting\n')
  expect((await mqttx([...sub('1'), '-C', '1', '-W', '1'])).status).toBe(27)
})
