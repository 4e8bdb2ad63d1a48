// An error thrown by an event callback ends the connection. It never becomes an uncaught exception.
import { describe, expect, test } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import type { ConnectionEvents } from '../../src/connection/events.js'
import { ConnectionError, MqttxError, ProtocolError } from '../../src/errors.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { connectionTo, failureOf, oblige, publishBytes, template } from './rig.js'

type Event = keyof ConnectionEvents

/** A callback that throws `error`, and the event that provokes it once connected. */
const cases: readonly [name: string, events: (error: Error) => ConnectionEvents, provoke: Event | 'none'][] =
  [
    ['message', (error) => ({ message: fail(error) }), 'message'],
    ['settled', (error) => ({ settled: fail(error) }), 'settled'],
    ['suback', (error) => ({ suback: fail(error) }), 'suback'],
    ['unsuback', (error) => ({ unsuback: fail(error) }), 'unsuback'],
    ['chunkEnd', (error) => ({ chunkEnd: fail(error) }), 'message'],
    ['the promise of chunkEnd', (error) => ({ chunkEnd: () => Promise.reject(error) }), 'message'],
    ['connected', (error) => ({ connected: fail(error) }), 'none'],
    ['connected after a loss', (error) => ({ connected: failSecond(error) }), 'retrying'],
    ['retrying', (error) => ({ retrying: fail(error) }), 'retrying'],
  ]

const errors: readonly [string, Error][] = [
  ['MqttxError', new MqttxError('refused here', { exitCode: 24 })],
  ['ConnectionError', new ConnectionError('not retried', { exitCode: 7 })],
  ['ProtocolError', new ProtocolError('a name that is too long', 0x90)],
  ['TypeError', new TypeError('a defect')],
]

function fail(error: Error): () => never {
  return () => {
    throw error
  }
}

function failSecond(error: Error): () => void {
  let calls = 0
  return () => {
    if (++calls === 2) throw error
  }
}

const provocations: Partial<Record<Event | 'none', (connection: Connection) => void>> = {
  message: (connection) => connection.subscribe(['t'], { qos: 1 }),
  suback: (connection) => connection.subscribe(['t'], { qos: 1 }),
  unsuback: (connection) => connection.unsubscribe(['t']),
  settled: (connection) => connection.publish(template(1), Buffer.from('x')),
  retrying: (connection) => connection.publish(template(0), Buffer.from('close')),
}

describe.each(errors)('E2 E3: %s thrown by', (_, error) => {
  test.each(cases)('%s ends the connection with it', async (_name, events, provoke) => {
    const server = await scriptedServer({
      packet(packet, socket) {
        oblige(packet, socket)
        if (packet.cmd === 'subscribe') socket.write(publishBytes(1, 7, 'hello'))
        if (packet.cmd === 'publish' && packet.qos === 0) socket.end()
      },
    })
    const connection = connectionTo(server, { reconnects: 5 }, events(error))
    const connected = connection.connect()
    if (provoke === 'none') expect(await failureOf(connected)).toBe(error)
    await connected.catch(() => {})
    provocations[provoke]?.(connection)
    connection.flush()
    expect(await failureOf(connection.ended())).toBe(error)
    expect(await failureOf(connection.idle())).toBe(error)
    expect(connection.up).toBe(false)
    expect(server.connections()).toBe(_name === 'connected after a loss' ? 2 : 1)
  })
})

describe('E9: all calls of ended() settle', () => {
  test('after an error', async () => {
    const server = await scriptedServer({ packet: oblige })
    const connection = connectionTo(server)
    await connection.connect()
    const waiting = [connection.ended(), connection.ended(), connection.ended()].map(failureOf)
    const error = new MqttxError('over')
    connection.abort(error)
    expect(await Promise.all(waiting)).toEqual([error, error, error])
  })

  test('after close()', async () => {
    const server = await scriptedServer({ packet: oblige })
    const connection = connectionTo(server)
    await connection.connect()
    const waiting = [connection.ended(), connection.ended()]
    await connection.close()
    await Promise.all(waiting)
  })
})
