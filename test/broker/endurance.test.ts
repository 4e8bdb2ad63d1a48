// What must not end a broker, or make it deaf: its log, its file descriptors, strangers.
import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeCertificates } from '../helpers/certificates.js'
import { isBun, type Running, scratch, start, startMqttx } from '../helpers/run.js'
import { smallDisk } from '../helpers/small-disk.js'
import { once, sleep } from '../helpers/wait.js'
import { connectPacket, type TestClient, testClient } from './rig.js'

/** A broker as a process, in a script of the shell that says where its streams go. */
function brokerIn(script: string): Running {
  const running = start('bash', ['-c', script], { timeoutMs: 60_000 })
  onTestFinished(() => running.kill('SIGKILL'))
  return running
}

async function portOf(running: Running, scheme = 'mqtt'): Promise<number> {
  const pattern = new RegExp(`^${scheme}://127\\.0\\.0\\.1:(\\d+)`, 'm')
  await running.until((stdout) => pattern.test(stdout))
  return Number(pattern.exec(running.stdout().toString())?.[1])
}

function dial(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

async function joined(port: number, clientId = 'c'): Promise<TestClient> {
  const client = testClient(dial(port))
  client.send(connectPacket(clientId))
  await client.take('connack')
  return client
}

/** Makes lines of the log: each client comes and goes. */
async function talk(port: number, lines: number): Promise<void> {
  for (let at = 0; at < lines; at += 2) {
    const client = await joined(port, `client${at}${'x'.repeat(180)}`)
    client.send({ cmd: 'disconnect' })
    client.stream.end()
  }
}

test.each([
  ['on a full disk', 'exec mqttx broker -p 0 2>/dev/full'],
  ['to a pipe whose reader has gone', 'exec 2> >(true); sleep 0.2; exec mqttx broker -p 0'],
])('H39: a log %s costs no client', async (_, script) => {
  const running = brokerIn(script)
  const port = await portOf(running)
  await talk(port, 8)
  await (await joined(port)).sync()
  running.kill('SIGTERM')
  expect((await running.ended).status).toBe(0)
})

test('H39: a log that fills its disk goes on when there is room again, and says how many lines are lost', async ({
  skip,
}) => {
  const log = join(await smallDisk('log', 16, skip), 'log')
  const running = brokerIn(`exec mqttx broker -p 0 2>>${log}`)
  const port = await portOf(running)
  await talk(port, 120)
  writeFileSync(log, '')
  await talk(port, 4)
  await once(() => /^\d+ log lines were dropped\.$/m.test(readFileSync(log, 'utf8')))
  running.kill('SIGTERM')
  expect((await running.ended).status).toBe(0)
})

test('H39: a log that nobody reads holds up nothing, and the broker ends in time', async () => {
  const running = brokerIn('exec 2> >(exec sleep 60); exec mqttx broker -p 0')
  const port = await portOf(running)
  await talk(port, 1500)
  await (await joined(port)).sync()
  const begun = performance.now()
  process.kill(running.child.pid!, 'SIGTERM')
  await once(() => running.child.exitCode !== null || running.child.signalCode !== null)
  expect(performance.now() - begun).toBeLessThan(20_000) // the reader holds the pipe for 60 s
  expect(running.child.exitCode).toBe(0)
  running.kill('SIGKILL') // the reader
}, 60_000)

test.runIf(existsSync('/proc/self/fd'))(
  'H38: without file descriptors the broker serves on',
  async () => {
    const running = brokerIn('ulimit -n 60; exec mqttx broker -p 0')
    const port = await portOf(running)
    const first = await joined(port, 'first')
    await first.subscribe('$SYS/broker/uptime')
    const others = Array.from({ length: 120 }, () => dial(port))
    await sleep(6000) // longer than the interval of $SYS
    await first.sync()
    const busy = () => {
      const fields = readFileSync(`/proc/${running.child.pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
      return Number(fields[11]) + Number(fields[12]) // user and system time in 10 ms
    }
    const before = busy()
    await sleep(1000)
    if (!isBun) expect(busy() - before).toBeLessThan(50) // Bun tries to accept without a pause
    for (const socket of others) socket.destroy()
    // A connection that comes before the others are seen to have gone is closed at once.
    await once(async () => {
      const client = testClient(dial(port))
      client.send(connectPacket('later'))
      await once(() => client.closed() || client.words.includes('connack'))
      return !client.closed()
    })
    expect(
      running
        .stderr()
        .split('\n')
        .filter((line) => line.startsWith('Cannot accept')),
    ).length.lessThan(4)
    running.kill('SIGTERM')
    expect((await running.ended).status).toBe(0)
  },
  60_000,
)

test('H37: a TLS handshake that stalls, or is none, is closed', async () => {
  const { server } = makeCertificates()
  const files = ['--certfile', server.cert, '--keyfile', server.key]
  const running = startMqttx(['broker', '-p', '0', '--tls-port', '0', '--wss-port', '0', ...files], {
    timeoutMs: 60_000,
  })
  onTestFinished(() => running.kill('SIGKILL'))
  const ports = [await portOf(running, 'mqtts'), await portOf(running, 'wss')]
  const stalled = ports.flatMap((port) => [dial(port), dial(port)])
  for (const [at, socket] of stalled.entries()) {
    socket.resume()
    if (at % 2 === 1) socket.write(Buffer.from('1603010200', 'hex')) // the head of a ClientHello
  }
  await once(() => stalled.every((socket) => socket.closed))
  expect(running.stderr()).toContain('the TLS handshake failed')
}, 60_000)

test('H30: one upgrade with a long Sec-WebSocket-Protocol holds up nobody', async () => {
  const running = startMqttx(['broker', '-p', '0', '--ws-port', '0'], { timeoutMs: 60_000 })
  onTestFinished(() => running.kill('SIGKILL'))
  const [port, wsPort] = [await portOf(running), await portOf(running, 'ws')]
  const client = await joined(port)
  const key = Buffer.alloc(16).toString('base64')
  const head = 'GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
  const begun = performance.now()
  for (let at = 0; at < 50; at++) {
    const protocol = `a${' '.repeat(15_700)}b`
    dial(wsPort).write(
      `${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    )
  }
  await sleep(100)
  await client.sync()
  expect(performance.now() - begun).toBeLessThan(15_000) // it took 0.4 s for each
})

test('H44: SIGHUP without a password file ends nothing; a file without users is warned of', async () => {
  const running = startMqttx(['broker', '-p', '0'])
  onTestFinished(() => running.kill('SIGKILL'))
  const port = await portOf(running)
  running.kill('SIGHUP')
  await running.until((_, stderr) => stderr.includes('SIGHUP: no password file to reload.'))
  await (await joined(port)).sync()

  const users = join(scratch('users'), 'users')
  writeFileSync(users, '# nobody\n')
  const closed = startMqttx(['broker', '-p', '0', '--password-file', users])
  onTestFinished(() => closed.kill('SIGKILL'))
  await closed.until((_, stderr) =>
    stderr.includes(`Warning: ${users} has no users, so no client can log in.`),
  )
})

test('H4: a file name with control characters is escaped in the log, after SIGHUP too', async () => {
  const folder = scratch('users')
  const [name, escaped] = ['u\u001b[2J\nError: forged', 'u\\u001b[2J\\nError: forged']
  const file = join(folder, name)
  writeFileSync(file, '')
  const running = startMqttx(['broker', '-p', '0', '--password-file', file])
  onTestFinished(() => running.kill('SIGKILL'))
  const warned = (stderr: string) => stderr.split('hint: add one').length - 1
  await running.until((_, stderr) => warned(stderr) === 1)
  running.kill('SIGHUP')
  await running.until((_, stderr) => warned(stderr) === 2)
  unlinkSync(file)
  running.kill('SIGHUP')
  await running.until((_, stderr) => stderr.includes('Keeping the users loaded before.'))
  const lines = running.stderr().split('\n')
  expect(lines.filter((line) => line.includes(escaped)).length).toBe(7)
  expect(running.stderr()).not.toMatch(/[^\P{Cc}\n]|^Error: forged/mu)
})
