// Keep Alive as a table: what happened at which millisecond, and what is due then (MQTT 5.0, 3.1.2.10).
import { describe, expect, test } from 'vitest'
import { KeepAlive } from '../../src/session/keep-alive.js'

type Happening = 'sent' | 'received' | 'progressed' | 'pingTaken' | 'suspend' | 'resume' | 'tick'
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
    'E24: a silent connection: PINGREQ before one interval is over, given up half an interval later',
    [
      [8_999, 'tick', undefined],
      [9_000, 'tick', 'ping'],
      [13_999, 'tick', undefined],
      [14_000, 'tick', 'lost'],
    ],
  ],
  [
    'an answer in time, and the next PINGREQ within one interval of it',
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
    'anything received counts as the answer',
    [
      [9_000, 'tick', 'ping'],
      [13_999, 'received'],
      [14_000, 'tick', undefined],
    ],
  ],
  [
    'traffic both ways: no PINGREQ',
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
    'we only receive: the server must still hear from us [MQTT-3.1.2-20]',
    [
      [8_000, 'received'],
      [9_000, 'tick', 'ping'],
      [9_010, 'received'],
      [17_000, 'received'],
      [18_000, 'tick', 'ping'],
    ],
  ],
  [
    'we only send, into a half-open connection: noticed within 1.5 intervals',
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
    'E6: PINGREQ waits behind other bytes: what the system takes of these is a sign of life',
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
    'E6: once the system has taken PINGREQ, only an answer counts',
    [
      [9_000, 'tick', 'ping'],
      [10_000, 'pingTaken'],
      [12_000, 'progressed'],
      [14_999, 'tick', undefined],
      [15_000, 'tick', 'lost'],
    ],
  ],
  [
    'while we do not read, PINGREQ goes out and nobody is given up',
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
    'a PINGREQ that waits for its answer when we stop reading',
    [
      [9_000, 'tick', 'ping'],
      [11_000, 'suspend'],
      [15_000, 'tick', undefined],
      [18_000, 'tick', 'ping'],
    ],
  ],
  [
    'reading again, the server has a whole interval and a half',
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
      [9_000, 'ping'],
      [14_000, 'lost'],
    ])
  })

  test('of a paused connection is that of the next PINGREQ', () => {
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
