// Rows for MQTT-SN: our client and our gateway in front of our broker, what the gateway adds to a message, and its memory
// for 5,000 clients of which half sleep with 20 messages each.
import { execFile, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const program = fileURLToPath(new URL('../../bin/mqttx.js', import.meta.url))
const host = '127.0.0.1'
const children = []

/** Starts a server, and reads the port from the line of its output that begins with `scheme`. */
async function start(scheme, ...args) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  for await (const line of createInterface(child.stdout))
    if (line.startsWith(`${scheme}://`))
      return { pid: child.pid, port: Number(/:(\d+)/.exec(line.slice(9))[1]) }
  throw new Error(`${args[0]} has ended`)
}

const text = (type, head, rest) => {
  const body = Buffer.concat([Buffer.from(head), Buffer.from(rest)])
  return Buffer.concat([Buffer.from([body.length + 2, type]), body])
}
const connect = (id, clean = true) => text(0x04, [clean ? 4 : 0, 1, 0xff, 0xff], id)
const publish = (qos, id, data) => text(0x0c, [(qos << 5) | 2, 0x61, 0x62, id >> 8, id & 255], data)

async function client(port, id) {
  const socket = createSocket('udp4')
  const waiting = []
  socket.on('message', (bytes) => {
    const [, type] = bytes
    if (type === 0x0a) socket.send(Buffer.from([7, 0x0b, ...bytes.subarray(2, 6), 0])) // REGISTER
    const index = waiting.findIndex((one) => one.type === type)
    if (index >= 0) waiting.splice(index, 1)[0].resolve(bytes)
  })
  await new Promise((resolve) => socket.connect(port, host, resolve))
  socket.setRecvBufferSize(4 * 1024 * 1024)
  const take = (type) => new Promise((resolve) => waiting.push({ type, resolve }))
  const ask = (bytes, type) => {
    const answer = take(type)
    socket.send(bytes)
    return answer
  }
  await ask(connect(id), 0x05)
  return { socket, ask, take }
}

const row = (name, ours, bar, met) => ({ name, ours, peer: '', ratio: '', bar, met })
const perSecond = (count, ms) => `${Math.round((count * 1000) / ms).toLocaleString('en')} /s`

/** Time of `pub -l` for so many lines, in milliseconds, its start included. */
async function published(mqttx, port, qos, lines) {
  const line = `seq ${lines} | ${mqttx} pub -V mqtt-sn -h ${host} -p ${port} -t load/${qos} -l -q ${qos}`
  const begin = performance.now()
  await promisify(execFile)('/bin/sh', ['-c', line])
  return performance.now() - begin
}

/** A subscriber over TCP counts what arrives. */
async function throughput(mqttx, gateway, broker) {
  const count = 100_000
  const words = `${mqttx} sub -h ${host} -p ${broker} -t load/0 -C ${count} -W 20 2>/dev/null | wc -l`
  const subscriber = promisify(execFile)('/bin/sh', ['-c', words])
  await sleep(1000)
  const ms = await published(mqttx, gateway, 0, count)
  const received = Number((await subscriber).stdout)
  const met = received === count && (count * 1000) / ms >= 50_000
  const figure = `${perSecond(count, ms)}, ${count - received} lost`
  return row(
    'MQTT-SN: pub -l -q 0, 100,000 lines to our gateway',
    figure,
    'at least 50,000 /s, none lost',
    met,
  )
}

async function acknowledged(mqttx, gateway) {
  const count = 20_000
  const ms = await published(mqttx, gateway, 1, count)
  const met = (count * 1000) / ms >= 3000
  return row('MQTT-SN: pub -l -q 1, one outstanding', perSecond(count, ms), 'at least 3,000 /s', met)
}

async function latency(port) {
  const from = await client(port, 'bench-latency')
  const times = []
  for (let i = 0; i < 2000; i++) {
    const begin = performance.now()
    await from.ask(publish(1, (i % 65_535) + 1, 'x'), 0x0d)
    times.push(performance.now() - begin)
    await turn()
  }
  from.socket.close()
  times.sort((a, b) => a - b)
  const median = times[times.length >> 1]
  return row(
    'MQTT-SN: PUBLISH to PUBACK, server included',
    `${median.toFixed(2)} ms`,
    'under 1 ms',
    median < 1,
  )
}

async function memory(port, pid) {
  const clients = 5000
  const sockets = []
  for (let i = 0; i < clients; i++) {
    const one = await client(port, `bench-memory-${i}`)
    await one.ask(text(0x12, [0x20, 0, 1], 'zz'), 0x13)
    if (i % 2 === 0) await one.ask(Buffer.from([4, 0x18, 0x0e, 0x10]), 0x18)
    else await one.ask(text(0x14, [0x00, 0, 2], 'zz'), 0x15)
    one.socket.close()
    sockets.push(one)
  }
  const from = await client(port, 'bench-feeder')
  const message = text(0x0c, [0x20 | 2, 0x7a, 0x7a, 0, 1], Buffer.alloc(100, 'x'))
  for (let i = 0; i < 20; i++) {
    message.writeUInt16BE(i + 1, 5)
    await from.ask(message, 0x0d)
    await sleep(100)
  }
  await sleep(2000)
  from.socket.close()
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
  const name = 'memory: gateway with 5,000 clients, half asleep with 20 messages'
  return row(name, `${rss.toFixed(0)} MiB`, 'under 250 MB', rss < 238)
}

export async function mqttSnRows({ mqttx }) {
  try {
    const broker = await start('mqtt', 'broker', '-p', '0', '--quiet')
    const to = ['--to', `mqtt://${host}:${broker.port}`]
    const gateway = await start('mqtt-sn', 'gateway', '--listen', '0', ...to, '--quiet')
    return [
      await throughput(mqttx, gateway.port, broker.port),
      await acknowledged(mqttx, gateway.port),
      await latency(gateway.port),
      await memory(gateway.port, gateway.pid),
    ]
  } finally {
    for (const child of children) child.kill()
  }
}
