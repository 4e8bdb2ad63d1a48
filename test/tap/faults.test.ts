// Faults without sockets: each alone, in pairs, at every cut of the bytes, repeatable from a seed.
import { describe, expect, test } from 'vitest'
import { connack, FaultStream } from '../../src/tap/fault-stream.js'
import { cutAt, everyCut } from '../helpers/cuts.js'
import { Dice } from '../helpers/dice.js'
import { bytesOf, connect, faultsOf, newConnection, puback, publish, Steps } from './rig.js'

const client = (version: 4 | 5): Buffer =>
  bytesOf(
    version,
    connect(version),
    publish('a/b', 'one', 1),
    publish('c', 'two', 2),
    publish('a/b', 'three', 3),
    { cmd: 'pingreq' },
    { cmd: 'disconnect' },
  )
const hex = (...parts: Uint8Array[]): string => Buffer.concat(parts).toString('hex')
const [conn, one, two, three] = [
  bytesOf(4, connect(4)),
  bytesOf(4, publish('a/b', 'one', 1)),
  bytesOf(4, publish('c', 'two', 2)),
  bytesOf(4, publish('a/b', 'three', 3)),
]
const rest = bytesOf(4, { cmd: 'pingreq' }, { cmd: 'disconnect' })
const run = (rules: string[], chunks: Iterable<Uint8Array> = [client(4)]): string[] =>
  new Steps(faultsOf(rules)).push('c2s', chunks).end()

test.each([
  ['publish #2 drop', [`c2s: ${hex(conn, one, three, rest)}`]],
  ['publish #2 duplicate', [`c2s: ${hex(conn, one, two, two, three, rest)}`]],
  ['publish #2 truncate 3', [`c2s: ${hex(conn, one, two.subarray(0, 3), three, rest)}`]],
  ['publish #2 truncate 999', [`c2s: ${hex(conn, one, two, three, rest)}`]],
  ['publish truncate 999 times=1', [`c2s: ${hex(conn, one, two, three, rest)}`]],
  ['publish #2 close', [`c2s: ${hex(conn, one)}`, 'c2s close']],
  ['publish #2 close after 5', [`c2s: ${hex(conn, one, two.subarray(0, 5))}`, 'c2s close']],
  ['publish #2 reset after 999', [`c2s: ${hex(conn, one, two)}`, 'c2s reset']],
  ['publish #2 delay 1s', [`c2s: ${hex(conn, one)}`, 'c2s delay 1000', `c2s: ${hex(two, three, rest)}`]],
  [
    'publish topic=c throttle 1KB/s',
    [`c2s: ${hex(conn, one)}`, `c2s at 1000: ${hex(two)}`, `c2s: ${hex(three, rest)}`],
  ],
  ['connect answer 0x97', ['answer 20020003']],
  ['publish topic=a/# times=1 drop', [`c2s: ${hex(conn, two, three, rest)}`]],
  ['publish s2c drop', [`c2s: ${hex(conn, one, two, three, rest)}`]],
  ['publish client=c drop', [`c2s: ${hex(conn, rest)}`]],
  ['publish client=d drop', [`c2s: ${hex(conn, one, two, three, rest)}`]],
  ['all drop', []],
])('%s', (rule, steps) => {
  expect(run([rule]).filter((step) => !step.startsWith(rule))).toEqual(steps)
})

test('what was applied, with place and size', () => {
  const at = conn.length + one.length
  expect(run(['publish #2 drop'])).toContain(`publish #2 drop: 3 at ${at}, ${two.length}`)
})

test('rules apply in their order: those after a drop do not see the packet', () => {
  const [first, second] = ['publish #1 drop', 'publish #1 truncate 2']
  expect(run([first, second])[0]).toBe(`c2s: ${hex(conn, two.subarray(0, 2), three, rest)}`)
  expect(run([second, first])[0]).toBe(`c2s: ${hex(conn, two, three, rest)}`)
})

test('a packet that is dropped delays nothing', () => {
  expect(run(['publish #2 delay 1s', 'publish topic=c drop'])[0]).toBe(`c2s: ${hex(conn, one, three, rest)}`)
})

test('effects on one packet add up', () => {
  const steps = run([
    'publish #1 delay 1s',
    'publish #1 duplicate',
    'publish #1 delay 2s',
    'publish #1 truncate 4',
  ])
  const cut = one.subarray(0, 4)
  expect(steps.slice(1, 3)).toEqual(['c2s delay 3000', `c2s: ${hex(cut, cut, two, three, rest)}`])
})

test('Topic Aliases of MQTT 5 are followed', () => {
  const aliased = [
    publish('a/b', 'one', 0, { topicAlias: 1 }),
    publish('', 'two', 0, { topicAlias: 1, userProperties: { x: 'y' } }),
    publish('c', 'three', 0, { topicAlias: 1 }),
    publish('', 'four', 0, { messageExpiryInterval: 7, topicAlias: 1 }),
  ]
  const bytes = aliased.map((packet) => bytesOf(5, packet))
  const steps = new Steps(faultsOf(['publish topic=a/b drop']))
  steps.push('c2s', [bytesOf(5, connect(5)), ...bytes])
  expect(steps.end()[0]).toBe(`c2s: ${hex(bytesOf(5, connect(5)), bytes[2]!, bytes[3]!)}`)
})

const rules = [
  ...[
    'publish #2 drop',
    'publish topic=a/# delay 5ms',
    'publish #3 close after 7',
    'publish p=0.5 duplicate',
  ],
  ...[
    'all throttle 1KB/s',
    'pingreq truncate 1',
    'publish client=c #1 truncate 6',
    'publish reset after 30 times=1',
  ],
  ...['connect answer 0x87', 'disconnect drop', 'publish topic=c duplicate'],
]
const alone = rules.map((rule) => [rule])
const pairs = rules.flatMap((first) =>
  rules.filter((rule) => rule !== first).map((second) => [first, second]),
)

describe.each([4, 5] as const)('MQTT %i: the cut of the bytes changes nothing', (version) => {
  test.each([...alone, ...pairs].map((set) => [set.join(', '), set] as const))('%s', (_, set) => {
    const expected = run(set, [client(version)])
    const bytes = client(version)
    for (const chunks of everyCut(bytes)) expect(run(set, chunks)).toEqual(expected)
  })
})

test.each([...alone, ...pairs].map((set) => [set.join(', '), set] as const))(
  '%s: 100 runs of a seed are the same, however cut',
  (_, set) => {
    const bytes = client(5)
    const expected = new Steps(faultsOf(set, 7)).push('c2s', [bytes]).end()
    for (let round = 0; round < 100; round++) {
      const dice = new Dice(round)
      const places = Array.from({ length: dice.below(9) }, () => 1 + dice.below(bytes.length - 1))
      const chunks = cutAt(
        bytes,
        [...new Set(places)].sort((a, b) => a - b),
      )
      expect(new Steps(faultsOf(set, 7)).push('c2s', chunks).end()).toEqual(expected)
    }
  },
)

test('another seed, and another connection, is another choice; the share is that of p', () => {
  const many = Array.from({ length: 2000 }, () => bytesOf(4, puback(1)))
  const dropped = (seed: number, id: number): string[] => {
    const steps = new Steps(faultsOf(['puback p=0.1 drop'], seed), newConnection(id))
    steps.push('c2s', [conn, ...many]).end()
    return steps.applied
  }
  expect(dropped(1, 1)).toEqual(dropped(1, 1))
  expect(dropped(1, 1)).not.toEqual(dropped(2, 1))
  expect(dropped(1, 1)).not.toEqual(dropped(1, 2))
  for (const [seed, id] of [
    [1, 1],
    [2, 1],
    [1, 2],
    [0, 9],
    [4_294_967_295, 1],
  ] as const) {
    expect(dropped(seed, id).length).toBeGreaterThan(150)
    expect(dropped(seed, id).length).toBeLessThan(250)
  }
})

test('#N and times= count over all connections', () => {
  const faults = faultsOf(['publish #4 drop', 'pingreq times=1 drop'])
  const first = new Steps(faults, newConnection(1)).push('c2s', [client(4)])
  const second = new Steps(faults, newConnection(2)).push('c2s', [client(4)])
  expect(first.applied).toEqual([expect.stringMatching(/^pingreq/)])
  expect(second.applied).toEqual([expect.stringMatching(/^publish #4 drop: 3 at/)])
  expect(faults.counts().map(({ applied }) => applied)).toEqual([1, 1])
})

test('both directions', () => {
  const steps = new Steps(faultsOf(['puback s2c #2 drop']))
  steps.push('c2s', [client(4)]).push('s2c', [bytesOf(4, puback(1), puback(2), puback(3))])
  expect(steps.end()[1]).toBe(`s2c: ${hex(bytesOf(4, puback(1), puback(3)))}`)
})

test.each([
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a Remaining Length of five bytes', Buffer.concat([conn, Buffer.from('3cffffffff7f00', 'hex'), one])],
  ['packet type 0', Buffer.concat([conn, Buffer.of(0, 0), one])],
])('bytes that are not MQTT pass as they are: %s', (_, bytes) => {
  for (const chunks of everyCut(bytes))
    expect(run(['publish drop'], chunks)).toEqual([`c2s: ${bytes.toString('hex')}`])
})

test('half a packet is held until it can be decided, and passes at the end', () => {
  const steps = new Steps(faultsOf(['publish topic=a/# drop']))
  steps.push('c2s', [conn, Buffer.from('3103', 'hex')])
  expect(steps.streams.c2s.held).toBe(2)
  expect(steps.steps).toEqual([`c2s: ${hex(conn)}`])
  expect(steps.end()).toEqual([`c2s: ${hex(conn)}3103`])
})

test('a large PUBLISH is decided at its topic and then streamed: nothing of its payload is held', () => {
  const connection = newConnection()
  let sent = 0
  const stream = new FaultStream(
    'c2s',
    connection,
    () => faultsOf(['publish topic=b drop', 'publish topic=a delay 1ms']),
    {
      send: (bytes) => void (sent += bytes.length),
      delay() {},
      end() {},
      answer() {},
      applied() {},
    },
  )
  stream.push(conn)
  const head = Buffer.concat([Buffer.from('30ffffff7f0001', 'hex'), Buffer.from('a')])
  stream.push(head)
  const chunk = Buffer.alloc(65_536)
  for (let round = 0; round < 200; round++) {
    stream.push(chunk)
    expect(stream.held).toBe(0)
  }
  expect(sent).toBe(conn.length + head.length + 200 * chunk.length)
})

test('a packet over 1 MiB is not sent twice', () => {
  const large = bytesOf(4, publish('a', 'x'.repeat(1_100_000)))
  expect(run(['publish duplicate'], [conn, large])).toEqual([`c2s: ${hex(conn, large)}`])
})

test.each([
  [0x97, 5, '2003009700'],
  [0x84, 4, '20020001'],
  [0x85, 4, '20020002'],
  [0x88, 3, '20020003'],
  [0x86, 4, '20020004'],
  [0x87, 4, '20020005'],
  [0x97, 4, '20020003'],
  [5, 4, '20020005'],
  [5, 5, '2003008700'],
  [1, 5, '2003008400'],
])('answer 0x%s to MQTT %i', (code, version, expected) => {
  expect(connack(code, version).toString('hex')).toBe(expected)
})
