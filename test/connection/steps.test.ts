// The steps of an attempt to connect: which are taken, and which has failed.
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { StepLog, stalledHint } from '../../src/connection/step-log.js'
import { withResolvers } from '../../src/io/promises.js'
import { createContext } from '../../src/transport/tls-context.js'
import { makeCertificates } from '../helpers/certificates.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { socksProxy } from '../helpers/socks-proxy.js'
import { listening } from '../transport/rig.js'
import { accepting, connectionTo, failureOf, oblige, optionsFor } from './rig.js'

let now = 0
const clock = () => now++
const names = (log: StepLog) => log.attempts.at(-1)!.map(({ name }) => name)

const observedBy = (log: StepLog, port: number, more = {}) => ({
  endpoint: { ...optionsFor(port).endpoint, ...more, steps: log },
})

describe('steps that succeed', () => {
  test('TCP, CONNACK, session and SUBACK, each with its target, times and result', async () => {
    const server = await scriptedServer({ packet: oblige })
    const log = new StepLog(clock)
    const subscribed = withResolvers<void>()
    const connection = connectionTo(server, observedBy(log, server.port), {
      connected: () => void connection.subscribe(['a/#', 'b'], { qos: 1 }),
      suback: () => subscribed.resolve(),
    })
    await connection.connect()
    await subscribed.promise
    await connection.close()
    expect(log.attempts).toHaveLength(1)
    expect(log.attempts[0]!.map(({ name, target, detail }) => [name, target, detail])).toEqual([
      ['TCP', `127.0.0.1:${server.port}`, ''],
      ['CONNACK', '', ''],
      ['session', '', 'closed'],
      ['SUBACK', 'a/#, b', 'QoS 1, QoS 1'],
    ])
    for (const { begin, end } of log.attempts[0]!) expect(end).toBeGreaterThan(begin)
    expect(log.failed).toBeUndefined()
  })

  test('DNS with the addresses; localhost is dialled before it is looked up', async () => {
    const server = await scriptedServer({ packet: oblige })
    const log = new StepLog(clock)
    const host = 'localhost'
    const address = { host, port: server.port, localAddress: '127.0.0.1' }
    await connectionTo(server, observedBy(log, server.port, { address })).connect()
    const [dns] = log.attempts[0]!
    expect(dns).toMatchObject({ name: 'DNS', target: host, detail: expect.stringContaining('127.0.0.1') })
    const local = new StepLog(clock)
    const named = { host: 'localhost', port: server.port }
    await connectionTo(server, observedBy(local, server.port, { address: named })).connect()
    expect(names(local)).toEqual(['TCP', 'CONNACK', 'session'])
  })

  test('a proxy, and TLS with version, cipher and certificate', async () => {
    const certificates = makeCertificates()
    const { cert, key } = certificates.server
    const pair = { cert: readFileSync(cert), key: readFileSync(key) }
    const server = await scriptedServer({ packet: oblige })
    const port = await listening(
      createTlsServer(pair, (socket) => {
        socket.once('data', () => socket.write(Buffer.of(0x20, 2, 0, 0)))
      }),
    )
    const proxy = await socksProxy({})
    const log = new StepLog(clock)
    const tls = {
      context: createContext({ trusted: [readFileSync(certificates.ca.cert, 'latin1')], psk: false }),
      checkHost: true,
      trusted: '--cafile',
      hasCertificate: false,
    }
    const way = { tls, proxy: { scheme: 'socks5h', host: '127.0.0.1', port: proxy.port } }
    await connectionTo(server, observedBy(log, port, way)).connect()
    expect(names(log)).toEqual(['TCP', 'proxy', 'TLS', 'CONNACK', 'session'])
    expect(log.attempts[0]![1]).toMatchObject({ target: `127.0.0.1:${port}` })
    expect(log.attempts[0]![2]!.detail).toMatch(
      /^TLSv1\.3, TLS_\w+, certificate 'server' issued by 'Test CA', valid for \d{4,} days$/,
    )
  })
})

describe('attempts', () => {
  test('each has its own steps; the last ones are kept', async () => {
    let connections = 0
    const server = await scriptedServer({
      accept: (socket) => void (++connections < 3 && socket.destroy()),
      packet: oblige,
    })
    const log = new StepLog(clock)
    await connectionTo(server, { ...observedBy(log, server.port), retries: 5 }).connect()
    expect(log.attempts.map((steps) => steps.length)).toEqual([2, 2, 3])
    expect(log.attempts.map((steps) => steps[1]!.error !== undefined)).toEqual([true, true, false])
    for (let i = 0; i < 100; i++) log.attempt()
    expect([log.count, log.attempts.length]).toEqual([103, 20])
  })

  test('a lost connection ends the session; with a single attempt its likely cause is given', async () => {
    const server = await scriptedServer(accepting((_packet, socket) => void socket.destroy()))
    const log = new StepLog(clock)
    const connection = connectionTo(server, observedBy(log, server.port), {
      connected: () => void connection.subscribe(['secret'], { qos: 0 }),
    })
    await connection.connect()
    const error = await failureOf(connection.ended())
    expect(log.failed).toMatchObject({ name: 'SUBACK', target: 'secret', error })
    expect(error).toMatchObject({ hint: expect.stringContaining('this happened after SUBSCRIBE; may this') })
  })

  test('a step that runs when the connection is aborted is the one that failed', async () => {
    const server = await scriptedServer({})
    const log = new StepLog(clock)
    const connection = connectionTo(server, observedBy(log, server.port))
    const failed = failureOf(connection.connect())
    await expect.poll(() => server.received.length).toBe(1)
    connection.abort(new Error('time is up'))
    await failed
    expect(log.failed?.name).toBe('CONNACK')
    expect(stalledHint('CONNACK')).toContain('is this an MQTT port?')
  })
})
