// What a script sees when something goes wrong: the statuses that other clients get wrong, one row each.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { run } from '../commands/fake-host.js'
import { oneOfEvery } from '../helpers/amount.js'
import { type Broker, freePort, peerTest, startMosquitto, startOwnBroker } from '../helpers/peers.js'
import { mqttx, scratch, shell } from '../helpers/run.js'
import { connack, scriptedServer } from '../helpers/scripted-server.js'

const loopback = ['-h', '127.0.0.1', '-p']
const clients = [
  { name: 'pub', args: ['pub', '-t', 't', '-m', 'x'] },
  { name: 'pub -l', args: ['pub', '-t', 't', '-l'] },
  { name: 'sub', args: ['sub', '-t', 't'] },
]

describe.each(clients.map((client, row) => ({ ...client, row })))('$name', ({ args, row }) => {
  test('connection refused: 1', async () => {
    const { status, stdout, stderr } = await mqttx([...args, ...loopback, String(await freePort())])

    expect({ status, stdout: stdout.toString() }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/refused/i)
  })

  test('a name that does not exist: 1', async () => {
    const { status, stdout, stderr } = await mqttx([...args, '-h', 'no-such-host.invalid'])

    expect({ status, stdout: stdout.toString() }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('no-such-host.invalid')
  })

  test.each(oneOfEvery(3, [1, 2, 3, 4, 5], row))(
    'CONNACK with Return Code %i: the same status',
    async (code) => {
      const server = await scriptedServer({ packet: (_, socket) => socket.end(connack(code)) })
      const { status, stdout, stderr } = await mqttx([...args, ...server.at])

      expect({ status, stdout: stdout.toString() }).toEqual({ status: code, stdout: '' })
      expect(stderr).toMatch(/^Connection error: Connection Refused: /)
    },
  )

  peerTest('wrong password on mosquitto: 5', ['mosquitto'], async () => {
    const file = join(scratch('passwd'), 'users')
    writeFileSync(file, 'ada:right\n')
    execFileSync('mosquitto_passwd', ['-U', file])
    const broker = await startMosquitto(['allow_anonymous false', `password_file ${file}`])

    const wrong = await mqttx([...args, ...broker.at, '-u', 'ada', '-P', 'wrong'])
    const right = await mqttx(['pub', '-t', 't', '-m', 'x', ...broker.at, '-u', 'ada', '-P', 'right'])

    expect(wrong.status).toBe(5)
    expect(wrong.stderr).toMatch(/not authori[sz]ed/i)
    expect(right).toMatchObject({ status: 0, stderr: '' })
    await broker.stop()
  })
})

describe('sub', () => {
  const suback = (...codes: number[]) =>
    scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(connack())
        if (packet.cmd !== 'subscribe') return
        const [high, low] = [packet.messageId! >> 8, packet.messageId! & 0xff]
        socket.write(Buffer.of(0x90, 2 + codes.length, high, low, ...codes))
      },
    })

  test('the subscription is refused: 128', async () => {
    const server = await suback(0x80)
    const { status, stdout, stderr } = await mqttx(['sub', ...server.at, '-t', 'secret/plans'])

    expect({ status, stdout: stdout.toString() }).toEqual({ status: 128, stdout: '' })
    expect(stderr).toContain('secret/plans')
  })

  test('granted less than asked for: goes on, and says so', async () => {
    const server = await suback(0)
    const { status, stderr } = await mqttx(['sub', ...server.at, '-t', 't', '-q', '2', '-W', '1'])

    expect(status).toBe(27)
    expect(stderr).toMatch(/QoS 0/)
  })
})

describe('on a broker', () => {
  let broker: Broker
  let at: string
  beforeAll(async () => {
    broker = await startOwnBroker()
    at = broker.at.join(' ')
    await mqttx(['pub', ...broker.at, '-t', 'kept', '-m', 'kept', '-r'])
  })

  test('-W: 27', async () => {
    const outcome = await mqttx(['sub', ...broker.at, '-t', 'nothing', '-W', '1'])

    expect(outcome.status).toBe(27)
    expect(outcome.stderr).toContain('Timed out')
  })

  test('-W after a message: what came is printed, and still 27', async () => {
    const { status, stdout } = await mqttx(['sub', ...broker.at, '-t', 'kept', '-W', '1'])

    expect({ status, stdout: stdout.toString() }).toEqual({ status: 27, stdout: 'kept\n' })
  })

  test('-C: 0', async () => {
    expect((await mqttx(['sub', ...broker.at, '-t', 'kept', '-C', '1', '-W', '5'])).status).toBe(0)
  })

  test('-E: 0', async () => {
    expect((await mqttx(['sub', ...broker.at, '-t', 'nothing', '-E'])).status).toBe(0)
  })

  test('empty input for -s: 1', async () => {
    const outcome = await mqttx(['pub', ...broker.at, '-t', 't', '-s'])

    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('Error: Zero length input.')
  })

  peerTest('closed standard input for -s: 1', ['bash'], async () => {
    const outcome = await shell(`mqttx pub ${at} -t t -s <&-`)

    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toMatch(/^Error: /)
  })

  peerTest('closed standard input for -l: no lines, no crash', ['bash'], async () => {
    const outcome = await shell(`mqttx pub ${at} -t t -l -q 1 <&-`)

    expect(outcome.status).toBeLessThanOrEqual(1)
    expect(outcome.stderr).not.toMatch(/\n\s+at /)
  })

  peerTest('closed standard output: no crash', ['bash'], async () => {
    const outcome = await shell(`mqttx sub ${at} -t kept -C 1 -W 5 >&-`)

    expect(outcome.stderr).not.toMatch(/\n\s+at /)
  })

  peerTest('the reader goes away: 0 and not a word', ['bash'], async () => {
    const script = `mqttx sub ${at} -t kept -t flood | head -1; echo \${PIPESTATUS[0]}`
    const flood = `while sleep 0.5; do yes x | head -5000 | mqttx pub ${at} -t flood -l; done`

    const { stdout, stderr } = await shell(`${flood} & ${script}; kill $!; wait`)
    expect({ stdout: stdout.toString(), stderr }).toEqual({ stdout: 'kept\n0\n', stderr: '' })
  })

  peerTest('a full disk: not 0', ['bash'], async () => {
    const outcome = await shell(`mqttx sub ${at} -t kept -C 1 >/dev/full`)

    expect(outcome.status).not.toBe(0)
    expect(outcome.stderr).toMatch(/ENOSPC|no space/i)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends sub after what was received: 0', async (signal) => {
    const file = join(scratch('signal'), 'out')
    const heard = `until [ -s ${file} ]; do sleep 0.05; done`
    const script = `mqttx sub ${at} -t kept >${file} & pid=$!; ${heard}; kill -${signal.slice(3)} $pid; wait $pid; s=$?; cat ${file}; exit $s`
    const { status, stdout } = await shell(script)

    expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: 'kept\n' })
  })
})

describe('bad usage: 1, the reason on stderr, nothing on stdout', () => {
  const folder = scratch('usage')
  mkdirSync(join(folder, 'directory'))

  test.each([
    [['pub', '--topik', 't', '-m', 'x'], /--topik.*--topic/s],
    [['sub', '-t', 't', '--foo'], /--foo/],
    [['pubb', '-t', 't'], /pubb.*pub/s],
    [['pub', '-t', 't', '-m', 'x', 'extra'], /extra/],
    [['pub', '-t', 't', '-m', 'x', '-q', '3'], /Error: Invalid QoS given: 3/],
    [['pub', '-t', 't', '-m', 'x', '-q', '7'], /Error: Invalid QoS given: 7/],
    [['pub', '-t', 't', '-m', 'x', '-p', '70000'], /Error: Invalid port given: 70000/],
    [['pub', '-t', 't', '-m', 'x', '-p', 'abc'], /port/],
    [['pub', '-t', 't', '-m', 'x', '-l'], /Error: Only one type of message can be sent at once\./],
    [['pub', '-t', '', '-m', 'x'], /topic/],
    [
      ['pub', '-t', 'a/+/b', '-m', 'x'],
      /Error: Invalid publish topic 'a\/\+\/b', does it contain '\+' or '#'\?/,
    ],
    [['pub', '-m', 'x'], /topic/],
    [['pub', '-t', 't'], /message/],
    [['pub', '-t', 't', '-f', join(folder, 'missing')], /missing/],
    [['pub', '-t', 't', '-f', join(folder, 'directory')], /directory/],
    [['sub'], /topic/],
    [
      ['sub', '-t', 'a/#/b'],
      /Error: Invalid subscription topic 'a\/#\/b', are all '\+' and '#' wildcards correct\?/,
    ],
    [['sub', '-t', 'a+'], /'a\+'/],
    [['sub', '-t', 't', '-W', '0'], /Error: Invalid timeout "0"\./],
    [['sub', '-t', 't', '-C', '0'], /Error: Invalid message count "0"\./],
    [['sub', '-t', 't', '-F', '%'], /Error: Incomplete format specifier\./],
  ])('mqttx %j', async (args, reason) => {
    const { status, stdout, stderr } = await run(args, { at: [] })

    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(reason)
    expect(stderr).not.toMatch(/\n\s+at /)
    const words = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('hint: '))
    expect(words.length).toBeLessThanOrEqual(2)
  })

  test('values that begin with a dash are values', async () => {
    const broker = await startOwnBroker()
    for (const value of oneOfEvery(2, ['-5', '--help', '-', '--'], 1)) {
      const sent = await mqttx(['pub', ...broker.at, '-t', '-x', '-m', value, '-r', '-q', '1'])
      expect(sent).toMatchObject({ status: 0, stderr: '' })
      const got = await mqttx(['sub', ...broker.at, '-t', '-x', '-v', '-C', '1', '-W', '5'])
      expect(got.stdout.toString()).toBe(`-x ${value}\n`)
    }
    await broker.stop()
  })
})
