// Zones of IPv6 addresses: all options with an address, and the hints for a wrong or missing zone.
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { parseListenAddress, parseServers } from '../../src/cli/options/bench-values.js'
import { parseProxy } from '../../src/cli/proxy-url.js'
import { parseUrl } from '../../src/cli/url.js'
import { parseHost } from '../../src/cli/values.js'
import { serveMetrics } from '../../src/commands/bench/metrics-server.js'
import { zoneHint } from '../../src/io/zone.js'
import { connect } from '../../src/library/index.js'
import { mqttx } from '../helpers/run.js'
import { endpointAt, heard, listening, opened } from './rig.js'

const linkLocal = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
  addresses.filter(({ address }) => address.startsWith('fe80:')).map(({ address }) => `${address}%${name}`),
)[0]
const loopback = Object.entries(networkInterfaces()).find(([, all = []]) =>
  all.some(({ address }) => address === '::1'),
)?.[0]

describe('E71: the same address is given by', () => {
  test.each([
    ['-h', parseHost('fe80::1%eth0', '-h')],
    ['-L mqtt', parseUrl('mqtt://u:p@[fe80::1%25eth0]:1/t', '-L').host],
    ['-L wss', parseUrl('wss://[fe80::1%25eth0]/t', '-L').host],
    ['-L with a plain %', parseUrl('mqtt://[fe80::1%eth0]/t', '-L').host],
    ['--proxy socks5h', parseProxy('socks5h://[fe80::1%25eth0]:9', '--proxy').host],
    ['--proxy http', parseProxy('http://[fe80::1%25eth0]', '--proxy').host],
    ['--servers', parseServers('[fe80::1%25eth0]:1883', '--servers')[0]?.host],
    ['--prometheus', parseListenAddress('[fe80::1%25eth0]:9090', '--prometheus').host],
  ])('%s', (_, host) => {
    expect(host).toBe('fe80::1%eth0')
  })
})

const zoned = 'an interface of this machine'

describe.skipIf(loopback === undefined)('E71: a wrong or missing zone gets a hint', () => {
  test.each([
    ['fe80::1', 'needs an interface of this machine'],
    ['FE80::1', 'needs an interface of this machine'],
    ['febf::1', 'needs an interface of this machine'],
    ['fe80::1%', 'needs an interface of this machine'],
    ['fe80::1%no\u001bne', "'no\\u001bne' is not an interface"],
    [`fe80::1%25${loopback}`, `%25 is for URLs: use fe80::1%${loopback}`],
  ])('%j', (address, hint) => {
    expect(zoneHint(address)).toContain(hint)
  })

  test.each([`fe80::1%${loopback}`, '::1', 'fec0::1', 'example.org', '127.0.0.1', '%', ''])(
    'not %j',
    (address) => {
      expect(zoneHint(address)).toBeUndefined()
    },
  )

  const pub = (...words: string[]) => ['pub', '-t', 't', '-m', 'x', '-p', '1', ...words]
  test.each([
    ['-h', pub('-h', 'fe80::1')],
    ['-h', pub('-h', 'fe80::1%nope')],
    ['-h', pub('-h', 'fe80::1%')],
    ['-L', pub('-L', 'mqtt://[fe80::1]/t')],
    ['-L', pub('-L', 'mqtt://[fe80::1%25nope]/t')],
    ['-L', pub('-L', 'wss://[fe80::1%25nope]/t')],
    ['-A', pub('-h', '::1', '-A', 'fe80::1')],
    ['-A', pub('-h', '::1', '-A', 'fe80::1%nope')],
    ['--proxy', pub('-h', 'h', '--proxy', 'socks5h://[fe80::1%25nope]')],
    ['--proxy', pub('-h', 'h', '--proxy', 'http://[fe80::1]')],
    ['broker', ['broker', '-p', '0', '--bind', 'fe80::1%nope']],
    ['broker', ['broker', '-p', '0', '--bind', 'fe80::1']],
  ])('%s: %j', async (_, words) => {
    const { status, stderr } = await mqttx(words)
    expect(status).toBeGreaterThan(0)
    expect(stderr).toContain(zoned)
    expect(stderr).not.toMatch(/EINVAL|EADDR/)
  })

  test('--prometheus', async () => {
    const failed = serveMetrics({ host: 'fe80::1%nope', port: 0 }, () => '')
    await expect(failed).rejects.toMatchObject({
      hint: expect.stringContaining("'nope' is not an interface"),
    })
  })

  test('of the library', async () => {
    const failed = connect('mqtt://[fe80::1%25nope]:1', { reconnects: 0 })
    await expect(failed).rejects.toMatchObject({
      hint: expect.stringContaining("'nope' is not an interface"),
    })
  })
})

test.skipIf(linkLocal === undefined)(
  'E71: a link-local address is reached, and a Host header has no zone',
  async () => {
    const host = linkLocal ?? ''
    const port = await listening(
      createServer((socket) => socket.once('data', (request) => socket.end(request))),
      host,
    )
    const plain = await opened(endpointAt(port, { address: { host, port } }))
    plain.write('here')
    expect(await heard(plain)).toBe('here')
    const asked = new Promise<string>((done) => {
      const server = createServer((socket) => socket.once('data', (bytes) => done(bytes.toString())))
      void listening(server, host).then((at) =>
        mqttx([
          'pub',
          '-L',
          `ws://[${host.replace('%', '%25')}]:${at}/t`,
          '-m',
          'x',
          '--connect-timeout',
          '1',
        ]),
      )
    })
    expect(await asked).toMatch(new RegExp(`^Host: \\[${host.replace(/%.*/, '')}\\]:\\d+\\r$`, 'm'))
  },
)
