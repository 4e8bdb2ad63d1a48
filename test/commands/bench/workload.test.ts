import { describe, expect, test } from 'vitest'
import { commandLine } from '../../../src/commands/bench/command-line.js'
import { checkOpenFiles } from '../../../src/commands/bench/limits.js'
import { randomBytes } from '../../../src/commands/bench/random.js'
import { readStamp, stampSize, writeStamp } from '../../../src/commands/bench/stamp.js'
import { changesByMessage, fillIn, filterOf, Workload } from '../../../src/commands/bench/workload.js'
import { plan } from './fakes.js'

describe('the workload', () => {
  test('deals messages out to the clients in turn, evenly in time', () => {
    const workload = new Workload(plan({ clients: 3, rate: 10, durationMs: 1000 }))
    expect(workload.clients().map((client) => workload.quota(client))).toEqual([4, 3, 3])
    expect([0, 1, 2].map((client) => workload.intended(client, 0))).toEqual([0, 100, 200])
    expect(workload.intended(0, 1)).toBe(300)
  })

  test('four shards are the whole, without overlap', () => {
    const whole = { clients: 10, rate: 97, durationMs: 5000, warmupMs: 300 }
    const shards = [0, 1, 2, 3].map((index) => new Workload(plan({ ...whole, shard: { index, of: 4 } })))
    const clients = shards.flatMap((shard) => shard.clients())
    expect(clients.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const offered = shards.reduce((sum, shard) => sum + shard.offered(), 0)
    expect(offered).toBe(new Workload(plan(whole)).offered())
    expect(offered).toBe(485)
  })

  test('the messages of the warm-up do not count', () => {
    const workload = new Workload(plan({ clients: 1, rate: 10, durationMs: 1000, warmupMs: 500 }))
    expect([workload.warmupOf(0), workload.quota(0), workload.offered()]).toEqual([5, 15, 10])
  })
})

test('topics are filled in, and subscribed to by level', () => {
  expect(fillIn('a/%i/%c/%n/100%%', { index: 3, clientId: 'me', message: 9 })).toBe('a/3/me/9/100%')
  expect(filterOf('a/x%i/b/%n/100%%')).toBe('a/+/b/+/100%')
  expect([changesByMessage('a/%n'), changesByMessage('a/%%n')]).toEqual([true, false])
})

test('a stamp is read as it was written, beyond 32 bits too', () => {
  const bytes = randomBytes(64, 1)
  const stamp = {
    counts: true,
    host: 4e9,
    run: 3e9,
    client: 12,
    sequence: 2 ** 40 + 5,
    intended: 0.1,
    sent: 1e9 + 0.7,
  }
  writeStamp(bytes, stamp)
  expect(readStamp(bytes, 0, 64)).toEqual(stamp)
  expect(readStamp(bytes, 0, stampSize - 1)).toBeUndefined()
  expect(readStamp(randomBytes(64, 2), 0, 64)).toBeUndefined()
})

test('payloads are random by seed', () => {
  expect(randomBytes(32, 5)).toEqual(randomBytes(32, 5))
  expect(randomBytes(32, 5)).not.toEqual(randomBytes(32, 6))
  expect(new Set(randomBytes(1000, 1)).size).toBeGreaterThan(200)
})

test('too few open files are told before the start, with the command that helps', () => {
  expect(() => checkOpenFiles(1000, 1024)).toThrow(
    '1000 connections need 1040 open files, and the limit is 1024.',
  )
  expect(() => checkOpenFiles(900, 1024)).not.toThrow()
})

test('the command line is shown without its secrets', () => {
  const words = ['bench', '-P', 'pw', '--pw=x', '-L', 'mqtt://u:secret@h/t', '-t', 'a b']
  expect(commandLine(words)).toBe("mqttx bench -P ... --pw=... -L mqtt://u:...@h/t -t 'a b'")
})
