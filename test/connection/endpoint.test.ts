// The endpoint made of the options: port, TLS, layers.
import { Readable, Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { pub } from '../../src/commands/pub/spec.js'
import { endpoint } from '../../src/connection/endpoint.js'
import type { Host } from '../../src/host.js'
import { argsOf } from '../cli/command-line.js'

function hostWith(env: Record<string, string> = {}): Host & { said(): string } {
  let said = ''
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      said += chunk
      done()
    },
  })
  const nobody = { stdin: Readable.from([]), stdout: stderr, stderr, env, pid: 1 }
  return { ...nobody, now: () => 0, onSignal: () => () => {}, said: () => said }
}

const meant = (options: string, host = hostWith()) =>
  endpoint(argsOf(pub, `${options} -t t -m x`), { noDelay: false, passphrases: new Map(), host })

const psk = '--psk 00 --psk-identity me'

test.each([
  ['', 1883, false],
  ['-p 1884', 1884, false],
  ['-p 8883', 8883, true],
  ['-p 8883 --no-tls', 8883, false],
  ['--tls-use-os-certs', 8883, true],
  ['--tls-use-os-certs -p 1884', 1884, true],
  ['--tls-use-os-certs --no-tls', 1883, false],
  [psk, 8883, true],
  [`${psk} -p 1`, 1, true],
  ['--cafile /nothing --no-tls', 1883, false],
  ['--insecure', 1883, false],
  ['-L mqtt://h/t', 1883, false],
  ['-L mqtt://h:8883/t', 8883, true],
  ['-L mqtts://h/t', 8883, true],
  ['-L mqtts://h:1/t', 1, true],
  ['-L ws://h/t', 1883, false],
  ['-L wss://h/t', 8883, true],
  ['--ws', 1883, false],
  ['--ws -p 8883', 8883, true],
])('%s: port %d, TLS %s', async (options, port, tls) => {
  const { address, tls: settings } = await meant(options)
  expect(address).toMatchObject({ port })
  expect(settings !== undefined).toBe(tls)
})

test('a unix socket has TLS only on request, and no host name to check', async () => {
  expect((await meant('--unix /s')).tls).toBeUndefined()
  expect((await meant('--unix /s --tls-use-os-certs')).tls).toMatchObject({ checkHost: false })
})

describe('the check of the host name', () => {
  test.each([
    ['-L mqtts://h/t', true],
    ['-L mqtts://h/t --insecure', false],
    ['-L mqtts://h/t --insecure --ciphers HIGH --tls-version tlsv1.2', false],
    [psk, false],
  ])('%s: %s', async (options, checkHost) => {
    expect((await meant(options)).tls).toMatchObject({
      checkHost,
    })
  })
})

test('WebSocket, its path and headers', async () => {
  expect((await meant('')).webSocket).toBeUndefined()
  expect((await meant('--ws-path /x')).webSocket).toBeUndefined()
  expect((await meant('-L ws://h/t')).webSocket).toEqual({ path: '/mqtt', headers: [] })
  expect((await meant('--ws --ws-path /x --ws-header A:1')).webSocket).toEqual({
    path: '/x',
    headers: [['A', '1']],
  })
})

test('SRV: the service follows TLS', async () => {
  expect(await meant('-S -h example.org')).toMatchObject({ service: '_mqtt._tcp' })
  expect(await meant('-S -h example.org --tls-use-os-certs')).toMatchObject({ service: '_secure-mqtt._tcp' })
  expect((await meant('')).service).toBeUndefined()
})

test('a proxy', async () => {
  const proxy = { host: 'p', port: 1080, login: { user: 'a', password: 'b' } }
  expect(await meant('--proxy socks5h://a:b@p')).toMatchObject({ proxy })
})

describe('details of TLS without TLS', () => {
  test.each(['--cert c --key k', '--ciphers HIGH', '--insecure', '--tls-version tlsv1.2', '--tls-alpn mqtt'])(
    '%s: a warning',
    async (options) => {
      const host = hostWith()
      await meant(options, host)
      expect(host.said()).toMatch(/^Warning: this connection is not encrypted/)
    },
  )

  test.each(['--insecure --quiet', '--insecure --no-tls', ''])('%s: none', async (options) => {
    const host = hostWith()
    await meant(options, host)
    expect(host.said()).toBe('')
  })
})
