// close(): everything is delivered, then DISCONNECT, in bounded time.
import { describe, expect, test } from 'vitest'
import { scriptedServer } from '../helpers/scripted-server.js'
import { accepting, bareServer, bytes, connectionTo, failureOf, messages, oblige, template } from './rig.js'

const kibibyte = 1024

describe('close()', () => {
  test('delivers everything, then DISCONNECT', async () => {
    const server = await scriptedServer({ packet: oblige })
    const connection = connectionTo(server)
    await connection.connect()
    const ended = connection.ended()
    for (let i = 0; i < 5000; i++) connection.publish(template(0), Buffer.from(`message ${i}`.padEnd(200)))
    await connection.close()
    await ended

    const payloads = messages(server).map((packet) =>
      String((packet as { payload: Buffer }).payload).trimEnd(),
    )
    expect(payloads).toEqual(Array.from({ length: 5000 }, (_, i) => `message ${i}`))
    expect(server.received.at(-1)).toMatchObject({ cmd: 'disconnect' })
    expect(connection.up).toBe(false)
  })

  test.each([
    [4, 0, {}],
    [4, 4, {}],
    [5, 0, { reasonCode: 0 }],
    [5, 4, { reasonCode: 4 }],
  ] as const)('version %i, Reason Code %i: DISCONNECT says %j', async (version, reasonCode, said) => {
    const accepted = bytes({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false }, version)
    const server = await scriptedServer({ packet: (_, socket) => void socket.write(accepted) })
    const connection = connectionTo(server, { version })
    await connection.connect()
    await connection.close(reasonCode)
    expect(server.received.at(-1)).toMatchObject({ cmd: 'disconnect', ...said })
  })

  test('waits at most two seconds for a server that does not close', async () => {
    const { port } = await bareServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.of(0x20, 2, 0, 0))
        socket.resume()
      })
    }, true)
    const connection = connectionTo({ port })
    await connection.connect()
    const before = performance.now()
    await connection.close()
    const seconds = (performance.now() - before) / 1000
    expect(seconds).toBeGreaterThan(1.9)
    expect(seconds).toBeLessThan(10)
  })

  test('succeeds if the server resets the connection after everything was taken', async () => {
    const server = await scriptedServer(accepting((_, socket) => void socket.resetAndDestroy()))
    const connection = connectionTo(server)
    await connection.connect()
    await connection.close()
  })

  test('fails if the server did not take everything', async () => {
    const { port } = await bareServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.of(0x20, 2, 0, 0))
        socket.pause()
        setTimeout(() => socket.resetAndDestroy(), 100)
      })
    })
    const connection = connectionTo({ port })
    await connection.connect()
    const payload = Buffer.alloc(kibibyte * kibibyte)
    for (let i = 0; i < 16; i++) connection.publish(template(0), payload)
    expect(await failureOf(connection.close())).toMatchObject({
      exitCode: 7,
      hint: 'the server closed before it had read everything',
    })
  })

  test('is immediate if not connected', async () => {
    const server = await scriptedServer({ packet: oblige })
    await connectionTo(server).close()
    const connection = connectionTo(server)
    await connection.connect()
    connection.destroy()
    await connection.close()
    await connection.ended()
  })
})
