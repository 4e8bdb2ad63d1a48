// Runs of the engine against a fake server, on a fake clock.
import { describe, expect, test } from 'vitest'
import { merged } from '../../../src/commands/bench/build-result.js'
import { Engine } from '../../../src/commands/bench/engine.js'
import { failuresOf, type Result } from '../../../src/commands/bench/result.js'
import type { ConnectionEvents } from '../../../src/connection/events.js'
import {
  description,
  FakeClock,
  FakeConnection,
  type FakeServer,
  plan,
  play,
  reportOf,
  resultFrom,
} from './fakes.js'

const prompt: FakeServer = { answer: (client, sequence) => 1 + ((client * 7 + sequence * 13) % 40) / 4 }

describe('an open loop', () => {
  test('sends every message at its intended time', async () => {
    const { stats, elapsedMs } = await play(plan(), prompt)
    expect(stats.counts).toMatchObject({
      offered: 1000,
      sent: 1000,
      acked: 1000,
      late: 0,
      unacked: 0,
      connected: 4,
    })
    expect(stats.latency.count).toBe(1000)
    expect(elapsedMs).toBe(1000)
    expect(stats.seconds[0]).toMatchObject({ sent: 1000 })
  })

  test('measures a stall from the intended times, which a closed loop does not', async () => {
    const stall: FakeServer = {
      window: 1,
      answer: (_client, _sequence, now) => (now >= 4000 && now < 6000 ? 6000 - now : 1),
    }
    const open = await play(plan({ clients: 1, rate: 100, durationMs: 10_000 }), stall)
    expect(open.stats.latency.at(99)).toBeGreaterThan(1800)
    expect(open.stats.service.at(99)).toBeLessThan(2)
    expect(open.stats.counts).toMatchObject({ offered: 1000, sent: 1000, acked: 1000 })
    expect(open.stats.counts.late).toBeGreaterThan(195)
    const closed = await play(plan({ clients: 1, rate: undefined, durationMs: 10_000 }), stall)
    expect(closed.stats.latency.at(99)).toBeLessThan(2)
  })

  test('does not measure the warm-up', async () => {
    const { stats, elapsedMs } = await play(plan({ warmupMs: 500 }), prompt)
    expect(stats.counts).toMatchObject({ offered: 1000, sent: 1000, acked: 1000 })
    expect(elapsedMs).toBe(1000)
  })

  test('counts refused messages by Reason Code', async () => {
    const refusing: FakeServer = { ...prompt, reasonCode: (_, sequence) => (sequence % 10 === 0 ? 0x87 : 0) }
    const outcome = await play(plan(), refusing)
    expect(outcome.stats.failed).toEqual({ 'PUBLISH 0x87 Not authorized': 100 })
    expect(failuresOf(resultFrom(outcome))).toEqual(['100 PUBLISH 0x87 Not authorized'])
  })

  test('counts messages that are not acknowledged or not sent', async () => {
    const silent: FakeServer = { answer: (_, sequence) => (sequence < 10 ? 1 : undefined), window: 5 }
    const { stats } = await play(plan(), silent)
    expect(stats.counts).toMatchObject({ offered: 1000, sent: 60, acked: 40, unacked: 20, unsent: 940 })
  })
})

test('an interruption before the start sends nothing', async () => {
  const clock = new FakeClock()
  const dial = ({ clientId }: { clientId: string }, events: ConnectionEvents) =>
    new FakeConnection(clock, prompt, clientId, events)
  for (const rate of [undefined, 1000]) {
    const engine: Engine = new Engine(plan({ rate }), {
      ...{ dial, clock },
      async start() {
        engine.stop()
        return clock.now() + 60_000
      },
    })
    const { stats, stoppedEarly } = await clock.play(engine.run())
    expect([stats.counts.connected, stats.counts.sent, stoppedEarly]).toEqual([4, 0, true])
  }
})

describe('a closed loop', () => {
  test('sends --count messages', async () => {
    const { stats } = await play(
      plan({ rate: undefined, count: 101, durationMs: Number.POSITIVE_INFINITY }),
      prompt,
    )
    expect(stats.counts).toMatchObject({ offered: 101, sent: 101, acked: 101 })
  })
})

test('four merged shards equal one run of the same plan', async () => {
  const server: FakeServer = { answer: (client, sequence) => 1 + ((client * 7 + sequence * 13) % 400) / 4 }
  const work = plan({ clients: 10, rate: 500, durationMs: 2000, warmupMs: 200 })
  const shards: Result[] = []
  for (const index of [0, 1, 2, 3])
    shards.push(resultFrom(await play({ ...work, shard: { index, of: 4 } }, server)))
  const whole = resultFrom(await play(work, server))
  const { connected, offered, sent, acked, latency_ms, service_ms, histograms, series } = merged(shards)
  const same = { connected, offered, sent, acked, latency_ms, service_ms, histograms, series }
  expect(whole).toMatchObject(same)
  expect(sent).toBe(1000)
})

describe('the report', () => {
  test('of a failed run does not end with valid; singular and plural', async () => {
    const one = resultFrom(await play(plan(), prompt))
    const run = { ...one, setup: { ...one.setup, mode: 'sub' as const, clients: 1 }, received: 0 }
    const text = reportOf(run)
    expect(text.split('\n').slice(-2)).toEqual(['failed: nothing received', ''])
    expect(text).toContain('\n1 client, subscribing')
    const pair = { ...one, setup: { ...one.setup, mode: 'pubsub' as const, clients: 2, subscribers: 1 } }
    expect(reportOf(pair)).toMatch(/\n2 clients, .* to 1 subscriber, open loop/)
  })

  test('as text', async () => {
    expect(reportOf(resultFrom(await play(plan(), prompt)))).toMatchInlineSnapshot(`
      "mqttx 1.2.3, Node v20.0.0, linux x64, 2 cores; 2026-11-21T03:00:00Z
      server: mosquitto 2; seed 1
      command: mqttx bench pub --rate 1000
      4 clients, QoS 1, 64 bytes, open loop at 1,000/s
      generator: CPU 30 %, CPU wait 1 %; p99: loop delay 1.0 ms, send lag 0.0 ms

      connected 4, disconnected 0
      offered 1,000, sent 1,000, acked 1,000, unacked 0
      late 0, skipped 0, unsent 0 (late: by more than 10 ms)

      995 messages/s over 1.0 s; 5 more completed within 0.0 s after
      ms to PUBACK             p50       p90       p99     p99.9    p99.99       max
      latency                5.751    10.007    10.751    10.751    10.751    10.751
        from sending         5.751    10.007    10.751    10.751    10.751    10.751
      valid
      "
    `)
  })

  test('as JSON has its documented keys', async () => {
    const parsed = JSON.parse(JSON.stringify(resultFrom(await play(plan(), prompt))))
    const counts = ['offered', 'sent', 'acked', 'received', 'lost', 'duplicated', 'reordered', 'rate']
    for (const key of counts) expect(parsed[key], key).toBeTypeOf('number')
    expect(parsed).toMatchObject({ failed: {}, valid: true, reasons: [] })
    for (const times of [parsed.latency_ms, parsed.service_ms])
      expect(Object.keys(times)).toEqual(['p50', 'p90', 'p99', 'p999', 'p9999', 'p99999', 'max'])
  })

  test.each([
    [
      {
        threads: [
          { cpu: 0.2, waited: 0 },
          { cpu: 0.99, waited: 0 },
        ],
      },
      'a thread was busy for 99 % of the time',
    ],
    [{ event_loop_delay_ms: { p99: 30, max: 90 } }, 'event-loop delay p99 30.0 ms'],
    [
      { event_loop_delay_ms: { p99: 30, max: 90 }, threads: [{ cpu: 0.3, waited: 0.4 }] },
      'event-loop delay p99 30.0 ms (CPU wait 40 %)',
    ],
    [
      { event_loop_delay_ms: { p99: 30, max: 90 }, gc_ms: { total: 300, max: 80 } },
      'event-loop delay p99 30.0 ms (garbage collection up to 80 ms)',
    ],
  ])('names the limit of the load generator: %j', async (load, reason) => {
    const limited = resultFrom(await play(plan(), prompt), { load: { ...description.load, ...load } })
    expect(limited).toMatchObject({ valid: false, reasons: [`client-limited: ${reason}`] })
    expect(reportOf(limited)).toMatch(/\nclient-limited: .*\n$/)
  })

  test('merges the load of threads', async () => {
    const outcome = await play(plan(), prompt)
    const part = (cpu: number) => ({ ...description.load, threads: [{ cpu, waited: null }] })
    const { audit } = merged([0.2, 0.6].map((cpu) => resultFrom(outcome, { load: part(cpu) })))
    expect(audit).toMatchObject({ thread_cpu: 0.6, backlog: 14, threads: [{ cpu: 0.2 }, { cpu: 0.6 }] })
  })

  test('ignores CPU time in a run that is too short to measure it', async () => {
    const short = await play(plan({ durationMs: 400 }), prompt)
    const load = { ...description.load, threads: [{ cpu: 2.26, waited: null }] }
    expect(resultFrom(short, { load }).valid).toBe(true)
  })
})
