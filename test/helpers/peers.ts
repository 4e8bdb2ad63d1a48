// Other programs used by the tests, and the brokers.
import { execFileSync } from 'node:child_process'
import { accessSync, constants, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'vitest'
import { type Running, scratch, start, startMqttx } from './run.js'
import { once } from './wait.js'

export type Peer =
  | 'bash'
  | 'fish'
  | 'jq'
  | 'man'
  | 'mosquitto'
  | 'mosquitto_passwd'
  | 'mosquitto_pub'
  | 'mosquitto_rr'
  | 'mosquitto_sub'
  | 'openssl'
  | 'paho'
  | 'parallel'
  | 'python3'
  | 'script'
  | 'tcpdump'
  | 'zsh'
  | 'tshark'

function onPath(name: string): string | undefined {
  for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']) {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return join(folder, name)
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

// Debian's package is for Debian's Python, which may not be the first on PATH.
function pythonWithPaho(): string | undefined {
  for (const python of ['/usr/bin/python3', onPath('python3')]) {
    try {
      if (python !== undefined) execFileSync(python, ['-c', 'import paho.mqtt.client'], { stdio: 'ignore' })
      return python
    } catch {
      // This Python does not have it.
    }
  }
  return undefined
}

const found = new Map<Peer, string | undefined>()

/** The path of a peer, undefined if it is not installed. For 'paho' the path of its Python. */
export function findPeer(name: Peer): string | undefined {
  if (!found.has(name)) found.set(name, name === 'paho' ? pythonWithPaho() : onPath(name))
  return found.get(name)
}

/** A test that needs other programs: skipped with the reason if one is missing; fails if CI is set. */
export function peerTest(
  name: string,
  needs: readonly Peer[],
  body: (context: TestContext) => Promise<void>,
  timeoutMs?: number,
): void {
  const missing = needs.filter((peer) => findPeer(peer) === undefined)
  const reason = `not installed: ${missing.join(', ')}`
  test(
    name,
    async (context) => {
      if (missing.length === 0) return body(context)
      if (process.env.CI) throw new Error(reason)
      context.skip(reason)
    },
    timeoutMs,
  )
}

export interface Broker {
  readonly port: number
  /** `-h` and `-p` for a client, ours or mosquitto's. */
  readonly at: readonly string[]
  log(): string
  signal(signal: NodeJS.Signals): void
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port, after `stop`. */
  restart(): Promise<void>
}

/** A free loopback port. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => done(true)).once('error', () => done(false))
    socket.once('connect', () => socket.destroy())
  })
}

const brokerLifeMs = 600_000

async function broker(
  port: number,
  first: Running,
  launch: () => Running,
  ready: (running: Running) => Promise<void>,
): Promise<Broker> {
  let running = first
  await ready(running)
  return {
    port,
    at: ['-h', '127.0.0.1', '-p', String(port)],
    log: () => running.stderr(),
    signal: (signal) => running.kill(signal),
    async stop(signal = 'SIGTERM') {
      running.kill(signal)
      await running.ended
    },
    async restart() {
      running = launch()
      await ready(running)
    },
  }
}

/** mosquitto on a free loopback port, with `settings` added to its configuration. */
export async function startMosquitto(
  settings: readonly string[] = ['allow_anonymous true'],
): Promise<Broker> {
  const folder = scratch('mosquitto')
  const port = await freePort()
  const own = process.getuid?.() === 0 ? ['user root'] : [] // otherwise it drops root and cannot write to the folder
  const lines = [...own, `persistence_location ${folder}/`, `listener ${port} 127.0.0.1`, ...settings]
  const file = join(folder, 'mosquitto.conf')
  writeFileSync(file, `${lines.join('\n')}\n`)
  const launch = () => start(findPeer('mosquitto')!, ['-c', file], { timeoutMs: brokerLifeMs })
  return broker(port, launch(), launch, () => once(() => accepts(port)))
}

/** `mqttx broker` on a free loopback port, which its first line of output tells. */
export async function startOwnBroker(options: readonly string[] = []): Promise<Broker> {
  const line = /^mqtt:\/\/127\.0\.0\.1:(\d+)$/m
  const ready = (running: Running) => running.until((stdout) => line.test(stdout))
  const first = startMqttx(['broker', '-p', '0', ...options], { timeoutMs: brokerLifeMs })
  await ready(first)
  const port = Number(line.exec(first.stdout().toString())![1])
  const again = () => startMqttx(['broker', '-p', String(port), ...options], { timeoutMs: brokerLifeMs })
  return broker(port, first, again, ready)
}

/** The two brokers to test with: `describe.each(brokers)`. */
export const brokers: readonly { name: string; needs: readonly Peer[]; launch: () => Promise<Broker> }[] = [
  { name: 'mosquitto', needs: ['mosquitto'], launch: () => startMosquitto() },
  { name: 'mqttx broker', needs: [], launch: () => startOwnBroker() },
]

/**
 * The same with a larger queue: by default mosquitto drops messages beyond 1,000 queued for a subscriber at QoS 1 or 2,
 * without telling the publisher. For tests of order and completeness.
 */
export const patientBrokers: typeof brokers = [
  {
    name: 'mosquitto, queue without a limit',
    needs: ['mosquitto'],
    launch: () => startMosquitto(['allow_anonymous true', 'max_queued_messages 0']),
  },
  brokers[1]!,
]
