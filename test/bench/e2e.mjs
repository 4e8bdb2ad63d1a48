// `npm run bench [-- GROUP]`: commands compared with mosquitto's clients; interleaved runs, medians. GROUP is pub, sub,
// mqtt5, transports, start, memory, passwd, broker, top, tap, worker, replay, retained, mqtt-sn or native (the executable, which npm run pkg has made);
// without GROUP all run, and the table is stored in results/. For shorter runs set MQTTX_BENCH_LINES and MQTTX_BENCH_RUNS; their table is not stored.
// MQTTX_BENCH_PROGRAM is another mqttx to measure, such as an executable.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { brokerRows } from './broker.mjs'
import { folder, median, peakMemory, startMosquitto, startServer, time } from './measure.mjs'
import { mqttSnRows } from './mqtt-sn.mjs'
import { nativeRows } from './native.mjs'
import { passwdRows } from './passwd.mjs'
import { replayRows } from './replay.mjs'
import { retainedRows } from './retained.mjs'
import { tapRows } from './tap.mjs'
import { topRows } from './top.mjs'
import { transportRows } from './transports.mjs'
import { workerRows } from './worker.mjs'

const root = resolve(import.meta.dirname, '../..')
const lines = Number(process.env.MQTTX_BENCH_LINES ?? 1_000_000)
const runs = Number(process.env.MQTTX_BENCH_RUNS ?? 5)
const node = `'${process.execPath}'`
const other = process.env.MQTTX_BENCH_PROGRAM
const mqttx = other === undefined ? `${node} '${join(root, 'bin/mqttx.js')}'` : `'${other}'`
const input = join(folder, 'lines')
const output = join(folder, 'output')

const line = (index) => `${String(index).padStart(33, '0')}\n`
const million = (n) => (n / 1e6).toFixed(2)
const seconds = (n) => n.toFixed(3)

const ideal = (messages = 0, size = 33) =>
  startServer(process.execPath, [
    join(import.meta.dirname, 'ideal-server.mjs'),
    '--messages',
    `${messages}`,
    '--size',
    `${size}`,
  ])

/** Runs each command in turn, `repeat` times; returns the median wall-clock and CPU time of each. */
async function interleave(contenders, repeat = runs) {
  const taken = contenders.map(() => [])
  for (let run = 0; run < repeat; run++) {
    for (const [index, contender] of contenders.entries()) taken[index].push(await contender())
  }
  return taken.map((all) => ({
    wall: median(all.map(({ wall }) => wall)),
    cpu: median(all.map(({ cpu }) => cpu)),
  }))
}

/** One run of a publisher; fails unless the ideal server has received and acknowledged every line. */
async function publisher(server, command, complete) {
  const taken = await time(`${command} -h 127.0.0.1 -p ${server.first} -t bench/topic -l <'${input}'`)
  const counts = JSON.parse(await server.line())
  const wanted = complete === 'acknowledged' ? counts.acknowledged : counts.publishes
  if (wanted !== lines) throw new Error(`${command}: ${wanted} of ${lines} lines ${complete ?? 'received'}`)
  return taken
}

const rate = (taken) => lines / taken.wall

function ratioRow(name, [ours, peer], bar, { lessCpu = false } = {}) {
  const ratio = rate(ours) / rate(peer)
  return {
    name,
    ours: `${million(rate(ours))} M/s, CPU ${seconds(ours.cpu)} s`,
    peer: `${million(rate(peer))} M/s, CPU ${seconds(peer.cpu)} s`,
    ratio: ratio.toFixed(2),
    bar: `at least ${bar.toFixed(1)}${lessCpu ? ', less CPU time' : ''}`,
    met: ratio >= bar && (!lessCpu || ours.cpu < peer.cpu),
  }
}

async function pubRows() {
  const server = await ideal()
  const peer = () => publisher(server, 'mosquitto_pub -q 0')
  const taken = await interleave([
    () => publisher(server, `${mqttx} pub -q 0`),
    () => publisher(server, `${mqttx} pub -q 1 -M 10000`, 'acknowledged'),
    () => publisher(server, `${mqttx} pub -q 2 -M 10000`, 'acknowledged'),
    peer,
  ])
  await server.stop()
  const [q0, q1, q2, mosquitto] = taken
  return [
    ratioRow('pub -l -q 0', [q0, mosquitto], 2.5, { lessCpu: true }),
    ratioRow('pub -l -q 1 -M 10000, all acknowledged (peer at -q 0)', [q1, mosquitto], 1.3),
    ratioRow('pub -l -q 2 -M 10000, all acknowledged (peer at -q 0)', [q2, mosquitto], 1.0),
  ]
}

/** One run of a subscriber until it has all messages. */
async function subscriber(server, command, to = 'pipe') {
  const arguments_ = `-h 127.0.0.1 -p ${server.first} -t '#' -C ${lines}`
  const taken = await (to === 'file'
    ? time(`${command} ${arguments_} >'${output}'`)
    : time(`${command} ${arguments_}`, '| cat >/dev/null'))
  await server.line()
  return taken
}

async function subRows() {
  const server = await ideal(lines)
  const rows = []
  for (const to of ['file', 'pipe']) {
    const taken = await interleave([
      () => subscriber(server, `${mqttx} sub`, to),
      () => subscriber(server, 'mosquitto_sub', to),
    ])
    rows.push(ratioRow(`sub -t '#' to a ${to}`, taken, 6.0))
  }
  await server.stop()
  return rows
}

/** MQTT 5 (as ours) compared with 3.1.1 (as the peer). */
async function mqtt5Rows() {
  const server = await ideal(lines)
  const sub = async (version) => {
    const taken = await time(
      `${mqttx} sub -V ${version} -h 127.0.0.1 -p ${server.first} -t '#' -C ${lines} >'${output}'`,
    )
    await server.line()
    return taken
  }
  const versions = (contender) => interleave([() => contender(5), () => contender(311)])
  const rows = [
    ratioRow(
      'pub -l -q 0 -V 5 (peer: -V 311)',
      await versions((v) => publisher(server, `${mqttx} pub -q 0 -V ${v}`)),
      0.9,
    ),
    ratioRow(
      'pub -l -q 1 -M 10000 -V 5 (peer: -V 311)',
      await versions((v) => publisher(server, `${mqttx} pub -q 1 -M 10000 -V ${v}`, 'acknowledged')),
      0.9,
    ),
    ratioRow("sub -t '#' -V 5 (peer: -V 311)", await versions(sub), 0.9),
  ]
  await server.stop()
  return rows
}

async function startRows() {
  const server = await startMosquitto()
  const at = `-h 127.0.0.1 -p ${server.first}`
  const [ours, empty, mosquitto] = await interleave(
    [
      () => time(`${mqttx} pub ${at} -t t -m x`),
      () => time(`${node} -e 0`),
      () => time(`mosquitto_pub ${at} -t t -m x`),
    ],
    Math.max(runs, 20),
  )
  await server.stop()
  const ratio = ours.wall / empty.wall
  const name = `pub -m x, whole process (peer: node -e 0; mosquitto_pub ${seconds(mosquitto.wall)} s)`
  return [
    {
      name,
      ours: `${seconds(ours.wall)} s`,
      peer: `${seconds(empty.wall)} s`,
      ratio: ratio.toFixed(2),
      bar: 'at most 1.6',
      met: ratio <= 1.6,
    },
  ]
}

const limit = 120

function memoryRow(name, large, small) {
  return {
    name,
    ours: `${large.toFixed(0)} MiB`,
    peer: small === undefined ? '' : `${small.toFixed(0)} MiB for a hundredth`,
    ratio: small === undefined ? '' : (large / small).toFixed(2),
    bar: `under ${limit} MiB`,
    met: large <= limit,
  }
}

async function memoryRows() {
  const rows = []
  const server = await ideal()
  const [small, large] = [join(folder, 'small'), join(folder, 'large')]
  const part = Array.from({ length: 30_000 }, (_, index) => line(index)).join('')
  writeFileSync(small, part)
  for (let times = 0; times < 100; times++) writeFileSync(large, part, { flag: 'a' })
  for (const options of ['-q 0', '-q 1', '-q 2 -M 65535']) {
    const peak = (file) =>
      peakMemory(`${mqttx} pub -h 127.0.0.1 -p ${server.first} -t t -l ${options} <'${file}'`)
    rows.push(memoryRow(`memory: pub -l ${options}, 102 MB of lines`, await peak(large), await peak(small)))
  }
  await server.stop()

  const flood = await ideal(200_000, 1024)
  const reader = 'exec 3> >(sleep 5; exec cat >/dev/null)'
  const command = `${mqttx} sub -h 127.0.0.1 -p ${flood.first} -t '#' -C 200000 >&3`
  rows.push(memoryRow('memory: sub, 205 MB behind a reader that sleeps', await peakMemory(command, reader)))
  await flood.stop()
  return rows
}

const transports = () => transportRows({ mqttx, input, lines, interleave, ratioRow })
const groups = {
  pub: pubRows,
  sub: subRows,
  mqtt5: mqtt5Rows,
  transports,
  start: startRows,
  memory: memoryRows,
  passwd: () => passwdRows({ mqttx, node, interleave, runs }),
  broker: () => brokerRows({ mqttx, lines, runs }),
  top: async () =>
    (await topRows()).map(({ figure, ...row }) => ({ ...row, ours: figure, peer: '', ratio: '' })),
  tap: () => tapRows({ mqttx, interleave, publisher, ideal, ratioRow }),
  worker: () => workerRows({ mqttx, interleave }),
  replay: () => replayRows({ mqttx, interleave, ideal, ratioRow }),
  retained: () => retainedRows({ mqttx, interleave }),
  'mqtt-sn': () => mqttSnRows({ mqttx }),
  native: () => nativeRows({ mqttx, lines, runs, interleave, publisher, subscriber, ideal, ratioRow }),
}

const [only] = process.argv.slice(2)
const chosen = only === undefined ? Object.values(groups) : [groups[only]]
if (chosen.includes(undefined)) throw new Error(`no group ${only}: ${Object.keys(groups).join(', ')}`)
mkdirSync(join(import.meta.dirname, 'results'), { recursive: true })
writeFileSync(input, Array.from({ length: lines }, (_, index) => line(index)).join(''))
const heading = [
  `${lines.toLocaleString('en')} messages of 33 bytes, ${cpus().length} cores (${cpus()[0]?.model.trim()}),`,
  `Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, medians of ${runs} interleaved runs.`,
].join('\n')
const table = ['| work | mqttx | peer | ratio | bar | |', '|---|---|---|---|---|---|']
process.stdout.write(`${heading}\n\n${table.join('\n')}\n`)
for (const rows of chosen) {
  for (const row of await rows()) {
    const text = `| ${row.name} | ${row.ours} | ${row.peer} | ${row.ratio} | ${row.bar} | ${row.bar === '' ? '' : row.met ? 'met' : '**not met**'} |`
    table.push(text)
    process.stdout.write(`${text}\n`)
  }
}
if (only === undefined && lines === 1_000_000 && runs >= 5) {
  const name = `${new Date().toISOString().slice(0, 10)}-${cpus().length}-cores-node-${process.version.slice(1)}.md`
  writeFileSync(join(import.meta.dirname, 'results', name), `${heading}\n\n${table.join('\n')}\n`)
}
