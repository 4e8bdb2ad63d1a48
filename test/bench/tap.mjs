// Rows for `mqttx tap`: throughput beside a direct connection, latency of QoS 1, memory of 1,000 connections.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startMosquitto, startServer } from './measure.mjs'

/** A tap before `port`; `port` of its result is that of the tap. */
async function startTap(mqttx, port, view) {
  const script = `exec ${mqttx} tap --listen 0 --to mqtt://127.0.0.1:${port} --view ${view} 2>&1 >/dev/null`
  const tap = await startServer('/bin/sh', ['-c', script])
  return { ...tap, port: Number(/:(\d+)$/.exec(tap.first)[1]) }
}

async function throughput({ mqttx, interleave, publisher, ideal, ratioRow }) {
  const server = await ideal()
  const direct = () => publisher(server, `${mqttx} pub -q 0`)
  const rows = []
  for (const [view, bar] of [
    ['none', 0.7],
    ['line', 0.3],
  ]) {
    const tap = await startTap(mqttx, server.first, view)
    const through = { ...server, first: tap.port, line: () => server.line() }
    const taken = await interleave([() => publisher(through, `${mqttx} pub -q 0`), direct])
    rows.push(ratioRow(`pub -l -q 0 through tap --view ${view} (peer: direct)`, taken, bar))
    await tap.stop()
  }
  await server.stop()
  return rows
}

async function latency({ mqttx }) {
  const broker = await startMosquitto()
  const tap = await startTap(mqttx, broker.first, 'none')
  const bench = async (port, rate) => {
    const words = `bench pub -q 1 --clients 10 --rate ${rate} --duration 10s --json -h 127.0.0.1 -p ${port}`
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `${mqttx} ${words} 2>/dev/null || true`])
    return JSON.parse(stdout).latency_ms
  }
  const [direct, through] = [await bench(broker.first, 100), await bench(tap.port, 100)]
  const p99s = { direct: [], through: [] }
  for (let run = 0; run < 3; run++) {
    p99s.direct.push((await bench(broker.first, 10_000)).p99)
    p99s.through.push((await bench(tap.port, 10_000)).p99)
  }
  const median = (values) => values.toSorted((a, b) => a - b)[1]
  const [fastDirect, fast] = [median(p99s.direct), median(p99s.through)]
  await tap.stop()
  await broker.stop()
  const more = through.p50 - direct.p50
  const row = (name, ours, peer, bar, met) => ({ name, ours, peer, ratio: '', bar, met })
  return [
    row(
      'a QoS 1 publish through tap, median (peer: direct)',
      `${through.p50.toFixed(2)} ms`,
      `${direct.p50.toFixed(2)} ms`,
      'less than 1 ms more',
      more < 1,
    ),
    row(
      '10,000 QoS 1 messages a second through tap, p99 (peer: direct)',
      `${fast.toFixed(2)} ms`,
      `${fastDirect.toFixed(2)} ms`,
      'less than 2 ms more',
      fast - fastDirect < 2,
    ),
  ]
}

async function memory({ mqttx, ideal }) {
  const server = await ideal()
  const tap = await startTap(mqttx, server.first, 'line')
  const hello = Buffer.from('100c00044d5154540402003c0000', 'hex')
  const sockets = Array.from({ length: 1000 }, () => connect(tap.port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => {}).write(hello)
  await Promise.all(sockets.map((socket) => new Promise((done) => socket.once('data', done))))
  await sleep(500)
  const mib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${tap.pid}/status`, 'utf8'))[1]) / 1024
  for (const socket of sockets) socket.destroy()
  await tap.stop()
  await server.stop()
  const name = 'memory: tap with 1,000 connections'
  return [{ name, ours: `${mib.toFixed(0)} MiB`, peer: '', ratio: '', bar: 'under 200 MB', met: mib < 190 }]
}

export async function tapRows(tools) {
  return [...(await throughput(tools)), ...(await latency(tools)), ...(await memory(tools))]
}
