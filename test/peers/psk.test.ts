// TLS with a pre-shared key: mosquitto knows `me`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { subscriber } from '../helpers/clients.js'
import { type Broker, findPeer, freePort, peerTest, startMosquitto } from '../helpers/peers.js'
import { isBun, mqttx, scratch, start, startMqttx } from '../helpers/run.js'

let broker: Broker
let port: number
const key = '0123456789abcdef'

beforeAll(async () => {
  if (findPeer('mosquitto') === undefined) return
  const file = join(scratch('psk'), 'keys')
  writeFileSync(file, `me:${key}\n`)
  port = await freePort()
  const psk = [
    `listener ${port} 127.0.0.1`,
    'psk_hint any',
    `psk_file ${file}`,
    'use_identity_as_username true',
  ]
  broker = await startMosquitto(['allow_anonymous true', ...psk])
})

const publish = (...options: string[]) =>
  mqttx(['pub', '-h', 'localhost', '-p', String(port), '-t', 't', '-m', 'hello', ...options])

const where = isBun ? ' (not on Bun, where it is refused: test/pack/native.test.ts)' : ''

describe.skipIf(isBun)(`TLS-PSK${where}`, () => {
  peerTest('a message to mosquitto_sub', ['mosquitto', 'mosquitto_sub'], async () => {
    const theirs = await subscriber('mosquitto', broker, ['-t', 't', '-C', '1'])
    expect(await publish('--psk', key, '--psk-identity', 'me')).toMatchObject({ status: 0, stderr: '' })
    expect((await theirs.ended).stdout.toString()).toBe('hello\n')
    expect(broker.log()).toMatch(/u'me'/)
  })

  peerTest('a message from mosquitto_pub', ['mosquitto', 'mosquitto_pub'], async () => {
    const login = ['--psk', key, '--psk-identity', 'me']
    const to = ['-h', 'localhost', '-p', String(port), ...login]
    const ours = startMqttx(['sub', ...to, '-t', 'u', '-C', '1', '-d'])
    await ours.until((_, stderr) => stderr.includes('SUBACK'))
    expect(await start('mosquitto_pub', [...to, '-t', 'u', '-m', 'hi']).ended).toMatchObject({ status: 0 })
    expect((await ours.ended).stdout.toString()).toBe('hi\n')
  })

  peerTest('an identity that is unknown', ['mosquitto'], async () => {
    expect(await publish('--psk', key, '--psk-identity', 'you')).toMatchObject({
      status: 1,
      stderr: [
        'Unable to connect (A TLS error occurred). The server does not know the PSK identity.',
        'hint: is --psk-identity right?\n',
      ].join('\n'),
    })
  })

  peerTest('a key that is wrong', ['mosquitto'], async () => {
    const outcome = await publish('--psk', '0123', '--psk-identity', 'me')
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('The keys of server and client do not match.\nhint: with --psk: ')
    expect(outcome.stderr).not.toContain('0123')
  })

  peerTest('a port with certificates', ['mosquitto'], async () => {
    const plain = ['-h', 'localhost', '-p', String(broker.port), '-t', 't', '-m', 'x']
    const outcome = await mqttx(['pub', ...plain, '--psk', key, '--psk-identity', 'me'])
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('does it know the key, is it a port for TLS-PSK?')
  })
})

test('a key that is not hex is not shown', async () => {
  const outcome = await mqttx(['pub', '-t', 't', '-m', 'x', '--psk', 'topsecret', '--psk-identity', 'me'])
  expect(outcome).toMatchObject({
    status: 1,
    stderr: 'Error: Problem setting TLS-PSK options.\nhint: give --psk in hex digits, without 0x\n',
  })
})
