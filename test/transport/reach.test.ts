// The choice of address and server: IPv6 and IPv4, SRV records.

import { createSocket } from 'node:dgram'
import type { LookupAddress } from 'node:dns'
import dns, { Resolver } from 'node:dns/promises'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { dial, dialError } from '../../src/transport/dial.js'
import { firstOf, interleaved } from '../../src/transport/race.js'
import { inOrder, serversOf } from '../../src/transport/srv.js'
import { failureOf } from '../connection/rig.js'
import { freePort } from '../helpers/peers.js'
import { listening } from './rig.js'

const never = new AbortController().signal

/** Makes `host` resolve to these addresses in this process. */
function pretend(addresses: readonly LookupAddress[]): void {
  const spy = vi.spyOn(dns, 'lookup').mockImplementation((async () => addresses) as never)
  onTestFinished(() => spy.mockRestore())
}

const both = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
]

describe('a name with two addresses', () => {
  test.each([
    ['only the second', both],
    ['only the first', [...both].reverse()],
  ])('of which %s is reachable', async (_, addresses) => {
    const port = await listening(createServer())
    pretend(addresses)
    const socket = await dial({ host: 'broker.example', port }, { noDelay: true, signal: never })
    expect(socket.remoteAddress).toBe('127.0.0.1')
    socket.destroy()
  })

  test('of which none is reachable: the error of the first', async () => {
    const port = await freePort()
    pretend(both)
    const error = await failureOf(dial({ host: 'broker.example', port }, { noDelay: true, signal: never }))
    expect(error.message).toMatch(
      /^(Connection refused|Cannot assign requested address|Network is unreachable) \(broker/,
    )
  })
})

describe('E21: concurrent attempts', () => {
  /** `1000 ok`: succeeds after a second; `10 no`: fails after 10 ms. */
  const attempt =
    (tried: string[], ended: string[]) =>
    (target: string, signal: AbortSignal): Promise<{ target: string; destroy(): void }> => {
      const [ms, outcome] = target.split(' ')
      tried.push(target)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          if (outcome === 'ok') resolve({ target, destroy: () => void ended.push(target) })
          else reject(new Error(target))
        }, Number(ms))
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          ended.push(target)
          reject(new Error('given up'))
        })
      })
    }

  test.each<[string[], string, string[]]>([
    [['600 ok', '700 ok'], '600 ok', ['600 ok', '700 ok']],
    [['600 ok', '20 no'], '600 ok', ['600 ok', '20 no']],
    [['20 no', '30 ok'], '30 ok', ['20 no', '30 ok']],
    [['900 ok', '30 ok'], '30 ok', ['900 ok', '30 ok']],
    [['30 ok', '30 ok'], '30 ok', ['30 ok']],
    [['700 ok', '10 no', '10 no'], '700 ok', ['700 ok', '10 no', '10 no']],
  ])('%j: the first success is %j', async (targets, winner, tried) => {
    const seen: string[] = []
    const ended: string[] = []
    const { target } = await firstOf(targets, attempt(seen, ended), never)
    expect(target).toBe(winner)
    expect(seen).toEqual(tried)
    const losers = tried.filter((name) => name.endsWith('ok') && name !== winner)
    expect(ended.filter((name) => losers.includes(name))).toEqual(losers)
  })

  test('all fail: the first error', async () => {
    expect(await failureOf(firstOf(['300 no', '5 no'], attempt([], []), never))).toMatchObject({
      message: '5 no',
    })
  })

  test('the signal aborts all of them', async () => {
    const controller = new AbortController()
    const ended: string[] = []
    const racing = firstOf(['5000 ok', '5000 no'], attempt([], ended), controller.signal)
    setTimeout(() => controller.abort(), 400)
    await failureOf(racing)
    expect(ended).toHaveLength(2)
  })

  test('address families alternate, starting with the first', () => {
    const families = (list: readonly number[]) =>
      interleaved(list.map((family) => ({ family }))).map((a) => a.family)
    expect(families([6, 6, 6, 4])).toEqual([6, 4, 6, 6])
    expect(families([4, 4, 6])).toEqual([4, 6, 4])
    expect(families([4])).toEqual([4])
  })
})

describe('localhost', () => {
  const options = { noDelay: true, signal: never }

  test('is 127.0.0.1, without a lookup', async () => {
    const port = await listening(createServer())
    pretend([{ address: '192.0.2.1', family: 4 }])
    const socket = await dial({ host: 'LocalHost', port }, options)
    expect(socket.remoteAddress).toBe('127.0.0.1')
    socket.destroy()
  })

  test('is looked up if nothing listens there', async () => {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.2', done))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    pretend([{ address: '127.0.0.2', family: 4 }])
    const socket = await dial({ host: 'localhost', port }, options)
    expect(socket.remoteAddress).toBe('127.0.0.2')
    socket.destroy()
  })
})

describe('SRV records', () => {
  const server = (name: string, priority: number, weight: number) => ({ name, port: 1, priority, weight })

  test('are ordered by priority, and at random by weight', () => {
    const records = [server('c', 20, 0), server('b', 10, 30), server('a', 10, 70)]
    const names = (random: number) => inOrder(records, () => random).map(({ name }) => name)
    expect(names(0)).toEqual(['b', 'a', 'c'])
    expect(names(0.99)).toEqual(['a', 'b', 'c'])
    const first = Array.from({ length: 100 }, (_, index) => names(index / 100)[0])
    expect(first.filter((name) => name === 'a')).toHaveLength(70)
  })

  test('all weights 0: each once', () => {
    const records = [server('a', 0, 0), server('b', 0, 0)]
    expect(
      inOrder(records, () => 0.5)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['a', 'b'])
  })

  /** A DNS server that has only `_mqtt._tcp.example.org`. */
  async function resolver(
    answers: readonly [priority: number, weight: number, port: number, name: string][],
  ) {
    const labels = (name: string) =>
      Buffer.concat(
        [
          ...name
            .split('.')
            .filter(Boolean)
            .map((label) => Buffer.from(`\0${label}`)),
          Buffer.of(0),
        ].map((piece) => {
          if (piece.length > 1) piece[0] = piece.length - 1
          return piece
        }),
      )
    const socket = createSocket('udp4')
    socket.on('message', (query, { port, address }) => {
      const end = query.indexOf(0, 12) + 5
      const known = query.subarray(12, end).includes('_mqtt')
      const header = Buffer.from(query.subarray(0, 12))
      header.writeUInt16BE(known ? 0x8180 : 0x8183, 2)
      header.writeUInt16BE(known ? answers.length : 0, 6)
      header.writeUInt32BE(0, 8)
      const records = answers.map(([priority, weight, number, name]) => {
        const target = labels(name)
        const head = Buffer.alloc(18)
        head.writeUInt16BE(0xc00c, 0)
        head.writeUInt16BE(33, 2)
        head.writeUInt16BE(1, 4)
        head.writeUInt32BE(60, 6)
        head.writeUInt16BE(6 + target.length, 10)
        head.writeUInt16BE(priority, 12)
        head.writeUInt16BE(weight, 14)
        head.writeUInt16BE(number, 16)
        return Buffer.concat([head, target])
      })
      socket.send(Buffer.concat([header, query.subarray(12, end), ...(known ? records : [])]), port, address)
    })
    await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
    onTestFinished(() => void socket.close())
    const own = new Resolver({ tries: 1, timeout: 2000 })
    own.setServers([`127.0.0.1:${socket.address().port}`])
    return own
  }

  test('are looked up by service', async () => {
    const own = await resolver([
      [20, 0, 1884, 'second.example.org'],
      [10, 0, 1883, 'first.example.org'],
    ])
    expect(await serversOf('_mqtt._tcp', 'example.org', never, own)).toEqual([
      { host: 'first.example.org', port: 1883 },
      { host: 'second.example.org', port: 1884 },
    ])
  })

  test('there are none', async () => {
    const own = await resolver([])
    expect(await failureOf(serversOf('_secure-mqtt._tcp', 'example.org', never, own))).toMatchObject({
      message: 'Unable to connect (Lookup error).',
      prefix: '',
      exitCode: 1,
      hint: 'the DNS has no SRV record _secure-mqtt._tcp.example.org: connect without -S?',
    })
  })

  test('the service is not offered (RFC 2782: a single root)', async () => {
    const own = await resolver([[0, 0, 0, '.']])
    expect(await failureOf(serversOf('_mqtt._tcp', 'example.org', never, own))).toMatchObject({
      name: 'MqttxError',
      hint: 'the DNS says that example.org does not offer _mqtt._tcp',
    })
  })

  test('a DNS server that does not answer: aborted by the signal', async () => {
    const socket = createSocket('udp4')
    await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
    onTestFinished(() => void socket.close())
    const own = new Resolver()
    own.setServers([`127.0.0.1:${socket.address().port}`])
    const error = await failureOf(serversOf('_mqtt._tcp', 'example.org', AbortSignal.timeout(100), own))
    expect(error.name).toBe('TimeoutError')
  })
})

test.each([
  ['EADDRNOTAVAIL', 'connect', 'no local port is free'],
  ['EADDRINUSE', 'connect', 'no local port is free'],
  ['EADDRNOTAVAIL', 'bind', 'must be an address of this machine'],
])('%s from %s has a hint: %s', (code, syscall, words) => {
  const error = Object.assign(new Error(code), { code, syscall, address: '192.0.2.1' })
  expect(dialError(error, { host: 'broker.example', port: 1883 }).hint).toContain(words)
})
