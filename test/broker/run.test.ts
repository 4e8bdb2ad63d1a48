// `mqttx broker` as a command: what it prints, how it ends, what it reads.
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { type BrokerArgs, run } from '../../src/commands/broker/run.js'
import { MqttxError } from '../../src/errors.js'
import type { Host, Signal } from '../../src/host.js'
import { freePort } from '../helpers/peers.js'
import { scratch } from '../helpers/run.js'
import { once } from '../helpers/wait.js'
import { connectPacket, publish, type TestClient, testClient } from './rig.js'

const right =
  '$7$101$zJbmZyckMvYKex70$He5n/rmJO194yXVw25O3DsHxLl9X4OaEjYlWwMgad86NdZvIXgaudkI481oYVNu4P+X+8TtZGiNyP2QHP9gqhA=='

interface Started {
  readonly ended: Promise<number>
  stdout(): string
  stderr(): string
  signal(signal: Signal): void
  /** How many handlers of signals are left. */
  handlers(): number
  port(): number
  join(user?: string, password?: string, clientId?: string): Promise<TestClient>
}

async function start(args: Partial<BrokerArgs> = {}): Promise<Started> {
  const handlers = new Set<{ signals: readonly Signal[]; handler: (signal: Signal) => void }>()
  const text = { stdout: '', stderr: '' }
  const collect = (name: 'stdout' | 'stderr') => {
    const stream = new PassThrough()
    stream.on('data', (chunk) => (text[name] += chunk))
    return stream
  }
  const host: Host = {
    stdin: new PassThrough(),
    stdout: collect('stdout'),
    stderr: collect('stderr'),
    env: {},
    pid: 1,
    now: () => performance.now(),
    onSignal(signals, handler) {
      const entry = { signals, handler }
      handlers.add(entry)
      return () => void handlers.delete(entry)
    },
  }
  const signal = (name: Signal) => {
    for (const { signals, handler } of handlers) if (signals.includes(name)) handler(name)
  }
  let settled = false
  const limits = {
    maxQos: 2,
    noRetain: false,
    receiveMaximum: 65_535,
    maxKeepalive: 0,
    topicAliasMaximum: 10,
  } as const
  const ended = run(
    { port: 0, bind: '127.0.0.1', allowAnonymous: false, quiet: false, verbose: false, ...limits, ...args },
    host,
  )
  ended.catch(() => {}).finally(() => (settled = true))
  await once(() => text.stdout.includes('\n') || settled)
  onTestFinished(() => {
    signal('SIGTERM')
    return ended.then(
      () => {},
      () => {},
    )
  })
  const port = () => Number(/:(\d+)\n/.exec(text.stdout)?.[1])
  return {
    ended,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    signal,
    handlers: () => handlers.size,
    port,
    async join(username, password, clientId = 'client') {
      const client = testClient(connect(port(), '127.0.0.1'))
      const credentials = username === undefined ? {} : { username, password: Buffer.from(password ?? '') }
      client.send(connectPacket(clientId, { keepalive: 60, ...credentials }))
      await client.take('connack')
      return client
    },
  }
}

test('a free port is taken, and its address is the one line on stdout', async () => {
  const broker = await start({ port: 0 })

  expect(broker.stdout()).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+\n$/)
  await (await broker.join()).sync()
})

test('the address is printed for a given port too', async () => {
  const port = await freePort()
  const broker = await start({ port })

  expect(broker.stdout()).toBe(`mqtt://127.0.0.1:${port}\n`)
})

test('an IPv6 address stands in brackets', async ({ skip }) => {
  const broker = await start({ bind: '::1' })
  const failed = await Promise.race([broker.ended.catch(String), Promise.resolve(undefined)])
  if (failed !== undefined) skip(`no IPv6 here: ${failed}`)

  expect(broker.stdout()).toMatch(/^mqtt:\/\/\[::1\]:\d+\n$/)
})

test('clients come and go on stderr', async () => {
  const broker = await start()
  const client = await broker.join()
  client.send({ cmd: 'disconnect' })

  await once(() => broker.stderr().includes('Client client disconnected.'))
  expect(broker.stderr()).toMatch(
    /^Access: local clients only .*\nNew client connected from 127\.0\.0\.1:\d+ as client \(p2, c1, k60\)\.\nClient client disconnected\.\n$/,
  )
})

test('--quiet is silent', async () => {
  const broker = await start({ quiet: true })
  await (await broker.join()).sync()
  broker.signal('SIGTERM')

  await broker.ended
  expect(broker.stderr()).toBe('')
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops it at once, clients or not', async (signal) => {
  const broker = await start()
  const reader = await broker.join()
  await reader.subscribe('t')
  const silent = connect(broker.port(), '127.0.0.1')
  const deaf = await broker.join('x', 'y', 'deaf')
  await deaf.subscribe('t')
  deaf.stream.pause()
  for (let n = 0; n < 100; n++) reader.send(publish('t', 'x'.repeat(100_000)))
  await reader.messages(1)
  const started = performance.now()

  broker.signal(signal)

  expect(await broker.ended).toBe(0)
  expect(performance.now() - started).toBeLessThan(20_000) // a stalled client has 60 s
  expect(broker.handlers()).toBe(0)
  await once(() => silent.destroyed)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(broker.port(), '127.0.0.1', resolve))
  server.close()
})

test('a port that is taken is named, with a way out', async () => {
  const first = await start()

  const second = await start({ port: first.port() })

  const error = await second.ended.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(MqttxError)
  expect(error).toMatchObject({
    message: `cannot listen on 127.0.0.1:${first.port()}: Address already in use`,
    exitCode: 1,
    hint: expect.stringContaining('-p 0'),
  })
  expect(second.stdout()).toBe('')
  expect(second.handlers()).toBe(0)
})

test.each([
  ['192.0.2.1', 'This machine does not have that address'],
  ['no-such-host.invalid', 'Name not found'],
])('--bind %s: %s', async (bind, reason) => {
  const broker = await start({ bind })

  await expect(broker.ended).rejects.toThrow(`cannot listen on ${bind}:0: ${reason}`)
})

test('the users of --password-file are let in, others are not', async () => {
  const file = join(scratch('users'), 'users')
  writeFileSync(file, `# people\nada:${right}\n`)
  const broker = await start({ passwordFile: file })

  expect((await broker.join('ada', 'right')).packets).toMatchObject([{ returnCode: 0 }])
  expect((await broker.join('ada', 'wrong')).packets).toMatchObject([{ returnCode: 5 }])
  expect((await broker.join()).packets).toMatchObject([{ returnCode: 5 }])
  expect(broker.stderr()).toContain(`Access: the users of ${file}.\n`)
})

test('SIGHUP reads the file again, and keeps the users if it is no good', async () => {
  const file = join(scratch('users'), 'users')
  writeFileSync(file, `ada:${right}\n`)
  const broker = await start({ passwordFile: file })

  writeFileSync(file, `bob:${right}\n`)
  broker.signal('SIGHUP')
  await once(() => broker.stderr().includes(`Reloaded ${file}: 1 users.`))
  expect((await broker.join('bob', 'right')).packets).toMatchObject([{ returnCode: 0 }])
  expect((await broker.join('ada', 'right')).packets).toMatchObject([{ returnCode: 5 }])

  writeFileSync(file, `bob:${right}\neve:secret\n`)
  broker.signal('SIGHUP')
  await once(() => broker.stderr().includes('Keeping the users loaded before.'))
  expect(broker.stderr()).toContain(`Error: ${file}:2: cannot use the hash of 'eve': not a hash\n`)
  expect((await broker.join('bob', 'right')).packets).toMatchObject([{ returnCode: 0 }])
})

test.each([
  ['a missing file', '/nowhere/users', 'cannot read the password file /nowhere/users: No such file'],
  ['a folder', '/tmp', 'cannot read the password file /tmp: '],
])('%s ends it before it listens', async (_, passwordFile, message) => {
  const broker = await start({ passwordFile })

  await expect(broker.ended).rejects.toThrow(message)
  expect(broker.stdout()).toBe('')
})

test('--verbose prints each packet on standard error, text from clients escaped', async () => {
  const broker = await start({ verbose: true })
  const client = await broker.join(undefined, undefined, 'it\u001b[31m')
  client.send(publish('door/\u001b', 'open', { qos: 1, messageId: 7 }))
  await once(() => broker.stderr().includes('PUBACK m7'))
  client.stream.destroy()
  await once(() => broker.stderr().includes('connection 1 closed'))
  expect(broker.stdout()).toMatch(/^mqtt:\S+\n$/)
  const lines = broker.stderr().split('\n')
  const packets = lines.filter((line) => line.includes(' #'))
  expect(packets.map((line) => line.replace(/^\S+ /, '').replace(/, [\d.]+ m?s\)/, ')'))).toEqual([
    expect.stringMatching(/^#1 1 -> CONNECT "it\\u001b\[31m"/),
    '#2 1 <- CONNACK 0x00 Connection Accepted',
    expect.stringMatching(/^#3 1 -> PUBLISH q1 m7 "door\/\\u001b" 4 bytes/),
    '#4 1 <- PUBACK m7 (to #3)',
  ])
  expect(broker.stderr()).not.toContain('\u001b')
  expect(broker.stderr()).not.toContain('open')
})
