// The broker with mosquitto's clients, over TCP.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { parsePasswords, verifyUser } from '../../src/passwd/file.js'
import { peerTest } from '../helpers/peers.js'
import { type Running, scratch, start } from '../helpers/run.js'
import { once } from '../helpers/wait.js'
import { type TestBroker, testBroker } from './rig.js'

const at = (broker: TestBroker) => ['-h', '127.0.0.1', '-p', String(broker.address.port)]

/** A subscriber that is subscribed: it has got the message that was retained for it. */
async function subscriber(broker: TestBroker, args: readonly string[]): Promise<Running> {
  await pub(broker, ['-t', 'ready', '-m', 'ready', '-r', '-q', '1']) // with its PUBACK it is there
  const running = start('mosquitto_sub', [...at(broker), '-t', 'ready', ...args], { timeoutMs: 60_000 })
  await running.until((stdout) => stdout.includes('ready'))
  return running
}

const pub = (broker: TestBroker, args: readonly string[], stdin = '') =>
  start('mosquitto_pub', [...at(broker), ...args], { stdin }).ended

peerTest('a client killed with -9 leaves its will', ['mosquitto_pub', 'mosquitto_sub'], async () => {
  const broker = await testBroker()
  const heir = await subscriber(broker, ['-t', 'wills/#', '-C', '3', '-v'])
  const victim = await subscriber(broker, [
    '-i',
    'victim',
    '--will-topic',
    'wills/victim',
    '--will-payload',
    'gone',
  ])

  victim.kill('SIGKILL')

  expect((await heir.ended).stdout.toString()).toBe('ready ready\nready ready\nwills/victim gone\n')
  expect(broker.lines).toContain('Client victim closed its connection.')
})

describe.each(['mqttv31', 'mqttv311', 'mqttv5'])('%s', (version) => {
  peerTest('messages and a retained one', ['mosquitto_pub', 'mosquitto_sub'], async () => {
    const broker = await testBroker()
    const reader = await subscriber(broker, [
      '-V',
      version,
      '-t',
      'home/#',
      '-q',
      '2',
      '-C',
      '2',
      '-F',
      '%t %q %p',
    ])

    await pub(broker, ['-V', version, '-t', 'home/kitchen', '-q', '2', '-m', 'hello'])

    expect((await reader.ended).stdout.toString()).toBe('ready 1 ready\nhome/kitchen 2 hello\n')
  })
})

describe('MQTT 5', () => {
  const v5 = ['-V', '5']

  peerTest('properties arrive as they were sent', ['mosquitto_pub', 'mosquitto_sub'], async () => {
    const broker = await testBroker()
    const reader = await subscriber(broker, [...v5, '-t', 'p', '-C', '2', '-F', '%t %C %R %E %P %p'])

    const user = ['-D', 'publish', 'user-property', 'k', 'v']
    const others = ['content-type', 'text/plain', 'response-topic', 'r', 'message-expiry-interval', '60']
    const properties = [0, 2, 4].flatMap((at) => ['-D', 'publish', ...others.slice(at, at + 2)])
    await pub(broker, [...v5, '-t', 'p', '-m', 'x', ...user, ...properties])

    expect((await reader.ended).stdout.toString().split('\n')[1]).toMatch(
      /^p text\/plain r (60|[1-5]\d) k:v x$/,
    )
  })

  peerTest(
    'a shared subscription gives each message to one',
    ['mosquitto_pub', 'mosquitto_sub'],
    async () => {
      const broker = await testBroker()
      // Without -C: mosquitto_sub may end before its acknowledgements are sent, and the other reader gets these messages.
      const args = [...v5, '-t', '$share/g/s', '-q', '1']
      const readers = [await subscriber(broker, args), await subscriber(broker, args)]
      const numbersOf = ({ stdout }: Running) => stdout().toString().match(/^\d+$/gm) ?? []

      await pub(
        broker,
        [...v5, '-t', 's', '-l', '-q', '1'],
        Array.from({ length: 100 }, (_, i) => `${i}\n`).join(''),
      )

      await once(() => readers.flatMap(numbersOf).length >= 100)
      // Not exactly half: a reader that is slow to acknowledge gets fewer.
      for (const reader of readers) expect(numbersOf(reader).length).toBeGreaterThan(20)
      const all = readers.flatMap(numbersOf)
      for (const reader of readers) reader.kill()
      expect(all.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    },
  )

  peerTest('a session waits as long as its expiry', ['mosquitto_pub', 'mosquitto_sub'], async () => {
    const broker = await testBroker()
    const session = [...v5, '-i', 'keeper', '-c', '-x', '60', '-q', '1', '-t', 'w']
    await (await subscriber(broker, [...session, '-C', '1'])).ended
    await pub(broker, [...v5, '-t', 'w', '-m', 'waited', '-q', '1'])

    const back = start('mosquitto_sub', [...at(broker), ...session, '-C', '1'], { timeoutMs: 60_000 })

    expect((await back.ended).stdout.toString()).toBe('waited\n')
  })

  peerTest('a publish that nobody has subscribed to is reported: 0x10', ['mosquitto_pub'], async () => {
    const broker = await testBroker()
    const { status, stdout } = await pub(broker, [...v5, '-d', '-t', 'nobody', '-m', 'x', '-q', '1'])
    expect(status).toBe(0)
    expect(stdout.toString()).toContain('RC:16')
  })
})

peerTest('20,000 lines of QoS 0 all arrive, in order', ['mosquitto_pub', 'mosquitto_sub'], async () => {
  const broker = await testBroker()
  const lines = Array.from({ length: 20_000 }, (_, index) => `${index}\n`).join('')
  const reader = await subscriber(broker, ['-t', 'lines', '-C', '20001'])

  await pub(broker, ['-t', 'lines', '-l'], lines)

  expect((await reader.ended).stdout.toString()).toBe(`ready\n${lines}`)
})

peerTest("the counters are listed by mosquitto's names", ['mosquitto_pub', 'mosquitto_sub'], async () => {
  const broker = await testBroker()

  const watcher = start('mosquitto_sub', [...at(broker), '-t', '$SYS/#', '-v', '-C', '40'])

  const lines = (await watcher.ended).stdout.toString().split('\n')
  expect(lines).toContain('$SYS/broker/version mqttx 0.1.0-test')
  expect(lines).toContain('$SYS/broker/clients/connected 1')
})

// mosquitto_passwd comes with the broker.
peerTest('a file of mosquitto_passwd is read', ['mosquitto'], async () => {
  const file = join(scratch('users'), 'users')
  execFileSync('mosquitto_passwd', ['-c', '-b', file, 'ada', 'right'])
  execFileSync('mosquitto_passwd', ['-b', file, 'bob', 'wörd: '])

  const entries = parsePasswords(readFileSync(file, 'utf8'), file)

  expect(await verifyUser(entries, 'ada', Buffer.from('right'))).toBe(true)
  expect(await verifyUser(entries, 'bob', Buffer.from('wörd: '))).toBe(true)
  expect(await verifyUser(entries, 'bob', Buffer.from('wörd:'))).toBe(false)
})

peerTest('passwords decide who may publish', ['mosquitto_pub'], async () => {
  const broker = await testBroker({
    authenticate: async (user, word) => user === 'ada' && word.toString() === 'right',
  })
  const as = (user: string, password: string) =>
    pub(broker, ['-t', 't', '-m', 'x', '-u', user, '-P', password])

  expect((await as('ada', 'right')).status).toBe(0)
  expect((await as('ada', 'wrong')).status).toBe(5)
  expect((await pub(broker, ['-t', 't', '-m', 'x'])).status).toBe(5)
  await once(() => broker.lines.length >= 4)
  expect(broker.lines.filter((line) => line.includes('refused'))).toHaveLength(2)
})
