// Servers that stop reading: timeouts and keep alive work in every networked command, also during its shutdown.
import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bareServer, bytes } from '../connection/rig.js'
import { choose, oneOfEvery } from '../helpers/amount.js'
import { scratch } from '../helpers/run.js'
import { once } from '../helpers/wait.js'
import { type FakeHost, type Outcome, run } from './fake-host.js'

const megabyte = 1024 * 1024

const file = join(scratch('large'), 'payload')
writeFileSync(file, Buffer.alloc(20 * megabyte, 'x'))

const recording = join(scratch('recording'), 'lines')
const message = JSON.stringify({ topic: 't', qos: 0, retain: true, payload: 'x'.repeat(megabyte) })
writeFileSync(recording, `${message}\n`.repeat(20))

const connack = (keepAlive: number) =>
  bytes(
    { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { serverKeepAlive: keepAlive } },
    5,
  )
const suback = (messageId: number) => bytes({ cmd: 'suback', messageId, granted: [0] }, 5)

interface Stuck {
  readonly at: readonly string[]
  /** True after the server has stopped reading. */
  stopped(): boolean
}

/** A MQTT 5 server that accepts, answers an expected SUBSCRIBE, then stops reading. */
async function stuckServer(
  { subscribes = false, keepAlive = 60 }: { subscribes?: boolean; keepAlive?: number },
  then: (socket: Socket) => void = () => {},
): Promise<Stuck> {
  let stopped = false
  const { port } = await bareServer((socket) => {
    const stop = () => {
      socket.pause()
      stopped = true
      then(socket)
    }
    socket.once('data', () => {
      socket.write(connack(keepAlive))
      if (!subscribes) return stop()
      socket.once('data', () => {
        socket.write(suback(1))
        stop()
      })
    })
  })
  return { at: ['-h', '127.0.0.1', '-p', String(port), '-V', 'mqttv5'], stopped: () => stopped }
}

/** Writes PUBREL for unknown Packet Identifiers as long as possible; each requires an answer. */
function flood(packet: Buffer): (socket: Socket) => void {
  const piece = Buffer.concat(Array(16_384).fill(packet))
  return (socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    }
    socket.on('drain', more)
    more()
  }
}

/** Runs a command against a stuck server and measures its time in seconds. */
async function timed(
  words: readonly string[],
  server: Stuck,
  meanwhile?: (fake: FakeHost) => void | Promise<void>,
): Promise<Outcome & { seconds: number }> {
  const before = performance.now()
  const outcome = await run(words, server, meanwhile)
  return { ...outcome, seconds: (performance.now() - before) / 1000 }
}

/** Lines of 1 MB. */
const feed = ({ stdin }: FakeHost): void =>
  void stdin.end(Buffer.from(`${'x'.repeat(megabyte)}\n`.repeat(20)))

const writers: readonly [string, readonly string[], boolean, ((fake: FakeHost) => void)?][] = [
  ['pub', ['pub', '-t', 't', '-f', file], false],
  ['pub at QoS 1', ['pub', '-t', 't', '-f', file, '-q', '1'], false],
  ['pub -l', ['pub', '-t', 't', '-l'], false, feed],
  ['pub -l at QoS 1', ['pub', '-t', 't', '-l', '-q', '1'], false, feed],
  ['replay', ['replay', '--speed', 'max', recording], false],
  ['retained restore', ['retained', 'restore', recording], false],
  ['rr', ['rr', '-t', 't', '-e', 'r', '-f', file], true],
  ['rr -l', ['rr', '-t', 't', '-e', 'r', '-l'], true, feed],
]

describe.each(oneOfEvery(2, writers))(
  'E6: %s at a server that stops reading',
  (name, words, subscribes, meanwhile) => {
    test('ends within --timeout: status 27', async () => {
      const server = await stuckServer({ subscribes })
      const outcome = await timed([...words, '--timeout', '1'], server, meanwhile)
      expect(outcome.status).toBe(27)
      expect(outcome.seconds).toBeLessThan(15)
    })

    test('ends after at most 1.5 keep alive intervals: status 19', async () => {
      const server = await stuckServer({ subscribes, keepAlive: 1 })
      const once = name.startsWith('rr') ? [] : ['--no-reconnect']
      const outcome = await timed([...words, ...once], server, meanwhile)
      expect(outcome).toMatchObject({ status: 19, stderr: expect.stringContaining('Keepalive exceeded') })
      expect(outcome.seconds).toBeLessThan(15)
    })
  },
)

const pubrel = Buffer.of(0x62, 2, 0, 9)
/** The last is the status after -W. */
const readers: readonly [string, readonly string[], number][] = [
  ['sub', ['sub', '-t', 't', '-q', '2'], 27],
  ['rr', ['rr', '-t', 't', '-e', 'r', '-m', 'x'], 27],
  ['sub --exec', ['sub', '-t', 't', '-q', '2', '--exec', 'cat'], 27],
  ['top', ['top', '-q', '2'], 0],
  ['retained ls', ['retained', 'ls', 't'], 27],
]

describe.each(choose(readers, 0))(
  'H20: %s at a server that never reads the answers it requires',
  (name, words, status) => {
    test('-W works, in bounded memory', async () => {
      const server = await stuckServer({ subscribes: true }, flood(pubrel))
      const before = process.memoryUsage().rss
      let most = 0
      const look = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50)
      const outcome = await timed([...words, '-W', '2'], server, ({ stdin }) => void stdin.end())
      clearInterval(look)
      expect(outcome.status).toBe(status)
      expect(outcome.seconds).toBeLessThan(15)
      expect((most - before) / megabyte).toBeLessThan(150)
    })

    test('keep alive works: status 19', async () => {
      const server = await stuckServer({ subscribes: true, keepAlive: 1 }, flood(pubrel))
      const outcome = await timed(name !== 'rr' ? [...words, '--no-reconnect'] : words, server)
      expect(outcome.status).toBe(19)
      expect(outcome.seconds).toBeLessThan(15)
    })
  },
)

describe('a second signal ends at once:', () => {
  test.each([
    ['sub', ['sub', '-t', 't', '-q', '2'], true, 130],
    ['top', ['top', '-q', '2'], true, 130],
    ['retained ls', ['retained', 'ls', 't'], true, 130],
    ['sub --exec', ['sub', '-t', 't', '-q', '2', '--exec', 'cat'], true, 130],
    ['rr --serve', ['rr', '-t', 't', '--serve', '--echo'], true, 0],
  ] as const)('%s', async (_, words, subscribes, status) => {
    const server = await stuckServer({ subscribes }, flood(pubrel))
    let second = 0
    const outcome = await timed(words, server, async ({ signal }) => {
      await once(() => server.stopped())
      await new Promise((resolve) => setTimeout(resolve, 500))
      signal('SIGINT')
      signal('SIGINT')
      second = performance.now()
    })
    expect(outcome.status).toBe(status)
    expect(performance.now() - second).toBeLessThan(4000)
  })
})
