// --trace on every command that connects: on standard error and as a capture, with and without secrets.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeCertificates } from '../helpers/certificates.js'
import { type Broker, findPeer, startOwnBroker } from '../helpers/peers.js'
import { mqttx, programInShell, scratch, shell, start, startMqttx } from '../helpers/run.js'
import { tap } from '../helpers/tap.js'

let broker: Broker
beforeAll(async () => {
  broker = await startOwnBroker()
  await mqttx(['pub', ...broker.at, '-t', 'kept', '-m', 'x', '-r'])
})
const login = ['-u', 'ada', '-P', 'opensesame']

const commands: readonly [name: string, words: string[], types: string[]][] = [
  [
    'pub',
    ['pub', '-t', 't', '-m', 'x', '-q', '1'],
    ['CONNECT', 'CONNACK', 'PUBLISH', 'PUBACK', 'DISCONNECT'],
  ],
  ['pub -l', ['pub', '-t', 't', '-l', '-q', '2'], ['PUBREC', 'PUBREL', 'PUBCOMP']],
  [
    'sub',
    ['sub', '-t', 'kept', '-C', '1'],
    ['SUBSCRIBE', 'SUBACK', 'PUBLISH', 'UNSUBSCRIBE', 'DISCONNECT'].slice(0, 3),
  ],
  ['rr', ['rr', '-t', 'nobody', '-e', 'answer', '-m', 'x', '-W', '1'], ['SUBSCRIBE', 'PUBLISH']],
  ['bench', ['bench', 'pub', '--rate', '5', '--duration', '1', '--clients', '1'], ['PUBLISH']],
]

describe.each(commands)('%s', (_, words, types) => {
  const run = (...options: string[]) =>
    mqttx([...words, ...broker.at, ...login, ...options], { stdin: 'a\n' })

  test('on standard error, without secrets; the output and the status are the same', async () => {
    const without = await run()
    const { status, stdout, stderr } = await run('--trace')
    expect(status).toBe(without.status)
    if (words[0] !== 'bench') expect(stdout).toEqual(without.stdout)
    for (const type of types) expect(stderr).toMatch(new RegExp(`^[→←] ${type}\\b`, 'm'))
    expect(stderr).toContain('(hidden, --show-secrets)')
    expect(stderr).not.toContain('opensesame')
  })

  test('with --show-secrets', async () => {
    expect((await run('--trace', '--show-secrets')).stderr).toContain('6f70656e736573616d65')
  })

  test('as a capture, in which the password has its length', async () => {
    const file = join(scratch('trace'), 'trace.pcapng')
    const { status, stderr } = await run(`--trace=${file}`)
    expect(stderr).not.toContain('→')
    expect(readFileSync(file).includes('opensesame')).toBe(false)
    const lines = await mqttx(['inspect', '--view', 'line', file])
    for (const type of types) expect(lines.stdout.toString()).toMatch(new RegExp(` ${type}\\b`))
    const bytes = await mqttx(['inspect', '--view', 'bytes', '--show-secrets', '--type', 'CONNECT', file])
    expect(bytes.stdout.toString()).toContain('2a'.repeat(10))
    expect(status).toBe(words[0] === 'rr' ? 27 : 0)
    await run('--trace-file', file, '--show-secrets')
    expect(readFileSync(file).includes('opensesame')).toBe(true)
  })

  test('a file that cannot be written fails before anything is sent', async () => {
    const { status, stderr } = await run('--trace=/none/trace.pcapng')
    expect(status).toBe(1)
    expect(stderr).toContain('--trace-file /none/trace.pcapng: cannot open: No such file or directory')
  })

  test('a disk that is full is status 14', async () => {
    const { status, stderr } = await run('--trace=/dev/full')
    expect(status).toBe(14)
    expect(stderr).toContain('--trace-file /dev/full')
  })
})

test('Authentication Data of MQTT 5 is masked too', async () => {
  const file = join(scratch('trace'), 'trace.pcapng')
  const auth = [
    '-D',
    'connect',
    'authentication-method',
    'M',
    '-D',
    'connect',
    'authentication-data',
    'opensesame',
  ]
  await mqttx(['pub', ...broker.at, '-V', '5', ...auth, '-t', 't', '-m', 'x', `--trace=${file}`])
  const capture = readFileSync(file)
  expect([capture.includes('opensesame'), capture.includes('**********')]).toEqual([false, true])
})

test('a status of the command counts before that of a trace that fails later', async () => {
  const file = join(scratch('trace'), 'trace.pcapng')
  const run = (wait: string) => {
    const options = `${broker.at.join(' ')} -t ${'x'.repeat(3000)} -t kept ${wait} --trace=${file}`
    return shell(`ulimit -f 2; exec mqttx sub ${options}`)
  }
  const received = await run('-C 1')
  expect([received.status, received.stdout.toString()]).toEqual([14, 'x\n'])
  const waited = await run('-R -W 1')
  expect(waited.status).toBe(27)
  for (const { stderr } of [received, waited]) expect(stderr).toContain('--trace-file')
})

test('a trace that cannot be written is reported at once, once, and the command goes on', async () => {
  const file = join(scratch('trace'), 'trace.pcapng')
  const words = `sub ${broker.at.join(' ')} -t a -t ${'x'.repeat(3000)} -C 1 --trace=${file}`
  const running = start('/bin/sh', ['-c', `ulimit -f 2; exec ${programInShell} ${words}`])
  onTestFinished(() => running.kill('SIGKILL'))
  await running.until((_, stderr) => stderr.includes('--trace-file'))
  await mqttx(['pub', ...broker.at, '-t', 'a', '-m', 'later', '-r'])
  const { status, stdout, stderr } = await running.ended
  expect([status, stdout.toString()]).toEqual([14, 'later\n'])
  expect(stderr).toMatch(/^Error: --trace-file .*EFBIG.*\. The capture ends here\.\nhint: .*\n$/)
})

test.each([
  ['two clients', ['pub', '--clients', '2']],
  ['a subscriber and a publisher', ['pubsub']],
  ['requests', ['rr']],
])('bench with %s is refused', async (_, words) => {
  const { status, stderr } = await mqttx(['bench', ...words, ...broker.at, '--trace'])
  expect(status).toBe(1)
  expect(stderr).toMatch(/^Error: bench: --trace shows one client, and this run has more\.\nhint: /)
})

test('over TLS, WebSocket and a unix socket the bytes of MQTT are shown, with their addresses', async () => {
  const { ca, server } = makeCertificates()
  const files = ['--certfile', server.cert, '--keyfile', server.key]
  const path = join(scratch('trace'), 'broker.sock')
  const ports = ['-p', '0', '--tls-port', '0', '--ws-port', '0', '--wss-port', '0', '--unix', path]
  const running = startMqttx(['broker', ...ports, ...files])
  onTestFinished(() => running.kill('SIGKILL'))
  await running.until((out) => out.includes('unix://'))
  for (const url of running.stdout().toString().trim().split('\n')) {
    const secure = /^(mqtts|wss)/.test(url) ? ['--cafile', ca.cert] : []
    const isUnix = url.startsWith('unix:')
    const address = url.replace('127.0.0.1', 'localhost').replace(/\/mqtt$/, '')
    const at = isUnix ? ['--unix', path, '-t', 't'] : ['-L', `${address}/t`]
    const file = join(scratch('trace'), 'trace.pcapng')
    const { status, stderr } = await mqttx(['pub', ...at, '-m', 'x', '--trace', ...secure])
    expect([url, status, stderr]).toEqual([
      url,
      0,
      expect.stringMatching(/^→ CONNECT[\s\S]*^← CONNACK[\s\S]*^→ PUBLISH "t"[\s\S]*^→ DISCONNECT/m),
    ])
    await mqttx(['pub', ...at, '-m', 'x', `--trace=${file}`, ...secure])
    const { stdout } = await mqttx(['inspect', '--view', 'json', '--type', 'CONNECT', file])
    const seen = JSON.parse(
      stdout
        .toString()
        .split('\n')
        .find((line) => line.includes('CONNECT'))!,
    )
    const port = /:(\d+)/.exec(url)?.[1]
    expect(seen.server).toMatch(isUnix ? /^10\.255/ : new RegExp(`^(127\\.0\\.0\\.1|\\[::1\\]):${port}$`))
    expect(seen.client).toMatch(isUnix ? /^10\./ : /^(127\.0\.0\.1|\[::1\]):/)
    expect(readFileSync(file).includes(`server: unix socket ${path}`)).toBe(isUnix)
  }
})

test('each network connection is a connection of the trace', async () => {
  const relay = await tap(broker.port)
  const file = join(scratch('trace'), 'trace.pcapng')
  const running = startMqttx(['sub', ...relay.at, '-t', 'later', '-C', '1', `--trace=${file}`])
  await relay.subscribed()
  relay.cut()
  await relay.subscribed(2)
  await mqttx(['pub', ...broker.at, '-t', 'later', '-m', 'x'])
  expect((await running.ended).status).toBe(0)
  const { stdout } = await mqttx(['inspect', '--view', 'line', file])
  const lines = stdout.toString()
  expect(
    lines.match(/^connection \d+: tcp 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+, MQTT 3\.1\.1$/gm),
  ).toHaveLength(2)
  expect(lines.match(/ SUBACK /g)).toHaveLength(2)
})

test('a payload of 3 MB is whole', async () => {
  const folder = scratch('trace')
  writeFileSync(join(folder, 'large'), Buffer.alloc(3_000_000, 'x'))
  const file = join(folder, 'trace.pcapng')
  const options = ['-t', 't', '-f', join(folder, 'large'), `--trace=${file}`]
  expect((await mqttx(['pub', ...broker.at, ...options])).status).toBe(0)
  const { stdout, status } = await mqttx(['inspect', '--view', 'line', '--type', 'PUBLISH', file])
  expect([status, stdout.toString()]).toEqual([
    0,
    expect.stringMatching(/PUBLISH q0 "t" 3000000 bytes frame \d+\n/),
  ])
})

test.skipIf(findPeer('tshark') === undefined)('tshark counts the same packets', async () => {
  const file = join(scratch('trace'), 'trace.pcapng')
  await mqttx(['pub', ...broker.at, '-t', 't', '-l', '-q', '2', `--trace=${file}`], { stdin: 'a\nb\nc\n' })
  const fields = ['-T', 'fields', '-e', 'mqtt.msgtype', '-Y', 'mqtt']
  const { stdout } = await start('tshark', ['-r', file, ...fields, '-d', `tcp.port==${broker.port},mqtt`])
    .ended
  const theirs = stdout.toString().match(/\d+/g)!.sort()
  const ours = await mqttx(['inspect', '--view', 'json', file])
  const types = ours.stdout.toString().match(/"type":"\w+"/g)!
  expect(theirs).toHaveLength(types.length)
  expect(types.filter((type) => type === '"type":"PUBCOMP"')).toHaveLength(3)
})

test.each([
  ['--trace=false', false],
  ['--trace=true', true],
])('%s', async (option, shows) => {
  const { stderr } = await mqttx(['pub', ...broker.at, '-t', 't', '-m', 'x', option])
  expect(stderr.includes('CONNECT')).toBe(shows)
})
