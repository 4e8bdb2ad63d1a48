// The endpoint made of the options: port, TLS, layers.
import { Readable, Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { pub } from '../../src/commands/pub/spec.js'
import { endpoint } from '../../src/connection/endpoint.js'
import { type ConnectOptions, connectOptions } from '../../src/connection/options.js'
import type { Host } from '../../src/host.js'
import { argsOf } from '../cli/command-line.js'
import { makeCertificates } from '../helpers/certificates.js'

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

test('the pre-shared key and its identity', async () => {
  expect((await meant('--psk 0a0b --psk-identity me')).tls).toMatchObject({
    psk: { identity: 'me', key: Buffer.of(10, 11) },
    trusted: '--psk',
  })
  expect((await meant('--tls-use-os-certs')).tls!.psk).toBeUndefined()
})

test('the system is trusted by default, else what the options name', async () => {
  const { ca, capath } = makeCertificates()
  const named = `--cafile ${ca.cert}`
  const system = (await meant('-p 8883')).tls!.trusted
  expect((await meant('--tls-use-os-certs')).tls!.trusted).toBe(system)
  expect((await meant(named)).tls!.trusted).toBe(named)
  expect((await meant(`--capath ${capath}`)).tls!.trusted).toBe(`--capath ${capath}`)
  expect((await meant(`${named} --tls-use-os-certs`)).tls!.trusted).toBe(`${named} or ${system}`)
})

describe('the settings of CONNECT', () => {
  const needs = { pid: 7, maxInFlight: 20, receiveMaximum: 30, reconnects: 5, noDelay: false }
  const receiveMaximum = { connect: { receiveMaximum: 5 } }

  test.each<[string, Partial<ConnectOptions>]>([
    ['', { version: 4, clientId: '', cleanStart: true, properties: {}, sessionExpiry: 0, will: undefined }],
    ['', { keepAlive: 60, receiveMaximum: 30, maxInFlight: 20, reconnects: 5, renew: undefined }],
    ['-V 5 -D connect receive-maximum 5', { version: 5, properties: receiveMaximum, sessionExpiry: 0 }],
    ['-V 5', { properties: {}, sessionExpiry: 0 }],
    ['-V 5 -x 10', { sessionExpiry: 10 }],
    ['-V 5 -i a -c', { clientId: 'a', cleanStart: false, sessionExpiry: 0xffffffff }],
    ['-V 5 -i a -c -x 10', { sessionExpiry: 10 }],
    ['-V 5 -i a -c -D connect session-expiry-interval 5', { sessionExpiry: 0 }],
    ['-i a -c', { cleanStart: false, sessionExpiry: 0 }],
    ['-I a', { clientId: 'a7' }],
    ['-V 31', { version: 3, clientId: expect.stringMatching(/^mqttx-[0-9a-f]{16}$/) as string }],
    [
      '--will-topic w --will-payload p --will-qos 1 --will-retain',
      { will: { topic: 'w', payload: Buffer.from('p'), qos: 1, retain: true } },
    ],
    ['--will-topic w', { will: { topic: 'w', payload: Buffer.alloc(0), qos: 0, retain: false } }],
    ['--no-reconnect', { reconnects: 0 }],
  ])('%s', async (options, expected) => {
    const args = argsOf(pub, `${options} -t t -m x`)
    expect(await connectOptions(args, needs, hostWith())).toMatchObject(expected)
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
