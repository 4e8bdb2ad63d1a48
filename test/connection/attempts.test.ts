// Secrets are read again for each attempt; the likely cause of repeated losses is shown once.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { IConnectPacket, Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { LikelyCause } from '../../src/connection/likely-cause.js'
import { ConnectionError, type MqttxError } from '../../src/errors.js'
import { run } from '../commands/fake-host.js'
import { scratch } from '../helpers/run.js'
import { connack, type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'
import { listening } from '../transport/rig.js'
import { connectionTo, failureOf, oblige } from './rig.js'

describe('E22: for each attempt', () => {
  const passwords = (server: ScriptedServer) =>
    server.received
      .filter(({ cmd }) => cmd === 'connect')
      .map((packet) => String((packet as IConnectPacket).password))

  /** Closes the first two connections after SUBSCRIBE; calls `between` before each close. */
  function closingTwice(between: (connection: number) => void): Promise<ScriptedServer> {
    let connections = 0
    return scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') connections++
        oblige(packet, socket)
        if (packet.cmd !== 'subscribe' || connections > 2) return
        between(connections)
        socket.end()
      },
    })
  }

  test.each([
    ['--password-file', (file: string) => ['--password-file', file]],
    ['--password-command', (file: string) => ['--password-command', `cat ${file}`]],
  ])('%s is read again; a missing one is retried, with a message', async (option, words) => {
    const file = join(scratch('token'), 'token')
    writeFileSync(file, 'first\n')
    const server = await closingTwice((connection) => {
      if (connection === 1) {
        writeFileSync(`${file}.new`, 'second\n')
        renameSync(`${file}.new`, file)
      } else rmSync(file)
    })
    const outcome = await run(
      ['sub', '-t', 't', '-u', 'me', ...words(file)],
      server,
      async ({ stderr, signal }) => {
        await once(() => stderr.text().includes(`Warning: ${option}: `))
        writeFileSync(file, 'third\n')
        await once(() => passwords(server).length === 3)
        await once(() => server.received.at(-1)?.cmd === 'subscribe')
        signal('SIGTERM')
      },
    )
    expect(outcome.status).toBe(0)
    expect(passwords(server)).toEqual(['first', 'second', 'third'])
  })
})

test.each([
  [503, 2],
  [404, 2],
])('E19: status %i for a WebSocket upgrade is retried on a reconnect', async (status, attempts) => {
  let refused = 0
  let upgrades = 0
  const http = createServer()
  http.on('upgrade', (request, socket) => {
    if (++upgrades > 1) {
      refused++
      return void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)
    }
    acceptor.accept(request, socket, Buffer.alloc(0))
  })
  const { webSocketAcceptor } = await import('../../src/transport/websocket.js')
  const acceptor = webSocketAcceptor((stream) => {
    stream.once('data', () => {
      stream.write(Buffer.of(0x20, 2, 0, 0))
      setTimeout(() => stream.destroy(), 50)
    })
    stream.on('error', () => {})
  })
  const port = await listening(http)
  const endpoint = {
    address: { host: '127.0.0.1', port },
    noDelay: true,
    webSocket: { path: '/mqtt', headers: [] },
  }
  const connection = connectionTo({ port }, { endpoint, reconnects: attempts })
  await connection.connect()
  await expect(connection.ended()).rejects.toMatchObject({
    exitCode: 7,
    message: expect.stringContaining(`reconnecting failed: Unable to connect (the server answered`),
  })
  expect(refused).toBe(attempts)
})

describe('E20: before the first CONNACK', () => {
  type Refuse = (request: IncomingMessage, socket: Duplex) => void
  const status: (code: number) => Refuse = (code) => (_request, socket) =>
    void socket.end(`HTTP/1.1 ${code} No\r\nContent-Length: 0\r\n\r\n`)
  const frame: (code: number, reason: string) => Refuse = (code, reason) => {
    const server = new WebSocketServer({ noServer: true, handleProtocols: () => 'mqtt' })
    return (request, socket) =>
      server.handleUpgrade(request, socket, Buffer.alloc(0), (client) => client.close(code, reason))
  }

  /** Refuses two upgrades, then accepts MQTT over WebSocket. */
  async function refusing(refuse: Refuse) {
    let upgrades = 0
    const { webSocketAcceptor } = await import('../../src/transport/websocket.js')
    const acceptor = webSocketAcceptor((stream) => {
      stream.on('error', () => {})
      stream.once('data', () => stream.write(connack()))
    })
    const http = createServer()
    http.on('upgrade', (request, socket) => {
      if (++upgrades <= 2) refuse(request, socket)
      else acceptor.accept(request, socket, Buffer.alloc(0))
    })
    const port = await listening(http)
    const address = { host: '127.0.0.1', port }
    const endpoint = { address, noDelay: true, webSocket: { path: '/mqtt', headers: [] } }
    return { port, endpoint, upgrades: () => upgrades }
  }

  const passing: [string, Refuse, string][] = [
    ['an upgrade answered with 502', status(502), 'answered the WebSocket upgrade with 502'],
    ['an upgrade answered with 503', status(503), 'answered the WebSocket upgrade with 503'],
    ['a close frame with 1008', frame(1008, 'policy'), 'the server closed the WebSocket: 1008 policy'],
    ['a close frame with 1013', frame(1013, 'later'), 'the server closed the WebSocket: 1013 later'],
    ['a close frame with 1000', frame(1000, ''), 'The connection was lost'],
  ]
  test.each(passing)('%s is retried', async (_name, refuse, text) => {
    const { port, endpoint, upgrades } = await refusing(refuse)
    const told: string[] = []
    const retrying = ({ message, hint }: MqttxError) => told.push(`${message} ${hint}`)
    const connection = connectionTo({ port }, { endpoint, retries: 2 }, { retrying })
    await connection.connect()
    expect([upgrades(), told]).toEqual([3, [expect.stringContaining(text), expect.stringContaining(text)]])
  })

  test.each(passing)('%s is not retried without --retry', async (_name, refuse, text) => {
    const { port, endpoint, upgrades } = await refusing(refuse)
    const error = (await failureOf(connectionTo({ port }, { endpoint }).connect())) as MqttxError
    expect(`${error.message} ${error.hint}`).toContain(text)
    expect(`${error.hint}`).not.toContain('is it a port for WebSocket')
    expect(upgrades()).toBe(1)
  })

  test('an upgrade answered with 404 is not retried', async () => {
    const { port, endpoint, upgrades } = await refusing(status(404))
    const error = await failureOf(connectionTo({ port }, { endpoint, retries: 2 }).connect())
    expect([error, upgrades()]).toMatchObject([{ exitCode: 1 }, 1])
  })
})

describe('E25: the likely cause of a server that keeps closing', () => {
  const lost = new ConnectionError('The connection was lost', {
    exitCode: 7,
    hint: 'the server closed the connection',
  })
  const brief = { requests: 0, publishes: 0, upMs: 100 }

  test.each([
    ['SUBSCRIBE', '', { ...brief, requests: 1 }, 'after each SUBSCRIBE; may this client subscribe there?'],
    ['PUBLISH', '', { ...brief, publishes: 1 }, 'after each PUBLISH; may this client publish there?'],
    ['two clients', 'me', brief, "is another client connected as 'me'? Use another -i"],
  ])('%s: explained once, at the second loss', (_, clientId, circumstances, text) => {
    const cause = new LikelyCause(clientId)
    const hints = [1, 2, 3, 4].map(() => cause.explain(lost, circumstances).hint)
    expect(hints[1]).toContain(text)
    expect(hints.filter((hint) => hint !== lost.hint)).toHaveLength(1)
  })

  test.each([
    ['a different cause each time', 'me', [brief, { ...brief, requests: 1 }, brief]],
    ['long connections', 'me', [brief, { ...brief, upMs: 60_000 }, brief]],
    ['a Client Identifier assigned by the server', '', [brief, brief]],
  ])('%s: not explained', (_, clientId, losses) => {
    const cause = new LikelyCause(clientId)
    for (const loss of losses) expect(cause.explain(lost, loss)).toBe(lost)
  })

  test('sub with a server that closes after SUBSCRIBE', async () => {
    const server = await scriptedServer({
      packet: (packet: Packet, socket) =>
        packet.cmd === 'subscribe' ? void socket.end() : oblige(packet, socket),
    })
    const outcome = await run(['sub', '-t', 't'], server, async ({ signal }) => {
      await once(() => server.connections() === 4)
      signal('SIGTERM')
    })
    expect(outcome.stderr.match(/after each SUBSCRIBE/g)).toHaveLength(1)
  })
})
