// What went down with a connection at QoS 0, and what did not.
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { scriptedServer } from '../helpers/scripted-server.js'
import { once, sleep } from '../helpers/wait.js'
import { accepting, connectionTo, failureOf, template } from './rig.js'

describe('a connection that is lost', () => {
  test.each([
    ['nothing was published', 1, 0],
    ['a short message at QoS 0 had left', 0, 10],
    ['a long message at QoS 0 had left', 0, 100_000],
    ['a message at QoS 1 was under way', 1, 10],
  ] as const)('counts none as lost when %s', async (_, qos, length) => {
    const sockets: Socket[] = []
    const server = await scriptedServer({
      ...accepting(() => {}),
      accept: (socket) => void sockets.push(socket),
    })
    const connection = connectionTo(server)
    await connection.connect()
    const ended = failureOf(connection.ended())
    if (length > 0) connection.publish(template(qos), Buffer.alloc(length))
    connection.flush()
    await once(() => server.received.length >= (length > 0 ? 2 : 1))
    for (const socket of sockets) socket.destroy()
    await sleep(20)
    connection.flush()
    await ended
    expect(connection.lost).toBe(0)
  })
})
