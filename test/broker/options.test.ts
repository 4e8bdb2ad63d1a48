// The options of `mqttx broker` that grant, limit and deny, each through the command line.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IConnackPacket } from 'mqtt-packet'
import { expect, onTestFinished, test } from 'vitest'
import { connect } from '../../src/library/index.js'
import { startOwnBroker } from '../helpers/peers.js'
import { RawClient } from '../helpers/raw-client.js'
import { mqttx, scratch } from '../helpers/run.js'
import { once } from '../helpers/wait.js'

async function broker(...options: string[]) {
  const started = await startOwnBroker(options)
  onTestFinished(() => started.stop())
  return started
}

/** The CONNACK for a CONNECT. */
async function connack(port: number, version: 4 | 5, settings: object = {}) {
  const client = await new RawClient(port, version).connected('c', settings)
  await client.gone()
  return client.received[0] as IConnackPacket
}

test.each([
  [['--max-qos', '0'], { maximumQoS: 0 }],
  [['--max-qos', '1'], { maximumQoS: 1 }],
  [['--no-retain'], { retainAvailable: false }],
  [['--max-packet-size', '100'], { maximumPacketSize: 100 }],
  [['--receive-maximum', '3'], { receiveMaximum: 3 }],
  [['--max-keepalive', '30'], { serverKeepAlive: 30 }],
  [['--topic-alias-maximum', '7'], { topicAliasMaximum: 7 }],
  [['--topic-alias-maximum', '0'], { topicAliasMaximum: undefined }],
])('%j is in CONNACK', async (options, expected) => {
  const { port } = await broker(...options)
  const { reasonCode, properties } = await connack(port, 5)
  expect(reasonCode).toBe(0)
  expect(properties ?? {}).toEqual({ topicAliasMaximum: 10, ...expected })
})

test('--max-keepalive refuses a client of before MQTT 5 that asks for more', async () => {
  const { port } = await broker('--max-keepalive', '30')
  expect(await connack(port, 4)).toMatchObject({ returnCode: 2 })
  expect(await connack(port, 4, { keepalive: 30 })).toMatchObject({ returnCode: 0 })
})

test('--acl-file is obeyed, and read again at SIGHUP; a bad one is told and not taken', async () => {
  const file = join(scratch('acl'), 'acl')
  writeFileSync(file, 'topic read a/#\ntopic write b\n')
  const server = await broker('--acl-file', file)
  const client = await connect(`mqtt://127.0.0.1:${server.port}`, { protocolVersion: 5 })
  onTestFinished(() => client.close())
  await client.publish('b', 'x', { qos: 1 })
  await expect(client.publish('a/b', 'x', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 })

  writeFileSync(file, 'topic readwrite a/#\n')
  server.signal('SIGHUP')
  await once(() => server.log().includes(`Reloaded ${file}.`))
  await client.publish('a/b', 'x', { qos: 1 })
  await expect(client.publish('b', 'x', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 })

  writeFileSync(file, 'topic a/#\nsubject b\n')
  server.signal('SIGHUP')
  await once(() => server.log().includes('Keeping the access control list loaded before.'))
  expect(server.log()).toContain(`Error: ${file}, line 2: 'subject' is no keyword\n`)
  await client.publish('a/b', 'x', { qos: 1 })
})

test('--unix: local clients over a socket, a stale one replaced, one in use and a file refused', async () => {
  const path = join(scratch('unix'), 'broker.sock')
  const first = await broker('--unix', path)
  expect(await mqttx(['pub', '--unix', path, '-t', 't', '-m', 'x', '-q', '1', '-r'])).toMatchObject({
    status: 0,
  })
  const sub = await mqttx(['sub', '-p', String(first.port), '-t', 't', '-C', '1', '-W', '10'])
  expect(sub.stdout.toString()).toBe('x\n')
  await once(() => first.log().includes(`New client connected from ${path} as `))

  const second = await mqttx(['broker', '-p', '0', '--unix', path])
  expect(second).toMatchObject({ status: 1 })
  expect(second.stderr).toContain(`cannot listen on ${path}: Address already in use`)

  first.signal('SIGKILL')
  const third = await broker('--unix', path)
  expect(await mqttx(['pub', '--unix', path, '-t', 't', '-m', 'x', '-q', '1'])).toMatchObject({ status: 0 })
  await third.stop()
  expect(existsSync(path)).toBe(false)

  writeFileSync(path, 'a file')
  expect(await mqttx(['broker', '-p', '0', '--unix', path])).toMatchObject({ status: 1 })
  expect(readFileSync(path, 'utf8')).toBe('a file')
})

test('--unix in a folder that does not exist says so', async () => {
  const folder = join(scratch('unix'), 'none')
  const { status, stdout, stderr } = await mqttx(['broker', '-p', '0', '--unix', join(folder, 's')])
  expect([status, stdout.toString()]).toEqual([1, ''])
  expect(stderr).toBe(
    `Error: cannot listen on ${folder}/s: No such file or directory\nhint: create the folder ${folder}\n`,
  )
})

test('an --acl-file that is missing or bad ends it before it listens', async () => {
  const file = join(scratch('acl'), 'acl')
  writeFileSync(file, 'topic read a#\n')
  for (const [given, message] of [
    [`${file}-none`, 'No such file'],
    [file, 'line 1: invalid Topic Filter'],
  ] as const) {
    const { status, stdout, stderr } = await mqttx(['broker', '-p', '0', '--acl-file', given])
    expect([status, stdout.toString()]).toEqual([1, ''])
    expect(stderr).toContain(message)
  }
})
