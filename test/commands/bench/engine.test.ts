// Runs against a fake server, in a time of their own.
import { describe, expect, test } from 'vitest'
import { Engine } from '../../../src/commands/bench/engine.js'
import { textReport } from '../../../src/commands/bench/report.js'
import { failuresOf, merged, type Result } from '../../../src/commands/bench/result.js'
import type { ConnectionEvents } from '../../../src/connection/events.js'
import { FakeClock, FakeConnection, type FakeServer, facts, plan, play, resultFrom } from './fakes.js'

const prompt: FakeServer = { answer: (client, sequence) => 1 + ((client * 7 + sequence * 13) % 40) / 4 }

describe('an open loop', () => {
  test('sends every message at its time', async () => {
    const { tally, elapsedMs } = await play(plan(), prompt)
    expect(tally.counts).toMatchObject({
      offered: 1000,
      sent: 1000,
      acked: 1000,
      late: 0,
      unacked: 0,
      connected: 4,
    })
    expect(tally.latency.count).toBe(1000)
    expect(elapsedMs).toBe(1000)
    expect(tally.seconds[0]).toMatchObject({ sent: 1000 })
  })

  test('counts the latency of a stall from the intended times, which a closed loop does not', async () => {
    const stall: FakeServer = {
      window: 1,
      answer: (_client, _sequence, now) => (now >= 4000 && now < 6000 ? 6000 - now : 1),
    }
    const open = await play(plan({ clients: 1, rate: 100, durationMs: 10_000 }), stall)
    expect(open.tally.latency.at(99)).toBeGreaterThan(1800)
    expect(open.tally.service.at(99)).toBeLessThan(2)
    expect(open.tally.counts).toMatchObject({ offered: 1000, sent: 1000, acked: 1000 })
    expect(open.tally.counts.late).toBeGreaterThan(195)
    const closed = await play(plan({ clients: 1, rate: undefined, durationMs: 10_000 }), stall)
    expect(closed.tally.latency.at(99)).toBeLessThan(2)
  })

  test('does not count the warm-up', async () => {
    const { tally, elapsedMs } = await play(plan({ warmupMs: 500 }), prompt)
    expect(tally.counts).toMatchObject({ offered: 1000, sent: 1000, acked: 1000 })
    expect(elapsedMs).toBe(1000)
  })

  test('counts what was refused by Reason Code', async () => {
    const refusing: FakeServer = { ...prompt, reasonCode: (_, sequence) => (sequence % 10 === 0 ? 0x87 : 0) }
    const outcome = await play(plan(), refusing)
    expect(outcome.tally.failed).toEqual({ 'PUBLISH 0x87 Not authorized': 100 })
    expect(failuresOf(resultFrom(outcome))).toEqual(['100 PUBLISH 0x87 Not authorized'])
  })

  test('counts what was never acknowledged, and what could not be sent', async () => {
    const silent: FakeServer = { answer: (_, sequence) => (sequence < 10 ? 1 : undefined), window: 5 }
    const { tally } = await play(plan(), silent)
    expect(tally.counts).toMatchObject({ offered: 1000, sent: 60, acked: 40, unacked: 20, unsent: 940 })
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
    const { tally, stoppedEarly } = await clock.play(engine.run())
    expect([tally.counts.connected, tally.counts.sent, stoppedEarly]).toEqual([4, 0, true])
  }
})

describe('a closed loop', () => {
  test('sends as many as were asked for', async () => {
    const { tally } = await play(
      plan({ rate: undefined, count: 101, durationMs: Number.POSITIVE_INFINITY }),
      prompt,
    )
    expect(tally.counts).toMatchObject({ offered: 101, sent: 101, acked: 101 })
  })
})

test('four shards, merged, are what one run of the same plan is', async () => {
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
  test('of a run that failed does not end with valid, and one is not many', async () => {
    const one = resultFrom(await play(plan(), prompt))
    const run = { ...one, setup: { ...one.setup, mode: 'sub' as const, clients: 1 }, received: 0 }
    const text = textReport(run, 'none')
    expect(text.split('\n').slice(-2)).toEqual(['failed: nothing received', ''])
    expect(text).toContain('\n1 client, subscribing')
    const pair = { ...one, setup: { ...one.setup, mode: 'pubsub' as const, clients: 2, subscribers: 1 } }
    expect(textReport(pair, 'none')).toMatch(/\n2 clients, .* to 1 subscriber, open loop/)
  })

  test('as text', async () => {
    expect(textReport(resultFrom(await play(plan(), prompt)), 'none')).toMatchInlineSnapshot(`
      "mqttx 1.2.3, Node v20.0.0, linux x64, 2 cores
      server: mosquitto 2; TCP_NODELAY on
      command: mqttx bench pub --rate 1000
      seed 1, started 2026-11-21T03:00:00.000Z
      4 clients, QoS 1, 64 bytes, open loop at 1,000 messages/s

      995 messages/s over 1.0 s
      5 more went all the way in 0.0 s after that
      connected 4, disconnected 0
      offered 1,000, sent 1,000, acked 1,000, unacked 0
      late 0, skipped 0, unsent 0 (late: more than 10 ms)
      own load: thread 30 %, process 40 %; kept waiting by other processes 1 % of the time
      event-loop delay p99 1.0 ms, gc 3 ms (longest 2.0 ms), schedule lag p50 0.0 ms, p99 0.0 ms, backlog up to 7

                        p50       p90       p99     p99.9    p99.99       max
      latency_ms      5.751    10.007    10.751    10.751    10.751    10.751  to the acknowledgement, from the intended time
      service_ms      5.751    10.007    10.751    10.751    10.751    10.751  to the acknowledgement, from the sending

      valid
      "
    `)
  })

  test('as JSON has the keys that scripts look for', async () => {
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
      'event-loop delay p99 30.0 ms (other processes had its processor for 40 % of the time)',
    ],
    [
      { event_loop_delay_ms: { p99: 30, max: 90 }, gc_ms: { total: 300, max: 80 } },
      'event-loop delay p99 30.0 ms (garbage collection took up to 80 ms)',
    ],
  ])('says where the load generator was the limit: %j', async (load, reason) => {
    const limited = resultFrom(await play(plan(), prompt), { audit: { ...facts.audit, ...load } })
    expect(limited).toMatchObject({ valid: false, reasons: [`client-limited: ${reason}`] })
    expect(textReport(limited, 'none')).toMatch(/\nclient-limited: .*\n$/)
  })

  test('joins what threads have found out about themselves', async () => {
    const outcome = await play(plan(), prompt)
    const part = (cpu: number) => ({ ...facts.audit, threads: [{ cpu, waited: null }] })
    const { audit } = merged([0.2, 0.6].map((cpu) => resultFrom(outcome, { audit: part(cpu) })))
    expect(audit).toMatchObject({ thread_cpu: 0.6, backlog: 14, threads: [{ cpu: 0.2 }, { cpu: 0.6 }] })
  })

  test('a run that is too short for the clock of processor time is not judged by it', async () => {
    const short = await play(plan({ durationMs: 400 }), prompt)
    const audit = { ...facts.audit, threads: [{ cpu: 2.26, waited: null }] }
    expect(resultFrom(short, { audit }).valid).toBe(true)
  })
})
