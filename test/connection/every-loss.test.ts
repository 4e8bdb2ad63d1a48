// A connection lost after any packet of a flow: with a kept Session no message is lost at QoS 1, and none is lost or
// duplicated at QoS 2 (MQTT 5.0, 4.3 and 4.4).
import { describe, expect, test } from 'vitest'
import type { QoS } from '../../src/codec/publish.js'
import { Connection } from '../../src/connection/connection.js'
import { once } from '../helpers/wait.js'
import { keptSession } from './kept-session.js'
import { optionsFor, template } from './rig.js'

const messages = ['a', 'b', 'c']
const handshake = 2 // CONNECT and CONNACK
const again = { cleanStart: false, reconnects: 3 }

/** Publishes the messages to a server that loses the connection after packet `cutAfter`. */
async function publishing(qos: QoS, cutAfter: number) {
  const server = await keptSession(cutAfter)
  const settled: number[] = []
  const connection = new Connection(optionsFor(server.port, again), { settled: (code) => settled.push(code) })
  await connection.connect()
  for (const message of messages) {
    if (!connection.ready) await connection.drain()
    connection.publish(template(qos), Buffer.from(message))
  }
  await connection.idle()
  await connection.close()
  server.stop()
  return { cutAfter, settled, delivered: server.delivered, connections: server.connections }
}

/** Receives the messages from a server that loses the connection after packet `cutAfter`. */
async function receiving(qos: QoS, cutAfter: number) {
  const server = await keptSession(cutAfter, { qos, queued: messages })
  const received: string[] = []
  const connection = new Connection(optionsFor(server.port, again), {
    message: (publish) => received.push(publish.payload.toString()),
  })
  await connection.connect()
  await once(() => server.pending() === 0)
  await connection.close()
  server.stop()
  return { cutAfter, received, connections: server.connections }
}

/** All cases concurrently, as most of their time is the pause before the next attempt. */
function everyLoss<T>(packets: number, flow: (cutAfter: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: packets + 1 }, (_, index) => flow(handshake + index)))
}

const unique = (payloads: readonly string[]) => [...new Set(payloads)]

/** The packets that the client published on a connection, in order. */
const published = (log: readonly string[] = []) => log.filter((words) => words.startsWith('> PUB'))

describe('publishing at QoS 1', async () => {
  const outcomes = await everyLoss(2 * messages.length, (cutAfter) => publishing(1, cutAfter))

  test.each(outcomes)('lost after packet $cutAfter: no message is lost', ({ delivered, settled }) => {
    expect(unique(delivered)).toEqual(messages)
    expect(settled).toEqual([0, 0, 0])
  })

  const lostInFlight = outcomes.filter(({ cutAfter }) => cutAfter > handshake)
  test.each(lostInFlight)('lost after packet $cutAfter: sent again in order, with DUP', ({ connections }) => {
    const [first = [], second = []] = connections
    const acknowledged = first.filter((words) => words.startsWith('< PUBACK')).length
    const resent = published(second)
    const inOrder = ['> PUBLISH 1 DUP', '> PUBLISH 2 DUP', '> PUBLISH 3 DUP']

    expect(connections.length).toBeLessThanOrEqual(2)
    expect(resent).toEqual(inOrder.slice(messages.length - resent.length))
    // The last acknowledgements may have been lost with the connection.
    expect(resent.length).toBeGreaterThanOrEqual(messages.length - acknowledged)
  })
})

describe('publishing at QoS 2', async () => {
  const outcomes = await everyLoss(4 * messages.length, (cutAfter) => publishing(2, cutAfter))

  test.each(outcomes)(
    'lost after packet $cutAfter: no message is lost or duplicated',
    ({ delivered, settled }) => {
      expect(delivered).toEqual(messages)
      expect(settled).toEqual([0, 0, 0])
    },
  )

  test.each(outcomes)('lost after packet $cutAfter: no PUBLISH after PUBREC', ({ connections }) => {
    const released = new Set<string>()
    for (const words of connections.flat()) {
      const [direction, name, messageId = ''] = words.split(' ')
      if (direction === '>' && name === 'PUBREL') released.add(messageId)
      if (direction === '>' && name === 'PUBLISH') expect(released).not.toContain(messageId)
    }
  })
})

describe('receiving at QoS 1', async () => {
  const outcomes = await everyLoss(2 * messages.length, (cutAfter) => receiving(1, cutAfter))
  test.each(outcomes)('lost after packet $cutAfter: no message is lost', ({ received }) => {
    expect(unique(received)).toEqual(messages)
  })
})

describe('receiving at QoS 2', async () => {
  const outcomes = await everyLoss(4 * messages.length, (cutAfter) => receiving(2, cutAfter))
  test.each(outcomes)('lost after packet $cutAfter: no message is lost or duplicated', ({ received }) => {
    expect(received).toEqual(messages)
  })
})
