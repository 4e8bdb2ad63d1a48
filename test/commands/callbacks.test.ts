// An error thrown by any callback ends the command with the status of the error (E11).
import type { Packet } from 'mqtt-packet'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { ConnectionEvents } from '../../src/connection/events.js'
import { MqttxError } from '../../src/errors.js'
import { answerTo, bytes } from '../connection/rig.js'
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
  ['bench rr -V 5 --count 5', ['connected', 'suback', 'message']],
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
    // bench counts the client as failed and reports the others.
    expect(outcome.status).toBe(line.startsWith('bench') ? 42 : 24)
  })
})
