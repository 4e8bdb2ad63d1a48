// Who is let in, and what the others are told.
import { describe, expect, test } from 'vitest'
import { refusal, welcomes } from '../../src/broker/access.js'
import { Logins } from '../../src/broker/logins.js'
import { isLoopback } from '../../src/transport/loopback.js'
import { once } from '../helpers/wait.js'
import { connectPacket, testBroker } from './rig.js'

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  [undefined, true],
  ['192.168.1.7', false],
  ['::ffff:10.0.0.1', false],
  ['1.127.0.1', false],
  ['fe80::1', false],
  ['127.0.0.1.example.com', false],
  ['127.example', false],
  ['::ffff:127.0.0.1.example', false],
  ['::ffff:7f00:1', true],
  ['::ffff:7f00:1:2', false],
])('%s is this machine: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected)
})

const ada = { user: 'ada', password: Buffer.from('right') }
const nobody = { user: undefined, password: undefined }
const authenticate = async (user: string, password: Buffer) =>
  user === 'ada' && password.toString() === 'right'

const logins = new Logins(authenticate, { connectMs: 10_000, logins: 100 })

describe.each([
  ['without users', { allowAnonymous: false }],
  ['without users, --allow-anonymous', { allowAnonymous: true }],
  ['with users', { allowAnonymous: false, logins }],
  ['with users, --allow-anonymous', { allowAnonymous: true, logins }],
])('%s', (name, rules) => {
  const users = name.includes('with users')
  const open = rules.allowAnonymous

  test.each([
    ['anonymous, from here', '127.0.0.1', nobody, users ? open : true],
    ['anonymous, from elsewhere', '10.0.0.1', nobody, open],
    ['with a password, from here', '127.0.0.1', ada, true],
    ['with a password, from elsewhere', '10.0.0.1', ada, users || open],
    ['with a wrong password', '127.0.0.1', { ...ada, password: Buffer.from('x') }, !users],
    ['with a user name only', '127.0.0.1', { ...ada, password: undefined }, !users],
  ])('%s', async (_, address, credentials, admitted) => {
    expect((await refusal(rules, { address, ...credentials })) === undefined).toBe(admitted)
  })
})

test.each([
  [
    'a wrong password',
    { username: 'ada', password: Buffer.from('wrong') },
    'wrong user name or password (user ada)',
  ],
  [
    'an unknown user',
    { username: 'eve', password: Buffer.from('right') },
    'wrong user name or password (user eve)',
  ],
  ['no user name', {}, 'it gave no user name'],
])('%s is answered with CONNACK 5, and told to the log', async (_, settings, why) => {
  const broker = await testBroker({ authenticate })
  const client = broker.dial()
  client.send(connectPacket('a', settings))

  expect(await client.take('connack')).toMatchObject({ returnCode: 5 })
  await once(client.closed)
  expect(broker.lines).toEqual([`Client a from this process refused: ${why}.`])
})

test('the right password opens', async () => {
  const broker = await testBroker({ authenticate })

  const client = await broker.join('a', { username: 'ada', password: Buffer.from('right') })

  expect(client.packets[0]).toMatchObject({ returnCode: 0 })
  expect(broker.lines).toEqual(["New client connected from this process as a (p2, c1, k0, u'ada')."])
})

test('a check that fails is a refusal', async () => {
  const broker = await testBroker({ authenticate: () => Promise.reject(new Error('out of order')) })
  const client = broker.dial()
  client.send(connectPacket('a', { username: 'ada', password: Buffer.from('right') }))

  expect(await client.take('connack')).toMatchObject({ returnCode: 5 })
})

test('a slow check holds up nobody else', async () => {
  const broker = await testBroker({
    authenticate: (user) => new Promise((done) => user === 'fast' && done(true)),
  })
  const slow = broker.dial()
  slow.send(connectPacket('slow', { username: 'slow', password: Buffer.from('x') }))

  const fast = await broker.join('fast', { username: 'fast', password: Buffer.from('x') })

  await fast.sync()
  expect(slow.words).toEqual([])
})

test.each([
  ['http://localhost', true],
  ['https://localhost:8443', true],
  ['http://127.0.0.1:8080', true],
  ['http://[::1]', true],
  ['http://[::ffff:127.0.0.1]:80', true],
  ['http://127.0.0.1.example.com', false],
  ['http://127.example.com', false],
  ['http://localhost.example.com', false],
  ['http://[::ffff:10.0.0.1]', false],
  ['https://example.com', false],
  ['ftp://localhost', false],
  ['file://', false],
  ['null', false],
  ['', false],
])('H36: a page of %s may connect to a broker for this machine: %s', (page, expected) => {
  expect(welcomes({ allowAnonymous: false }, page)).toBe(expected)
})
