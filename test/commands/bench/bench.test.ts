// The program against servers over real sockets.
import type { Socket } from 'node:net'
import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { type Broker, peerTest, startMosquitto, startOwnBroker } from '../../helpers/peers.js'
import { mqttx, startMqttx } from '../../helpers/run.js'
import { connack, scriptedServer } from '../../helpers/scripted-server.js'
import { bench, underWay } from './command.js'

const puback = (messageId: number) => Buffer.of(0x40, 2, messageId >> 8, messageId & 255)
const suback = (messageId: number, code = 0) => Buffer.of(0x90, 3, messageId >> 8, messageId & 255, code)

/** A server that drops, duplicates or delays each PUBLISH as `fate` says. */
function faultyServer(fate: (number: number) => 'drop' | 'double' | 'hold' | 'pass') {
  const subscribers = new Set<Socket>()
  let number = 0
  let held: Buffer | undefined
  const forward = (bytes: Buffer) => {
    for (const socket of subscribers) socket.write(bytes)
  }
  return (packet: Packet, socket: Socket) => {
    if (packet.cmd === 'connect') socket.write(connack())
    if (packet.cmd === 'disconnect') subscribers.delete(socket)
    if (packet.cmd === 'subscribe') {
      if (!packet.subscriptions[0]!.topic.startsWith('$SYS')) subscribers.add(socket)
      socket.write(suback(packet.messageId!))
    }
    if (packet.cmd !== 'publish') return
    if (packet.qos === 1) socket.write(puback(packet.messageId!))
    const payload = packet.payload as Buffer
    const topic = Buffer.from(packet.topic)
    const size = 2 + topic.length + payload.length
    const bytes = Buffer.concat([Buffer.of(0x30, size, 0, topic.length), topic, payload])
    const what = fate(number++)
    if (what === 'drop') return
    if (what === 'hold') held = bytes
    else forward(bytes)
    if (what === 'double') forward(bytes)
    if (what !== 'hold' && held !== undefined) {
      forward(held)
      held = undefined
    }
  }
}

describe('mqttx bench', () => {
  test('counts exactly what a server drops, duplicates and reorders', async () => {
    const fate = (number: number) => {
      if (number % 10 === 3) return 'drop'
      if (number % 10 === 5) return 'double'
      return number % 10 === 7 ? 'hold' : 'pass'
    }
    const server = await scriptedServer({ packet: faultyServer(fate) })
    const { report, status } = await bench(
      ['pubsub', '-q', '1', '--rate', '1000', '--count', '200'],
      server.at,
    )
    expect(report).toMatchObject({
      sent: 200,
      acked: 200,
      received: 180,
      lost: 20,
      duplicated: 20,
      reordered: 20,
    })
    expect(status).toBe(42)
  })

  test('counts refused connections by Return Code', async () => {
    let connections = 0
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(connack(connections++ === 0 ? 0 : 5))
        if (packet.cmd === 'subscribe') socket.write(suback(packet.messageId!, 0x80))
      },
    })
    const { report, status } = await bench(
      ['pub', '--clients', '3', '--count', '9', '--rate', '100'],
      server.at,
    )
    expect(report).toMatchObject({ connected: 0, sent: 0, failed: { 'CONNACK 0x05': 3 } })
    expect(status).toBe(42)
  })

  test('an unreachable server is an error at once', async () => {
    const { status, stderr } = await mqttx(['bench', 'pub', '-p', '1'])
    expect(status).toBe(1)
    expect(stderr).toContain('Connection refused')
  })

  test.each(['1', '2'])('SIGINT ends the run with a report, with %s threads', async (workers) => {
    const broker = await startOwnBroker()
    const running = startMqttx([
      'bench',
      'pub',
      '-q',
      '1',
      '--rate',
      '50',
      '--duration',
      '1h',
      '--json',
      '--clients',
      '2',
      '--workers',
      workers,
      ...broker.at,
    ])
    await underWay(broker)
    running.kill('SIGINT')
    const { stdout, status } = await running.ended
    const report = JSON.parse(stdout.toString())
    expect(report.interrupted).toBe(true)
    expect(report.sent).toBeGreaterThan(0)
    expect(report.acked).toBe(report.sent)
    expect(status).toBe(0)
    await broker.stop()
  })

  test('if the server dies during the run, the report has the counts so far', async () => {
    const broker = await startOwnBroker()
    const args = ['pub', '-q', '1', '--rate', '100', '--duration', '30s', '--no-reconnect']
    const running = startMqttx(['bench', ...args, '--json', ...broker.at])
    await underWay(broker)
    await broker.stop('SIGKILL')
    const { stdout, status } = await running.ended
    const report = JSON.parse(stdout.toString())
    expect(report).toMatchObject({ connected: 1, disconnected: 1 })
    expect(report.acked).toBeGreaterThan(0)
    expect(status).toBe(42)
  })

  peerTest('a server that is stopped for 2 s shows in the p99', ['mosquitto'], async () => {
    const broker: Broker = await startMosquitto()
    const pid = await mosquittoOn(broker.port)
    const running = bench(
      ['pub', '-q', '1', '--rate', '200', '--clients', '2', '--duration', '6s'],
      broker.at,
    )
    await underWay(broker, 200)
    process.kill(pid, 'SIGSTOP')
    await new Promise((done) => setTimeout(done, 2000))
    process.kill(pid, 'SIGCONT')
    const { report, status } = await running
    expect(report).toMatchObject({ offered: 1200, sent: 1200, acked: 1200 })
    expect(report.latency_ms.p99).toBeGreaterThan(1500)
    expect(report.service_ms.p90).toBeLessThan(report.latency_ms.p90)
    expect(report.header.broker).toContain('mosquitto')
    expect(status).toBe(0)
    await broker.stop()
  })

  peerTest('pubsub at QoS 2 and MQTT 5 loses nothing', ['mosquitto'], async () => {
    const broker = await startMosquitto()
    const args = [
      'pubsub',
      '-V',
      '5',
      '-q',
      '2',
      '--clients',
      '3',
      '--subscribers',
      '2',
      '--count',
      '300',
      '--rate',
      '600',
    ]
    const { report, status } = await bench(args, broker.at)
    expect(report).toMatchObject({
      sent: 300,
      acked: 300,
      received: 600,
      lost: 0,
      duplicated: 0,
      reordered: 0,
    })
    expect(status).toBe(0)
    await broker.stop()
  })
})

/** The PID of the mosquitto whose configuration file has this port. */
async function mosquittoOn(port: number): Promise<number> {
  const { readdirSync, readFileSync } = await import('node:fs')
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
      if (
        args[0]?.endsWith('mosquitto') &&
        args[1] === '-c' &&
        readFileSync(args[2]!, 'latin1').includes(`listener ${port} `)
      )
        return Number(pid)
    } catch {
      // It has ended, or belongs to another user.
    }
  }
  throw new Error('mosquitto not found')
}

test('threads share the load of one run', async () => {
  const broker = await startOwnBroker()
  const args = ['pub', '-q', '1', '--clients', '4', '--rate', '200', '--count', '100', '--workers', '2']
  const { report, status } = await bench(args, broker.at)
  await broker.stop()
  expect(report).toMatchObject({ connected: 4, offered: 100, sent: 100, acked: 100, unacked: 0 })
  expect(report.header.command).toContain('mqttx bench pub -q 1')
  expect(status).toBe(0)
})
