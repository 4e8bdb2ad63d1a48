// Keep Alive as a table: what happened at which millisecond, and what is due then (MQTT 5.0, 3.1.2.10).
import { describe, expect, test } from 'vitest'
import { KeepAlive } from '../../src/session/keep-alive.js'

type Happening = 'sent' | 'received' | 'suspend' | 'resume' | 'tick'
type Line = readonly [at: number, happening: Happening, due?: 'ping' | 'lost' | undefined]

/** Ten seconds of Keep Alive; a `ping` that is due is sent. */
function play(lines: readonly Line[]): void {
  const keepAlive = new KeepAlive(10, 0)
  for (const [at, happening, due] of lines) {
    if (happening === 'suspend') keepAlive.suspend()
    else if (happening !== 'tick') keepAlive[happening](at)
    else {
      const answer = keepAlive.tick(at)
      expect(answer, `at ${at}`).toBe(due)
      if (answer === 'ping') keepAlive.sent(at)
    }
  }
}

test.each<[string, Line[]]>([
  [
    'a silent connection: PINGREQ after one interval, given up half an interval later',
    [
      [9_999, 'tick', undefined],
      [10_000, 'tick', 'ping'],
      [14_999, 'tick', undefined],
      [15_000, 'tick', 'lost'],
    ],
  ],
  [
    'an answer in time, and the next PINGREQ one interval after it',
    [
      [10_000, 'tick', 'ping'],
      [10_050, 'received'],
      [15_000, 'tick', undefined],
      [19_999, 'tick', undefined],
      [20_000, 'tick', 'ping'],
      [25_000, 'tick', 'lost'],
    ],
  ],
  [
    'anything received counts as the answer',
    [
      [10_000, 'tick', 'ping'],
      [14_999, 'received'],
      [15_000, 'tick', undefined],
    ],
  ],
  [
    'traffic both ways: no PINGREQ',
    [
      [5_000, 'sent'],
      [6_000, 'received'],
      [10_000, 'tick', undefined],
      [14_000, 'received'],
      [14_999, 'tick', undefined],
      [15_000, 'tick', 'ping'],
    ],
  ],
  [
    'we only receive: the server must still hear from us [MQTT-3.1.2-20]',
    [
      [9_000, 'received'],
      [10_000, 'tick', 'ping'],
      [10_010, 'received'],
      [19_000, 'received'],
      [20_000, 'tick', 'ping'],
    ],
  ],
  [
    'we only send, into a half-open connection: noticed within 1.5 intervals',
    [
      [3_000, 'sent'],
      [6_000, 'sent'],
      [9_000, 'sent'],
      [10_000, 'tick', 'ping'],
      [12_000, 'sent'],
      [15_000, 'tick', 'lost'],
    ],
  ],
  [
    'while we do not read, PINGREQ goes out and nobody is given up',
    [
      [1_000, 'suspend'],
      [10_000, 'tick', 'ping'],
      [15_000, 'tick', undefined],
      [20_000, 'tick', 'ping'],
      [30_000, 'tick', 'ping'],
      [35_000, 'tick', undefined],
    ],
  ],
  [
    'a PINGREQ that waits for its answer when we stop reading',
    [
      [10_000, 'tick', 'ping'],
      [11_000, 'suspend'],
      [15_000, 'tick', undefined],
      [20_000, 'tick', 'ping'],
    ],
  ],
  [
    'reading again, the server has a whole interval and a half',
    [
      [1_000, 'suspend'],
      [10_000, 'tick', 'ping'],
      [18_000, 'resume'],
      [19_999, 'tick', undefined],
      [20_000, 'tick', 'ping'],
      [24_999, 'tick', undefined],
      [25_000, 'tick', 'lost'],
    ],
  ],
])('%s', (_, lines) => play(lines))

test('0 seconds: never', () => {
  const keepAlive = new KeepAlive(0, 0)
  expect(keepAlive.tick(1e12)).toBeUndefined()
  expect(keepAlive.deadline()).toBe(Number.POSITIVE_INFINITY)
})

describe('the deadline', () => {
  /** Ticks at each deadline and nowhere else. */
  function run(keepAlive: KeepAlive, until: number): [number, string][] {
    const found: [number, string][] = []
    for (let now = keepAlive.deadline(); now <= until; now = keepAlive.deadline()) {
      const due = keepAlive.tick(now)
      if (due !== undefined) found.push([now, due])
      if (due === 'lost') break
      if (due === 'ping') keepAlive.sent(now)
    }
    return found
  }

  test('is when something is due, so that one timer is enough', () => {
    expect(run(new KeepAlive(10, 0), 100_000)).toEqual([
      [10_000, 'ping'],
      [15_000, 'lost'],
    ])
  })

  test('of a paused connection is that of the next PINGREQ', () => {
    const keepAlive = new KeepAlive(10, 0)
    keepAlive.suspend()
    expect(run(keepAlive, 40_000)).toEqual([
      [10_000, 'ping'],
      [20_000, 'ping'],
      [30_000, 'ping'],
      [40_000, 'ping'],
    ])
  })

  test('moves with the traffic', () => {
    const keepAlive = new KeepAlive(10, 0)
    keepAlive.sent(4_000)
    keepAlive.received(5_000)
    expect(keepAlive.deadline()).toBe(14_000)
  })
})
