// mqttx tap as a process: transports, captures, statuses and slow readers.
import { readFileSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Broker, startBroker } from '../../src/library/index.js'
import { oneOfEvery } from '../helpers/amount.js'
import { type Certificates, makeCertificates } from '../helpers/certificates.js'
import { peerTest } from '../helpers/peers.js'
import { mqttx, programInShell, type Running, scratch, shell, start, startMqttx } from '../helpers/run.js'

interface StartedTap extends Running {
  readonly urls: readonly string[]
  readonly port: number
  /** Ends it by SIGINT. */
  stop(): ReturnType<typeof mqttx>
}

async function startTap(to: string, ...options: string[]): Promise<StartedTap> {
  const running = startMqttx(['tap', '--listen', '0', '--to', to, ...options], { timeoutMs: 200_000 })
  onTestFinished(() => running.kill('SIGKILL'))
  const count = 1 + options.filter((option) => /^--(tls-port|ws-port|wss-port|unix)$/.test(option)).length
  const urls = () => Array.from(running.stderr().matchAll(/^Listening on (.*)$/gm), ([, url = '']) => url)
  await running.until(() => urls().length === count)
  return {
    ...running,
    urls: urls(),
    port: Number(/:(\d+)$/.exec(urls()[0]!)![1]),
    stop() {
      running.kill('SIGINT')
      return running.ended
    },
  }
}

let certificates: Certificates
let broker: Broker
beforeAll(async () => {
  certificates = makeCertificates()
  broker = await startBroker()
})
afterAll(() => broker.close())

test('every kind of listener to every kind of server', async () => {
  const { server, ca } = certificates
  const identity = ['--certfile', server.cert, '--keyfile', server.key]
  const path = join(scratch('tap'), 'broker.sock')
  const all = ['--tls-port', '0', '--ws-port', '0', '--wss-port', '0']
  const own = startMqttx(['broker', '-p', '0', ...all, '--unix', path, ...identity], { timeoutMs: 200_000 })
  onTestFinished(() => own.kill())
  await own.until((stdout) => stdout.split('\n').length > 5)
  const targets = own.stdout().toString().trim().split('\n')
  expect(targets).toHaveLength(5)
  for (const target of oneOfEvery(2, targets)) {
    const trust = /s:\/\//.test(target) && !target.startsWith('ws:') ? ['--cafile', ca.cert] : []
    const file = `${path}.pcapng`
    const shown = ['--view', 'none', '--write', file]
    const tap = await startTap(target, ...all, '--unix', `${path}.tap`, ...identity, ...trust, ...shown)
    for (const url of tap.urls) {
      const at = url.startsWith('unix:')
        ? ['--unix', url.slice('unix://'.length)]
        : ['-L', `${url.replace('127.0.0.1', 'localhost').replace(/\/mqtt$/, '')}/t`]
      const trusted = /^(mqtts|wss):/.test(url) ? ['--cafile', ca.cert] : []
      const line = ['pub', '-V', '5', '-t', 't', '-l', '-q', '2', ...at, ...trusted]
      expect(await mqttx(line, { stdin: 'a\nb\nc\n' }), url).toMatchObject({ status: 0 })
    }
    const { status, stderr } = await tap.stop()
    expect(stderr).toContain('From clients: 5 CONNECT, 15 PUBLISH, 15 PUBREL, 5 DISCONNECT\n')
    expect(stderr).toContain('From the server: 5 CONNACK, 15 PUBREC, 15 PUBCOMP\n')
    expect(status).toBe(0)
    const { stdout } = await mqttx(['inspect', '--view', 'json', '--type', 'CONNECT', file])
    const clients = Array.from(
      stdout.toString().matchAll(/"CONNECT".*"client":"([^"]*):\d+","server":"([^"]*)"/g),
    )
    const [isUnix, port] = [target.startsWith('unix:'), /:(\d+)/.exec(target)?.[1]]
    expect(clients.map(([, client]) => client)).toEqual([...Array(4).fill('127.0.0.1'), '10.0.0.5'])
    for (const [, , server] of clients)
      expect(server).toBe(isUnix ? '10.255.255.254:1883' : `127.0.0.1:${port}`)
    const comments = readFileSync(file)
      .toString('latin1')
      .match(/(client|server): unix socket \/[\w./;: -]*/g)
    const ends = [`client: unix socket ${path}.tap`, ...(isUnix ? [`server: unix socket ${path}`] : [])]
    expect(comments?.at(-1)).toContain(ends.join('; '))
    expect(comments).toHaveLength(isUnix ? 5 : 1)
  }
})

describe('a capture', () => {
  peerTest('has the same packets in tshark, and faults as comments', ['tshark'], async () => {
    const file = join(scratch('tap'), 'c.pcapng')
    const tap = await startTap(
      broker.url,
      '--write',
      file,
      '--fault',
      'puback s2c #2 close',
      '--view',
      'none',
    )
    const lines = Array.from({ length: 300 }, (_, index) => `${index}\n`).join('')
    const sent = await mqttx(['pub', '-p', `${tap.port}`, '-t', 't', '-l', '-q', '1'], { stdin: lines })
    expect(sent).toMatchObject({ status: 0 })
    const { stderr } = await tap.stop()
    const type = { CONNECT: 1, CONNACK: 2, PUBLISH: 3, PUBACK: 4, DISCONNECT: 14 }
    const counts = Object.fromEntries(
      Array.from(
        stderr.matchAll(/(\d+) (CONNECT|CONNACK|PUBLISH|PUBACK|DISCONNECT)\b/g),
        ([, number, name]) => [type[name as keyof typeof type], Number(number)],
      ),
    )
    const decoded = await shell(
      `tshark -r '${file}' -d tcp.port==${broker.port},mqtt -T fields -e mqtt.msgtype -Y mqtt | tr , '\\n' | sort -n | uniq -c`,
    )
    const theirs = Object.fromEntries(
      Array.from(decoded.stdout.toString().matchAll(/(\d+) (\d+)/g), ([, number, name]) => [
        name,
        Number(number),
      ]),
    )
    expect(theirs).toEqual(counts)
    expect(counts[3]).toBeGreaterThan(300)
    const comments = await shell(`tshark -r '${file}' -Y frame.comment -T fields -e frame.comment`)
    expect(comments.stdout.toString()).toBe('fault: puback s2c #2 close\n')
    const ours = await mqttx(['inspect', '--view', 'stats', file])
    expect(ours.stdout.toString()).toMatch(/PUBLISH/)
  })
})

test('a capture that cannot be written is reported at once, and forwarding, view and summary go on', async () => {
  const file = join(scratch('tap'), 'c.pcapng')
  const words = `tap --listen 0 --to ${broker.url} --write '${file}'`
  const running = start('/bin/sh', ['-c', `ulimit -f 2; exec ${programInShell} ${words}`])
  onTestFinished(() => running.kill('SIGKILL'))
  await running.until((_, stderr) => stderr.includes('Listening on'))
  const port = /:(\d+)$/m.exec(running.stderr())![1]!
  const sends = (topic: string) => mqttx(['pub', '-p', port, '-t', topic, '-m', 'x'.repeat(3000), '-q', '1'])
  expect(await sends('one')).toMatchObject({ status: 0 })
  await running.until((_, stderr) => stderr.includes('--write'))
  expect(await sends('two')).toMatchObject({ status: 0 })
  await running.until((stdout) => stdout.includes('"two"'))
  running.kill('SIGINT')
  const { status, stderr } = await running.ended
  expect(stderr.match(/^Error: --write .*EFBIG.*\. The capture ends here\.\nhint: disk full/gm)).toHaveLength(
    1,
  )
  expect(stderr.match(/--write/g)).toHaveLength(1)
  expect(stderr).toContain('Connections: 2\nFrom clients: 2 CONNECT, 2 PUBLISH, 2 DISCONNECT\n')
  expect(status).toBe(14)
})

test('each fault is announced, and one that never matched is said at the end', async () => {
  const file = join(scratch('tap'), 'faults')
  await shell(`printf '# comment\\npublish topic=nobody drop\\n' > '${file}'`)
  const tap = await startTap(broker.url, '--fault-file', file, '--fault', 'connect answer 0x97')
  expect(await mqttx(['pub', '-V', '5', '-p', `${tap.port}`, '-t', 't', '-m', 'x'])).toMatchObject({
    status: 0x97,
  })
  const { status, stdout, stderr } = await tap.stop()
  expect(stderr).toMatch(/^Fault on connection 1, CONNECT c2s of \d+ bytes: connect answer 0x97$/m)
  expect(stderr).toMatch(/^Fault applied 1 time: connect answer 0x97$/m)
  expect(stderr).toMatch(/^Fault never applied, no packet matched: publish topic=nobody drop$/m)
  expect(stdout.toString()).toMatch(/-> CONNECT .*\n.*<- CONNACK 0x97 Quota exceeded/)
  expect(status).toBe(0)
})

test('statuses: 41 without MQTT, 40 with a violation', async () => {
  const idle = await startTap(broker.url)
  expect(await idle.stop()).toMatchObject({
    status: 41,
    stderr: expect.stringMatching(/No MQTT was found\.\n$/),
  })
  const tap = await startTap(broker.url)
  const socket = dial(tap.port, '127.0.0.1')
  socket.write(Buffer.from('100c00044d515454040200000000c100', 'hex'))
  await new Promise((done) => socket.once('close', done).resume())
  expect(await tap.stop()).toMatchObject({ status: 40 })
})

test('a reader that takes nothing holds up nobody', async () => {
  const tap = await startTap(broker.url, '--view', 'bytes')
  tap.child.stdout!.pause()
  const lines = `${'x'.repeat(200)}\n`.repeat(60_000)
  const sent = await mqttx(['pub', '-p', `${tap.port}`, '-t', 't', '-l', '-q', '1', '-M', '1000'], {
    stdin: lines,
  })
  expect(sent).toMatchObject({ status: 0 })
  tap.kill('SIGINT')
  await tap.until((_, stderr) => stderr.includes('Connections:') || stderr.includes('Error'))
  tap.child.stdout!.resume()
  await tap.ended
})

test('a reader that goes away ends it', async () => {
  const tap = await startTap(broker.url)
  tap.child.stdout!.destroy()
  await mqttx(['pub', '-p', `${tap.port}`, '-t', 't', '-m', 'x', '--quiet'])
  expect(await tap.ended).toMatchObject({ status: 0 })
})
