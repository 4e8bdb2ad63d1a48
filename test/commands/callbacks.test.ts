// An error thrown by any callback ends the command with the status of the error (E11).
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import type { Packet } from 'mqtt-packet'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { ConnectionEvents } from '../../src/connection/events.js'
import { MqttxError } from '../../src/errors.js'
import { answerTo, bytes } from '../connection/rig.js'
import { scratch } from '../helpers/run.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { run } from './fake-host.js'

const faulty = vi.hoisted(() => ({ event: '', calls: 0, error: undefined as Error | undefined }))

vi.mock('../../src/connection/connection.js', async (original) => {
  const { Connection } = await original<typeof import('../../src/connection/connection.js')>()
  /** The callback named by `faulty` runs, then throws. */
  class Faulty extends Connection {
    constructor(...[options, events, trace]: ConstructorParameters<typeof Connection>) {
      const name = faulty.event as keyof ConnectionEvents
      const work = events[name] as ((...args: unknown[]) => unknown) | undefined
      const broken = (...args: unknown[]) => {
        work?.apply(events, args)
        faulty.calls++
        throw faulty.error
      }
      super(options, { ...bound(events), ...(name in events && { [name]: broken }) }, trace)
    }
  }
  return { Connection: Faulty }
})

/** Covers callbacks that are prototype methods. */
function bound(events: ConnectionEvents): ConnectionEvents {
  const names = [
    'message',
    'chunkEnd',
    'connected',
    'settled',
    'suback',
    'unsuback',
    'remark',
    'retrying',
  ] as const
  return Object.fromEntries(
    names.flatMap((name) => (events[name] === undefined ? [] : [[name, events[name].bind(events)]])),
  )
}

beforeEach(() => {
  faulty.calls = 0
  faulty.error = new MqttxError('thrown by a callback', { exitCode: 24 })
})

const commands: readonly [line: string, events: readonly string[], stdin?: string][] = [
  ['pub -t t -m x -q 1', ['settled']],
  ['pub -t t -l -q 1', ['settled'], 'a\nb\n'],
  ['sub -t t -q 1 -W 20', ['connected', 'suback', 'message', 'chunkEnd']],
  ['rr -t t -e answers -m x -V 5 -W 20', ['connected', 'suback', 'message']],
  ['rr -t t -e answers -l -V 5 -W 20', ['connected', 'suback', 'message'], 'a\nb\n'],
  ['rr --serve --echo -t t -V 5', ['connected', 'suback', 'message']],
  ['bench pub -q 1 --count 5', ['connected', 'settled']],
  ['bench sub -q 1 -t t --count 5', ['connected', 'suback', 'message']],
  ['bench pubsub -q 1 --count 5', ['connected', 'suback', 'settled', 'message']],
  ['bench rr -V 5 --count 5', ['connected', 'suback', 'message', 'chunkEnd']],
  ['bench conn --clients 2 --duration 1s', ['connected']],
  ['bench conn --clients 2 --duration 1s --churn 10', ['connected']],
]

/** The connections are in worker threads, where the mock of this file has no effect. */
const threaded: readonly [line: string, events: readonly string[]][] = [
  ['bench pub -q 1 --count 6 --clients 2 --workers 2', ['connected', 'settled']],
  ['bench sub -q 1 -t t --count 6 --clients 2 --workers 2', ['connected', 'suback', 'message']],
  ['bench pubsub -q 1 --count 6 --clients 2 --workers 2', ['connected', 'suback', 'settled', 'message']],
  ['bench rr -V 5 --count 6 --clients 2 --workers 2', ['connected', 'suback', 'message', 'chunkEnd']],
  ['bench conn --clients 2 --duration 1s --workers 2', ['connected']],
]

/** Echoes each message to its sender, and sends one per subscription. */
function server(version: 4 | 5) {
  return scriptedServer({
    packet(packet, socket) {
      const answer = answerTo(packet)
      const reasonCode = 0
      if (answer !== undefined) socket.write(bytes({ reasonCode, ...answer } as Packet, version))
      if (packet.cmd === 'publish') {
        const topic = packet.properties?.responseTopic ?? packet.topic
        socket.write(bytes({ ...packet, topic, qos: 0, messageId: 0 } as Packet, version))
      }
      if (packet.cmd !== 'subscribe') return
      const properties = { responseTopic: 'answers', correlationData: Buffer.from('1') }
      const request = { cmd: 'publish', topic: 't', payload: 'x', qos: 0, retain: false, dup: false } as const
      socket.write(bytes({ ...request, ...(version === 5 && { properties }) }, version))
    },
  })
}

describe.each(commands)('E11: mqttx %s', (line, events, stdin) => {
  test.each(events)('%s', async (event) => {
    faulty.event = event
    const outcome = await run(
      line.split(' '),
      await server(line.includes('-V 5') ? 5 : 4),
      (fake) => void fake.stdin.end(stdin),
    )
    expect(faulty.calls, `${event} was never called: ${outcome.stderr}`).toBeGreaterThan(0)
    expect(outcome.stderr + outcome.stdout).toContain('thrown by a callback')
    expect(outcome.stdout).not.toContain('not answered') // an ended connection is not waited for
    // bench counts the client as failed and reports the others.
    expect(outcome.status).toBe(line.startsWith('bench') ? 42 : 24)
  })
})

const workers = new Map<string, Promise<string>>()

/** The file of a worker whose callback `event` throws; built once. */
function faultyWorker(event: string): Promise<string> {
  const file = workers.get(event) ?? buildFaultyWorker(event)
  workers.set(event, file)
  return file
}

/** worker.ts, bundled with a Connection whose callback `event` throws. */
async function buildFaultyWorker(event: string): Promise<string> {
  const root = resolve(import.meta.dirname, '../../src')
  const contents = `
    import { Connection as Working } from './connection/connection.ts'
    import { MqttxError } from './errors.ts'
    export class Connection extends Working {
      constructor(options, events, trace) {
        const broken = (...args) => {
          events[${JSON.stringify(event)}].apply(events, args)
          throw new MqttxError('thrown by a callback', { exitCode: 24 })
        }
        super(options, ${JSON.stringify(event)} in events ? { ...events, [${JSON.stringify(event)}]: broken } : events, trace)
      }
    }`
  const outfile = join(scratch('worker'), 'worker.cjs')
  await build({
    ...{ entryPoints: [`${root}/commands/bench/worker.ts`], outfile },
    ...{ bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' },
    define: { MQTTX_VERSION: '"0"' },
    plugins: [
      {
        name: 'faulty connection',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /connection\/connection\.js$/ }, ({ importer }) =>
            importer.endsWith('dialer.ts') ? { path: 'faulty', namespace: 'faulty' } : undefined,
          )
          onLoad({ filter: /^faulty$/, namespace: 'faulty' }, () => ({ contents, resolveDir: root }))
        },
      },
    ],
  })
  return outfile
}

describe.each(threaded)('E11: mqttx %s', (line, events) => {
  test.each(events)('%s', async (event) => {
    faulty.event = ''
    vi.stubGlobal('MQTTX_BENCH_WORKER', await faultyWorker(event))
    const outcome = await run(line.split(' '), await server(line.includes('-V 5') ? 5 : 4))
    expect(outcome.stderr + outcome.stdout).toContain('thrown by a callback')
    expect(outcome.stdout).not.toContain('not answered')
    expect(outcome.status).toBe(42)
  })
})
