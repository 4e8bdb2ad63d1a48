// Lines over TLS compared with mosquitto_pub, and over WebSocket compared with our plain TCP, because mosquitto_pub has no
// WebSocket in Debian.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { folder, startServer, time } from './measure.mjs'

function certificate() {
  const [cert, key] = [join(folder, 'server.crt'), join(folder, 'server.key')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const files = ['-keyout', key, '-out', cert, '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, ...files], { stdio: 'ignore' })
  return { cert, key }
}

const ideal = (...options) =>
  startServer(process.execPath, [join(import.meta.dirname, 'ideal-server.mjs'), ...options])

export async function transportRows({ mqttx, input, lines, interleave, ratioRow }) {
  const { cert, key } = certificate()
  const tcp = await ideal()
  const tls = await ideal('--over', 'tls', '--cert', cert, '--key', key)
  const ws = await ideal('--over', 'ws')

  const publisher = (server, command) => async () => {
    const taken = await time(`${command} -h localhost -p ${server.first} -t bench/topic -l <'${input}'`)
    const { publishes } = JSON.parse(await server.line())
    if (publishes !== lines) throw new Error(`${command}: ${publishes} of ${lines} lines received`)
    return taken
  }

  const [oursTls, theirsTls, oursWs, oursTcp] = await interleave([
    publisher(tls, `${mqttx} pub --cafile '${cert}'`),
    publisher(tls, `mosquitto_pub --cafile '${cert}'`),
    publisher(ws, `${mqttx} pub --ws`),
    publisher(tcp, `${mqttx} pub`),
  ])
  for (const server of [tcp, tls, ws]) await server.stop()
  return [
    ratioRow('pub -l over TLS', [oursTls, theirsTls], 0.8),
    ratioRow('pub -l over WebSocket (peer: ours over TCP)', [oursWs, oursTcp], 0.5),
  ]
}
