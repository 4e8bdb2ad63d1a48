// mqttx tap for MQTT-SN: views, rules, faults, captures, the summary, and command lines that make no sense.
import { createSocket, type Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { scratch } from '../helpers/run.js'
import { once } from '../helpers/wait.js'
import { inspected } from '../inspect/captures.js'
import { type Outcome, run } from './fake-host.js'

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

async function bound(): Promise<{ socket: Socket; port: number; got: Buffer[] }> {
  const socket = createSocket('udp4')
  const got: Buffer[] = []
  socket.on('message', (bytes) => void got.push(bytes))
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
  onTestFinished(() => void socket.close())
  return { socket, port: socket.address().port, got }
}

/** Messages of a gateway, by the type of what it gets. */
const answers: Readonly<Record<number, string>> = {
  4: '03 05 00',
  10: '07 0b 0005 0001 00',
  12: '07 0d 0005 0002 00',
  22: '02 17',
  24: '02 18',
}

/** Runs tap before a gateway that answers; a client sends `messages`, each after the answer to the one before. */
async function tapped(
  options: readonly string[],
  messages: readonly string[],
): Promise<Outcome & { got: Buffer[] }> {
  const gateway = await bound()
  gateway.socket.on('message', (bytes, { port, address }) => {
    const answer = answers[bytes[1]!]
    if (answer !== undefined) gateway.socket.send(bytesOf(answer), port, address)
  })
  const client = await bound()
  const words = [
    'tap',
    '--listen',
    'mqtt-sn://127.0.0.1:0',
    '--to',
    `mqtt-sn://127.0.0.1:${gateway.port}`,
    ...options,
  ]
  const outcome = await run(words, { at: [] }, async ({ stderr, signal }) => {
    const url = () => /^Listening on mqtt-sn:\/\/127\.0\.0\.1:(\d+)$/m.exec(stderr.text())?.[1]
    await once(() => url() !== undefined)
    for (const message of messages) {
      const count = client.got.length
      const lost = () => stderr.text().includes('Fault')
      client.socket.send(bytesOf(message), Number(url()), '127.0.0.1')
      await once(() => client.got.length > count || lost())
    }
    signal('SIGINT')
  })
  return { ...outcome, got: gateway.got }
}

const connect = '07 04 04 01 003c 61'
const register = '07 0a 0000 0001 61'
const publish = '08 0c 20 0005 0002 61'

test('shows the messages, checks them, and counts them at the end', async () => {
  const { status, stdout, stderr } = await tapped([], [connect, register, publish, '02 18'])
  expect(stdout.replace(/^\S+ (#\d+)/gm, '$1').replace(/, [\d.]+ .s\)/g, ')')).toMatch(
    new RegExp(
      [
        /connection 1: udp 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+, MQTT-SN 1\.2/,
        /#1 1 -> CONNECT "a" keep alive 60 s clean session/,
        /#2 1 <- CONNACK 0x00 Accepted \(to #1\)/,
        /#3 1 -> REGISTER m1 "a"/,
        /#4 1 <- REGACK m1 id 5 \(to #3\)/,
        /#5 1 -> PUBLISH q1 m2 "a" 1 byte/,
        /#6 1 <- PUBACK m2 id 5 \(to #5\)/,
        /#7 1 -> DISCONNECT/,
        /#8 1 <- DISCONNECT \(to #7\)/,
      ]
        .map(({ source }) => `^${source}$`)
        .join('\n'),
      'm',
    ),
  )
  expect(stderr).toContain(
    'Connections: 1\nFrom clients: 1 CONNECT, 1 REGISTER, 1 PUBLISH, 1 DISCONNECT\n' +
      'From the server: 1 CONNACK, 1 REGACK, 1 PUBACK, 1 DISCONNECT\nViolations: none\n',
  )
  expect(status).toBe(0)
})

test('statuses: 40 with a violation, 41 without a message', async () => {
  expect(await tapped(['--view', 'none'], ['02 16'])).toMatchObject({ status: 0, stdout: '' })
  const wrong = await tapped(['--only', 'violations'], [connect, publish.replace('0005', '0009')])
  expect(wrong.stdout).toMatch(
    /PUBLISH q1 m2 id 9 1 byte\n {2}! warning \[SN 1\.2 §6\.6\] .*\(sn-topicid-unknown\)/,
  )
  expect(wrong.status).toBe(40)
  expect(await tapped([], [])).toMatchObject({
    status: 41,
    stderr: expect.stringMatching(/No MQTT-SN was found\.\n$/),
  })
})

test('a fault is announced, and is a comment in the capture, which is one of UDP', async () => {
  const file = join(scratch('tap-sn'), 'a.pcapng')
  const faults = ['--fault', 'publish #1 drop', '--fault', 'pingresp duplicate']
  const { stderr, got, status } = await tapped(['--write', file, ...faults], [connect, register, publish])
  expect(stderr).toMatch(/^Fault on connection 1, PUBLISH c2s of 8 bytes: publish #1 drop$/m)
  expect(stderr).toMatch(/^Fault applied 1 time: publish #1 drop$/m)
  expect(stderr).toMatch(/^Fault never applied, no packet matched: pingresp duplicate$/m)
  expect(got.map((bytes) => bytes[1])).toEqual([4, 10])
  expect(status).toBe(0)
  const capture = readFileSync(file)
  expect(capture.includes('fault: publish #1 drop')).toBe(true)
  const { packets, connections, broken } = inspected({ file: capture })
  expect(packets.map(({ type }) => type)).toEqual([4, 5, 10, 11, 12])
  expect(connections[0]).toMatchObject({ transport: 'udp' })
  expect(broken).toEqual([])
})

test.each([
  [
    ['--listen', 'mqtt-sn://1884', '--to', 'mqtt://localhost'],
    '--listen mqtt-sn:// needs a gateway of MQTT-SN in --to',
  ],
  [['--listen', '1884', '--to', 'mqtt-sn://'], "--to: 'mqtt-sn://' is not the URL of a gateway"],
  [['--listen', '1884', '--to', 'mqtt-sn://u:p@h'], "--to: 'mqtt-sn://...@h' is not the URL of a gateway"],
  [
    ['--listen', '1884', '--to', 'mqtt-sn://h/topic'],
    "--to: 'mqtt-sn://h/topic' is not the URL of a gateway",
  ],
  [['--listen', '1884', '--to', 'mqtt-sn://h:x'], 'Invalid port given: x'],
  [['--listen', '1884', '--to', 'mqtt-sn://h', '--ws-port', '80'], '--ws-port is for TCP'],
  [['--listen', '1884', '--to', 'mqtt-sn://h', '--cafile', 'x'], '--cafile is for TCP'],
  [['--unix', '/tmp/x', '--to', 'mqtt-sn://h'], '--unix is for TCP'],
  [['--listen', '1884', '--to', 'mqtt-sn://h', '-V', '5'], '-V is a version of MQTT'],
  [['--listen', '1884', '--to', 'mqtt-sn://h', '--fault', 'publish close'], 'close is for TCP'],
  [['--listen', '1884', '--to', 'mqtt-sn://h', '--fault', 'auth drop'], "'auth' is not a message type"],
])('%s', async (words, message) => {
  const { status, stderr } = await run(['tap', ...words], { at: [] })
  expect(stderr).toContain(message)
  expect(status).toBe(1)
})
