// Measures shell commands: wall-clock and CPU time by bash, peak memory by the kernel (Linux).
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A temporary folder for input, output and options files. */
export const folder = mkdtempSync(join(tmpdir(), 'mqttx-bench-'))
const children = new Set()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** The environment of measured commands: without the user's options files and MQTTX_ variables. */
export const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MQTTX_'))),
  XDG_CONFIG_HOME: folder,
}

function launch(command, args, stdio) {
  const child = spawn(command, args, { stdio, env: environment })
  children.add(child)
  const ended = new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (status) => {
      children.delete(child)
      done(status)
    })
  })
  return { child, ended }
}

/** Starts a server that prints a line when it is ready: `first`. `line()` waits for the next line; `pid` is its process. */
export async function startServer(command, args) {
  const { child, ended } = launch(command, args, ['ignore', 'pipe', 'inherit'])
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => (await lines.next()).value
  return {
    first: await line(),
    line,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** mosquitto with its default limits, and `settings`, on a loopback port; `first` is the port. */
export async function startMosquitto(settings = []) {
  const port = 20_000 + (process.pid % 20_000)
  const file = join(folder, 'mosquitto.conf')
  writeFileSync(file, [`listener ${port} 127.0.0.1`, 'allow_anonymous true', ...settings, ''].join('\n'))
  const script = `PATH=$PATH:/usr/sbin; mosquitto -c '${file}' 2>/dev/null & trap 'kill $!' TERM; sleep 1; echo ${port}; echo $!; wait`
  const server = await startServer('bash', ['-c', script])
  return { ...server, pid: Number(await server.line()) }
}

/** CPU time of a process in seconds (Linux). */
export function processSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** A field of /proc/PID/status in bytes, as VmRSS (Linux). */
export function processMemory(pid, field) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
}

export async function bash(script, watch = () => {}) {
  const { child, ended } = launch('bash', ['-c', script], ['ignore', 'ignore', 'inherit'])
  watch(child)
  const status = await ended
  if (status !== 0) throw new Error(`status ${status}: ${script}`)
}

/**
 * Wall-clock and CPU time of one run, in seconds. `command` may redirect; the command `pipe` reads its standard output
 * and is not measured.
 */
export async function time(command, pipe = '') {
  const file = join(folder, 'times')
  await bash(`set -o pipefail; TIMEFORMAT='%3R %3U %3S'; { time ${command} 2>&3; } 3>&2 2>'${file}' ${pipe}`)
  const [wall, user, system] = readFileSync(file, 'utf8').trim().split('\n').at(-1).split(' ').map(Number)
  return { wall, cpu: user + system }
}

/** The peak memory of one run in MiB. `prepare` is a shell command that opens the redirection targets. */
export async function peakMemory(command, prepare = ':') {
  let kilobytes = 0
  await bash(`${prepare}; exec ${command}`, (child) => {
    const poll = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
        kilobytes = Math.max(kilobytes, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0))
      } catch {
        // It has ended: the last value is its peak.
      }
    }, 20)
    child.once('close', () => clearInterval(poll))
  })
  return kilobytes / 1024
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
