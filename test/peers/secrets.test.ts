// Where a password may come from, and that it goes to the server and nowhere else.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { oblige } from '../connection/rig.js'
import { peerTest } from '../helpers/peers.js'
import { mqttx, type RunOptions, scratch, start } from '../helpers/run.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'

const file = (text: string | Uint8Array, name = 'password') => {
  const path = join(scratch('secret'), name)
  writeFileSync(path, text)
  return path
}

/** User name and password as the server got them. */
function login({ received }: ScriptedServer): string[] {
  const connect = received.find((packet: Packet) => packet.cmd === 'connect')
  if (connect?.cmd !== 'connect') return []
  return [connect.username ?? '', connect.password?.toString() ?? '']
}

async function publish(options: string[], run?: RunOptions) {
  const server = await scriptedServer({ packet: oblige })
  const outcome = await mqttx(['pub', ...server.at, '-t', 't', '-m', 'x', ...options], run)
  return { ...outcome, login: login(server) }
}

describe('a password', () => {
  test.each([
    ['with a newline', 'secret\n', 'secret'],
    ['with CR LF', 'secret\r\n', 'secret'],
    ['without', 'secret', 'secret'],
    ['with more lines', ' se cret \nother\n', ' se cret '],
  ])('from a file %s', async (_, text, expected) => {
    const outcome = await publish(['-u', 'ada', '--password-file', file(text)])
    expect(outcome).toMatchObject({ status: 0, login: ['ada', expected] })
  })

  test('from a file of bytes that are not UTF-8', async () => {
    const server = await scriptedServer({ packet: oblige })
    const path = file(Buffer.of(0xff, 0, 0xfe, 0x0a))
    await mqttx(['pub', ...server.at, '-t', 't', '-n', '-u', 'ada', '--password-file', path])
    expect(server.received[0]).toMatchObject({ password: Buffer.of(0xff, 0, 0xfe) })
  })

  test('from a file that is empty is an error, not an empty password (H46)', async () => {
    const outcome = await publish(['-u', 'ada', '--password-file', file('')])
    expect(outcome).toMatchObject({ status: 1, login: [] })
    expect(outcome.stderr).toMatch(/^Error: --password-file: .*empty/)
  })

  test('from a file that is missing', async () => {
    const outcome = await publish(['-u', 'ada', '--password-file', '/none'])
    expect(outcome).toMatchObject({
      status: 1,
      stderr: "Error: --password-file: cannot read '/none': No such file or directory.\n",
      login: [],
    })
  })

  test('from a file, too long for MQTT', async () => {
    const outcome = await publish(['-u', 'ada', '--password-file', file('x'.repeat(65_536))])
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('Problem setting username and/or password.')
  })

  test('from the environment', async () => {
    const env = { MQTTX_USERNAME: 'ada', MQTTX_PASSWORD: 'secret' }
    expect(await publish([], { env })).toMatchObject({ status: 0, login: ['ada', 'secret'] })
    expect(await publish(['-u', 'eve', '-P', 'other'], { env })).toMatchObject({ login: ['eve', 'other'] })
  })

  test('from the options file, for which the environment stands in', async () => {
    const folder = scratch('config')
    writeFileSync(join(folder, 'mosquitto_pub'), '-u ada\n-P from file\n')
    const env = { XDG_CONFIG_HOME: folder }
    expect(await publish([], { env })).toMatchObject({ login: ['ada', 'from file'] })
    expect(await publish([], { env: { ...env, MQTTX_PASSWORD: 'env' } })).toMatchObject({
      login: ['ada', 'env'],
    })
  })

  test('from the first line of standard input', async () => {
    const outcome = await publish(['-u', 'ada', '-P', '-'], { stdin: 'secret\nmore\n' })
    expect(outcome).toMatchObject({ status: 0, stderr: '', login: ['ada', 'secret'] })
    const whole = await publish(['-u', 'ada', '-P', '-'], { stdin: 'secret' })
    expect(whole).toMatchObject({ status: 0, login: ['ada', 'secret'] })
  })

  test.each(['-l', '-s'])('not from standard input where that is what is published (%s)', async (source) => {
    const server = await scriptedServer({ packet: oblige })
    const options = ['pub', ...server.at, '-t', 't', source, '-u', 'ada', '-P', '-']
    const outcome = await mqttx(options, { stdin: 'secret\n' })
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toMatch(/^Error: -P - cannot read the password from standard input/)
    expect(server.received).toEqual([])
  })

  peerTest('from a terminal, where it is not shown', ['script'], async () => {
    const server = await scriptedServer({ packet: oblige })
    const command = `mqttx pub ${server.at.join(' ')} -t t -m x -u ada -P -`
    const running = start('script', ['-qec', command, '/dev/null'], { stdin: 'open' })
    await running.until((stdout) => stdout.includes('Password: '))
    running.write('sekret\x7f\x7f\x7f\x7fcret\r')
    const outcome = await running.ended
    expect(outcome.status).toBe(0)
    expect(outcome.stdout.toString()).toBe('Password: \r\n')
    expect(login(server)).toEqual(['ada', 'secret'])
  })

  peerTest('from a terminal, and then the lines', ['script'], async () => {
    const server = await scriptedServer({ packet: oblige })
    const command = `mqttx pub ${server.at.join(' ')} -t t -l -u ada -P -`
    const running = start('script', ['-qec', command, '/dev/null'], { stdin: 'open' })
    await running.until((stdout) => stdout.includes('Password: '))
    running.write('secret\r')
    await running.until((stdout) => stdout.includes('Password: \r\n'))
    running.write('one\ntwo\n')
    await running.until(() => server.received.length >= 3)
    running.write('\x04')
    await running.ended
    expect(login(server)).toEqual(['ada', 'secret'])
    expect(
      server.received.flatMap((packet) => (packet.cmd === 'publish' ? [`${packet.payload}`] : [])),
    ).toEqual(['one', 'two'])
  })

  peerTest('from a terminal: Ctrl-C', ['script'], async () => {
    const running = start('script', ['-qec', 'mqttx pub -t t -m x -u ada -P -', '/dev/null'], {
      stdin: 'open',
    })
    await running.until((stdout) => stdout.includes('Password: '))
    running.write('sec\x03')
    expect((await running.ended).status).toBe(130)
  })
})

test.each([[['-u', 'ada', '-P', 'secret']], [['-L', 'mqtt://ada:secret@127.0.0.1:1/t']]])(
  'nothing prints it: %s',
  async (options) => {
    const server = await scriptedServer({ packet: oblige })
    const url = options.map((word) => word.replace(':1/', `:${server.port}/`))
    for (const more of [['-d'], ['-d', '-V', '5'], ['-d', '-p', '1']]) {
      const outcome = await mqttx(['pub', ...server.at, '-t', 't', '-m', 'x', ...url, ...more])
      expect(outcome.stdout.toString() + outcome.stderr).not.toContain('secret')
    }
    expect(login(server)).toEqual(['ada', 'secret'])
  },
)
