// A hash that takes as long as argon2id holds up nobody but the client that it is for.
import { expect, test } from 'vitest'
import { hashPassword } from '../../src/passwd/derive.js'
import { parsePasswords, verifyUser } from '../../src/passwd/file.js'
import { formatHash } from '../../src/passwd/hash.js'
import { once } from '../helpers/wait.js'
import { connectPacket, testBroker } from './rig.js'

test('while passwords are verified, others are served', async () => {
  const hash = formatHash(await hashPassword({ scheme: 'argon2id', iterations: 3 }, Buffer.from('x')))
  const quick = formatHash(await hashPassword({ scheme: 'sha512' }, Buffer.from('x')))
  const entries = parsePasswords(`ada:${hash}\nbob:${quick}\n`, 'users')
  const broker = await testBroker({
    authenticate: (user, password) => verifyUser(entries, user, password),
    limits: { connectMs: 90_000 }, // a busy machine may need longer than a login may take otherwise
  })
  const served = await broker.join('bob', { username: 'bob', password: Buffer.from('x') })

  const logins = Promise.all(
    Array.from({ length: 6 }, async (_, at) => {
      const client = broker.dial()
      client.send(connectPacket(`ada${at}`, { username: 'ada', password: Buffer.from(at === 0 ? 'y' : 'x') }))
      await once(() => client.packets.length > 0, 90_000) // how long it takes is for the machine to say
      return client.packets[0]!
    }),
  )
  let under = true
  logins.finally(() => (under = false))
  let roundTrips = 0
  for (; under; roundTrips++) await served.sync()

  expect((await logins).map((packet) => 'returnCode' in packet && packet.returnCode)).toEqual([
    5, 0, 0, 0, 0, 0,
  ])
  expect(roundTrips).toBeGreaterThan(50) // in turn with the logins there would be a few
}, 120_000)
