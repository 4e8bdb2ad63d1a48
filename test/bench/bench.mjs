// `node test/bench/bench.mjs`: the load generator compared with mosquitto_pub, and against mosquitto. For shorter runs set
// MQTTX_BENCH_LINES, MQTTX_BENCH_RUNS, MQTTX_BENCH_SECONDS and MQTTX_BENCH_IDLE (0: none). 50,000 idle connections: idle.mjs.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { idleRow } from './idle.mjs'
import { environment, folder, median, processSeconds, startMosquitto, startServer, time } from './measure.mjs'

const lines = Number(process.env.MQTTX_BENCH_LINES ?? 1_000_000)
const runs = Number(process.env.MQTTX_BENCH_RUNS ?? 5)
const seconds = Number(process.env.MQTTX_BENCH_SECONDS ?? 60)
const idle = Number(process.env.MQTTX_BENCH_IDLE ?? 20_000)
const root = resolve(import.meta.dirname, '../..')
const entry = join(root, 'bin/mqttx.js')
const mqttx = `'${process.execPath}' '${entry}'`
const input = join(folder, 'lines')

/** The JSON result of a run, whatever its exit status. */
async function bench(words, port) {
  const args = [entry, 'bench', ...words.split(' '), '--json', '-h', '127.0.0.1', '-p', `${port}`]
  const run = promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26, env: environment })
  const { stdout } = await run.catch((error) => error)
  return JSON.parse(stdout)
}

const rows = []
function row(name, figure, bar, met) {
  rows.push(`| ${name} | ${figure} | ${bar} | ${met ? 'met' : '**not met**'} |`)
  process.stdout.write(`${rows.at(-1)}\n`)
}

/** Messages of 64 bytes over one connection to ideal-server.mjs. Times whole processes, interleaved. */
async function besideMosquittoPub() {
  const server = await startServer(process.execPath, [join(import.meta.dirname, 'ideal-server.mjs')])
  const at = `-h 127.0.0.1 -p ${server.first}`
  const one = async (command, connections) => {
    const taken = await time(command)
    let publishes = 0
    for (let left = connections; left > 0; left--) publishes += JSON.parse(await server.line()).publishes
    if (publishes !== lines) throw new Error(`${command}: ${publishes} of ${lines}`)
    return taken.wall
  }
  const [ours, peer] = [[], []]
  for (let run = 0; run < runs; run++) {
    // bench makes one more connection to read $SYS
    ours.push(await one(`${mqttx} bench pub -q 0 --count ${lines} --size 64 ${at} >/dev/null`, 2))
    peer.push(await one(`mosquitto_pub -q 0 -t bench/topic -l ${at} <'${input}'`, 1))
  }
  await server.stop()
  const rate = (taken) => lines / median(taken)
  const ratio = rate(ours) / rate(peer)
  const figure = `${(rate(ours) / 1e6).toFixed(2)} M/s, mosquitto_pub -l ${(rate(peer) / 1e6).toFixed(2)} M/s, ratio ${ratio.toFixed(2)}`
  row('bench pub -q 0, one client, ideal server', figure, 'at least 1.3 times', ratio >= 1.3)
}

async function againstMosquitto() {
  const broker = await startMosquitto()
  const { pid } = broker
  const before = processSeconds(pid)
  const closed = await bench(`pub -q 1 --clients 100 --duration ${seconds / 4}s`, broker.first)
  const theirs = (processSeconds(pid) - before) / closed.elapsed_s
  const own = closed.audit.process_cpu
  const cpu = `${closed.rate.toFixed(0)}/s, mosquitto ${(theirs * 100).toFixed(0)} %, bench ${(own * 100).toFixed(0)} % of a core`
  const saturated = theirs >= 0.95 && own < theirs
  row('bench pub -q 1, 100 clients', cpu, 'mosquitto at 95 % or more, bench below it', saturated)

  const open = await bench(`pub -q 0 --clients 100 --rate 10000 --duration ${seconds}s`, broker.first)
  const share = open.sent / open.elapsed_s / 10_000
  const lag = open.audit.lag_ms.p99
  const figure = `${(share * 100).toFixed(2)} %, lag p99 ${lag.toFixed(2)} ms`
  row(`bench pub --rate 10000, 100 clients, ${seconds} s`, figure, '99.9 %, 2 ms', share >= 0.999 && lag < 2)

  await stall(broker.first, pid)
  await broker.stop()
}

/** mosquitto is stopped for 2 of 20 s: a tenth of the messages is delayed. */
async function stall(port, pid) {
  const during = async (words) => {
    const running = bench(`pub -q 1 --clients 10 --duration 20s ${words}`, port)
    await sleep(8000)
    process.kill(pid, 'SIGSTOP')
    await sleep(2000)
    process.kill(pid, 'SIGCONT')
    return running
  }
  const [open, closed] = [await during('--rate 1000'), await during('--max-inflight 1')]
  const p99 = ({ latency_ms }) => `${latency_ms.p99.toFixed(0)} ms`
  const figure = `open loop ${p99(open)} (service ${open.service_ms.p99.toFixed(0)} ms), closed loop ${p99(closed)}`
  row('p99 of a server that stalls for 2 s', figure, 'open loop shows it', open.latency_ms.p99 > 1500)
}

writeFileSync(input, `${'x'.repeat(64)}\n`.repeat(lines))
const heading = `${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}, ${lines} messages of 64 bytes, medians of ${runs} interleaved runs.`
process.stdout.write(`${heading}\n\n| work | figure | bar | |\n|---|---|---|---|\n`)
await besideMosquittoPub()
await againstMosquitto()
if (idle > 0) {
  const { name, figure, bar, met } = await idleRow(idle)
  row(name, figure, bar, met)
}
