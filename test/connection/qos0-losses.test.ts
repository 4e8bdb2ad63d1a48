// Which messages count as lost with a network connection.
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { scriptedServer } from '../helpers/scripted-server.js'
import { once, sleep } from '../helpers/wait.js'
import { accepting, connectionTo, failureOf, messages, oblige, template } from './rig.js'

/** A connection to a server that answers nothing but CONNECT; `cut` closes it from the server's side. */
async function connected() {
  const sockets: Socket[] = []
  const server = await scriptedServer({
    ...accepting(() => {}),
    accept: (socket) => void sockets.push(socket),
  })
  const connection = connectionTo(server)
  await connection.connect()
  const ended = failureOf(connection.ended())
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return { server, connection, ended, cut }
}

describe('a connection that is lost', () => {
  test.each([
    ['nothing was published', 1, 0],
    ['a short message at QoS 0 was sent', 0, 10],
    ['a long message at QoS 0 was sent', 0, 100_000],
    ['a message at QoS 1 is in flight', 1, 10],
  ] as const)('counts no message as lost when %s', async (_, qos, length) => {
    const { server, connection, ended, cut } = await connected()
    if (length > 0) connection.publish(template(qos), Buffer.alloc(length))
    connection.flush()
    await once(() => server.received.length >= (length > 0 ? 2 : 1))
    cut()
    await sleep(20)
    connection.flush()
    await ended
    expect(connection.lost).toBe(0)
  })
})

test.each([
  [0, 1],
  [1, 0],
] as const)('a message at QoS %i that was not written counts as lost: %i', async (qos, lost) => {
  const { connection, ended, cut } = await connected()
  connection.publish(template(qos), Buffer.from('x'))
  cut()
  await ended
  expect(connection.lost).toBe(lost)
})

test('a message published between two connections: QoS 0 counts as lost, QoS 1 is sent on the next', async () => {
  let first = true
  const server = await scriptedServer({
    packet(packet, socket) {
      oblige(packet, socket)
      if (packet.cmd === 'connect' && first) setTimeout(() => socket.destroy(), 20)
      first = false
    },
  })
  const retrying = () => {
    connection.publish(template(0), Buffer.from('zero'))
    connection.publish(template(1), Buffer.from('one'))
  }
  const connection = connectionTo(server, { reconnects: 1 }, { retrying })
  await connection.connect()
  await once(() => connection.lost > 0)
  await connection.idle()
  expect(connection.lost).toBe(1)
  expect(messages(server)).toMatchObject([{ qos: 1, payload: Buffer.from('one') }])
})
