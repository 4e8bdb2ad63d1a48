// Results are accurate: a run ends with the error of the server, and its rate counts only messages that complete in time.
import { describe, expect, test } from 'vitest'
import type { RunPlan } from '../../../src/commands/bench/plan.js'
import { failuresOf } from '../../../src/commands/bench/result.js'
import { MqttxError } from '../../../src/errors.js'
import { peerTest, startMosquitto, startOwnBroker } from '../../helpers/peers.js'
import { mqttx } from '../../helpers/run.js'
import { description, type FakeServer, plan, play, reportOf, resultFrom } from './fakes.js'

const prompt: FakeServer = { answer: () => 1 }

describe('E1: an error while sending a message ends the run with that error', () => {
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
  test.each<[string, number, Partial<RunPlan>]>([
    ['an open loop, at once', 0, {}],
    ['an open loop, later', 500, {}],
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
  const modes = ['pub', 'pubsub', 'rr']
  const rows = limits.flatMap(([limit, args, status]) =>
    modes.flatMap((mode) => ['1', '2'].map((workers) => [mode, limit, workers, args, status] as const)),
  )
  peerTest(
    'E1: every mode at a server with a limit, with 1 and 2 threads',
    ['mosquitto'],
    async () => {
      for (const [limit] of limits) {
        const server = await startMosquitto(['allow_anonymous true', limit])
        for (const [mode, , workers, args, status] of rows.filter((row) => row[1] === limit)) {
          const run = ['bench', mode, '-V', '5', '--count', '20', '--workers', workers, ...args]
          const outcome = await mqttx([...run, ...server.at], { timeoutMs: 60_000 })
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

/** Acknowledges at most `perSecond` messages per second of each client, in order. */
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

describe('E53: the rate counts only messages that complete within the window', () => {
  const overload = { clients: 1, rate: 1000, durationMs: 4000 }

  test('an open loop above the capacity of the server', async () => {
    const result = resultFrom(await play(plan(overload), slow(600)))
    expect(result).toMatchObject({ offered: 4000, sent: 4000, acked: 4000, elapsed_s: 4, valid: false })
    expect(result.rate).toBeGreaterThan(598)
    expect(result.rate).toBeLessThanOrEqual(600)
    expect(result.drain_s).toBeCloseTo(4000 / 600 - 4, 1)
    expect(result.reasons).toEqual(['rate not held: 600 of 1000 messages/s completed in time'])
    expect(reportOf(result)).toContain(
      '\n600 messages/s over 4.0 s; 1,600 more completed within 2.7 s after\n',
    )
    expect(failuresOf(result)).toEqual([])
  })

  test.each([0, 5, 50])('a server that answers in %i ms holds the rate', async (ms) => {
    const result = resultFrom(
      await play(plan({ ...overload, clients: 4 }), { window: 100, answer: () => ms }),
    )
    expect(result).toMatchObject({ valid: true, reasons: [] })
    expect(result.rate).toBeGreaterThan(980)
    expect(result.rate).toBeLessThanOrEqual(1000)
  })

  test('with --count the window ends at the last acknowledgement', async () => {
    const asked = { clients: 1, count: 1200, durationMs: Number.POSITIVE_INFINITY }
    for (const rate of [1000, undefined]) {
      const result = resultFrom(await play(plan({ ...asked, rate }), slow(600)))
      expect(result.elapsed_s).toBeCloseTo(2, 1)
      expect(result.rate).toBeCloseTo(600, 0)
      expect(result.drain_s).toBe(0)
    }
  })

  test('E54: the rate chart includes the seconds after the load ends', async () => {
    const result = resultFrom(await play(plan({ ...overload, durationMs: 3000 }), slow(300)))
    const text = reportOf(result, 'ascii')
    expect(text).toMatch(/\n +0 +messages\/s, the last 7 s after the end of the load +10 s\n/)
  })

  test('over sockets: the rate is not above that of the acknowledged messages', async () => {
    const broker = await startOwnBroker()
    const args = ['pub', '-q', '1', '--rate', '300000', '--duration', '2s', '--json']
    const { stdout } = await mqttx(['bench', ...args, ...broker.at], { timeoutMs: 60_000 })
    await broker.stop()
    const { acked, elapsed_s, drain_s, rate, done, valid } = JSON.parse(stdout.toString())
    expect((rate * elapsed_s) / done).toBeCloseTo(1, 2) // the time is rounded to milliseconds
    expect(rate).toBeLessThanOrEqual((acked / elapsed_s) * 1.01)
    if (drain_s > 0.5) expect(valid).toBe(false)
  })
})

describe('the influence of the load generator on its figures', () => {
  test('E55: the send lag is reported if it is a large part of the latency', async () => {
    const outcome = await play(plan(), prompt)
    for (let i = 0; i < 2000; i++) outcome.stats.lag.record(0.6)
    const result = resultFrom(outcome)
    expect(result.audit.lag_ms.p50).toBeCloseTo(0.6, 1)
    expect(reportOf(result)).toMatch(
      /\nof the latency, 0\.\d+ ms at p50 and 0\.\d+ ms at p99 are our own send lag\n/,
    )
    expect(reportOf(resultFrom(await play(plan(), prompt)))).not.toContain('our own send lag')
  })

  test.each([
    ['no idle time', { threads: [{ cpu: 0.77, waited: 0.21 }] }, true],
    ['delays as long as the latency', { event_loop_delay_ms: { p99: 2, max: 9 } }, true],
    ['neither', {}, false],
  ])('E56: other processes used the CPU during a fifth of the time: %s', async (_, load, limited) => {
    const threads = [{ cpu: 0.3, waited: 0.21 }]
    const measured = { ...description.load, event_loop_delay_ms: { p99: 0.2, max: 1 }, threads, ...load }
    const result = resultFrom(await play(plan(), prompt), { load: measured })
    expect(result.valid).toBe(!limited)
    for (const reason of result.reasons)
      expect(reason).toMatch(/^client-limited: waited for the CPU 21 % of the time/)
  })
})

describe('E57: the report', () => {
  test('of QoS 0 in a closed loop says why there is no latency', async () => {
    const work = plan({ qos: 0, rate: undefined, count: 100, durationMs: Number.POSITIVE_INFINITY })
    const setup = { ...description.setup, qos: 0, loop: 'closed' } as const
    const text = reportOf(resultFrom(await play(work, prompt), { setup }))
    expect(text).toContain('\nno latency: QoS 0 is not acknowledged (try -q 1, or pubsub)\n')
    expect(text).not.toContain('p99.9')
  })

  test('of a run that fails --assert ends with the condition', async () => {
    const broker = await startOwnBroker()
    const args = [
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
    const { status, stdout, stderr } = await mqttx(args)
    await broker.stop()
    expect(status).toBe(42)
    expect(stdout.toString()).toMatch(
      /\n(client-limited.*\n)*failed: --assert rate>999999999: it is \d+(\.\d+)?\n$/,
    )
    expect(stderr).toMatch(/^Error: --assert rate>999999999: it is /)
  })
})
