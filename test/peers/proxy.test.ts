// SOCKS5: through a proxy of the test's to our own broker, and every way in which a proxy says no.
import { beforeAll, describe, expect, test } from 'vitest'
import { makeCertificates } from '../helpers/certificates.js'
import { type Broker, freePort, peerTest, startOwnBroker } from '../helpers/peers.js'
import { mqttx, startMqttx } from '../helpers/run.js'
import { type ProxyRules, socksProxy } from '../helpers/socks-proxy.js'

let broker: Broker
beforeAll(async () => {
  broker = await startOwnBroker(['--ws-port', '0'])
})

const publish = (proxy: number, host = 'broker.example', login = '', ...more: string[]) => {
  const url = `socks5h://${login}127.0.0.1:${proxy}`
  return mqttx([
    'pub',
    '-h',
    host,
    '-p',
    String(broker.port),
    '-t',
    't',
    '-m',
    'x',
    '-q',
    '1',
    '--proxy',
    url,
    ...more,
  ])
}

test.each([
  ['broker.example', 'name broker.example'],
  ['127.0.0.1', 'ipv4 127.0.0.1'],
  ['::1', `ipv6 ${'0'.repeat(31)}1`],
])('the proxy is asked for %s as it stands', async (host, asked) => {
  const proxy = await socksProxy({ port: broker.port })
  expect(await publish(proxy.port, host)).toMatchObject({ status: 0, stderr: '' })
  expect(proxy.asked).toEqual([`${asked}:${broker.port}`])
})

test('a login, with what must be encoded in a URL', async () => {
  const proxy = await socksProxy({ port: broker.port, login: { user: 'a@b', password: 'c:d%' } })
  expect(await publish(proxy.port, 'b', 'a%40b:c%3Ad%25@')).toMatchObject({ status: 0, stderr: '' })
})

test('a user without a password', async () => {
  const proxy = await socksProxy({ port: broker.port, login: { user: 'ada', password: '' } })
  expect(await publish(proxy.port, 'b', 'ada@')).toMatchObject({ status: 0, stderr: '' })
})

peerTest('and then TLS, and WebSocket in it', ['openssl'], async () => {
  const { ca, server } = makeCertificates()
  const ports = ['-p', '0', '--tls-port', '0', '--wss-port', '0']
  const own = startMqttx(['broker', ...ports, '--certfile', server.cert, '--keyfile', server.key])
  await own.until((stdout) => stdout.split('\n').length > 3)
  for (const scheme of ['mqtts', 'wss']) {
    const [, port = ''] = new RegExp(`^${scheme}://127.0.0.1:(\\d+)`, 'm').exec(own.stdout().toString()) ?? []
    const proxy = await socksProxy({})
    const url = `${scheme}://localhost:${port}/t`
    const way = ['--cafile', ca.cert, '--proxy', `socks5h://127.0.0.1:${proxy.port}`]
    const stdin = 'line\n'.repeat(5000)
    const outcome = await mqttx(['pub', '-L', url, ...way, '-l', '-q', '1'], { stdin })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(proxy.asked).toEqual([`name localhost:${port}`])
  }
  own.kill()
  await own.ended
})

describe('no', () => {
  const cases: [string, ProxyRules, string, number, string][] = [
    [
      'a login that is wrong',
      { login: { user: 'ada', password: 'x' } },
      'ada:secret@',
      11,
      'Error: Authorisation failed: the proxy ',
    ],
    [
      'no login where one is wanted',
      { login: { user: 'ada', password: 'x' } },
      '',
      11,
      'Error: Authorisation failed: the proxy ',
    ],
    ['a rule of the proxy', { reply: 2 }, '', 11, 'refused a connection to broker.example:'],
    ['a failure', { reply: 1 }, '', 16, 'Error: Proxy error: '],
    ['an unreachable network', { reply: 3 }, '', 4, 'cannot reach broker.example'],
    ['an unreachable host', { reply: 4 }, '', 4, 'cannot reach broker.example'],
    ['a refused connection', { reply: 5 }, '', 4, 'Error: The client is not currently connected: the proxy '],
    ['a timeout', { reply: 6 }, '', 4, 'the connection timed out'],
    [
      'something that is no proxy',
      { greeting: 'HTTP/1.1 400 Bad Request\r\n\r\n' },
      '',
      16,
      'hint: is it a SOCKS5 proxy?',
    ],
    ['a proxy that hangs up', { greeting: '' }, '', 16, 'it closed the connection'],
  ]
  test.each(cases)('%s', async (_, rules, login, status, text) => {
    const proxy = await socksProxy(rules)
    const outcome = await publish(proxy.port, 'broker.example', login)
    expect(outcome.status).toBe(status)
    expect(outcome.stderr).toContain(text)
    expect(outcome.stderr).not.toContain('secret')
  })

  test('a proxy that is not there', async () => {
    const outcome = await publish(await freePort())
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toMatch(
      /^Error: Connection refused \(127\.0\.0\.1:\d+\)\nhint: this is the address of --proxy/,
    )
  })

  test('a proxy that does not answer, by the connect timeout', async () => {
    const outcome = await publish(broker.port, 'b', '', '--connect-timeout', '0.3')
    expect([16, 19]).toContain(outcome.status) // our broker hangs up on what is no CONNECT
  })
})
