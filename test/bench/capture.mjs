// Speed of reading captures: `node test/bench/capture.mjs FILE [runs]` reads a capture in chunks of 1 MiB into streams
// that are discarded, and prints MB/s of wall-clock and of CPU time. Bundles the sources itself.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { median } from './measure.mjs'

const [file, runs = '5'] = process.argv.slice(2)
if (file === undefined) {
  console.error('usage: node test/bench/capture.mjs CAPTURE|synthetic:MB|holes:MB|starts:MB [RUNS]')
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'mqttx-bench-capture-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const outfile = join(folder, 'capture.mjs')
await build({
  entryPoints: [fileURLToPath(new URL('../../src/capture/open.ts', import.meta.url))],
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  outfile,
})
const { openCapture } = await import(pathToFileURL(outfile).href)

const chunkSize = 1024 * 1024
/** The chunks of a file. */
function* chunksOf(name) {
  const input = openSync(name, 'r')
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkSize)
    const length = readSync(input, chunk)
    if (length === 0) break
    yield chunk.subarray(0, length)
  }
  closeSync(input)
}

/**
 * A generated capture: `synthetic:MB`, a connection in order; `holes:MB`, 40,000 connections that each lack a byte;
 * `starts:MB`, connections of one packet that are never closed.
 */
function* made(kind, megabytes) {
  const header = Buffer.from('d4c3b2a1020004000000000000000000000004000100000000', 'hex').subarray(0, 24)
  header[20] = 101
  header[22] = 0
  yield header
  const payload = 1400
  const record = Buffer.alloc(16 + 40 + payload, 0x78)
  record.fill(0, 0, 56)
  record.writeUInt32LE(40 + payload, 8)
  record.writeUInt32LE(40 + payload, 12)
  record.set(
    [0x45, 0, (40 + payload) >> 8, (40 + payload) & 255, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
    16,
  )
  record.writeUInt16BE(1883, 38)
  record.set([0x50, 0x10], 48)
  const perChunk = Math.floor(chunkSize / record.length)
  const connections = kind === 'synthetic' ? 1 : kind === 'holes' ? 40_000 : Infinity
  for (let number = 0; number * record.length < megabytes * 1e6; ) {
    const chunk = Buffer.alloc(perChunk * record.length, record)
    for (let at = 0; at < chunk.length; at += record.length, number++) {
      const connection = number % connections
      const turn = Math.floor(number / connections)
      chunk.writeUInt32LE(Math.floor(number / 1e6), at)
      chunk.writeUInt32LE(number % 1e6, at + 4)
      chunk.writeUInt32BE(0x0a000000 + (connection >>> 14), at + 28)
      chunk.writeUInt16BE(20_000 + (connection & 0x3fff), at + 36)
      chunk.writeUInt32BE((turn * payload + (turn > 0 && kind === 'holes' ? 1 : 0)) >>> 0, at + 40)
      if (turn === 0 && kind === 'holes') chunk[at + 49] = 2
    }
    yield chunk
  }
}

const [, kind, megabytes] = /^(synthetic|holes|starts):(\d+)$/.exec(file) ?? []
const size = kind === undefined ? statSync(file).size : megabytes * 1e6

function run() {
  const counts = { flows: 0, segments: 0, bytes: 0, gaps: 0, retransmitted: 0, notes: 0 }
  const capture = openCapture({
    open: () => void counts.flows++,
    data(_flow, _direction, segment) {
      counts.segments++
      counts.bytes += segment.bytes.length
    },
    gap: () => void counts.gaps++,
    retransmitted: (_flow, _direction, bytes) => void (counts.retransmitted += bytes),
    close() {},
    note: (text) => counts.notes++ < 5 && console.error(`note: ${text}`),
  })
  const started = process.hrtime.bigint()
  const before = process.cpuUsage()
  for (const chunk of kind === undefined ? chunksOf(file) : made(kind, megabytes)) capture.push(chunk)
  capture.end()
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const { user, system } = process.cpuUsage(before)
  return { seconds, cpu: (user + system) / 1e6, counts }
}

const results = Array.from({ length: Number(runs) }, run)
const speeds = (key) => results.map((result) => size / result[key] / 1e6)
const shown = (values) =>
  `${values.map((value) => value.toFixed(0)).join(' ')}, median ${median(values).toFixed(0)}`
console.log(`${file}: ${(size / 1e6).toFixed(1)} MB, ${JSON.stringify(results[0].counts)}`)
console.log(`MB/s: ${shown(speeds('seconds'))}`)
console.log(`MB per second of processor time: ${shown(speeds('cpu'))}`)
console.log(`peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`)
