// Rows of the table of e2e.mjs: `mqttx broker` compared with mosquitto, with clients that do little themselves
// (broker-load.mjs). The rate is that of one processor: messages by the broker's CPU time, which other work on the machine
// changes less than the wall-clock time. MQTTX_BENCH_OTHER_BROKER: the command of another broker, which prints its address
// first, to compare ours with as well; it has no bar.
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Client, publishPacket, stream } from './broker-load.mjs'
import { median, processMemory, processSeconds, startMosquitto, startServer } from './measure.mjs'

const other = process.env.MQTTX_BENCH_OTHER_BROKER

const thousands = (n) => `${(n / 1000).toFixed(0)} k/s`
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`
const mebibytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`

const payload = Buffer.alloc(33, 'x')
const topic = 'bench/topic'
const publishBytes = publishPacket(topic, payload).length

async function startOurs() {
  const server = await startServer('bash', [
    '-c',
    `ulimit -n "$(ulimit -Hn)"; exec ${ours} broker -p 0 --quiet`,
  ])
  return { ...server, port: portOf(server) }
}

async function startOther() {
  const server = await startServer('bash', ['-c', `exec ${other}`])
  return { ...server, port: portOf(server) }
}

/** With 20 messages in flight, its default, mosquitto 2.0.11 stops in the middle of a stream at QoS 2. */
async function startPeer() {
  const server = await startMosquitto(['max_inflight_messages 0', 'set_tcp_nodelay true'])
  return { ...server, port: Number(server.first) }
}

const portOf = ({ first }) => Number(/\d+$/.exec(first.trim())[0])

let ours = ''

/** One run; the broker's CPU and the wall-clock time in seconds. */
async function run({ port, pid }, { subscribers: count, qos }, messages) {
  const fixed = qos === 0 ? publishBytes : 0
  const subscribers = await Promise.all(
    Array.from({ length: count }, (_, index) => Client.connect(port, `subscriber-${index}`, { fixed })),
  )
  for (const subscriber of subscribers) await subscriber.subscribe([topic], qos)
  const publisher = await Client.connect(port, 'publisher')
  const [cpu, wall] = [processSeconds(pid), performance.now()]
  await stream(publisher, subscribers, { topic, payload, qos, messages, window: qos === 0 ? 4000 : 400 })
  const taken = { cpu: processSeconds(pid) - cpu, wall: (performance.now() - wall) / 1000 }
  await Promise.all([publisher, ...subscribers].map((client) => client.close()))
  return taken
}

const workloads = [
  { name: '1 publisher to 1 subscriber, -q 0', subscribers: 1, qos: 0, share: 1, bar: 1 },
  { name: '1 publisher to 1 subscriber, -q 1', subscribers: 1, qos: 1, share: 1, bar: 1 },
  { name: '1 publisher to 1 subscriber, -q 2', subscribers: 1, qos: 2, share: 1, bar: 0.8 },
  { name: '1 publisher to 50 subscribers, -q 0', subscribers: 50, qos: 0, share: 0.1, bar: 0.7 },
]

function rateRow(name, messages, [mine, peer], bar) {
  const rate = ({ cpu }) => messages / cpu
  const ratio = rate(mine) / rate(peer)
  const figure = (taken) => `${thousands(rate(taken))} of CPU time, ${thousands(messages / taken.wall)}`
  return {
    name,
    ours: figure(mine),
    peer: figure(peer),
    ratio: ratio.toFixed(2),
    bar: bar === 0 ? '' : `at least ${bar.toFixed(1)}`,
    met: ratio >= bar,
  }
}

async function speedRows({ lines, runs }) {
  const brokers = await Promise.all([
    startOurs(),
    startPeer(),
    ...(other === undefined ? [] : [startOther()]),
  ])
  const rows = []
  for (const workload of workloads) {
    const { name, share, bar } = workload
    const messages = Math.round(lines * share)
    const taken = brokers.map(() => [])
    for (const broker of brokers) await run(broker, workload, Math.round(messages / 4))
    for (let left = runs; left > 0; left--) {
      for (const [index, broker] of brokers.entries())
        taken[index].push(await run(broker, workload, messages))
    }
    const [mine, ...peers] = taken.map((all) => ({
      cpu: median(all.map(({ cpu }) => cpu)),
      wall: median(all.map(({ wall }) => wall)),
    }))
    rows.push(rateRow(`broker: ${name}`, messages, [mine, peers[0]], bar))
    if (other !== undefined)
      rows.push(rateRow(`broker: ${name} (peer: ${other})`, messages, [mine, peers[1]], 0))
  }
  for (const broker of brokers) await broker.stop()
  return rows
}

const idleClients = 10_000

/** Memory of an idle connection in bytes: 10,000 in addition to the broker alone. */
async function idleMemory(broker) {
  const [first] = [await Client.connect(broker.port, 'first')]
  await sleep(1000)
  const before = processMemory(broker.pid, 'VmRSS')
  const clients = [first]
  for (let made = 0; made < idleClients; made += 100) {
    const names = Array.from({ length: 100 }, (_, index) => `idle-${made + index}`)
    const some = await Promise.all(names.map((name) => Client.connect(broker.port, name, { keepAlive: 600 })))
    clients.push(...some)
  }
  await sleep(4000)
  const each = (processMemory(broker.pid, 'VmRSS') - before) / idleClients
  await Promise.all(clients.map((client) => client.close()))
  return each
}

async function idleRow() {
  const [mine, peer] = [await startOurs(), await startPeer()]
  const each = await idleMemory(mine)
  const theirs = await idleMemory(peer)
  await mine.stop()
  await peer.stop()
  return {
    name: `broker: memory of an idle connection, ${idleClients.toLocaleString('en')}`,
    ours: kilobytes(each),
    peer: kilobytes(theirs),
    ratio: (each / theirs).toFixed(2),
    bar: 'under 15 KB',
    met: each < 15_000,
  }
}

/** The longest pause of the broker in milliseconds, as another client sees it, while `work` runs. */
async function pauseDuring({ port }, work) {
  const worker = new Worker(new URL('broker-load.mjs', import.meta.url), { workerData: port })
  const message = () => new Promise((done, fail) => worker.once('message', done).once('error', fail))
  await message()
  await work()
  worker.postMessage('stop')
  return Math.max(...(await message()))
}

const many = 100_000

/** What makes a broker pause: `work` starts when `prepare` has been done. */
const pauses = [
  {
    name: `subscribe to # with ${many.toLocaleString('en')} retained messages`,
    async prepare(port) {
      const publisher = await Client.connect(port, 'publisher')
      for (let sent = 0; sent < many; sent += 1000) {
        const forms = Array.from({ length: 1000 }, (_, index) =>
          publishPacket(`retained/${sent + index}/state`, payload, { retain: true }),
        )
        publisher.write(Buffer.concat(forms))
        await publisher.ping()
      }
      return publisher
    },
    async work(port) {
      const subscriber = await Client.connect(port, 'subscriber')
      await subscriber.subscribe(['#'])
      await subscriber.until(() => subscriber.counts[3] >= many)
      await subscriber.close()
    },
  },
  ...[
    { clients: 10, what: `${many.toLocaleString('en')} subscriptions of 10 clients` },
    {
      clients: 1,
      what: `a SUBSCRIBE of ${many.toLocaleString('en')} Topic Filters, more than one client may have`,
    },
  ].map(({ clients, what }) => ({
    name: `${what}, until all are disconnected`,
    async prepare() {},
    async work(port) {
      const [mine, publisher] = [[], await Client.connect(port, 'publisher')]
      for (let client = 0; client < clients; client++)
        mine.push(await Client.connect(port, `subscriber-${client}`))
      for (const [index, client] of mine.entries()) {
        const filters = Array.from({ length: many / clients }, (_, at) => `${index}/${at}`)
        await client.subscribe(filters)
      }
      publisher.write(publishPacket('0/0', payload))
      await mine[0].until(() => mine[0].counts[3] > 0)
      await mine[0].unsubscribe(Array.from({ length: many / clients / 2 }, (_, at) => `0/${at}`))
      for (const client of mine) await client.close()
      await publisher.ping()
      await sleep(500)
    },
  })),
]

async function pauseRows(runs) {
  const rows = []
  for (const { name, prepare, work } of pauses) {
    const figures = []
    for (const start of [startOurs, startPeer]) {
      const broker = await start()
      const prepared = await prepare(broker.port)
      const longest = []
      for (let left = runs; left > 0; left--) longest.push(await pauseDuring(broker, () => work(broker.port)))
      figures.push(median(longest))
      await prepared?.close()
      await broker.stop()
    }
    const [mine, peer] = figures
    rows.push({
      name: `broker: longest pause, ${name}`,
      ours: `${mine.toFixed(0)} ms`,
      peer: `${peer.toFixed(0)} ms`,
      ratio: (mine / peer).toFixed(2),
      bar: 'at most 50 ms',
      met: mine <= 50,
    })
  }
  return rows
}

/** A subscriber that reads nothing, beside one that does: memory of the broker, and the rate of the other. */
async function stalledRow() {
  const broker = await startOurs()
  const messages = 500_000
  const reader = await Client.connect(broker.port, 'reader', { fixed: publishBytes })
  await reader.subscribe([topic])
  const publisher = await Client.connect(broker.port, 'publisher')
  const portion = async () => {
    const [cpu, started] = [processSeconds(broker.pid), performance.now()]
    await stream(publisher, [reader], { topic, payload, qos: 0, messages, window: 4000 })
    const seconds = (performance.now() - started) / 1000
    return { seconds, rate: messages / (processSeconds(broker.pid) - cpu) }
  }
  await portion()
  const { rate: alone, seconds: usual } = await portion()
  const before = processMemory(broker.pid, 'VmHWM')
  const stalled = await Client.connect(broker.port, 'stalled')
  await stalled.subscribe([topic])
  stalled.pause()
  const { seconds: first } = await portion() // publishers wait for it, for a second
  const half = processMemory(broker.pid, 'VmHWM')
  const rates = []
  for (let left = 5; left > 0; left--) rates.push((await portion()).rate)
  const beside = median(rates)
  const grown = processMemory(broker.pid, 'VmHWM')
  for (const client of [stalled, reader, publisher]) await client.close()
  await broker.stop()
  return {
    name: 'broker: a subscriber reads nothing of 3,000,000 messages, rate of another',
    ours: `${thousands(beside)} of CPU time, at first a wait of ${(first - usual).toFixed(1)} s, +${mebibytes(half - before)}, then +${mebibytes(grown - half)}`,
    peer: `${thousands(alone)} of CPU time without it`,
    ratio: (beside / alone).toFixed(2),
    bar: 'at least 0.7, memory flat: 8 MiB',
    met: beside / alone >= 0.7 && grown - half <= 8 * 1024 * 1024,
  }
}

export async function brokerRows({ mqttx, lines, runs }) {
  ours = mqttx
  return [
    ...(await speedRows({ lines: lines / 5, runs })),
    await idleRow(),
    ...(await pauseRows(runs)),
    await stalledRow(),
  ]
}
