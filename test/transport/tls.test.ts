// TLS with servers of Node: what the client offers, and failures that mosquitto cannot cause.
import { readFileSync } from 'node:fs'
import { createServer as createPlainServer } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TlsSettings } from '../../src/transport/endpoint.js'
import { createContext } from '../../src/transport/tls-context.js'
import { failureOf } from '../connection/rig.js'
import { type Certificates, makeCertificates, type Pair } from '../helpers/certificates.js'
import { findPeer } from '../helpers/peers.js'
import { endpointAt, heard, listening, opened } from './rig.js'

let certificates: Certificates
const available = findPeer('openssl') !== undefined
beforeAll(() => {
  if (available) certificates = makeCertificates()
})

type Context = Partial<Parameters<typeof createContext>[0]>

function settings(context: Context = {}, more: Partial<TlsSettings> = {}): TlsSettings {
  const trusted = context.psk ? [] : [readFileSync(certificates.ca.cert, 'latin1')]
  return {
    context: createContext({ trusted, psk: false, ...context }),
    checkHost: true,
    trusted: '--cafile ca.crt',
    hasCertificate: context.cert !== undefined,
    ...more,
  }
}

const files = ({ cert, key }: Pair) => ({ cert: readFileSync(cert), key: readFileSync(key) })

async function serve(
  options: TlsOptions = {},
  serveOne: (socket: TLSSocket) => void = () => {},
): Promise<number> {
  return listening(createServer({ ...files(certificates.server), ...options }, serveOne))
}

const named = (port: number, tls: TlsSettings, host = 'localhost') =>
  endpointAt(port, { address: { host, port }, tls })

describe.skipIf(!available && !process.env.CI)('TLS', () => {
  test('bytes pass in both directions', async () => {
    const port = await serve({}, (socket) => socket.pipe(socket))
    const stream = await opened(named(port, settings()))
    stream.write('hello')
    expect(await heard(stream)).toBe('hello')
  })

  test('a name is sent as SNI; an address is not, but is checked in the certificate', async () => {
    const names: (string | false)[] = []
    const port = await serve({}, (socket) => void names.push(socket.servername as string | false))
    await opened(named(port, settings()))
    await opened(named(port, settings(), '127.0.0.1'))
    await expect.poll(() => names).toEqual(['localhost', false])
  })

  test('the protocol of ALPN is offered', async () => {
    const seen: unknown[] = []
    const port = await serve(
      { ALPNProtocols: ['x', 'mqtt'] },
      (socket) => void seen.push(socket.alpnProtocol),
    )
    await opened(named(port, settings({}, { alpn: 'mqtt' })))
    await expect.poll(() => seen).toEqual(['mqtt'])
  })

  test('no protocol in common', async () => {
    const port = await serve({ ALPNProtocols: ['x'] })
    const error = await failureOf(opened(named(port, settings({}, { alpn: 'mqtt' }))))
    expect(error.message).toContain('The server does not support the protocol of --tls-alpn.')
  })

  test.each([
    ['tlsv1.3', { maxVersion: 'TLSv1.2' }],
    [undefined, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }],
  ] as const)('no version in common: %s', async (version, options) => {
    const port = await serve(options)
    const error = await failureOf(opened(named(port, settings({ version }))))
    expect(error).toMatchObject({ exitCode: 1, prefix: '', name: 'MqttxError' })
    expect(error.message).toBe(
      'Unable to connect (A TLS error occurred). The server does not support our versions of TLS.',
    )
  })

  test('no cipher in common', async () => {
    const port = await serve({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })
    const ours = settings({ ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })
    expect(await failureOf(opened(named(port, ours)))).toMatchObject({
      message: 'Unable to connect (A TLS error occurred). The server refused the handshake.',
      hint: 'it requires a client certificate (--cert, --key), or it has no cipher in common with us (--ciphers)',
    })
  })

  test('a list of older ciphers does not affect those of TLS 1.3', async () => {
    const protocols: (string | null)[] = []
    const port = await serve({}, (socket) => void protocols.push(socket.getProtocol()))
    await opened(named(port, settings({ ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })))
    await opened(named(port, settings({ version: 'tlsv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' })))
    await expect.poll(() => protocols).toEqual(['TLSv1.3', 'TLSv1.3'])
  })

  test.each([
    ['text', 'SSH-2.0-OpenSSH\r\n'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['CONNACK', '\x20\x02\x00\x00\x00\x00'],
  ])('a server without TLS: %s', async (_, answer) => {
    const port = await listening(
      createPlainServer((socket) => socket.once('data', () => socket.write(answer, 'latin1'))),
    )
    const error = await failureOf(opened(named(port, settings())))
    expect(error.message).toBe(
      'Unable to connect (A TLS error occurred). The server does not speak TLS on this port.',
    )
  })

  test('a server that requires a client certificate, with TLS 1.2', async () => {
    const ca = readFileSync(certificates.ca.cert)
    const port = await serve({ ca, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' })
    const given = files(certificates.client)
    await opened(named(port, settings(given)))
  })

  test('an abort during the handshake rejects with its reason', async () => {
    let sockets = 0
    const port = await listening(
      createPlainServer((socket) => void socket.on('close', () => sockets++).resume()),
    )
    const error = await failureOf(opened(named(port, settings()), AbortSignal.timeout(100)))
    expect(error.name).toBe('TimeoutError')
    await expect.poll(() => sockets).toBe(1)
  })

  test('an abort before the handshake', async () => {
    const port = await serve()
    const error = await failureOf(opened(named(port, settings()), AbortSignal.abort(new Error('enough'))))
    expect(error.message).toBe('enough')
  })

  test('an alert after the handshake is an error of the stream', async () => {
    const ca = readFileSync(certificates.ca.cert)
    const port = await serve({ ca, requestCert: true, rejectUnauthorized: true })
    const stream = await opened(named(port, settings()))
    const error = await new Promise<Error & { code?: string }>((done) => stream.on('error', done).resume())
    expect(error.code).toMatch(/^(ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED|ECONNRESET)$/)
  })
})
