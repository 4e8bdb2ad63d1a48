import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { delayMs, isTransient, retry } from '../../src/connection/reconnect.js'
import { ConnectionError, ConnectRefused, MqttxError, ProtocolError, UsageError } from '../../src/errors.js'
import { connack, scriptedServer } from '../helpers/scripted-server.js'
import { accepting, connectionTo, failureOf, oblige, template } from './rig.js'

describe('the pause before an attempt', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  test('doubles from 250 ms to 30 s', () => {
    const pauses = Array.from({ length: 10 }, (_, index) => delayMs(index + 1, 0.5))
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  test('varies by at most 20%', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), random, (attempt, chance) => {
        const middle = delayMs(attempt, 0.5)
        const delay = delayMs(attempt, chance)
        expect(delay).toBeGreaterThanOrEqual(Math.round(middle * 0.8))
        expect(delay).toBeLessThanOrEqual(Math.round(middle * 1.2))
        expect(delay).toBeLessThanOrEqual(36_000)
      }),
    )
  })

  test('grows with the random number, so that clients spread', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), random, random, (attempt, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)]
        expect(delayMs(attempt, low)).toBeLessThanOrEqual(delayMs(attempt, high))
      }),
    )
  })
})

test.each<[Error, boolean]>([
  [new ConnectionError('ECONNREFUSED'), true],
  [new ConnectionError('lost', { exitCode: 7 }), true],
  [new ConnectRefused('unavailable', 3), true],
  [new ConnectRefused('Server unavailable', 0x88), true],
  [new ConnectRefused('Server busy', 0x89), true],
  [new ConnectRefused('Quota exceeded', 0x97), true],
  [new ConnectRefused('Connection rate exceeded', 0x9f), true],
  [new ConnectRefused('not authorised', 5), false],
  [new ConnectRefused('Not authorized', 0x87), false],
  [new ConnectRefused('identifier rejected', 2), false],
  [new ProtocolError('garbage', 0x81), false],
  [new MqttxError('QoS 2 cannot be resumed', { exitCode: 7 }), false],
  [new UsageError('wrong'), false],
  [new Error('a defect'), false],
])('%s: retryable: %s', (error, passing) => {
  expect(isTransient(error, false)).toBe(passing)
  expect(isTransient(error, true)).toBe(passing)
})

describe.concurrent('attempts', () => {
  const lost = new ConnectionError('lost', { exitCode: 7 })

  /** Makes attempts that fail with each of `failures`, then succeed. */
  async function attempting(
    failures: (Error | undefined)[],
    { retries, failed = 0, lost: first }: { retries: number; failed?: number; lost?: MqttxError },
  ) {
    let made = 0
    const told: string[] = []
    const attempt = async () => {
      const failure = failures[made++]
      if (failure !== undefined) throw failure
    }
    const retrying = (error: Error) => void told.push(error.message)
    const signal = new AbortController().signal
    const failure = await retry(attempt, { retries, failed, signal, retrying }, first).catch(
      (error: Error) => error,
    )
    return { made, told, failure }
  }

  test('that succeed at once are not reported', async () => {
    expect(await attempting([], { retries: 0 })).toEqual({ made: 1, told: [], failure: undefined })
  })

  test('after a loss begin with a pause', async () => {
    expect(await attempting([], { retries: 1, lost })).toEqual({
      made: 1,
      told: ['lost'],
      failure: undefined,
    })
  })

  test('end with the last failure', async () => {
    const other = new ConnectionError('other')
    expect(await attempting([lost, other], { retries: 1 })).toEqual({
      made: 2,
      told: ['lost'],
      failure: other,
    })
    expect(await attempting([lost], { retries: 0 })).toEqual({ made: 1, told: [], failure: lost })
  })

  test('include earlier failed attempts', async () => {
    expect(await attempting([], { retries: 3, failed: 3, lost })).toEqual({
      made: 0,
      told: [],
      failure: lost,
    })
  })

  test('end at a failure that is not retryable', async () => {
    const refused = new ConnectRefused('no', 5)
    expect(await attempting([lost, refused, lost], { retries: 9 })).toEqual({
      made: 2,
      told: ['lost'],
      failure: refused,
    })
  })

  test('end at once when aborted during a pause', async () => {
    const abort = new AbortController()
    // The pause is longer than six seconds.
    const attempts = { retries: 9, failed: 5, signal: abort.signal, retrying: () => abort.abort() }
    const before = performance.now()
    await expect(retry(() => Promise.reject(lost), attempts)).rejects.toThrow()
    expect(performance.now() - before).toBeLessThan(5000)
  })
})

describe('a connection that is lost', () => {
  test('with no attempts left ends with status 7', async () => {
    const server = await scriptedServer(accepting((_, socket) => socket.destroy()))
    const connection = connectionTo(server)
    await connection.connect()
    const ended = failureOf(connection.ended())
    connection.publish(template(1), Buffer.from('a'))
    const idle = failureOf(connection.idle())
    expect(await ended).toMatchObject({
      name: 'ConnectionError',
      exitCode: 7,
      message: 'The connection was lost',
    })
    expect(await idle).toBe(await ended)
    expect(await failureOf(connection.drain())).toBe(await ended)
    expect(connection.inFlight).toBe(1)
  })

  test('fails after `reconnects` attempts with the last failure', async () => {
    let open = true
    const told: string[] = []
    const server = await scriptedServer({
      accept: (socket) => open || socket.end(),
      ...accepting((_, socket) => socket.destroy()),
    })
    const connection = connectionTo(
      server,
      { reconnects: 2 },
      { retrying: (error) => told.push(error.message) },
    )
    await connection.connect()
    open = false
    connection.publish(template(1), Buffer.from('a'))
    const failure = await failureOf(connection.idle())
    expect(failure).toMatchObject({ exitCode: 7 })
    expect(told).toHaveLength(2)
    expect(server.connections()).toBe(3)
  })

  test('fails at once when the server refuses the next one', async () => {
    let code = 0
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(connack(code))
        else socket.destroy()
        code = 5
      },
    })
    const connection = connectionTo(server, { reconnects: 9 })
    await connection.connect()
    connection.publish(template(1), Buffer.from('a'))
    expect(await failureOf(connection.idle())).toMatchObject({ exitCode: 5 })
    expect(server.connections()).toBe(2)
  })

  test('with QoS 2 in flight and a new Session at the server ends with status 7', async () => {
    const server = await scriptedServer(accepting((_, socket) => socket.destroy()))
    const connection = connectionTo(server, { reconnects: 9 })
    await connection.connect()
    connection.publish(template(2), Buffer.from('a'))
    expect(await failureOf(connection.idle())).toMatchObject({
      exitCode: 7,
      hint: expect.stringContaining('has lost the Session'),
    })
    expect(server.connections()).toBe(2)
  })

  test('with QoS 1 in flight and a new Session at the server sends them again', async () => {
    let lose = true
    const server = await scriptedServer(
      accepting((packet, socket) => {
        if (lose) socket.destroy()
        else oblige(packet, socket)
        lose = false
      }),
    )
    const connection = connectionTo(server, { reconnects: 1 })
    await connection.connect()
    for (const payload of ['a', 'b']) connection.publish(template(1), Buffer.from(payload))
    await connection.idle()
    const resent = server.received.slice(-2)
    expect(resent).toMatchObject([
      { cmd: 'publish', messageId: 1, dup: true, payload: Buffer.from('a') },
      { cmd: 'publish', messageId: 2, dup: true, payload: Buffer.from('b') },
    ])
  })

  /** A server that accepts `useful` messages on each connection and drops it at the next message. */
  function dropping(useful: number) {
    let left = 0
    return scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') left = useful
        if (packet.cmd === 'connect' || left-- > 0) oblige(packet, socket)
        else socket.destroy()
      },
    })
  }

  test('starts counting attempts again after a delivery', async () => {
    const server = await dropping(1)
    const connected: boolean[] = []
    const connection = connectionTo(
      server,
      { reconnects: 1 },
      { connected: (present) => connected.push(present) },
    )
    await connection.connect()
    for (const payload of ['a', 'b', 'c']) connection.publish(template(1), Buffer.from(payload))
    await connection.idle()
    expect(connected).toEqual([false, false, false])
  })

  test('goes on counting if each connection is dropped at the same message', async () => {
    const server = await dropping(0)
    const connection = connectionTo(server, { reconnects: 2 })
    await connection.connect()
    connection.publish(template(1), Buffer.from('too large for this server'))
    expect(await failureOf(connection.idle())).toMatchObject({ exitCode: 7 })
    expect(server.connections()).toBe(3)
  })

  test('does not connect again after close()', async () => {
    const server = await scriptedServer(accepting((_, socket) => socket.destroy()))
    const connection = connectionTo(server, { reconnects: 9 }, { retrying: () => void connection.close() })
    await connection.connect()
    const ended = connection.ended()
    connection.publish(template(1), Buffer.from('a'))
    connection.flush()
    await ended
    expect(server.connections()).toBe(1)
  })
})
