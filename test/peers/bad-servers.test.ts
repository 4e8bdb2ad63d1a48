// Servers that break the rules, or say nothing: every command ends by itself, with a status and a sentence.
import { describe, expect, test } from 'vitest'
import { mqttxHere as mqttx, type Outcome } from '../commands/fake-host.js'
import { oneOfEvery } from '../helpers/amount.js'
import { startMqttx } from '../helpers/run.js'
import { connack, type Script, scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'

const clients = [
  { name: 'pub', args: ['pub', '-t', 't', '-m', 'x', '-q', '1'] },
  { name: 'sub', args: ['sub', '-t', 't'] },
]

function expectFailure(outcome: Outcome): void {
  expect(outcome.status).toBeGreaterThan(0)
  expect(outcome.status).toBeLessThan(128) // not a signal of ours that ended it
  expect(outcome.status).not.toBe(70)
  expect(outcome.stdout).toHaveLength(0)
  expect(outcome.stderr).toMatch(/^(Connection error: |Error: |Unable to connect )/)
  expect(outcome.stderr).not.toMatch(/\n\s+at /)
}

const beforeConnack: readonly (Script & { name: string })[] = [
  { name: 'HTTP', accept: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n') },
  { name: 'zeros', packet: (_, socket) => void socket.write(Buffer.alloc(64)) },
  { name: 'the type that does not exist', packet: (_, socket) => void socket.write(Buffer.of(0, 0)) },
  {
    name: 'a Remaining Length of five bytes',
    packet: (_, s) => void s.write(Buffer.of(0x20, 255, 255, 255, 255, 1)),
  },
  {
    name: 'a packet of 256 MB that never comes',
    packet: (_, s) => void s.write(Buffer.of(0x30, 255, 255, 255, 127)),
  },
  { name: 'a CONNACK that is too short', packet: (_, socket) => void socket.end(Buffer.of(0x20, 1, 0)) },
  { name: 'nothing, and closes at once', accept: (socket) => socket.end() },
  { name: 'nothing, and closes before CONNACK', packet: (_, socket) => socket.end() },
  { name: 'nothing, and resets before CONNACK', packet: (_, socket) => void socket.resetAndDestroy() },
  { name: 'PUBLISH before CONNACK', packet: (_, s) => void s.write(Buffer.of(0x30, 4, 0, 1, 0x61, 0x62)) },
  { name: 'PINGRESP before CONNACK', packet: (_, socket) => void socket.write(Buffer.of(0xd0, 0)) },
  {
    name: 'a CONNECT of its own',
    packet: (_, s) => void s.write(Buffer.from('100c00044d5154540402003c0000', 'hex')),
  },
]

describe.each(clients.map((client, index) => ({ ...client, index })))('$name', ({ args, index }) => {
  describe('instead of CONNACK', () => {
    test.each(oneOfEvery(4, beforeConnack, index))('$name', async (script) => {
      const server = await scriptedServer(script)
      expectFailure(await mqttx([...args, ...server.at, '--connect-timeout', '3']))
    })
  })

  test('no answer at all: --connect-timeout', async () => {
    const server = await scriptedServer({})
    const outcome = await mqttx([...args, ...server.at, '--connect-timeout', '1'])

    expectFailure(outcome)
    expect(outcome.stderr).toMatch(/time|answer/i)
  })
})

/** Accepts CONNECT, and answers what follows with the bytes given. */
const accepted = (answer: Uint8Array): Script => ({
  packet: (packet, socket) => void socket.write(packet.cmd === 'connect' ? connack() : answer),
})

const wrongState: readonly { name: string; answer: Buffer }[] = [
  { name: 'a second CONNACK', answer: connack() },
  { name: 'garbage', answer: Buffer.from('\xff\xff\xff\xff\xff\xff', 'latin1') },
  { name: 'a PUBLISH with QoS 3', answer: Buffer.of(0x36, 6, 0, 1, 0x61, 0, 1, 0x62) },
  {
    name: 'PUBACK for nobody, then PUBREC with a body too short',
    answer: Buffer.of(0x40, 2, 0, 9, 0x50, 1, 0),
  },
  { name: 'a PINGREQ', answer: Buffer.of(0xc0, 0) },
]

describe('after CONNACK', () => {
  test.each(oneOfEvery(2, wrongState))('pub: $name', async ({ answer }) => {
    const server = await scriptedServer(accepted(answer))
    expectFailure(await mqttx(['pub', '-t', 't', '-m', 'x', '-q', '1', ...server.at]))
  })

  test.each(oneOfEvery(2, wrongState, 1))('sub: $name', async ({ answer }) => {
    const server = await scriptedServer(accepted(answer))
    const sub = startMqttx(['sub', '-t', 't', ...server.at], { timeoutMs: 60_000 })

    await sub.until((_, stderr) => stderr !== '') // it may try again, but it does not keep quiet about it
    expect(sub.stdout()).toHaveLength(0)
    sub.kill('SIGKILL')
    await sub.ended
  })

  test('pub: PUBCOMP for a PUBLISH of QoS 1', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(connack())
        if (packet.cmd === 'publish')
          socket.write(Buffer.of(0x70, 2, packet.messageId! >> 8, packet.messageId! & 0xff))
      },
    })
    expectFailure(await mqttx(['pub', '-t', 't', '-m', 'x', '-q', '1', ...server.at]))
  })

  test('pub -q 1: the server closes instead of PUBACK: 7', async () => {
    const server = await scriptedServer({
      packet: (packet, socket) => void (packet.cmd === 'connect' ? socket.write(connack()) : socket.end()),
    })
    const outcome = await mqttx(['pub', '-t', 't', '-m', 'x', '-q', '1', ...server.at])

    expect(outcome.status).toBe(7)
    expect(outcome.stderr).toContain('Error: The connection was lost')
  })

  test('pub -q 1 -k 5: a server that has gone quiet is given up', async () => {
    const server = await scriptedServer({
      packet: (packet, s) => void (packet.cmd === 'connect' && s.write(connack())),
    })
    const outcome = await mqttx(['pub', '-t', 't', '-m', 'x', '-q', '1', '-k', '5', ...server.at])

    expectFailure(outcome)
    expect(server.received.map(({ cmd }) => cmd)).toContain('pingreq')
  })

  test('sub -k 5: a server that has gone quiet is left and tried again', async () => {
    const server = await scriptedServer({
      packet: (packet, s) => void (packet.cmd === 'connect' && s.write(connack())),
    })
    const sub = startMqttx(['sub', '-t', 't', '-k', '5', ...server.at], { timeoutMs: 60_000 })

    await once(() => server.connections() === 2)
    expect(server.received.map(({ cmd }) => cmd).filter((cmd) => cmd !== 'pingreq')).toEqual(
      expect.arrayContaining(['connect', 'subscribe', 'connect']),
    )
    expect(sub.stderr()).not.toBe('')
    sub.kill('SIGKILL')
    await sub.ended
  })
})
