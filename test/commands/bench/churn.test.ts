// --connect-rate and --churn: on a fake clock, and against a server.
import { describe, expect, test } from 'vitest'
import { ConnectRefused } from '../../../src/errors.js'
import { patientBrokers, peerTest } from '../../helpers/peers.js'
import { bench } from './command.js'
import { type FakeServer, plan, play } from './fakes.js'

interface Log {
  readonly server: FakeServer
  readonly connected: { clientId: string; now: number }[]
  readonly left: { clientId: string; now: number }[]
}

/** A server that answers after 5 ms and logs connects and disconnects. */
function watching(refuse: (times: number) => Error | undefined = () => undefined): Log {
  const log: Log = {
    connected: [],
    left: [],
    server: {
      answer: () => 5,
      connecting(clientId, now) {
        log.connected.push({ clientId, now })
        return refuse(log.connected.length)
      },
      leaving: (clientId, now) => void log.left.push({ clientId, now }),
    },
  }
  return log
}

test('clients connect at --connect-rate', async () => {
  const { server, connected } = watching()
  const { connectMs } = await play(plan({ connectRate: 10, durationMs: 100 }), server)
  expect(connected.map(({ now }) => now)).toEqual([0, 100, 200, 300])
  expect(connectMs).toBe(300)
})

describe('churn', () => {
  test('reconnects the clients in turn, at its rate, without losing messages', async () => {
    const { server, connected, left } = watching()
    const { stats } = await play(plan({ churn: 10, durationMs: 1050 }), server)
    const again = connected.slice(4).map(({ clientId }) => clientId)
    expect(again).toEqual(['p0', 'p1', 'p2', 'p3', 'p0', 'p1', 'p2', 'p3', 'p0', 'p1'])
    for (const [turn, { clientId, now }] of left.slice(0, 10).entries()) {
      expect(clientId).toBe(`p${turn % 4}`)
      expect(now).toBeGreaterThanOrEqual((turn + 1) * 100)
      expect(now).toBeLessThanOrEqual((turn + 1) * 100 + 5) // waits for messages in flight
    }
    expect(stats.counts).toMatchObject({ churned: 10, reconnected: 10, connected: 4, disconnected: 0 })
    expect(stats.counts).toMatchObject({ offered: 1050, sent: 1050, acked: 1050, unacked: 0 })
    expect(stats.connect.count).toBe(14)
    expect(stats.failed).toEqual({})
  })

  test('a shard reconnects only its own clients', async () => {
    const turns: string[] = []
    for (const index of [0, 1]) {
      const { server, connected } = watching()
      const work = plan({ churn: 10, durationMs: 1050, shard: { index, of: 2 } })
      expect((await play(work, server)).stats.counts).toMatchObject({ churned: 5, reconnected: 5 })
      turns.push(...connected.slice(2).map(({ clientId, now }) => `${Math.round(now / 100)} ${clientId}`))
    }
    expect(turns.sort()).toEqual(
      ['1 p0', '2 p1', '3 p2', '4 p3', '5 p0', '6 p1', '7 p2', '8 p3', '9 p0', '10 p1'].sort(),
    )
  })

  test('a refused reconnect is counted by Reason Code, and the messages of the client as skipped', async () => {
    const refusal = new ConnectRefused('no', 0x97)
    const { server } = watching((times) => (times === 5 ? refusal : undefined))
    const { stats } = await play(plan({ churn: 2, durationMs: 990 }), server)
    expect(stats.failed).toEqual({ 'CONNACK 0x97 Quota exceeded': 1 })
    expect(stats.counts).toMatchObject({ churned: 1, reconnected: 0, sent: 867, skipped: 123 })
  })

  test('waits at most 10 s for acknowledgements', async () => {
    const { server, left } = watching()
    const silent = { ...server, answer: () => undefined }
    const { stats } = await play(plan({ clients: 1, churn: 1, durationMs: 10_500, rate: 1 }), silent)
    expect(left[0]).toEqual({ clientId: 'p0', now: 11_000 })
    expect(stats.counts).toMatchObject({ offered: 11, sent: 11, acked: 0, unacked: 11, reconnected: 1 })
  })

  test('of idle clients: the latency is measured from the time a reconnect is due', async () => {
    const { server } = watching()
    const { stats } = await play(plan({ mode: 'conn', clients: 3, churn: 100, durationMs: 1005 }), server)
    expect(stats.counts).toMatchObject({ connected: 3, churned: 100, reconnected: 100 })
    expect(stats.latency.count).toBe(103)
  })
})

describe.each(patientBrokers)('against $name', ({ needs, launch }) => {
  peerTest('messages sent during churn arrive once, and in order', needs, async () => {
    const broker = await launch()
    const args = ['pubsub', '-q', '2', '--clients', '4', '--rate', '200', '--count', '300', '--churn', '20']
    const { report, status } = await bench(args, broker.at)
    await broker.stop()
    expect(report).toMatchObject({
      sent: 300,
      acked: 300,
      received: 300,
      lost: 0,
      duplicated: 0,
      reordered: 0,
    })
    expect(report).toMatchObject({ connected: 5, disconnected: 0, disconnects: {}, failed: {} })
    expect(report.reconnected).toBeGreaterThan(0)
    expect(status).toBe(0)
  })

  peerTest('subscribers that reconnect subscribe again', needs, async () => {
    const broker = await launch()
    const args = [
      'sub',
      '-t',
      'churned',
      '--clients',
      '2',
      '--churn',
      '20',
      '--count',
      '2',
      '--duration',
      '15s',
    ]
    const running = bench([...args, '--connect-rate', '100'], broker.at)
    const feed = bench(['pub', '-t', 'churned', '--rate', '50', '--duration', '3s'], broker.at)
    const [{ report, status }] = await Promise.all([running, feed])
    await broker.stop()
    expect(report.received).toBeGreaterThanOrEqual(2)
    expect(report.failed).toEqual({})
    expect(status).toBe(0)
  })
})
