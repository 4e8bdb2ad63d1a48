// Workload, topics, payloads, stamps, limits and threads of a run.
import { describe, expect, test } from 'vitest'
import { commandLine } from '../../../src/commands/bench/command-line.js'
import { threadsFor } from '../../../src/commands/bench/create-plan.js'
import { checkOpenFiles, checkPorts, hintsFor } from '../../../src/commands/bench/limits.js'
import {
  fillIn,
  fillInPayload,
  hasPlaceholder,
  topicFilterOf,
} from '../../../src/commands/bench/placeholders.js'
import type { RunPlan } from '../../../src/commands/bench/plan.js'
import { randomBytes } from '../../../src/commands/bench/random.js'
import { readStamp, stampSize, writeStamp } from '../../../src/commands/bench/stamp.js'
import { TopicSelector } from '../../../src/commands/bench/topics.js'
import { Workload, wholeRun } from '../../../src/commands/bench/workload.js'
import { plan } from './fakes.js'

describe('the workload', () => {
  test('distributes messages over the clients in turn, evenly in time', () => {
    const workload = new Workload(plan({ clients: 3, rate: 10, durationMs: 1000 }))
    expect(workload.clients().map((client) => workload.quota(client))).toEqual([4, 3, 3])
    expect([0, 1, 2].map((client) => workload.intended(client, 0))).toEqual([0, 100, 200])
    expect(workload.intended(0, 1)).toBe(300)
  })

  test('four shards add up to the whole, without overlap', () => {
    const whole = { clients: 10, rate: 97, durationMs: 5000, warmupMs: 300 }
    const shards = [0, 1, 2, 3].map((index) => new Workload(plan({ ...whole, shard: { index, of: 4 } })))
    const clients = shards.flatMap((shard) => shard.clients())
    expect(clients.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const offered = shards.reduce((sum, shard) => sum + shard.offered(), 0)
    expect(offered).toBe(new Workload(plan(whole)).offered())
    expect(offered).toBe(485)
  })

  test('messages of the warm-up are not measured', () => {
    const workload = new Workload(plan({ clients: 1, rate: 10, durationMs: 1000, warmupMs: 500 }))
    expect([workload.warmupOf(0), workload.quota(0), workload.offered()]).toEqual([5, 15, 10])
  })
})

test('the ramp increases linearly up to the rate, and is not measured', () => {
  const workload = new Workload(
    plan({ clients: 1, rate: 100, durationMs: 1000, rampMs: 2000, warmupMs: 500 }),
  )
  expect([workload.warmupOf(0), workload.offered(), workload.leadMs]).toEqual([150, 100, 2500])
  expect(workload.intended(0, 0)).toBe(0)
  expect(workload.intended(0, 25)).toBe(1000) // a quarter of the messages in half the time
  expect(workload.intended(0, 100)).toBe(2000)
  expect(workload.intended(0, 150)).toBe(2500)
  expect(workload.intended(0, 151)).toBe(2510)
})

describe('the selection of topics', () => {
  function shares(exponent: number, seed: number): number[] {
    const choice = new TopicSelector({ topics: 4, exponent, seed })
    const counts = [0, 0, 0, 0]
    for (let client = 0; client < 20; client++)
      for (let message = 0; message < 1000; message++) counts[choice.topicOf(client, message)]!++
    return counts.map((count) => count / 20_000)
  }

  test("follows Zipf's law, or is uniform", () => {
    const sum = 1 + 1 / 2 + 1 / 3 + 1 / 4
    for (const [topic, share] of shares(1, 7).entries()) expect(share).toBeCloseTo(1 / (topic + 1) / sum, 2)
    for (const share of shares(0, 7)) expect(share).toBeCloseTo(0.25, 2)
  })

  test('depends only on the seed, not on the order of calls', () => {
    const [one, same] = [1, 1].map((seed) => new TopicSelector({ topics: 1000, exponent: 0.8, seed }))
    const other = new TopicSelector({ topics: 1000, exponent: 0.8, seed: 2 })
    const places = Array.from({ length: 100 }, (_, message) => [message % 7, message] as const)
    const asked = (choice: TopicSelector) =>
      places.map(([client, message]) => choice.topicOf(client, message))
    const backwards = [...places].reverse().map(([client, message]) => same!.topicOf(client, message))
    expect(backwards.reverse()).toEqual(asked(one!))
    expect(asked(other)).not.toEqual(asked(one!))
  })
})

test('placeholders are filled in, and become + in Topic Filters', () => {
  const values = { index: 3, clientId: 'me', message: 9, topic: 7 }
  expect(fillIn('a/%i/%c/%n/%t/%r/100%%', values)).toBe('a/3/me/9/7/%r/100%')
  expect(fillInPayload('%i %t %r %s %%', { ...values, random: 5, time: 6 })).toBe('3 7 5 6 %')
  expect(topicFilterOf('a/x%i/b/%n/100%%')).toBe('a/+/b/+/100%')
  expect([hasPlaceholder('a/%n', 'nt'), hasPlaceholder('a/%%n', 'nt'), hasPlaceholder('a/%i', 'nt')]).toEqual(
    [true, false, false],
  )
})

test('a stamp is read as written, also beyond 32 bits', () => {
  const bytes = randomBytes(64, 1)
  const stamp = {
    measured: true,
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

test('too few open files are an error with the required limit', () => {
  expect(() => checkOpenFiles(1000, 1, 1024)).toThrow(
    '1000 connections need 1040 open files, and the limit is 1024.',
  )
  expect(() => checkOpenFiles(900, 1, 1024)).not.toThrow()
  expect(() => checkOpenFiles(900, 10, 1024)).toThrow('1030 open files')
})

test('too few local ports are an error with the required addresses', () => {
  const range = { low: 32_768, high: 60_999 }
  const check = (connections: number, sources: number, servers: number) => () =>
    checkPorts(connections, { sources, servers }, range)
  expect(check(28_232, 0, 1)).not.toThrow()
  expect(check(28_233, 0, 1)).toThrow(
    '28233 connections need as many local ports, but only 28232 are available',
  )
  expect(check(28_233, 1, 2)).toThrow('28232')
  expect(check(28_233, 0, 2)).not.toThrow()
  expect(check(28_233, 2, 1)).not.toThrow()
  expect(check(80_000, 0, 1)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('127.0.0.2-127.0.0.4') }),
  )
})

test('system errors have a hint', () => {
  expect(hintsFor({ ECONNRESET: 1, EADDRNOTAVAIL: 2 })).toEqual([expect.stringContaining('--ifaddr')])
  expect(hintsFor({ EMFILE: 1 })).toEqual([expect.stringContaining('ulimit -n')])
})

describe('the command line is reported without secrets', () => {
  test.each([
    [['-P', 'pw', '--pw=x', '-t', 'a b'], "-P ... --pw=... -t 'a b'"],
    [['-dP', 'pw', '-P1234', '-p', '1883'], '-dP ... -P... -p 1883'],
    [['-L', 'mqtt://u:secret@h/t'], '-L mqtt://u:...@h/t'],
    [['--url=mqtts://u:a@b:c@h/t', '-L', 'mqtt://u@h/t'], '--url=mqtts://u:...@h/t -L mqtt://u@h/t'],
    [['--psk', 'aabb', '--psk=cc', '--proxy', 'socks5h://u:p@h:1'], '--psk ... --psk=... --proxy ...'],
    [['--ws-header', 'Authorization: Bearer x'], "--ws-header 'Authorization: ...'"],
    [['--ws-header=Cookie:a=b'], "'--ws-header=Cookie: ...'"],
    [['-D', 'connect', 'authentication-data', 'x', '-q', '1'], '-D connect authentication-data ... -q 1'],
    [['--password-command', 'echo x', '--password-file', 'f'], '--password-command ... --password-file f'],
  ])('%j', (args, text) => {
    expect(commandLine(['bench', ...args])).toBe(`mqttx bench ${text}`)
  })
})

test('the default number of threads depends on cores, clients and mode', () => {
  const threads = (mode: RunPlan['mode'], clients: number, cores: number, shard = wholeRun) =>
    threadsFor({ mode, clients, shard }, cores)
  expect([1, 2, 4, 64].map((cores) => threads('pub', 1000, cores))).toEqual([1, 1, 3, 8])
  expect([threads('conn', 2, 16), threads('sub', 8, 16, { index: 0, of: 4 })]).toEqual([2, 2])
  expect([threads('pubsub', 100, 16), threads('rr', 100, 16)]).toEqual([1, 1])
})
