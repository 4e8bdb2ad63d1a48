// HTTP CONNECT: through a proxy of the test's to our own broker, and every way in which a proxy says no.
import { beforeAll, describe, expect, test } from 'vitest'
import { makeCertificates } from '../helpers/certificates.js'
import { type HttpProxyRules, httpProxy } from '../helpers/http-proxy.js'
import { type Broker, freePort, peerTest, startOwnBroker } from '../helpers/peers.js'
import { mqttx, startMqttx } from '../helpers/run.js'

let broker: Broker
beforeAll(async () => {
  broker = await startOwnBroker()
})

const publish = (proxy: number, host = 'broker.example', login = '', ...more: string[]) => {
  const to = ['-h', host, '-p', String(broker.port), '--proxy', `http://${login}127.0.0.1:${proxy}`]
  return mqttx(['pub', ...to, '-t', 't', '-m', 'x', '-q', '1', ...more])
}

test.each([
  ['broker.example', 'broker.example'],
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '[::1]'],
])('E70: the proxy is asked for %s as it stands', async (host, asked) => {
  const proxy = await httpProxy({ port: broker.port })
  expect(await publish(proxy.port, host)).toMatchObject({ status: 0, stderr: '' })
  expect(proxy.asked).toEqual([`${asked}:${broker.port}`])
})

test('E70: a login, with what must be encoded in a URL, from the environment', async () => {
  const proxy = await httpProxy({ port: broker.port, login: 'a@b:c:d%ü' })
  const env = { MQTTX_PROXY: `http://a%40b:c%3Ad%25%C3%BC@127.0.0.1:${proxy.port}` }
  const words = ['pub', '-h', 'b', '-p', '1883', '-t', 't', '-m', 'x', '-q', '1']
  expect(await mqttx(words, { env })).toMatchObject({ status: 0, stderr: '' })
})

test('E70: bytes of the server in one piece with the answer of the proxy are read', async () => {
  const connack = Buffer.of(0x20, 2, 0, 5) // not authorized
  const proxy = await httpProxy({ port: broker.port, early: connack })
  expect(await publish(proxy.port)).toMatchObject({
    status: 5,
    stderr: expect.stringContaining('not authori'),
  })
})

peerTest('E70: and then TLS, and WebSocket in it, and a long stream', ['openssl'], async () => {
  const { ca, server } = makeCertificates()
  const ports = ['-p', '0', '--tls-port', '0', '--wss-port', '0']
  const own = startMqttx(['broker', ...ports, '--certfile', server.cert, '--keyfile', server.key])
  await own.until((stdout) => stdout.split('\n').length > 3)
  for (const scheme of ['mqtts', 'wss']) {
    const [, port = ''] = new RegExp(`^${scheme}://127.0.0.1:(\\d+)`, 'm').exec(own.stdout().toString()) ?? []
    const proxy = await httpProxy({})
    const way = ['--cafile', ca.cert, '--proxy', `http://127.0.0.1:${proxy.port}`]
    const stdin = 'line\n'.repeat(5000)
    const outcome = await mqttx(['pub', '-L', `${scheme}://localhost:${port}/t`, ...way, '-l', '-q', '1'], {
      stdin,
    })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(proxy.asked).toEqual([`localhost:${port}`])
  }
  own.kill()
  await own.ended
})

describe('E70: no', () => {
  const authorisation = 'Error: Authorisation failed: the proxy '
  const closed: Partial<HttpProxyRules> = { closes: true }
  const cases: [string, HttpProxyRules, string, number, string][] = [
    ['a login that is wrong', { login: 'ada:x' }, 'ada:secret@', 11, authorisation],
    ['no login where one is wanted', { login: 'ada:x' }, '', 11, `${authorisation}127`],
    [
      'a rule of the proxy',
      { answer: 'HTTP/1.1 403 Forbidden\r\n\r\n' },
      '',
      11,
      'refused a connection to broker',
    ],
    [
      'no CONNECT',
      { answer: 'HTTP/1.1 405 No\r\n\r\n', ...closed },
      '',
      11,
      'refused a connection to broker',
    ],
    ['no way', { answer: 'HTTP/1.1 502 Bad Gateway\r\n\r\n' }, '', 4, 'cannot reach broker.example:'],
    ['a timeout', { answer: 'HTTP/1.1 504 Late\r\n\r\n' }, '', 4, '504 Late'],
    ['another status', { answer: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, '', 16, 'it answered 400 Bad Request'],
    ['a place elsewhere', { answer: 'HTTP/1.1 301 Moved\r\nLocation: x\r\n\r\n' }, '', 16, 'it answered 301'],
    [
      'escapes',
      { answer: Buffer.from('HTTP/1.1 400 \u009b31mred\r\n\r\n', 'latin1') },
      '',
      16,
      'it answered 400',
    ],
    ['no final answer', { answer: 'HTTP/1.1 100 Continue\r\n\r\n' }, '', 16, 'it answered 100'],
    ['what is no HTTP', { answer: 'SSH-2.0-OpenSSH\r\n' }, '', 16, 'hint: is it an HTTP proxy?'],
    ['bytes', { answer: Buffer.alloc(1000) }, '', 16, 'its answer is not HTTP'],
    [
      'a header without end',
      { answer: `HTTP/1.1 200 x\r\nX: ${'y'.repeat(100_000)}` },
      '',
      16,
      'more than 16384',
    ],
    [
      'headers without end',
      { answer: `HTTP/1.1 200 x\r\n${'X: y\r\n'.repeat(50_000)}` },
      '',
      16,
      'more than 16384',
    ],
    ['a proxy that hangs up', { answer: '', ...closed }, '', 16, 'it closed the connection'],
    ['half an answer', { answer: 'HTTP/1.1 200', ...closed }, '', 16, 'Error: Proxy error: '],
  ]
  test.each(cases)('%s', async (_, rules, login, status, text) => {
    const proxy = await httpProxy(rules)
    const { status: ended, stderr } = await publish(proxy.port, 'broker.example', login)
    expect({ ended, stderr }).toEqual({ ended: status, stderr: expect.stringContaining(text) })
    expect(stderr).not.toMatch(/secret|[^\n -~]/)
  })

  test('a proxy that is not there', async () => {
    const { status, stderr } = await publish(await freePort())
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^Error: Connection refused \(127\.0\.0\.1:\d+\)\nhint: this is the address of --proxy/,
    )
  })

  test.each([
    ['nothing', ''],
    ['a part of a header', 'HTTP/1.1 200 x\r\nX: y'],
  ])('a proxy that says %s, by the connect timeout', async (_, answer) => {
    const proxy = await httpProxy({ answer })
    const { status, stderr } = await publish(proxy.port, 'b', '', '--connect-timeout', '0.3')
    expect({ status, stderr }).toEqual({ status: 19, stderr: expect.stringContaining('no CONNACK from b:') })
  })
})
