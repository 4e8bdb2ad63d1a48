// A Keep Alive of one second with servers that do not answer.
import { expect, test } from 'vitest'
import { scriptedServer } from '../helpers/scripted-server.js'
import { once, sleep } from '../helpers/wait.js'
import { accepting, bytes, connectionTo, failureOf, oblige, publishBytes } from './rig.js'

const second = { keepAlive: 1 }

test('a half-open connection is detected within 1.5 intervals: status 19', async () => {
  const server = await scriptedServer(accepting(() => {}))
  const connection = connectionTo(server, second)
  await connection.connect()
  const before = performance.now()
  const failure = await failureOf(connection.ended())
  const seconds = (performance.now() - before) / 1000

  expect(failure).toMatchObject({ name: 'ConnectionError', exitCode: 19, message: 'Keepalive exceeded' })
  expect(seconds).toBeGreaterThan(1.3)
  expect(seconds).toBeLessThan(10)
  expect(server.received.map(({ cmd }) => cmd)).toEqual(['connect', 'pingreq'])
})

test('while messages wait for the command, PINGREQ is sent and the connection is kept', async () => {
  const server = await scriptedServer({
    packet(packet, socket) {
      oblige(packet, socket)
      if (packet.cmd === 'connect') socket.write(publishBytes(1, 7, 'slow to print'))
    },
  })
  let printed = () => {}
  const printing = new Promise<void>((resolve) => (printed = resolve))
  let messages = 0
  const connection = connectionTo(server, second, {
    message: () => messages++,
    chunkEnd: () => (messages === 1 ? printing : undefined),
  })
  await connection.connect()
  await once(() => server.received.length >= 3)
  expect(connection.up).toBe(true)
  expect(server.received.map(({ cmd }) => cmd).slice(0, 3)).toEqual(['connect', 'pingreq', 'pingreq'])

  printed()
  await expect.poll(() => server.received.at(-1)).toMatchObject({ cmd: 'puback', messageId: 7 })
  await sleep(200)
  expect(connection.up).toBe(true)
})

test('a half-open connection is detected also while messages wait for the command', async () => {
  const server = await scriptedServer(
    accepting((packet, socket) => {
      if (packet.cmd === 'subscribe') socket.write(publishBytes(0, 0, 'slow to print'))
    }),
  )
  const connection = connectionTo(server, second, {
    chunkEnd: () => (stuck ? new Promise(() => {}) : undefined),
  })
  let stuck = false
  await connection.connect()
  stuck = true
  connection.subscribe(['t'], { qos: 0 })
  connection.flush()
  expect(await failureOf(connection.ended())).toMatchObject({ exitCode: 19, message: 'Keepalive exceeded' })
  expect(server.received.map(({ cmd }) => cmd)).toEqual(['connect', 'subscribe', 'pingreq'])
})

test('chunks read while the command is busy are handled afterwards, complete and in order', async () => {
  const server = await scriptedServer(
    accepting((packet, socket) => {
      if (packet.cmd === 'subscribe') socket.write(publishBytes(0, 0, 'first'))
      if (packet.cmd === 'pingreq')
        socket.write(Buffer.concat([publishBytes(0, 0, 'later'), Buffer.of(0xd0, 0)]))
    }),
  )
  let printed = () => {}
  const printing = new Promise<void>((resolve) => (printed = resolve))
  const messages: string[] = []
  const connection = connectionTo(server, second, {
    message: (publish) => messages.push(publish.payload.toString()),
    chunkEnd: () => (messages.length === 1 ? printing : undefined),
  })
  await connection.connect()
  connection.subscribe(['t'], { qos: 0 })
  connection.flush()
  await once(() => server.received.filter(({ cmd }) => cmd === 'pingreq').length >= 2)
  expect(messages).toEqual(['first'])
  printed()
  await expect.poll(() => messages.slice(0, 2)).toEqual(['first', 'later'])
  expect(connection.up).toBe(true)
})

test('MQTT 5: the Server Keep Alive is used, and answers keep the connection [MQTT-3.1.2-21]', async () => {
  const properties = { serverKeepAlive: 1 }
  const accepted = bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties }, 5)
  const server = await scriptedServer({
    packet: (packet, socket) => void socket.write(packet.cmd === 'connect' ? accepted : Buffer.of(0xd0, 0)),
  })
  const connection = connectionTo(server, { version: 5, keepAlive: 600 })
  await connection.connect()
  await once(() => server.received.length >= 3) // with the first PINGREQ unanswered there would be no second
  expect(connection.up).toBe(true)
  expect(server.received.map(({ cmd }) => cmd).slice(0, 3)).toEqual(['connect', 'pingreq', 'pingreq'])
})
