// `node test/bench/idle.mjs [CONNECTIONS]...`: memory of `bench conn` per idle connection (default: 20,000 and 50,000
// connections). Uses as many processes, each with its own server, as the limit of open files requires; checks that all
// connections exist at the same time.
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { environment, startServer } from './measure.mjs'

const root = resolve(import.meta.dirname, '../..')
const entry = join(root, 'bin/mqttx.js')
const ownFiles = 100
const connectSeconds = Number(process.env.MQTTX_BENCH_CONNECT_SECONDS ?? 60)
const barBytes = 12_000

function openFiles() {
  const limit = execFileSync('bash', ['-c', 'ulimit -Hn']).toString().trim()
  return limit === 'unlimited' ? 1_000_000 : Number(limit)
}

const settleMs = 1000 // after the garbage collection at the start
const idleSeconds = 4

/** Runs one process; returns its result, its peak memory, and its memory with all connections idle, in bytes. */
function connections(clients, port, startAt) {
  const words = [
    'bench',
    'conn',
    '--clients',
    `${clients}`,
    '--duration',
    `${idleSeconds}s`,
    '--json',
    '--workers',
    '1',
  ]
  const at = ['-h', '127.0.0.1', '-p', port, '--keepalive', '600', '--start-at', `${startAt}`]
  // The soft limit may be lower than the hard one.
  const script = 'ulimit -n "$(ulimit -Hn)"; exec "$@"'
  const child = spawn('bash', ['-c', script, 'bash', process.execPath, entry, ...words, ...at], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  })
  let [peak, idle] = [0, 0]
  const poll = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
      peak = Math.max(peak, bytes('VmHWM'))
      const since = Date.now() - startAt * 1000
      if (since > settleMs && since < idleSeconds * 1000) idle = Math.max(idle, bytes('VmRSS'))
    } catch {
      // It has ended.
    }
  }, 100)
  const chunks = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', () => {
      clearInterval(poll)
      done({ report: JSON.parse(Buffer.concat(chunks).toString()), peak, idle })
    })
  })
}

/** Bytes per connection, idle and at the peak, in addition to a process with one connection. */
export async function idleConnections(total) {
  const processes = Math.ceil(total / (openFiles() - ownFiles))
  const servers = await Promise.all(
    Array.from({ length: processes }, () => {
      const script = `ulimit -n "$(ulimit -Hn)"; exec '${process.execPath}' '${join(import.meta.dirname, 'ideal-server.mjs')}'`
      return startServer('bash', ['-c', script])
    }),
  )
  const alone = await connections(1, servers[0].first, Date.now() / 1000 + 2)
  const startAt = Date.now() / 1000 + connectSeconds
  const shares = servers.map((_, index) => Math.floor((total + index) / processes))
  const runs = await Promise.all(
    shares.map((share, index) => connections(share, servers[index].first, startAt)),
  )
  await Promise.all(servers.map((server) => server.stop()))
  const sum = (value) => runs.reduce((all, run) => all + value(run), 0)
  const connected = sum(({ report }) => report.connected)
  const lost = sum(({ report }) => report.disconnected)
  const slowest = Math.max(...runs.map(({ report }) => report.elapsed_s))
  if (connected !== total || lost > 0 || slowest > connectSeconds) {
    throw new Error(`${connected} of ${total} connected within ${slowest.toFixed(0)} s, ${lost} lost`)
  }
  const each = (key) => (sum((run) => run[key]) - processes * alone[key]) / (total - processes)
  return { idle: each('idle'), peak: each('peak'), processes, seconds: slowest }
}

/** A row of the result table. */
export async function idleRow(total) {
  const { idle, peak, processes, seconds } = await idleConnections(total)
  const where = processes === 1 ? 'one process' : `${processes} processes`
  return {
    name: `memory of an idle connection, ${total.toLocaleString('en-US')}`,
    figure: `${(idle / 1000).toFixed(1)} KB, ${(peak / 1000).toFixed(1)} KB at the peak of connecting, in ${where}, connected in ${seconds.toFixed(1)} s`,
    bar: 'under 12 KB',
    met: idle < barBytes,
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const totals = process.argv.slice(2).map(Number)
  for (const total of totals.length > 0 ? totals : [20_000, 50_000]) {
    const { name, figure, bar, met } = await idleRow(total)
    process.stdout.write(`| ${name} | ${figure} | ${bar} | ${met ? 'met' : '**not met**'} |\n`)
  }
}
