// Servers with which an attempt to connect fails, each at a known step; for the commands that explain it.
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:tls'
import type { Packet } from 'mqtt-packet'
import type { StepName } from '../../src/transport/steps.js'
import { makeCertificates, type Pair } from '../helpers/certificates.js'
import { filteredPort } from '../helpers/filtered-port.js'
import { httpProxy } from '../helpers/http-proxy.js'
import { type Script, scriptedServer } from '../helpers/scripted-server.js'
import { socksProxy } from '../helpers/socks-proxy.js'
import { listening } from '../transport/rig.js'
import { accepting, bareServer, bytes, oblige } from './rig.js'

let made: ReturnType<typeof makeCertificates> | undefined
const certificates = () => (made ??= makeCertificates())

const tlsServer = ({ cert, key }: Pair, more = {}) =>
  listening(
    createTlsServer({ cert: readFileSync(cert), key: readFileSync(key), ...more }, (socket) =>
      socket.resume(),
    ),
  )

const scripted = async (script: Script) => at((await scriptedServer(script)).port)
const at = (port: number) => ['-h', '127.0.0.1', '-p', String(port)]
const secure = (port: number) => [...at(port), '--cafile', certificates().ca.cert]
const silent = async () => (await bareServer((socket) => void socket.resume())).port
const refusedPort = async () => {
  const { createServer } = await import('node:net')
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
const connack = (code: number, version: 4 | 5) =>
  scripted({
    packet(packet, socket) {
      if (packet.cmd !== 'connect') return
      socket.end(
        version === 5
          ? bytes({ cmd: 'connack', reasonCode: code, sessionPresent: false }, 5)
          : bytes({ cmd: 'connack', returnCode: code, sessionPresent: false }),
      )
    },
  })

export interface FailingStep {
  readonly what: string
  readonly step: StepName
  /** The exit status of `sub -E`. */
  readonly status: number
  /** A part of what is said about it. */
  readonly says: string
  /** Starts the server; returns options of the command line. */
  start(): Promise<string[]>
}

const row = (
  what: string,
  step: StepName,
  [status, says]: readonly [number, string],
  start: () => Promise<string[]>,
): FailingStep => ({ what, step, status, says, start })

/** `sub` ended by -W before CONNACK. */
const beforeConnack = 255
const timedOut = 27

const returnCodes = [
  [1, 'does not support this version of MQTT'],
  [2, 'does not accept this Client Identifier'],
  [3, 'the server is not ready'],
  [4, 'check -u and -P'],
  [5, 'this user may not connect'],
] as const

const reasonCodes = [
  [0x80, 'Unspecified error'],
  [0x82, 'Protocol Error'],
  [0x84, 'try -V mqttv311'],
  [0x85, 'does not accept this Client Identifier'],
  [0x86, 'check -u and -P'],
  [0x87, 'this user may not connect'],
  [0x88, 'Server unavailable'],
  [0x8a, 'Banned'],
  [0x95, 'is the will too long?'],
  [0x97, 'Quota exceeded'],
  [0x9c, 'Use another server'],
  [0x9f, 'Connection rate exceeded'],
] as const

const answering = (then: (packet: Packet, socket: import('node:net').Socket) => void) =>
  scripted(accepting(then))

export const failingSteps: readonly FailingStep[] = [
  row('a name that does not resolve', 'DNS', [1, 'is it spelt right'], async () => ['-h', 'nosuch.invalid']),
  row('a refused port', 'TCP', [1, 'nothing listens there'], async () => at(await refusedPort())),
  row('a filtered port', 'TCP', [beforeConnack, 'a firewall'], async () => at(await filteredPort())),
  row('a unix socket that does not exist', 'socket', [1, 'no such socket'], async () => [
    '--unix',
    '/tmp/no/such.sock',
  ]),
  row('a proxy that does not run', 'TCP', [1, 'is the proxy running?'], async () => {
    return [...at(1883), '--proxy', `http://127.0.0.1:${await refusedPort()}`]
  }),
  row('an HTTP proxy that refuses the login', 'proxy', [11, 'give the login of the proxy'], async () => {
    const { port } = await httpProxy({ login: 'me:secret' })
    return [...at(1883), '--proxy', `http://127.0.0.1:${port}`]
  }),
  row('a SOCKS proxy that refuses the target', 'proxy', [11, 'refused a connection to'], async () => {
    const { port } = await socksProxy({ reply: 2 })
    return [...at(1883), '--proxy', `socks5h://127.0.0.1:${port}`]
  }),
  row('a proxy that does not answer', 'proxy', [beforeConnack, 'the proxy does not answer'], async () => {
    return [...at(1883), '--proxy', `http://127.0.0.1:${await silent()}`]
  }),
  row('TLS to a plaintext port', 'TLS', [1, 'TLS'], async () => {
    const { port } = await bareServer(
      (socket) => void socket.once('data', () => socket.end('no TLS here\r\n')),
    )
    return secure(port)
  }),
  row('TLS to a port that closes', 'TLS', [1, 'is it a port for TLS?'], async () => {
    return secure((await bareServer((socket) => void socket.once('data', () => socket.end()))).port)
  }),
  row('TLS to a port that does not answer', 'TLS', [beforeConnack, 'is it a port for TLS?'], async () =>
    secure(await silent()),
  ),
  row('an expired certificate', 'TLS', [1, 'expired on 2021-03-04'], async () => {
    return secure(await tlsServer(certificates().expired))
  }),
  row('a certificate of an unknown CA', 'TLS', [1, 'self-signed and not trusted'], async () => {
    return secure(await tlsServer(certificates().selfSigned))
  }),
  row(
    'a client certificate is required, which TLS 1.3 says late',
    'TLS',
    [1, 'use --cert and --key'],
    async () => {
      return secure(await tlsServer(certificates().server, { requestCert: true, rejectUnauthorized: true }))
    },
  ),
  row('WebSocket 404', 'WebSocket', [1, 'is /mqtt the right --ws-path?'], async () => {
    const server = createHttpServer((_request, response) => void response.writeHead(404).end())
    return [...at(await listening(server)), '--ws']
  }),
  row(
    'WebSocket to a port that does not answer',
    'WebSocket',
    [beforeConnack, 'is it a WebSocket port?'],
    async () => {
      return [...at(await silent()), '--ws']
    },
  ),
  row('plaintext to a TLS port', 'CONNACK', [21, 'the server speaks TLS'], async () => {
    const { port } = await bareServer((socket) => {
      socket.once('data', () => socket.end(Buffer.from('15030100020246', 'hex')))
    })
    return at(port)
  }),
  row('plaintext to a web server', 'CONNACK', [21, 'the server speaks HTTP'], async () => {
    const { port } = await bareServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    })
    return at(port)
  }),
  row(
    'a server that takes CONNECT and does not answer',
    'CONNACK',
    [beforeConnack, 'is this an MQTT port?'],
    async () => {
      return at(await silent())
    },
  ),
  row('a server that closes instead of CONNACK', 'CONNACK', [7, 'instead of answering'], async () => {
    return scripted({ packet: (_packet, socket) => void socket.end() })
  }),
  ...returnCodes.map(([code, says]) =>
    row(`Return Code ${code}`, 'CONNACK', [code, says], () => connack(code, 4)),
  ),
  ...reasonCodes.map(([code, says]) =>
    row(`Reason Code 0x${code.toString(16)}`, 'CONNACK', [code, says], async () => [
      ...(await connack(code, 5)),
      ...['-V', '5'],
    ]),
  ),
  row('a SUBACK that refuses', 'SUBACK', [128, 'access control list'], () => {
    return answering((packet, socket) => {
      if (packet.cmd !== 'subscribe') return oblige(packet, socket)
      socket.write(bytes({ cmd: 'suback', messageId: packet.messageId!, granted: [128] }))
    })
  }),
  row('a server that does not answer SUBSCRIBE', 'SUBACK', [timedOut, 'does not answer SUBSCRIBE'], () => {
    return answering(() => {})
  }),
  row('a hang-up after SUBSCRIBE', 'SUBACK', [7, 'may this client subscribe there?'], () => {
    return answering((_packet, socket) => void socket.end())
  }),
]
