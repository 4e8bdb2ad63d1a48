// Names, keys and files of certificates, each with a server that uses the certificate.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { trust } from '../../src/connection/trust.js'
import type { TlsSettings } from '../../src/transport/endpoint.js'
import { createContext } from '../../src/transport/tls-context.js'
import { failureOf } from '../connection/rig.js'
import { findPeer } from '../helpers/peers.js'
import { mqttx, scratch } from '../helpers/run.js'
import { endpointAt, listening, opened } from './rig.js'

const folder = scratch('names')

interface Made {
  readonly cert: string
  readonly key: string
}

/** A self-signed certificate, which is also the CA to trust. */
function certificate(name: string, subject: string, names: string, more: readonly string[] = []): Made {
  const cert = join(folder, `${name}.crt`)
  const key = join(folder, `${name}.key`)
  const kind = more.length > 0 ? more : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const extension = names === '' ? [] : ['-addext', `subjectAltName=${names}`]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-nodes',
      '-days',
      '30',
      ...kind,
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      subject,
      ...extension,
    ],
    { stdio: 'pipe' },
  )
  return { cert, key }
}

function settings({ cert }: Made, more: Partial<TlsSettings> = {}, ciphers?: string): TlsSettings {
  const { certificates } = trust({ cafile: cert, tlsUseOsCerts: false }, {})
  return {
    context: createContext({ trusted: certificates, psk: false, ciphers }),
    checkHost: true,
    trusted: `--cafile ${cert}`,
    hasCertificate: false,
    ...more,
  }
}

const serving = ({ cert, key }: Made, serve: (socket: TLSSocket) => void = () => {}, more: object = {}) =>
  listening(createServer({ cert: readFileSync(cert), key: readFileSync(key), ...more }, serve))

describe.skipIf(!findPeer('openssl') && !process.env.CI)('certificates', () => {
  test('E41: an address only in the common name', async () => {
    const made = certificate('cn', '/CN=127.0.0.1', '')
    const port = await serving(made)
    expect(await failureOf(opened(endpointAt(port, { tls: settings(made) })))).toMatchObject({
      message:
        "Unable to connect (A TLS error occurred). The server's certificate has the address 127.0.0.1 only as its common name (CN).",
      hint: 'an address is valid only in subjectAltName: issue the certificate with IP:127.0.0.1',
    })
  })

  const good = certificate('good', '/CN=x', 'DNS:real.example')
  const block = readFileSync(good.cert, 'latin1')
  const other = readFileSync(certificate('other', '/CN=y', 'DNS:other.example').cert, 'latin1')
  test.each([
    ['a byte order mark', `\u00ef\u00bb\u00bf${block}`],
    ['no line end between two', `${other.trimEnd()}${block}`],
    ['CR LF', block.replaceAll('\n', '\r\n')],
    ['text around', `subject=x\n${block}bye`],
    ['blanks before', `   ${block}`],
  ])('E40: a CA file with %s', async (_, text) => {
    const cafile = join(folder, 'ca.crt')
    writeFileSync(cafile, text, 'latin1')
    const port = await serving(good)
    await opened(
      endpointAt(port, { tls: settings({ ...good, cert: cafile }, { servername: 'real.example' }) }),
    )
  })

  test('E69: --servername is sent and checked', async () => {
    const sent: unknown[] = []
    const port = await serving(good, (socket) => sent.push(socket.servername))
    await opened(endpointAt(port, { tls: settings(good, { servername: 'real.example' }) }))
    await expect.poll(() => sent).toEqual(['real.example'])
    const error = await failureOf(
      opened(endpointAt(port, { tls: settings(good, { servername: 'wrong.example' }) })),
    )
    expect(error.message).toContain("The server's certificate is for real.example, not for wrong.example.")
  })

  test('E69: on the command line', async () => {
    const sent: unknown[] = []
    const port = await serving(good, (socket) => {
      sent.push(socket.servername)
      socket.end()
    })
    const line = ['pub', '-h', '127.0.0.1', '-p', String(port), '--cafile', good.cert, '-t', 't', '-m', 'm']
    await mqttx([...line, '--servername', 'real.example'])
    expect((await mqttx(line)).stderr).toContain('not for 127.0.0.1')
    expect(sent[0]).toBe('real.example')
    expect((await mqttx([...line, '--servername', 'a:1'])).stderr).toContain(
      "--servername: 'a:1' is not a server name",
    )
  })

  test.each([
    ['*.example.org', true],
    ['f*.example.org', false],
    ['*o.example.org', false],
    ['f*o.example.org', false],
    ['foo.*.org', false],
    ['*', false],
    ['*.org', false],
  ])('H57: a wildcard is the whole left-most label: %s', async (pattern, good) => {
    for (const [index, names] of [`DNS:${pattern}`, ''].entries()) {
      const made = certificate('wild', index === 0 ? '/CN=x' : `/CN=${pattern}`, names)
      const port = await serving(made)
      const endpoint = endpointAt(port, { tls: settings(made, { servername: 'foo.example.org' }) })
      if (good) await opened(endpoint)
      else
        expect((await failureOf(opened(endpoint))).message).toContain(
          `is for ${pattern}, not for foo.example.org`,
        )
    }
  })

  describe('H55: the environment does not weaken ciphers', () => {
    const weak = ['-newkey', 'rsa:1024']
    test('RSA of 1024 bits is refused, unless --ciphers allows it', async () => {
      const made = certificate('weak', '/CN=x', 'DNS:localhost', weak)
      const port = await serving(made, undefined, { ciphers: 'DEFAULT:@SECLEVEL=0' })
      const at = (ciphers?: string) =>
        endpointAt(port, { address: { host: 'localhost', port }, tls: settings(made, {}, ciphers) })
      const error = await failureOf(opened(at()))
      expect(error).toMatchObject({
        message:
          "Unable to connect (A TLS error occurred). The server's certificate has an RSA key of 1024 bits, which is too weak.",
      })
      expect(error).toHaveProperty('hint', expect.stringContaining('--ciphers DEFAULT:@SECLEVEL=0'))
      await opened(at('DEFAULT:@SECLEVEL=0'))
    })

    const config = join(folder, 'openssl.cnf')
    writeFileSync(
      config,
      'openssl_conf = a\nnodejs_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = ALL:eNULL:@SECLEVEL=0\n',
    )
    test.each([
      ['NODE_OPTIONS', { NODE_OPTIONS: '--tls-cipher-list=eNULL:@SECLEVEL=0' }],
      ['OPENSSL_CONF', { OPENSSL_CONF: config }],
    ])('%s: no NULL cipher', async (_, env) => {
      const made = certificate('null', '/CN=x', 'DNS:localhost')
      const seen: string[] = []
      const options = { ciphers: 'eNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2' }
      const port = await serving(made, (socket) => void seen.push(socket.getCipher().name), options)
      const line = ['pub', '-h', 'localhost', '-p', String(port), '--cafile', made.cert, '-t', 't', '-m', 'm']
      const { stderr } = await mqttx(line, { env })
      expect(stderr).toContain('The server refused the handshake.')
      expect(seen).toEqual([])
    })

    test('a list of TLS 1.3 ciphers only', async () => {
      const protocols: (string | null)[] = []
      const port = await serving(good, (socket) => void protocols.push(socket.getProtocol()))
      const tls = (ciphers: string) => settings(good, { servername: 'real.example' }, ciphers)
      await opened(endpointAt(port, { tls: tls('TLS_AES_128_GCM_SHA256') }))
      await expect.poll(() => protocols).toEqual(['TLSv1.3'])
      const old = await serving(good, undefined, { maxVersion: 'TLSv1.2' })
      await failureOf(opened(endpointAt(old, { tls: tls('TLS_AES_128_GCM_SHA256') })))
    })
  })

  test('H16: a header may have any name', async () => {
    const heads: string[] = []
    const { createServer: plain } = await import('node:net')
    const server = plain((socket) => socket.on('data', (data) => void heads.push(data.toString())))
    onTestFinished(() => void server.close())
    const port = await listening(server)
    const headers = ['constructor: x', '__proto__: y', 'toString: z'].flatMap((text) => ['--ws-header', text])
    const { status } = await mqttx([
      ...['pub', '-L', `ws://127.0.0.1:${port}/t`, '-m', 'm', '--connect-timeout', '1', ...headers],
    ])
    expect(status).toBe(19)
    expect(heads[0]).toMatch(/\r\nconstructor: x\r\n/i)
    expect(heads[0]).toMatch(/\r\n__proto__: y\r\n/)
    expect(heads[0]).toMatch(/\r\ntostring: z\r\n/i)
  })
})
