// `mqttx inspect` compared with tshark on the same capture: a file, or MEGABYTES (default 50) of mosquitto's traffic recorded
// by tcpdump on loopback (requires root). Then peak memory with a generated stream of MB megabytes (default 2000; 0: skip).
//   node test/bench/inspect.mjs [FILE|MEGABYTES [MB]]
// MQTTX_BENCH_PROGRAM is another mqttx to measure, such as an executable.
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bash, folder, median, peakMemory, startMosquitto, time } from './measure.mjs'

const runs = 5
const other = process.env.MQTTX_BENCH_PROGRAM
const program =
  other === undefined ? `node '${resolve(import.meta.dirname, '../../bin/mqttx.js')}'` : `'${other}'`
const mqttx = `${program} inspect`

/** Messages at QoS 0, 1 and 2, of a length at which tshark 4.0 stays in sync with the stream. */
async function record(megabytes) {
  const server = await startMosquitto()
  const port = server.first
  const file = join(folder, 'traffic.pcap')
  const lines = join(folder, 'lines')
  const text = 'a reading of a sensor, with words around it to make it as long as such messages are'
  writeFileSync(
    lines,
    Array.from({ length: 20_000 }, (_, i) => `${String(i).padStart(6, '0')} ${text}\n`).join(''),
  )
  const publish = (qos, version) =>
    `mosquitto_pub -p ${port} -V ${version} -q ${qos} -t b${qos}/sensor -l -i pub${qos} < '${lines}' || true`
  const subscribe = (qos, version) =>
    `mosquitto_sub -p ${port} -V ${version} -q ${qos} -t 'b${qos}/#' > /dev/null &`
  await bash(`
    tcpdump -i lo -B 200000 -w '${file}' tcp port ${port} 2>/dev/null & dump=$!
    sleep 1
    ${subscribe(0, 'mqttv5')} s0=$!
    ${subscribe(1, 'mqttv311')} s1=$!
    ${subscribe(2, 'mqttv31')} s2=$!
    sleep 0.5
    while [ "$(stat -c %s '${file}' 2>/dev/null || echo 0)" -lt ${megabytes * 1e6} ]; do
      ${publish(0, 'mqttv5')}
      ${publish(1, 'mqttv311')}
      ${publish(2, 'mqttv5')}
    done
    kill $s0 $s1 $s2; sleep 0.5; kill $dump; wait $dump || true
  `)
  await server.stop()
  return { file, port }
}

const [, , named = '50', streamed = '2000'] = process.argv
const { file, port } = /^\d+$/.test(named) ? await record(Number(named)) : { file: named, port: 1883 }
if (!existsSync(file)) throw new Error('no capture was made: tcpdump needs root')
const megabytes = statSync(file).size / 1e6
const tshark = `tshark -r '${file}' -n -d tcp.port==${port},mqtt`

const rows = [
  ['--view line', 'line', '-T fields -e mqtt.msgtype', `${tshark} -Y mqtt -T fields -e mqtt.msgtype`, 8],
  ['--view stats', 'stats', '-T fields -e mqtt.msgtype', `${tshark} -Y mqtt -T fields -e mqtt.msgtype`, 8],
  ['--view json', 'json', '-T json -j mqtt', `${tshark} -Y mqtt -T json -j mqtt`, 4],
  ['--view bytes', 'bytes', '-V', `${tshark} -V`, 3],
]

console.log(
  `${megabytes.toFixed(1)} MB of capture; median of ${runs} runs, taken in turns; output to /dev/null\n`,
)
console.log('| work | mqttx MB/s | peak MB | tshark | MB/s | times | times, processor | bar |')
console.log('|---|---|---|---|---|---|---|---|')
for (const [name, view, theirs, command, bar] of rows) {
  const ours = []
  const others = []
  // Status 40: mosquitto 2.0 itself sometimes violates the standard in such traffic.
  const own = `${mqttx} --view ${view} -p ${port} '${file}' > /dev/null`
  for (let run = 0; run < runs; run++) {
    ours.push(await time(`bash -c "${own} || [ \\$? = 40 ]"`))
    others.push(await time(`${command} > /dev/null 2>&1`))
  }
  const memory = await peakMemory(`${mqttx} --view ${view} -p ${port} '${file}' > /dev/null`).catch(
    () => Number.NaN,
  )
  const [wall, cpu] = ['wall', 'cpu'].map((kind) =>
    [ours, others].map((all) => median(all.map((one) => one[kind]))),
  )
  const cells = [
    ...[name, (megabytes / wall[0]).toFixed(1), memory.toFixed(0), theirs, (megabytes / wall[1]).toFixed(1)],
    ...[(wall[1] / wall[0]).toFixed(1), (cpu[1] / cpu[0]).toFixed(1), bar],
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

if (streamed === '0') process.exit()

const generate = `node '${resolve(import.meta.dirname, 'generate.mjs')}'`
const rest = []
for (const view of ['line', 'stats', 'json']) {
  const peaks = []
  for (const amount of [Number(streamed) / 10, Number(streamed)]) {
    const input = `< <(${generate} traffic ${amount})`
    peaks.push(await peakMemory(`${mqttx} --view ${view} > /dev/null ${input}`))
  }
  rest.push(`| --view ${view} | ${peaks.map((peak) => peak.toFixed(0)).join(' | ')} | 200 |`)
}
const theirs = await peakMemory(`${tshark} -Y mqtt -T fields -e mqtt.msgtype > /dev/null 2>&1`)
console.log(`\ntshark -T fields on the file: ${theirs.toFixed(0)} MB at most\n`)
console.log(`| memory, MB | stream of ${Number(streamed) / 10} MB | of ${streamed} MB | bar |`)
console.log(`|---|---|---|---|\n${rest.join('\n')}`)
