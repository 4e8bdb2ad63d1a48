// WebSocket and TLS with our own broker: mosquitto of Debian has no WebSocket.
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { oneOfEvery } from '../helpers/amount.js'
import { type Certificates, makeCertificates } from '../helpers/certificates.js'
import { findPeer, peerTest } from '../helpers/peers.js'
import { mqttx, type Running, startMqttx } from '../helpers/run.js'

type Scheme = 'mqtt' | 'mqtts' | 'ws' | 'wss'

const available = findPeer('openssl') !== undefined
let certificates: Certificates
let broker: Running
let urls: Record<Scheme, string>

beforeAll(async () => {
  const own = ['broker', '-p', '0', '--ws-port', '0']
  if (available) {
    certificates = makeCertificates()
    const { cert, key } = certificates.server
    own.push('--tls-port', '0', '--wss-port', '0', '--certfile', cert, '--keyfile', key)
  }
  broker = startMqttx(own, { timeoutMs: 600_000 })
  await broker.until((stdout) => stdout.split('\n').length > (available ? 4 : 2))
  urls = Object.fromEntries(
    broker
      .stdout()
      .toString()
      .trim()
      .split('\n')
      .map((url) => [url.split(':')[0], url.replace('127.0.0.1', 'localhost').replace(/\/mqtt$/, '')]),
  ) as typeof urls
})

const schemes: Scheme[] = ['mqtt', 'mqtts', 'ws', 'wss']
const trusting = (scheme: Scheme) =>
  scheme.endsWith('s') && scheme !== 'ws' ? ['--cafile', certificates.ca.cert] : []

test('the broker prints where it listens, TCP first', () => {
  const form = available
    ? /^mqtt:\/\/127\.0\.0\.1:\d+\nmqtts:\/\/127\.0\.0\.1:\d+\nws:\/\/127\.0\.0\.1:\d+\/mqtt\nwss:\/\/127\.0\.0\.1:\d+\/mqtt\n$/
    : /^mqtt:\/\/127\.0\.0\.1:\d+\nws:\/\/127\.0\.0\.1:\d+\/mqtt\n$/
  expect(broker.stdout().toString()).toMatch(form)
})

const ways = schemes.flatMap((from, row) => oneOfEvery(3, schemes, row).map((to) => [from, to] as const))

describe.each(ways)('%s to %s', (from, to) => {
  peerTest('2,000 lines and one of a megabyte', ['openssl'], async () => {
    const topic = `${from}/${to}`
    const sub = startMqttx([
      'sub',
      '-L',
      `${urls[to]}/${topic}`,
      ...trusting(to),
      '-q',
      '1',
      '-C',
      '2001',
      '-d',
    ])
    await sub.until((_, stderr) => stderr.includes('SUBACK'))
    const stdin = `${Array.from({ length: 2000 }, (_, index) => `${index}\n`).join('')}${'x'.repeat(1_000_000)}\n`
    const pub = await mqttx(['pub', '-L', `${urls[from]}/${topic}`, ...trusting(from), '-l', '-q', '1'], {
      stdin,
    })
    expect(pub).toMatchObject({ status: 0, stderr: '' })
    const outcome = await sub.ended
    expect(outcome.status).toBe(0)
    expect(outcome.stdout.toString() === stdin).toBe(true)
  })
})

const port = (scheme: Scheme) => new URL(urls[scheme].replace(/^\w+/, 'http')).port
const message = ['-t', 't', '-m', 'x']

describe('the wrong port', () => {
  test('plain MQTT on a WebSocket port', async () => {
    const outcome = await mqttx(['pub', '-h', 'localhost', '-p', port('ws'), ...message])
    expect(outcome.status).toBe(21)
    expect(outcome.stderr).toContain('hint: the server speaks HTTP: is it a WebSocket port (--ws)')
  })

  test('WebSocket on a port of plain MQTT', async () => {
    const outcome = await mqttx(['pub', '-h', 'localhost', '-p', port('mqtt'), '--ws', ...message])
    expect(outcome).toMatchObject({
      status: 1,
      stderr:
        'Unable to connect (the server closed the connection during the WebSocket upgrade).\nhint: is it a WebSocket port?\n',
    })
  })

  peerTest('plain MQTT on a port of TLS', ['openssl'], async () => {
    const outcome = await mqttx(['pub', '-h', 'localhost', '-p', port('mqtts'), ...message])
    expect(outcome.stderr).toMatch(/TLS\b.*(mqtts:\/\/|--cafile)/)
    expect(broker.stderr()).toMatch(/refused: the TLS handshake failed \(wrong version number\)/)
  })

  peerTest('WebSocket on a port of WebSocket over TLS', ['openssl'], async () => {
    const outcome = await mqttx(['pub', '-h', 'localhost', '-p', port('wss'), '--ws', ...message])
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('Unable to connect (')
  })

  test('a path that is not there, and the headers that were sent', async () => {
    const seen: unknown[] = []
    const server = createServer()
    server.on('upgrade', ({ url, headers }, socket) => {
      seen.push(url, headers.authorization)
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    const at = typeof address === 'object' ? address?.port : 0
    const options = ['--ws-path', '/other', '--ws-header', 'Authorization: Bearer x']
    const outcome = await mqttx(['pub', '-L', `ws://127.0.0.1:${at}/t`, '-m', 'x', ...options])
    server.close()
    expect(seen).toEqual(['/other', 'Bearer x'])
    expect(outcome).toMatchObject({
      status: 1,
      stderr: [
        'Unable to connect (the server answered the WebSocket upgrade with 404 Not Found).',
        'hint: is /other the right --ws-path?\n',
      ].join('\n'),
    })
  })
})

describe("the broker's WebSocket port", () => {
  function answer(headers: Record<string, string>): Promise<number | undefined> {
    return new Promise((done, fail) => {
      const asked = request({ host: '127.0.0.1', port: port('ws'), path: '/any', headers })
      asked.on('error', fail)
      asked.on('upgrade', ({ statusCode }, socket) => {
        socket.destroy()
        done(statusCode)
      })
      asked.on('response', (response) => done(response.resume().statusCode))
      asked.end()
    })
  }
  const upgrade = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Protocol': 'mqtt',
  }

  test('takes any path, and pages of this machine', async () => {
    expect(await answer(upgrade)).toBe(101)
    expect(await answer({ ...upgrade, Origin: 'http://localhost:3000' })).toBe(101)
    expect(await answer({ ...upgrade, Origin: 'http://[::1]:3000' })).toBe(101)
  })

  test('refuses pages of other sites: whoever sits at this machine may be visiting them', async () => {
    expect(await answer({ ...upgrade, Origin: 'https://evil.example' })).toBe(403)
    expect(await answer({ ...upgrade, Origin: 'null' })).toBe(403)
    expect(broker.stderr()).toContain('refused: pages of https://evil.example may not connect.')
  })

  test('takes the subprotocol of MQTT 3.1', async () => {
    expect(await answer({ ...upgrade, 'Sec-WebSocket-Protocol': 'mqttv3.1' })).toBe(101)
  })

  test('H43: refuses other versions of WebSocket', async () => {
    expect(await answer({ ...upgrade, 'Sec-WebSocket-Version': '8' })).toBe(426)
  })

  test('refuses other subprotocols, and plain HTTP', async () => {
    expect(await answer({ ...upgrade, 'Sec-WebSocket-Protocol': 'chat' })).toBe(400)
    expect(await answer({})).toBe(426)
  })

  test('survives noise', async () => {
    await new Promise<void>((done) => {
      const socket = connect(Number(port('ws')), '127.0.0.1', () => socket.end('\0\x01\x02\r\n\r\n'))
      socket.resume().on('close', () => done())
    })
    expect(await answer(upgrade)).toBe(101)
  })
})

describe('the broker does not start', () => {
  const cases: [string, () => string[], string][] = [
    [
      '--tls-port without a certificate',
      () => ['--tls-port', '0'],
      '--tls-port and --wss-port need both --certfile and --keyfile.',
    ],
    [
      'a certificate without a use',
      () => ['--certfile', 'c'],
      '--certfile and --keyfile need --tls-port or --wss-port.',
    ],
    [
      'a missing file',
      () => ['--tls-port', '0', '--certfile', '/none', '--keyfile', '/none'],
      'cannot read /none: No such file',
    ],
    ['a port that is taken', () => ['--ws-port', port('ws')], `Address already in use`],
  ]
  test.each(cases)('%s', async (_, options, text) => {
    const outcome = await mqttx(['broker', '-p', '0', ...options()])
    expect(outcome.status).toBe(1)
    expect(outcome.stdout.toString()).toBe('')
    expect(outcome.stderr).toContain(text)
  })

  peerTest('a key of another certificate', ['openssl'], async () => {
    const { server, client } = certificates
    const outcome = await mqttx([
      'broker',
      '-p',
      '0',
      '--tls-port',
      '0',
      '--certfile',
      server.cert,
      '--keyfile',
      client.key,
    ])
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('SSL does not take the certificate or the key: key values mismatch')
  })
})

test('the broker ends with clients on every port, and while a handshake is under way', async () => {
  const own = startMqttx(['broker', '-p', '0', '--ws-port', '0'])
  await own.until((stdout) => stdout.split('\n').length > 2)
  const [tcp = '', ws = ''] = own.stdout().toString().split('\n')
  const sub = startMqttx(['sub', '-L', `${ws.replace('/mqtt', '')}/t`, '-d'])
  await sub.until((_, stderr) => stderr.includes('SUBACK'))
  const idle = connect(Number(new URL(ws.replace('ws', 'http')).port), '127.0.0.1')
  const silent = connect(Number(new URL(tcp.replace('mqtt', 'http')).port), '127.0.0.1')
  for (const socket of [idle, silent]) socket.on('error', () => {})
  own.kill('SIGTERM')
  expect((await own.ended).status).toBe(0)
  sub.kill()
  await sub.ended
})
