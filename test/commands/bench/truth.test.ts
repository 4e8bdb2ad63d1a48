// A run reports what happened: it ends when the server refuses the work, and its rate is of what arrived in time.
import { describe, expect, test } from 'vitest'
import type { EnginePlan } from '../../../src/commands/bench/plan.js'
import { textReport } from '../../../src/commands/bench/report.js'
import { failuresOf } from '../../../src/commands/bench/result.js'
import { MqttxError } from '../../../src/errors.js'
import { peerTest, startMosquitto, startOwnBroker } from '../../helpers/peers.js'
import { mqttx } from '../../helpers/run.js'
import { type FakeServer, facts, plan, play, resultFrom } from './fakes.js'

const prompt: FakeServer = { answer: () => 1 }

describe('E1: an error while a message is sent ends the run with that error', () => {
  const refusal = new MqttxError('the server takes QoS 0 only', { exitCode: 24 })
  const refusing = (from: number): FakeServer => {
    let published = 0
    return {
      ...prompt,
      published() {
        if (published++ >= from) throw refusal
      },
    }
  }
  test.each<[string, number, Partial<EnginePlan>]>([
    ['an open loop, at once', 0, {}],
    ['an open loop, under way', 500, {}],
    ['a closed loop, at once', 0, { rate: undefined, count: 100 }],
    ['a closed loop, after an acknowledgement', 30, { rate: undefined, count: 100, clients: 1 }],
    ['a closed loop, with its last message', 99, { rate: undefined, count: 100, clients: 1 }],
    ['the warm-up', 10, { warmupMs: 500 }],
    ['with churn', 500, { churn: 10 }],
  ])('%s', async (_, from, changes) => {
    await expect(play(plan(changes), refusing(from))).rejects.toBe(refusal)
  })

  const limits = [
    ['max_qos 0', ['-q', '1'], 24],
    ['max_packet_size 200', ['--size', '500'], 25],
  ] as const
  const work = ['pub', 'pubsub', 'rr']
  const rows = limits.flatMap(([limit, words, status]) =>
    work.flatMap((mode) => ['1', '2'].map((workers) => [mode, limit, workers, words, status] as const)),
  )
  peerTest(
    'E1: each kind of work at a server with a limit, with 1 and 2 threads',
    ['mosquitto'],
    async () => {
      for (const [limit] of limits) {
        const server = await startMosquitto(['allow_anonymous true', limit])
        for (const [mode, , workers, words, status] of rows.filter((row) => row[1] === limit)) {
          const run = ['bench', mode, '-V', '5', '--count', '20', '--workers', workers, ...words]
          const outcome = await mqttx([...run, ...server.at], { timeoutMs: 20_000 })
          const shown = `${run.join(' ')}: ${outcome.stderr}`
          expect(outcome.status, shown).toBe(status)
          expect(outcome.stderr, shown).toMatch(/^Error: .*\nhint: .*\n$/)
        }
        await server.stop()
      }
    },
    120_000,
  )
})

/** Acknowledges at most `perSecond` messages of each client, one after the other. */
function slow(perSecond: number): FakeServer {
  const free = new Map<number, number>()
  return {
    window: 100_000,
    answer(client, _, now) {
      const done = Math.max(now, free.get(client) ?? 0) + 1000 / perSecond
      free.set(client, done)
      return done - now
    },
  }
}

describe('E53: the rate is of the messages that went all the way in the window', () => {
  const overload = { clients: 1, rate: 1000, durationMs: 4000 }

  test('an open loop that the server cannot follow', async () => {
    const result = resultFrom(await play(plan(overload), slow(600)))
    expect(result).toMatchObject({ offered: 4000, sent: 4000, acked: 4000, elapsed_s: 4, valid: false })
    expect(result.rate).toBeGreaterThan(598)
    expect(result.rate).toBeLessThanOrEqual(600)
    expect(result.drain_s).toBeCloseTo(4000 / 600 - 4, 1)
    expect(result.reasons).toEqual(['rate not held: 600 of 1000 messages/s went all the way in time'])
    expect(textReport(result, 'none')).toContain(
      '\n600 messages/s over 4.0 s\n1,600 more went all the way in 2.7 s after that\n',
    )
    expect(failuresOf(result)).toEqual([])
  })

  test.each([0, 5, 50])('a server that takes %i ms for each holds it', async (ms) => {
    const result = resultFrom(
      await play(plan({ ...overload, clients: 4 }), { window: 100, answer: () => ms }),
    )
    expect(result).toMatchObject({ valid: true, reasons: [] })
    expect(result.rate).toBeGreaterThan(980)
    expect(result.rate).toBeLessThanOrEqual(1000)
  })

  test('a number of messages: the time to the last acknowledgement counts', async () => {
    const asked = { clients: 1, count: 1200, durationMs: Number.POSITIVE_INFINITY }
    for (const rate of [1000, undefined]) {
      const result = resultFrom(await play(plan({ ...asked, rate }), slow(600)))
      expect(result.elapsed_s).toBeCloseTo(2, 1)
      expect(result.rate).toBeCloseTo(600, 0)
      expect(result.drain_s).toBe(0)
    }
  })

  test('E54: the drawing has the seconds of the drain', async () => {
    const result = resultFrom(await play(plan({ ...overload, durationMs: 3000 }), slow(300)))
    const text = textReport(result, 'ascii')
    expect(text).toContain('messages/s by second, the last 7 s after the end of the offering\n')
    expect(text.split('by second')[1]).toMatch(/\n +0 +10\n/)
  })

  test('over sockets: no rate above what was acknowledged in its time', async () => {
    const broker = await startOwnBroker()
    const words = ['pub', '-q', '1', '--rate', '300000', '--duration', '2s', '--json']
    const { stdout } = await mqttx(['bench', ...words, ...broker.at], { timeoutMs: 40_000 })
    await broker.stop()
    const { acked, elapsed_s, drain_s, rate, done, valid } = JSON.parse(stdout.toString())
    expect(rate * elapsed_s).toBeCloseTo(done, -2)
    expect(rate).toBeLessThanOrEqual((acked / elapsed_s) * 1.01)
    if (drain_s > 0.5) expect(valid).toBe(false)
  })
})

describe('what the load generator does to its own figures', () => {
  test('E55: the schedule lag is shown beside the latencies that it dominates', async () => {
    const outcome = await play(plan(), prompt)
    for (let i = 0; i < 2000; i++) outcome.tally.lag.record(0.6)
    const result = resultFrom(outcome)
    expect(result.audit.lag_ms.p50).toBeCloseTo(0.6, 1)
    expect(textReport(result, 'none')).toMatch(
      /\nof latency_ms, 0\.\d+ ms at p50 and 0\.\d+ ms at p99 are our own timer's\n/,
    )
    expect(textReport(resultFrom(await play(plan(), prompt)), 'none')).not.toContain('our own timer')
  })

  test.each([
    ['no time to spare', { threads: [{ cpu: 0.77, waited: 0.21 }] }, true],
    ['delays as long as the latency', { event_loop_delay_ms: { p99: 2, max: 9 } }, true],
    ['neither', {}, false],
  ])('E56: other processes had the processor for 21 %%: %s', async (_, load, limited) => {
    const threads = [{ cpu: 0.3, waited: 0.21 }]
    const audit = { ...facts.audit, event_loop_delay_ms: { p99: 0.2, max: 1 }, threads, ...load }
    const result = resultFrom(await play(plan(), prompt), { audit })
    expect(result.valid).toBe(!limited)
    for (const reason of result.reasons)
      expect(reason).toMatch(/^client-limited: other processes had the processor for 21 % of the time/)
  })
})

describe('E57: the report', () => {
  test('of QoS 0 in a closed loop says why there is no latency', async () => {
    const work = plan({ qos: 0, rate: undefined, count: 100, durationMs: Number.POSITIVE_INFINITY })
    const setup = { ...facts.setup, qos: 0, loop: 'closed' } as const
    const text = textReport(resultFrom(await play(work, prompt), { setup }), 'none')
    expect(text).toContain('\nno latency: QoS 0 has no acknowledgement (-q 1 has; pubsub follows')
    expect(text).not.toContain('latency_ms')
  })

  test('of a run that breaks a condition ends with it', async () => {
    const broker = await startOwnBroker()
    const words = [
      'bench',
      'pub',
      '--count',
      '10',
      '--assert',
      'rate>999999999',
      '--plot',
      'none',
      ...broker.at,
    ]
    const { status, stdout, stderr } = await mqttx(words)
    await broker.stop()
    expect(status).toBe(42)
    expect(stdout.toString()).toMatch(
      /\nfailed: --assert rate>999999999: it is \d+(\.\d+)?\n(client-limited.*\n)*$/,
    )
    expect(stderr).toMatch(/^Error: --assert rate>999999999: it is /)
  })
})
