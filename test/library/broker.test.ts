// startBroker: a broker in the process of a test suite.
import { expect, onTestFinished, test } from 'vitest'
import { type Broker, connect, type StartBrokerOptions, startBroker } from '../../src/library/index.js'
import { client } from './rig.js'

async function broker(options?: StartBrokerOptions): Promise<Broker> {
  const started = await startBroker(options)
  onTestFinished(() => started.close())
  return started
}

test('a free port of loopback, for TCP and WebSocket, with MQTT 5', async () => {
  const started = await broker({ wsPort: 0 })
  expect(started.urls).toEqual([
    `mqtt://127.0.0.1:${started.port}`,
    expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/mqtt$/),
  ])
  expect(started.url).toBe(started.urls[0])
  const over = await connect(started.urls[1]!, { protocolVersion: 5 })
  onTestFinished(() => over.close())
  const tcp = await client(started, { protocolVersion: 5 })
  const subscription = await over.subscribe('a/#', { qos: 2 })
  await tcp.publish('a/b', 'text', { qos: 2 })
  const { value } = await subscription.next()
  expect(`${value!.topic} ${value!.payload} ${value!.qos}`).toBe('a/b text 2')
})

test('authenticate decides, and who throws or answers something else refuses', async () => {
  const asked: string[] = []
  const started = await broker({
    authenticate(username, password) {
      asked.push(`${username} ${password}`)
      if (username === 'thrower') throw new Error('no database')
      return (username === 'odd' ? 1 : `${password}` === 'secret') as boolean
    },
  })
  const login = (username: string, password: string) => client(started, { username, password })
  await (await login('ada', 'secret')).close()
  for (const [user, password] of [
    ['ada', 'wrong'],
    ['thrower', 'secret'],
    ['odd', 'secret'],
  ] as const)
    await expect(login(user, password)).rejects.toMatchObject({ reasonCode: 5 })
  await expect(client(started)).rejects.toMatchObject({ reasonCode: 5 })
  expect(asked).toEqual(['ada secret', 'ada wrong', 'thrower secret', 'odd secret'])
})

test('authorize decides for each of the three actions, and who throws denies', async () => {
  const log: string[] = []
  const started = await broker({
    authorize({ clientId, username }, action, topic) {
      if (topic === 'broken') throw new Error('no rules')
      if (topic === 'odd') return 'yes' as unknown as boolean
      return username === undefined && clientId === 'c' && `${action} ${topic}` !== 'receive a/secret'
    },
    onLog: (line) => log.push(line),
  })
  const me = await client(started, { clientId: 'c', protocolVersion: 5 })
  const subscription = await me.subscribe('a/#', { qos: 1 })
  await me.publish('a/secret', 'x', { qos: 1 })
  await me.publish('a/open', 'y', { qos: 1 })
  expect((await subscription.next()).value!.topic).toBe('a/open')
  await expect(me.publish('broken', 'x', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 })
  await expect(me.publish('odd', 'x', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 })
  const other = await client(started, { clientId: 'd', protocolVersion: 5 })
  await expect(other.subscribe('a/#')).rejects.toMatchObject({ reasonCode: 0x87 })
  expect(log).toContain('authorize failed: no rules')
})

test('what onLog throws is a process warning, and the broker goes on', async () => {
  const warnings: string[] = []
  const warned = ({ name, message }: Error) => void warnings.push(`${name}: ${message}`)
  process.on('warning', warned)
  onTestFinished(() => void process.off('warning', warned))
  const started = await broker({
    onLog() {
      throw new Error('full')
    },
  })
  const me = await client(started)
  await me.publish('t', 'x', { qos: 1 })
  await me.publish('t', 'x', { qos: 1 })
  expect(warnings).toEqual(['MqttxLogWarning: onLog threw full'])
})

test('limits are announced and enforced', async () => {
  const started = await broker({ maxQos: 1, retain: false, maxPacketSize: 100 })
  const me = await client(started, { protocolVersion: 5 })
  await expect(me.publish('t', 'x', { qos: 2 })).rejects.toThrow(/QoS/)
  await expect(me.publish('t', 'x', { retain: true })).rejects.toThrow(/retain/i)
  await expect(me.publish('t', 'x'.repeat(200), { qos: 1 })).rejects.toThrow('Message payload is too large.')
})

test('close ends connections, and can be called twice', async () => {
  const started = await broker()
  const me = await client(started, { reconnects: 0 })
  await Promise.all([started.close(), started.close()])
  await expect(me.closed).rejects.toThrow()
  await expect(client(started)).rejects.toThrow()
})

test.each([
  [{ prt: 1 }, 'Unknown option prt', 'use port'],
  [{ port: 65_536 }, 'port is 65536', 'must be an integer from 0 to 65535'],
  [{ wsPort: -1 }, 'wsPort is -1', 'must be an integer from 0 to 65535'],
  [{ maxQos: 3 }, 'maxQos is 3', 'must be 0, 1 or 2'],
  [{ maxPacketSize: 19 }, 'maxPacketSize is 19', 'must be an integer from 20 to 268435460'],
  [{ maxPacketSize: 0 }, 'maxPacketSize is 0', 'must be an integer from 20 to 268435460'],
  [{ receiveMaximum: 0 }, 'receiveMaximum is 0', 'must be an integer from 1 to 65535'],
  [{ maxKeepAlive: 1.5 }, 'maxKeepAlive is 1.5', 'must be an integer from 0 to 65535'],
  [{ topicAliasMaximum: '1' }, "topicAliasMaximum is '1'", 'must be an integer from 0 to 65535'],
  [{ retain: 'no' }, "retain is 'no'", 'must be a boolean'],
  [{ authorize: true }, 'authorize is true', 'must be a function'],
])('the option %j is refused', async (options, message, hint) => {
  await expect(startBroker(options as StartBrokerOptions)).rejects.toMatchObject({ message, hint })
})

test('a port that is taken, and an address that is not ours', async () => {
  const { port } = await broker()
  await expect(startBroker({ port })).rejects.toMatchObject({
    message: `cannot listen on 127.0.0.1:${port}: Address already in use`,
    hint: expect.stringMatching(/^another broker may be running there; pass another port/),
  })
  await expect(startBroker({ host: '192.0.2.1' })).rejects.toMatchObject({
    hint: 'host 127.0.0.1 is this machine only, 0.0.0.0 all its networks',
  })
})
