// mqttx check --acl: logins from contexts and the file, the report, the statuses, and what is left on the server.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseAccessList } from '../../src/broker/acl.js'
import { type RunningBroker, startBroker } from '../../src/broker/broker.js'
import { limits } from '../../src/check/acl/matrix.js'
import { main } from '../../src/main.js'
import { scratch } from '../helpers/run.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { type FakeHost, fakeHost, type Outcome } from './fake-host.js'

const list = `
user ada
topic readwrite #
user sensor
topic write sensors/+/t
user watch
topic read sensors/#
`

interface Scene {
  readonly file: string
  readonly words?: readonly string[]
  readonly contexts?: Record<string, object>
  readonly env?: Record<string, string>
  readonly meanwhile?: (fake: FakeHost) => void
}

const brokers: RunningBroker[] = []
afterAll(() => Promise.all(brokers.map((broker) => broker.close())))

async function trialBroker() {
  const access = parseAccessList(list, 'list')
  const broker = await startBroker({
    ...{ port: 0, bind: '127.0.0.1', allowAnonymous: false, log: () => {} },
    authenticate: async (user, password) => password.toString() === `of ${user}`,
    authorize: (client, action, topic) => access.allows(client, action, topic),
  })
  brokers.push(broker)
  return { at: ['-p', String(broker.address.port)], port: broker.address.port }
}

async function check(
  at: readonly string[],
  { file, words = [], contexts, env = {}, meanwhile }: Scene,
): Promise<Outcome & { path: string }> {
  const folder = scratch('rights')
  const path = join(folder, 'rights')
  writeFileSync(path, file)
  for (const user of ['ada', 'sensor', 'watch']) writeFileSync(join(folder, `${user}.secret`), `of ${user}\n`)
  mkdirSync(join(folder, 'mqttx'))
  if (contexts !== undefined) {
    const text = JSON.stringify(contexts).replaceAll('FOLDER', folder)
    writeFileSync(join(folder, 'mqttx/contexts.json'), `{"contexts":${text}}`, { mode: 0o600 })
  }
  const fake = fakeHost()
  const host = { ...fake.host, env: { XDG_CONFIG_HOME: folder, ...env } }
  const running = main(['check', '--acl', path, ...words, ...at], host)
  meanwhile?.(fake)
  const status = await running
  expect(fake.handlers()).toBe(0)
  return { status, path, stdout: fake.stdout.text(), stderr: fake.stderr.text() }
}

const user = (name: string) => `user ${name}\n  username ${name}\n  password-file ${name}.secret\n`
const users = ['ada', 'sensor', 'watch'].map(user).join('')
const topic = 'topic sensors/+/t\n'
const found = `${topic}  ada     publish subscribe receive
  sensor  publish subscribe:silent receive:silent
  watch   publish:refused subscribe receive
`

describe.concurrent('mqttx check --acl', () => {
  test('without expectations prints what it finds; that is then the expectation', async () => {
    const { at } = await trialBroker()
    const first = await check(at, { file: users + topic })
    expect(first).toMatchObject({ status: 0, stdout: found, stderr: '' })
    const second = await check(at, { file: users + topic + first.stdout })
    expect(second).toMatchObject({ status: 0, stdout: found })
    expect(second.stderr).toBe(`All 9 are as ${second.path} expects.\n`)
  })

  test('status 42 names what differs', async () => {
    const { at } = await trialBroker()
    const file = `${users}${topic}ada publish subscribe receive\nsensor publish receive\nwatch publish:silent receive`
    const { status, stdout, stderr, path } = await check(at, { file })
    expect([status, stderr]).toEqual([42, `Error: 3 of 9 differ from ${path}\n`])
    expect(stdout.split('\n').slice(2)).toEqual([
      '  sensor  publish subscribe:silent receive:silent  # expected receive:granted',
      '  watch   publish:refused subscribe receive  # expected publish:silent, PUBACK 0x87 Not authorized; expected no subscribe',
      '',
    ])
  })

  test('--json', async () => {
    const { at } = await trialBroker()
    const file = `${user('watch')}user guest\nanonymous\nrefused\n${topic}watch receive`
    const { status, stdout } = await check([...at, '-u', 'ada', '-P', 'of ada'], {
      file,
      words: ['--json'],
    })
    expect(status).toBe(42)
    expect(JSON.parse(stdout)).toEqual({
      rights: [
        {
          ...{ topic: 'sensors/+/t', user: 'watch', action: 'publish', outcome: 'refused' },
          ...{ detail: 'PUBACK 0x87 Not authorized', expected: 'no', ok: true },
        },
        {
          topic: 'sensors/+/t',
          user: 'watch',
          action: 'subscribe',
          outcome: 'granted',
          expected: 'no',
          ok: false,
        },
        {
          topic: 'sensors/+/t',
          user: 'watch',
          action: 'receive',
          outcome: 'granted',
          expected: 'granted',
          ok: true,
        },
      ],
      logins: [
        {
          user: 'guest',
          login: 'refused',
          detail: 'CONNACK 0x87 Not authorized',
          expected: 'refused',
          ok: true,
        },
      ],
    })
  })

  test('contexts, on their server and on that of the command line', async () => {
    const { at, port } = await trialBroker()
    const of = (name: string, server: number) => ({
      ...{ host: '127.0.0.1', port: server, username: name, 'password-file': `FOLDER/${name}.secret` },
    })
    const file = `user ada\nuser device\ncontext sensor\nuser watch\n${topic}`
    const own = { ada: of('ada', port), sensor: of('sensor', port), watch: of('watch', port) }
    const stdout = found.replace('sensor ', 'device ')
    const env = { MQTTX_USERNAME: 'nobody', MQTTX_PASSWORD: 'wrong' } // theirs are of the command line
    expect(await check([], { file, contexts: own })).toMatchObject({ status: 0, stdout })
    const elsewhere = { ada: of('ada', 1), sensor: of('sensor', 1), watch: of('watch', 1) }
    const at2 = ['-h', '127.0.0.1', ...at]
    expect(await check(at2, { file, contexts: elsewhere })).toMatchObject({ status: 0, stdout })
    const denied = await check(at2, { file, contexts: elsewhere, env })
    expect(denied.stderr).toMatch(/^Error: user of the command line cannot connect: CONNACK 0x87/)
  })

  test('the login of the command line sees what no user may', async () => {
    const { at } = await trialBroker()
    const file = `${user('sensor')}topic cmd\nsensor publish:refused subscribe:silent receive:silent`
    const alone = await check(at, { file })
    expect(alone.status).toBe(42)
    expect(alone.stderr).toContain(
      'hint: 2 unknown, the first because nobody received anything on this topic: log in as',
    )
    expect((await check([...at, '-u', 'ada', '-P', 'of ada'], { file })).status).toBe(0)
  })

  test('a password from the environment', async () => {
    const { at } = await trialBroker()
    const file = `user ada\nusername ada\npassword-env ADA\n${topic}ada publish subscribe receive`
    expect((await check(at, { file, env: { ADA: 'of ada' } })).status).toBe(0)
    expect((await check(at, { file })).stderr).toContain('the environment variable ADA is not set')
  })

  test('a login that must be refused and is not', async () => {
    const { at } = await trialBroker()
    const { status, stdout } = await check(at, { file: `${user('ada')}refused\n${topic}` })
    expect([status, stdout]).toEqual([42, '# user ada connects, expected refused\n'])
  })

  test('nothing is retained', async () => {
    const { at } = await trialBroker()
    await check(at, { file: users + topic })
    const all = await check(at, { file: `${user('ada')}topic #\n` })
    expect(all.stdout).toBe('topic #\n  ada  publish subscribe receive\n')
    const fake = fakeHost()
    const login = ['-u', 'ada', '-P', 'of ada']
    await main(['sub', '-t', '#', '--retained-only', '-W', '2', ...login, ...at], fake.host)
    expect(fake.stdout.text()).toBe('')
  })
})

describe('what goes wrong', () => {
  test.each([
    [`user ada\n${topic}`, [], "Error: There is no context 'ada'. (user ada)"],
    [`${users}`, [], 'rights: it names no topic'],
    [`user ada\nusername ada\npassword-file none\n${topic}`, [], '--password-file: cannot read'],
    [`user ada\nusername eve\n${topic}`, [], 'Error: user ada cannot connect: CONNACK 0x87 Not authorized'],
    ['x'.repeat(limits.bytes + 1), [], 't is longer than 1 MiB'],
    [users + topic, ['--fresh', 'a=1s'], 'Error: --acl and --fresh cannot be used together.'],
    [users + topic, ['--format', 'nagios'], 'Error: --acl and --format nagios cannot be used together.'],
    [users + topic, ['--conformance'], 'Error: --conformance and --acl cannot be used together.'],
    [users + topic, ['-t', 'a'], 'Error: --acl and --topic cannot be used together.'],
  ])('%#. %j: %s', async (file, words, message) => {
    const { at } = await trialBroker()
    const { status, stdout, stderr } = await check(at, { file, words })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain(message)
  })

  test('enhanced authentication', async () => {
    const { at } = await trialBroker()
    const contexts = { ada: { property: ['connect authentication-method SCRAM-SHA-256'], username: 'ada' } }
    const { status, stderr } = await check(at, { file: `user ada\n${topic}`, contexts })
    expect([status, stderr]).toEqual([1, expect.stringContaining('no enhanced authentication (user ada)')])
  })

  test('bytes that are no UTF-8', async () => {
    const fake = fakeHost()
    const path = join(scratch('rights'), 'rights')
    writeFileSync(path, Buffer.from([0xff]))
    expect(await main(['check', '--acl', path], fake.host)).toBe(1)
    expect(fake.stderr.text()).toBe(`Error: ${path} is not UTF-8 text\n`)
  })

  test.each(['-W', 'SIGINT'])('a server that never answers is ended by %s', async (what) => {
    const server = await scriptedServer({ packet() {} })
    const words = what === '-W' ? ['-W', '0.3'] : []
    const meanwhile = (fake: FakeHost) =>
      void (what === 'SIGINT' && setTimeout(() => fake.signal('SIGINT'), 300))
    const { status } = await check(server.at, {
      file: `user a\nanonymous\nuser b\nanonymous\nrefused\n${topic}`,
      words,
      meanwhile,
    })
    expect(status).toBe(what === '-W' ? 27 : 130)
  })
})
