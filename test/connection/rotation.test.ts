// Certificates and keys are read for each connection, as they may be rotated in between.
import { X509Certificate } from 'node:crypto'
import { copyFileSync, readFileSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { connect } from '../../src/library/index.js'
import { type Certificates, makeCertificates, type Pair, passphrase } from '../helpers/certificates.js'
import { type Broker, startOwnBroker } from '../helpers/peers.js'
import { scratch, startMqttx } from '../helpers/run.js'
import { once } from '../helpers/wait.js'

let certificates: Certificates
let broker: Broker
beforeAll(async () => {
  certificates = makeCertificates()
  broker = await startOwnBroker()
  return () => broker.stop()
})

/** TLS in front of our broker: requires a client certificate and records its name. */
async function front() {
  const names: string[] = []
  const sockets = new Set<TLSSocket>()
  const { ca, server } = certificates
  const options = {
    ...{ cert: readFileSync(server.cert), key: readFileSync(server.key), ca: readFileSync(ca.cert) },
    ...{ requestCert: true, rejectUnauthorized: true },
  }
  const listening = createServer(options, (socket) => {
    names.push(`${socket.getPeerCertificate().subject.CN}`)
    sockets.add(socket)
    const upstream = dial(broker.port, '127.0.0.1')
    for (const stream of [socket, upstream]) stream.on('error', () => {})
    socket.pipe(upstream).pipe(socket)
  })
  await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done))
  const cut = () => sockets.forEach((socket) => void socket.destroy())
  onTestFinished(() => {
    cut()
    listening.close()
  })
  return { port: (listening.address() as { port: number }).port, names, cut }
}

/** Files with the contents of `pair`; `rotate` replaces them by those of another pair. */
function files(pair: Pair): Pair & { rotate(to: Pair): void } {
  const folder = scratch('rotated')
  const [cert, key] = [join(folder, 'client.crt'), join(folder, 'client.key')]
  const rotate = (to: Pair) => {
    copyFileSync(to.cert, cert)
    copyFileSync(to.key, key)
  }
  rotate(pair)
  return { cert, key, rotate }
}

const nameIn = ({ cert }: Pair) => /CN=(.+)/.exec(new X509Certificate(readFileSync(cert)).subject)![1]!

test('E22 sub --cert and --key: the second connection uses the new files', async () => {
  const { port, names, cut } = await front()
  const { client, otherName, ca } = certificates
  const { cert, key, rotate } = files(client)
  const tls = ['--cafile', ca.cert, '--cert', cert, '--key', key]
  const sub = startMqttx(['sub', '-h', '127.0.0.1', '-p', String(port), ...tls, '-t', 't', '-d'])
  await sub.until((_stdout, stderr) => stderr.includes('SUBACK'))
  rotate(otherName)
  cut()
  await once(() => names.length === 2)
  expect(names).toEqual([nameIn(client), nameIn(otherName)])
  sub.kill('SIGTERM')
})

test('E22 the library: tls.cert and tls.key as paths', async () => {
  const { port, names, cut } = await front()
  const { client, otherName, ca } = certificates
  const { cert, key, rotate } = files(client)
  const ours = await connect(`mqtts://127.0.0.1:${port}`, { tls: { cafile: ca.cert, cert, key } })
  onTestFinished(() => ours.close())
  rotate(otherName)
  cut()
  await once(() => names.length === 2 && ours.connected)
  expect(names).toEqual([nameIn(client), nameIn(otherName)])
})

test('E22 a certificate and a key that do not match are read again at the next attempt', async () => {
  const { port, names, cut } = await front()
  const { client, otherName, ca } = certificates
  const { cert, key, rotate } = files(client)
  const failures: string[] = []
  const ours = await connect(`mqtts://127.0.0.1:${port}`, {
    tls: { cafile: ca.cert, cert, key },
    onRetry: ({ message, hint = '' }: Error & { hint?: string }) => failures.push(`${message} ${hint}`),
  })
  onTestFinished(() => ours.close())
  copyFileSync(otherName.cert, cert)
  cut()
  await once(() => failures.some((text) => text.includes('does not belong to the certificate')))
  rotate(otherName)
  await once(() => names.length === 2)
  expect(names[1]).toBe(nameIn(otherName))
})

test.each([
  ['Buffers', (pair: Pair) => ({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) })],
  ['PEM texts', (pair: Pair) => ({ cert: `${readFileSync(pair.cert)}`, key: `${readFileSync(pair.key)}` })],
])('E52 TLS material as %s', async (_name, material) => {
  const { port, names } = await front()
  const { ca, client, encrypted } = certificates
  const url = `mqtts://127.0.0.1:${port}`
  const tls = { ca: readFileSync(ca.cert), ...material(client) }
  await (await connect(url, { tls })).close()
  const locked = { ca: `${readFileSync(ca.cert)}`, ...material(encrypted), keyPassphrase: passphrase }
  await (await connect(url, { tls: locked })).close()
  expect(names).toEqual([nameIn(client), nameIn(client)])
  await expect(connect(url, { tls: { ...locked, keyPassphrase: 'wrong' } })).rejects.toThrow(
    /Wrong passphrase for key/,
  )
})
