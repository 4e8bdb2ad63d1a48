// Rows for `mqttx top`: memory of 1,000,000 topics, and 100,000 messages a second without sampling. Also alone:
// `node test/bench/top.mjs`. MQTTX_BENCH_TOPICS is another number of topics.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { environment, processMemory, processSeconds } from './measure.mjs'

const root = resolve(import.meta.dirname, '../..')
const entry = process.env.MQTTX_BENCH_PROGRAM
const [program, first] = entry === undefined ? [process.execPath, [join(root, 'bin/mqttx.js')]] : [entry, []]
const topics = Number(process.env.MQTTX_BENCH_TOPICS ?? 1_000_000)
const perSecond = 100_000
const seconds = 10
const barBytes = 300e6

/** Names of topic `index`: ten metrics of each device, or a device of its own for each, which needs two nodes. */
const shapes = {
  'ten a device': (index) => `site/${(index / 10_000) | 0}/device-${(index / 10) | 0}/metric-${index % 10}`,
  'a level each': (index) => `plant/device-${index}/temperature`,
  'of 1,000': (index) => `plant/line-${index % 10}/device-${index % 1000}/temperature`,
}

function publish(topic, retain) {
  const name = Buffer.from(topic)
  const packet = Buffer.alloc(4 + name.length + 16, 'x')
  packet[0] = retain ? 0x31 : 0x30
  packet[1] = 2 + name.length + 16
  packet.writeUInt16BE(name.length, 2)
  name.copy(packet, 4)
  return packet
}

const batch = 1000

/** Answers CONNECT and SUBSCRIBE, sends `stored` retained messages as fast as they are read, then live ones as they are due. */
function server(nameOf, stored, live) {
  let mostWaiting = 0
  const listening = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(Buffer.of(0x20, 2, 0, 0))
      socket.once('data', async () => {
        socket.write(Buffer.of(0x90, 3, 0, 1, 0))
        for (let sent = 0; sent < stored; sent += batch) {
          const packets = Array.from({ length: batch }, (_, i) => publish(nameOf(sent + i), true))
          if (!socket.write(Buffer.concat(packets))) await new Promise((done) => socket.once('drain', done))
        }
        const all = Array.from({ length: live / batch }, (_, part) =>
          Buffer.concat(
            Array.from({ length: batch }, (_unused, i) =>
              publish(nameOf(((part * batch + i) * 7919) % Math.max(stored, 1000)), false),
            ),
          ),
        )
        await new Promise((done) => setTimeout(done, 3000)) // the garbage of the preparation is over
        const start = performance.now()
        let sent = 0
        const timer = setInterval(() => {
          mostWaiting = Math.max(mostWaiting, socket.writableLength)
          const due = ((performance.now() - start) / 1000) * (perSecond / batch)
          while (sent < Math.min(due, all.length)) socket.write(all[sent++])
          if (sent === all.length || socket.destroyed) clearInterval(timer)
        }, 10)
      })
    })
  })
  return new Promise((done) =>
    listening.listen(0, '127.0.0.1', () =>
      done({
        port: listening.address().port,
        mostWaiting: () => mostWaiting,
        close: () => listening.close(),
      }),
    ),
  )
}

async function run(shape, stored, live) {
  const { port, mostWaiting, close } = await server(shapes[shape], stored, live)
  const words = [
    'top',
    '-h',
    '127.0.0.1',
    '-p',
    `${port}`,
    '-C',
    `${stored + live}`,
    '--json',
    '--interval',
    '1',
  ]
  const child = spawn(program, [...first, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  })
  let [peak, cpu] = [0, 0]
  const poll = setInterval(() => {
    try {
      peak = Math.max(peak, processMemory(child.pid, 'VmHWM'))
      cpu = processSeconds(child.pid)
    } catch {
      // It has ended.
    }
  }, 50)
  const chunks = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  const status = await new Promise((done) => child.once('close', done))
  clearInterval(poll)
  close()
  const reports = Buffer.concat(chunks)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  if (status !== 0) throw new Error(`top: status ${status}`)
  return { report: reports.at(-1), peak, cpu, reports: reports.length, mostWaiting: mostWaiting() }
}

export async function topRows() {
  const rows = []
  for (const shape of ['ten a device', 'a level each']) {
    const { report, peak } = await run(shape, topics, 0)
    rows.push({
      name: `memory: top, ${topics.toLocaleString('en-US')} topics, ${shape}`,
      figure: `${(peak / 1e6).toFixed(0)} MB, ${report.topicCount.toLocaleString('en-US')} counted one by one`,
      bar: 'under 300 MB',
      met: peak < barBytes && report.topicCount === topics,
    })
  }
  for (const [shape, stored] of [
    ['of 1,000', 0],
    ['ten a device', topics],
  ]) {
    const { report, cpu, mostWaiting } = await run(shape, stored, perSecond * seconds)
    const { messages, skippedMessages, topicCount } = report
    rows.push({
      name: `top: ${perSecond.toLocaleString('en-US')} messages a second for ${seconds} s, ${topicCount.toLocaleString('en-US')} topics`,
      figure: `${messages.toLocaleString('en-US')} counted, ${skippedMessages} skipped, CPU ${cpu.toFixed(1)} s in all, at most ${(mostWaiting / 1024).toFixed(0)} KiB waited at the server`,
      bar: 'all counted',
      met: messages === perSecond * seconds && skippedMessages === 0,
    })
  }
  return rows
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { name, figure, bar, met } of await topRows())
    process.stdout.write(`| ${name} | ${figure} | ${bar} | ${met ? 'met' : '**not met**'} |\n`)
}
