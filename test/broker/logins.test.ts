// How many passwords are verified at once, and how soon an address may fail again.
import { expect, test } from 'vitest'
import { Logins } from '../../src/broker/logins.js'
import { once } from '../helpers/wait.js'
import { connectPacket, testBroker } from './rig.js'

const password = Buffer.from('x')
const wrong = () => Promise.resolve(false)

test('E76: no more logins are under way than the limit; the others are refused at once', async () => {
  let underWay = 0
  let most = 0
  const releases: (() => void)[] = []
  const slow = async () => {
    most = Math.max(most, ++underWay)
    await new Promise<void>((resolve) => releases.push(resolve))
    underWay--
    return true
  }
  const logins = new Logins(slow, { connectMs: 10_000, logins: 5 })
  const checks = Array.from({ length: 12 }, (_, at) => logins.check(`10.0.0.${at}`, 'ada', password))
  expect(await Promise.all(checks.slice(5))).toEqual(Array(7).fill('busy'))
  for (const release of releases) release()
  expect(await Promise.all(checks.slice(0, 5))).toEqual(Array(5).fill('right'))
  expect(most).toBe(5)
})

test('E76: after three failures those of an address wait longer each time, those of others do not', async () => {
  const logins = new Logins(wrong, { connectMs: 10_000, logins: 100 })
  const time = async (address: string) => {
    const start = performance.now()
    expect(await logins.check(address, 'ada', password)).toBe('wrong')
    return performance.now() - start
  }
  for (let at = 0; at < 3; at++) await time('10.0.0.1')
  expect(await time('10.0.0.1')).toBeGreaterThan(95)
  expect(await time('10.0.0.1')).toBeGreaterThan(195)
  const slow = time('10.0.0.1')
  let settled = false
  slow.finally(() => (settled = true))
  await time('10.0.0.2')
  expect(settled).toBe(false)
  expect(await slow).toBeGreaterThan(395)
})

test('E76: addresses of one IPv6 network count as one', async () => {
  const logins = new Logins(wrong, { connectMs: 10_000, logins: 100 })
  for (let at = 1; at < 5; at++) await logins.check(`2001:db8::${at}`, 'ada', password)
  const start = performance.now()
  await logins.check('2001:db8:0:0:1::9', 'ada', password)
  expect(performance.now() - start).toBeGreaterThan(195)
})

test('E76: of an address that fails again and again only some logins wait', async () => {
  const logins = new Logins(wrong, { connectMs: 50, logins: 100 })
  for (let at = 0; at < 3; at++) await logins.check('10.0.0.1', 'ada', password)
  const verdicts = await Promise.all(
    Array.from({ length: 30 }, () => logins.check('10.0.0.1', 'ada', password)),
  )
  expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(10)
  expect(verdicts.filter((verdict) => verdict === 'late').length).toBeGreaterThan(15)
})

test('H28: a login that takes too long is answered with CONNACK 3, and others are served', async () => {
  const broker = await testBroker({
    authenticate: (user) => new Promise((done) => user === 'fast' && done(true)),
    limits: { connectMs: 300 },
  })
  const slow = broker.dial()
  slow.send(connectPacket('slow', { username: 'slow', password }))
  const fast = await broker.join('fast', { username: 'fast', password })
  expect(await slow.take('connack')).toMatchObject({ returnCode: 3 })
  await once(slow.closed)
  await fast.sync()
  expect(broker.lines).toContain(
    'Client slow from this process refused: its password could not be verified in time.',
  )
})
