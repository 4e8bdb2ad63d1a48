// Speed and memory of the gateway of MQTT-SN in front of our broker: node test/bench/mqtt-sn-gateway.mjs
// QoS 0 through it, what it adds to a message, and the memory for 5,000 clients of which half sleep with 20 messages each.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

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
const pingreq = Buffer.from([2, 0x16])
const pingresp = 0x17

async function client(port, id, onMessage = () => {}) {
  const socket = createSocket('udp4')
  const waiting = []
  socket.on('message', (bytes) => {
    const [, type] = bytes
    if (type === 0x0c) onMessage(bytes)
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

async function throughput(port) {
  const count = 100_000
  let got = 0
  const to = await client(port, 'bench-to', () => got++)
  await to.ask(text(0x12, [0x00, 0, 1], 'ab'), 0x13)
  const from = await client(port, 'bench-from')
  const message = publish(0, 0, Buffer.alloc(20, 'x'))
  const begin = performance.now()
  for (let i = 0; i < count; i += 100) {
    for (let k = 0; k < 99; k++) from.socket.send(message)
    await new Promise((resolve) => from.socket.send(message, resolve))
    if (i % 500 === 0) await from.ask(pingreq, pingresp)
  }
  await from.ask(pingreq, pingresp)
  const seconds = (performance.now() - begin) / 1000
  for (let last = -1; last !== got; await sleep(300)) last = got
  return `QoS 0, ${count} messages in: ${Math.round(count / seconds)} a second, ${got} of them came out again`
}

async function latency(port, mqttPort) {
  const from = await client(port, 'bench-latency')
  const times = []
  for (let i = 0; i < 2000; i++) {
    const begin = performance.now()
    await from.ask(publish(1, (i % 65_535) + 1, 'x'), 0x0d)
    times.push(performance.now() - begin)
    await turn()
  }
  times.sort((a, b) => a - b)
  const median = times[times.length >> 1]
  return `QoS 1 with one outstanding: median ${median.toFixed(3)} ms from PUBLISH to PUBACK, the server's part included (port ${mqttPort})`
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
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
  return `${clients} clients, half asleep with 20 messages each: ${Math.round(rss)} MB`
}

try {
  const broker = await start('mqtt', 'broker', '-p', '0', '--quiet')
  const gateway = await start(
    'mqtt-sn',
    'gateway',
    '--listen',
    '0',
    '--to',
    `mqtt://${host}:${broker.port}`,
    '--quiet',
  )
  console.log(await throughput(gateway.port))
  console.log(await latency(gateway.port, broker.port))
  console.log(await memory(gateway.port, gateway.pid))
} finally {
  for (const child of children) child.kill()
}
process.exit()
