// Seeded exchanges between each networked command and a hostile server. MQTTX_FUZZ is their number, MQTTX_SEED the first
// seed, MQTTX_FUZZ_LANES how many run at once. Seeds that fail are added to `found`.
import { expect, test } from 'vitest'
import { ExitCode, exitStatuses } from '../../src/errors.js'
import { run } from '../commands/fake-host.js'
import { amount } from '../helpers/amount.js'
import { hostileServer } from './hostile-server.js'
import { type Random, random } from './random.js'

const count = Number(process.env.MQTTX_FUZZ ?? amount({ inCi: 2000, here: 500 }))
const first = Number(process.env.MQTTX_SEED ?? 1)
const atOnce = Number(process.env.MQTTX_FUZZ_LANES ?? 24)
/** Milliseconds that an exchange may take in addition to the time limit of its command line, on a busy machine. */
const graceMs = 20_000
const memory = 400e6

/** Seeds that found a fault. */
const found: readonly number[] = [20261663, 20270660]

const lines = ['one', 'two', 'three', 'four', 'five']

interface Work {
  readonly words: readonly string[]
  readonly stdin?: string
  /** Messages at QoS 1 and 2 that status 0 promises. */
  readonly promised?: number
  /** Standard output is the payloads of messages, one a line. */
  readonly prints?: boolean
}

type Kind = (qos: string, random: Random) => Work

const kinds: readonly Kind[] = [
  (qos) => ({ words: ['pub', '-t', 't', '-m', 'x', '-q', qos, '--timeout', '1'], promised: 1 }),
  (qos) => ({
    words: ['pub', '-t', 't', '-l', '-q', qos, '--timeout', '1'],
    stdin: `${lines.join('\n')}\n`,
    promised: lines.length,
  }),
  (qos) => ({
    words: ['pub', '--json', '-q', qos, '--timeout', '1'],
    stdin: lines.map((payload) => `${JSON.stringify({ topic: 't', payload })}\n`).join(''),
    promised: lines.length,
  }),
  (qos) => ({ words: ['sub', '-t', '#', '-q', qos, '-C', '4', '-W', '1'], prints: true }),
  (qos) => ({ words: ['sub', '-t', 'a/+', '-t', 't', '-q', qos, '-W', '1', '--json'] }),
  (qos) => ({ words: ['sub', '-t', 't', '-q', qos, '-d', '-W', '1', '-F', '%t %q %r %R %C %P'] }),
  (qos) => ({ words: ['sub', '-t', 't', '-q', qos, '-W', '1', '--remove-retained', '-c', '-i', 'me'] }),
  (qos) => ({ words: ['rr', '-t', 't', '-e', 'r', '-m', 'x', '-q', qos, '-W', '1'] }),
  (qos) => ({ words: ['rr', '-t', 't', '-e', 'r', '-l', '-q', qos, '-W', '1'], stdin: 'one\ntwo\n' }),
  (qos) => ({ words: ['rr', '--serve', '-t', 't', '--echo', '-q', qos] }),
  (qos, random) => ({
    words: [
      'bench',
      random.pick(['pub', 'sub', 'pubsub', 'rr']),
      '-q',
      qos,
      '--duration',
      '300ms',
      '--clients',
      '2',
    ],
  }),
]

const recorded = (qos: string): string =>
  lines
    .map((payload, ms) => ({
      time: `2026-11-27T08:00:00.00${ms}Z`,
      topic: `t/${ms}`,
      payload,
      qos: Number(qos),
    }))
    .map((message) => `${JSON.stringify({ ...message, retain: true })}\n`)
    .join('')

/** A table of its own: what a seed of the other one does stays as it is. */
const managing: readonly Kind[] = [
  (qos) => ({ words: ['replay', '--timeout', '1'], stdin: recorded(qos), promised: lines.length }),
  (qos) => ({ words: ['replay', '--speed', 'max', '-W', '1'], stdin: recorded(qos), promised: lines.length }),
  (qos) => ({ words: ['retained', 'restore', '-W', '1'], stdin: recorded(qos), promised: lines.length }),
  () => ({ words: ['retained', 'ls', '-v', '-W', '1'] }),
  () => ({ words: ['retained', 'save', 't', 'a/#', '-W', '1'] }),
  () => ({ words: ['retained', 'rm', '#', '--yes', '--no-undo', '-W', '1'] }),
  (qos) => ({ words: ['sub', '-t', '#', '-q', qos, '-W', '1', '--exec', 'true', '--jobs', '2'] }),
  (qos) => ({
    words: ['sub', '-t', 't', '-q', qos, '-C', '3', '-W', '1', '--exec', 'exit 1', '--dead-letter', 'dead'],
  }),
  () => ({ words: ['top', '-W', '1', '--interval', '0.3', '--json'] }),
]

const statuses = new Set<number>(exitStatuses.map(([code]) => code))
const controls = /[^\P{Cc}\n]|[\p{Cf}\u2028\u2029]/u

/** Runs the exchange of a seed; returns what is wrong with its outcome. */
async function exchange(seed: number, kinds: readonly Kind[]): Promise<string[]> {
  const chance = random(seed)
  const version = chance.pick([4, 5] as const)
  const qos = String(chance.below(3))
  const kind = chance.below(kinds.length)
  // One in 20 is a bench: it waits up to 10 s for messages in flight.
  const isBench = kinds !== managing && kind === kinds.length - 1
  const choose = isBench && chance.chance(0.5) ? kinds[0]! : kinds[kind]!
  const { words, stdin = '', promised, prints } = choose(qos, chance)
  const server = await hostileServer(chance, version)
  const command = [...words, '-V', String(version === 4 ? 311 : 5), '--connect-timeout', '1']
  const at = ['-h', '127.0.0.1', '-p', String(server.port)]
  const ended = run(command, { at }, (fake) => {
    fake.stdin.end(stdin)
    // A service that is still loading has no handler yet.
    const stop = () => (fake.handlers() > 0 ? fake.signal('SIGTERM') : void setTimeout(stop, 100).unref())
    if (words.includes('--serve')) setTimeout(stop, 1000).unref()
  })
  const limit = new Promise<undefined>((done) => {
    setTimeout(() => done(undefined), graceMs + 12_000).unref()
  })
  const outcome = await Promise.race([ended, limit])
  server.close()
  if (outcome === undefined) return [`seed ${seed}: does not end: ${command.join(' ')}`]
  const { status, stdout, stderr } = outcome
  const wrong: string[] = []
  // From 128 on it is the Reason Code that the server sent.
  if ((status < 128 && !statuses.has(status)) || status === ExitCode.bug) wrong.push(`status ${status}`)
  if (controls.test(stderr) || /^Error: forged/m.test(stderr)) wrong.push('escapes on standard error')
  if (status === 0 && promised !== undefined && qos !== '0' && !server.mutated()) {
    if (server.acknowledged.size < promised)
      wrong.push(`${server.acknowledged.size} of ${promised} acknowledged`)
  }
  const written = server.written()
  const printed = prints ? stdout.split('\n').slice(0, -1) : []
  for (const line of printed) if (!written.includes(line)) wrong.push(`printed but not sent: ${line}`)
  for (const payload of server.exactlyOnce) {
    if (printed.filter((line) => line === payload).length > 1) wrong.push(`printed twice: ${payload}`)
  }
  return wrong.map((what) => `seed ${seed}: ${what}: ${command.join(' ')}\n${stderr.slice(0, 400)}`)
}

test.each(found)('seed %i', async (seed) => {
  expect(await exchange(seed, kinds)).toEqual([])
})

test.each([
  ['publish, subscribe, request', kinds],
  ['replay, retained, worker, top', managing],
])(
  `%s: ${count} exchanges from seed ${first} on`,
  async (_, kinds) => {
    const wrong: string[] = []
    let seed = first
    const lane = async () => {
      while (seed < first + count) wrong.push(...(await exchange(seed++, kinds)))
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    expect(wrong).toEqual([])
    expect(process.memoryUsage().rss).toBeLessThan(memory)
  },
  3_600_000,
)
