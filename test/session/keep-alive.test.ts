// Keep Alive: events by millisecond, and the action due at each (MQTT 5.0, 3.1.2.10).
import { describe, expect, test } from 'vitest'
import { KeepAlive } from '../../src/session/keep-alive.js'

type Happening = 'sent' | 'received' | 'progressed' | 'pingTaken' | 'suspend' | 'resume' | 'tick'
type Line = readonly [at: number, happening: Happening, due?: 'ping' | 'lost' | undefined]

/** Keep Alive of ten seconds; PINGREQ is sent when it is due. */
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
    'E24: a silent connection: PINGREQ before the interval ends, lost half an interval later',
    [
      [8_999, 'tick', undefined],
      [9_000, 'tick', 'ping'],
      [13_999, 'tick', undefined],
      [14_000, 'tick', 'lost'],
    ],
  ],
  [
    'an answer in time, and the next PINGREQ within one interval',
    [
      [9_000, 'tick', 'ping'],
      [9_050, 'received'],
      [14_000, 'tick', undefined],
      [17_999, 'tick', undefined],
      [18_000, 'tick', 'ping'],
      [23_000, 'tick', 'lost'],
    ],
  ],
  [
    'any received packet counts as the answer',
    [
      [9_000, 'tick', 'ping'],
      [13_999, 'received'],
      [14_000, 'tick', undefined],
    ],
  ],
  [
    'traffic in both directions: no PINGREQ',
    [
      [5_000, 'sent'],
      [6_000, 'received'],
      [9_000, 'tick', undefined],
      [13_000, 'received'],
      [13_999, 'tick', undefined],
      [14_000, 'tick', 'ping'],
    ],
  ],
  [
    'only receiving: PINGREQ is sent [MQTT-3.1.2-20]',
    [
      [8_000, 'received'],
      [9_000, 'tick', 'ping'],
      [9_010, 'received'],
      [17_000, 'received'],
      [18_000, 'tick', 'ping'],
    ],
  ],
  [
    'only sending, on a half-open connection: lost within 1.5 intervals',
    [
      [3_000, 'sent'],
      [6_000, 'sent'],
      [8_000, 'sent'],
      [9_000, 'tick', 'ping'],
      [12_000, 'sent'],
      [14_000, 'tick', 'lost'],
    ],
  ],
  [
    'E6: PINGREQ is queued: bytes taken by the system show that the server is alive',
    [
      [9_000, 'tick', 'ping'],
      [13_000, 'progressed'],
      [17_000, 'progressed'],
      [18_000, 'tick', 'ping'],
      [21_999, 'tick', undefined],
      [22_000, 'tick', 'lost'],
    ],
  ],
  [
    'E6: when the system has taken PINGREQ, only an answer counts',
    [
      [9_000, 'tick', 'ping'],
      [10_000, 'pingTaken'],
      [12_000, 'progressed'],
      [14_999, 'tick', undefined],
      [15_000, 'tick', 'lost'],
    ],
  ],
  [
    'while suspended, PINGREQ is sent and the server is not lost',
    [
      [1_000, 'suspend'],
      [9_000, 'tick', 'ping'],
      [14_000, 'tick', undefined],
      [18_000, 'tick', 'ping'],
      [27_000, 'tick', 'ping'],
      [35_000, 'tick', undefined],
    ],
  ],
  [
    'suspended while an answer to PINGREQ is due',
    [
      [9_000, 'tick', 'ping'],
      [11_000, 'suspend'],
      [15_000, 'tick', undefined],
      [18_000, 'tick', 'ping'],
    ],
  ],
  [
    'after resuming, the server has 1.5 intervals',
    [
      [1_000, 'suspend'],
      [9_000, 'tick', 'ping'],
      [18_000, 'resume'],
      [17_999, 'tick', undefined],
      [18_000, 'tick', 'ping'],
      [22_999, 'tick', undefined],
      [23_000, 'tick', 'lost'],
    ],
  ],
])('%s', (_, lines) => play(lines))

test.each([
  [1, 900],
  [5, 4500],
  [60, 55_000],
  [65_535, 65_530_000],
])('E24: %i s of Keep Alive: PINGREQ after %i ms', (seconds, due) => {
  expect(new KeepAlive(seconds, 0).deadline()).toBe(due)
})

test('0 seconds: never', () => {
  const keepAlive = new KeepAlive(0, 0)
  expect(keepAlive.tick(1e12)).toBeUndefined()
  expect(keepAlive.deadline()).toBe(Number.POSITIVE_INFINITY)
})

describe('the deadline', () => {
  /** Calls `tick` at each deadline only. */
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

  test('is the time of the next action, so one timer is enough', () => {
    expect(run(new KeepAlive(10, 0), 100_000)).toEqual([
      [9_000, 'ping'],
      [14_000, 'lost'],
    ])
  })

  test('of a suspended connection is that of the next PINGREQ', () => {
    const keepAlive = new KeepAlive(10, 0)
    keepAlive.suspend()
    expect(run(keepAlive, 40_000)).toEqual([
      [9_000, 'ping'],
      [18_000, 'ping'],
      [27_000, 'ping'],
      [36_000, 'ping'],
    ])
  })

  test('moves with the traffic', () => {
    const keepAlive = new KeepAlive(10, 0)
    keepAlive.sent(4_000)
    keepAlive.received(5_000)
    expect(keepAlive.deadline()).toBe(13_000)
  })
})
