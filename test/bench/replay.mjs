// Rows for `mqttx replay`: how far messages are from their intended times, throughput beside `pub --json`, and memory for a
// large recording. MQTTX_BENCH_REPLAY_SECONDS (20) is how long the schedule is measured, MQTTX_BENCH_REPLAY_GB (1) how large
// the recording is.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { folder, peakMemory, time } from './measure.mjs'

const seconds = Number(process.env.MQTTX_BENCH_REPLAY_SECONDS ?? 20)
const gigabytes = Number(process.env.MQTTX_BENCH_REPLAY_GB ?? 1)
const perSecond = 1000
const start = Date.UTC(2026, 10, 27, 8)

const line = (ms) =>
  `{"time":"${new Date(start + ms).toISOString()}","topic":"bench/topic","qos":1,"retain":false,"dup":false,"payload":"${String(ms).padStart(33, '0')}","encoding":"utf8"}\n`

/** A recording of so many messages, a millisecond apart. */
async function recordingOf(messages) {
  const file = join(folder, `recording-${messages}`)
  const stream = createWriteStream(file)
  for (let first = 0; first < messages; first += 10_000) {
    const count = Math.min(10_000, messages - first)
    const text = Array.from({ length: count }, (_, index) => line(first + index)).join('')
    if (!stream.write(text)) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'close')
  return file
}

async function schedule({ mqttx, ideal }) {
  const file = await recordingOf(seconds * perSecond)
  const server = await ideal()
  const command = `${mqttx} replay -h 127.0.0.1 -p ${server.first} '${file}'`
  const { stderr } = await promisify(execFile)('/bin/sh', ['-c', command])
  await server.stop()
  const [, elapsed, p50, p99, max] =
    /in ([\d.]+) s\. Schedule error: p50 ([\d.]+) ms, p99 ([\d.]+) ms, max ([\d.]+) ms/.exec(stderr)
  const drift = Math.abs(Number(elapsed) - (seconds - 1 / perSecond))
  return [
    {
      name: `replay: schedule error at ${perSecond} messages a second for ${seconds} s, p99`,
      ours: `${p99} ms (p50 ${p50}, max ${max})`,
      ...{ peer: '', ratio: '', bar: 'under 2 ms', met: Number(p99) < 2 },
    },
    {
      name: `replay: drift after ${seconds} s`,
      ours: `${drift.toFixed(1)} s`,
      ...{ peer: '', ratio: '', bar: 'under 0.1 s', met: drift <= 0.1 },
    },
  ]
}

async function throughput({ mqttx, ideal, interleave, ratioRow }) {
  const messages = 300_000
  const file = await recordingOf(messages)
  const server = await ideal()
  const at = `-h 127.0.0.1 -p ${server.first}`
  const run = (command) => async () => {
    const taken = await time(command)
    const { acknowledged } = JSON.parse(await server.line())
    if (acknowledged !== messages) throw new Error(`${acknowledged} of ${messages} messages: ${command}`)
    return taken
  }
  const taken = await interleave([
    run(`${mqttx} replay --quiet --speed max ${at} '${file}'`),
    run(`${mqttx} pub -V 5 --json ${at} < '${file}'`),
  ])
  await server.stop()
  return [ratioRow('replay --speed max at QoS 1 (peer: pub --json)', taken, 0.7)]
}

async function memory({ mqttx, ideal }) {
  const server = await ideal()
  const text = line(0).trim().replace('"qos":1', '"qos":0')
  const input = `exec < <(yes '${text}' | head -c ${gigabytes}G | sed '$d')`
  const mib = await peakMemory(`${mqttx} replay --quiet -h 127.0.0.1 -p ${server.first}`, input)
  await server.stop()
  const name = `memory: replay of ${gigabytes} GB`
  const mb = (mib * 1024 * 1024) / 1e6
  return [{ name, ours: `${mb.toFixed(0)} MB`, peer: '', ratio: '', bar: 'under 120 MB', met: mb < 120 }]
}

export async function replayRows(tools) {
  return [...(await schedule(tools)), ...(await throughput(tools)), ...(await memory(tools))]
}
