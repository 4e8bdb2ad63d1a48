// A broker in this process that can be broken in one place: packets between it and its clients are changed on the way.
import { type Duplex, duplexPair } from 'node:stream'
import mqtt, { type Packet } from 'mqtt-packet'
import { onTestFinished } from 'vitest'
import { type BrokerOptions, startBroker } from '../../src/broker/broker.js'
import { type Judgement, judge } from '../../src/check/judge.js'
import type { Target } from '../../src/check/lab.js'
import type { Statement } from '../../src/check/statement.js'
import { Framer } from '../../src/codec/framing.js'
import { afterInteger } from '../../src/codec/variable-byte-integer.js'

/** A packet on its way. */
export interface Passing {
  /** Control Packet type. */
  readonly type: number
  /** Whole, with the Fixed Header. A change of it is passed on. */
  readonly bytes: Buffer
  /** As mqtt-packet reads it; undefined if it is invalid. */
  readonly packet: Packet | undefined
}

/** One network connection, seen from between client and broker. */
export interface Between {
  /** Number of the connection to this broker, from 1. */
  readonly number: number
  /** The version that CONNECT names; 4 before. */
  readonly version: number
  /** Kept for all connections of the broker. */
  readonly memory: Map<string, unknown>
  toClient(...packets: (Packet | Uint8Array)[]): void
  toServer(...packets: (Packet | Uint8Array)[]): void
  /** Ends the connection on both sides. */
  close(): void
}

/** What a broken broker does with the packets of one connection. Without a function they pass. */
export interface Faults {
  /** Instead of passing `passing` to the broker. */
  fromClient?(passing: Passing): void
  /** Instead of passing `passing` to the client. */
  fromServer?(passing: Passing): void
}

export type Breaking = (between: Between) => Faults

/** The embedded broker on a free port, with the options that lead to it. */
export async function trialBroker(settings: BrokerOptions['settings'] = {}) {
  const broker = await startBroker({
    ...{ port: 0, bind: '127.0.0.1', allowAnonymous: true, log: () => {} },
    settings,
  })
  onTestFinished(() => broker.close())
  const port = broker.address.port
  const [publisher, server] = duplexPair()
  broker.handle(server)
  publisher.resume()
  publisher.write(
    mqtt.generate({ cmd: 'connect', clientId: 'publisher', protocolVersion: 4, clean: true, keepalive: 0 }),
  )
  const publish = (topic: string, payload: string, retain: boolean) =>
    publisher.write(mqtt.generate({ cmd: 'publish', topic, payload, retain, qos: 0, dup: false }))
  return { port, at: ['-h', '127.0.0.1', '-p', String(port)], publish }
}

export interface TrialOptions {
  readonly breaking?: Breaking | undefined
  readonly settings?: BrokerOptions['settings'] | undefined
  /** Short by default, for statements that are violated; others should not be so on a busy machine. */
  readonly patienceMs?: number
}

/** Judges the embedded broker, broken by `breaking` if there is one. */
export async function trial(
  statements: readonly Statement[],
  { breaking, settings, patienceMs = 300 }: TrialOptions,
): Promise<Judgement[]> {
  const { target, close } = await startEmbedded({ settings: { receiveMaximum: 20, ...settings } }, breaking)
  try {
    return await judge(statements, {
      ...{
        target: { ...target, patienceMs },
        missing: new Map(),
        jobs: 8,
        limitMs: 60_000,
        judged: () => {},
      },
      signal: new AbortController().signal,
    })
  } finally {
    await close() // not onTestFinished: trials may run concurrently
  }
}

/** The embedded broker, in this process and without sockets, broken by `breaking` if there is one. */
export async function embedded(options: Partial<BrokerOptions> = {}, breaking?: Breaking): Promise<Target> {
  const { target, close } = await startEmbedded(options, breaking)
  onTestFinished(close)
  return target
}

/** As `embedded`, for tests that run concurrently: they close it themselves. */
export async function startEmbedded(
  options: Partial<BrokerOptions>,
  breaking: Breaking = () => ({}),
): Promise<{ target: Target; close(): Promise<void> }> {
  const broker = await startBroker({
    ...{ port: 0, bind: '127.0.0.1', allowAnonymous: true, log: () => {}, settings: {} },
    ...options,
  })
  const memory = new Map<string, unknown>()
  let connections = 0
  const dial = async (): Promise<Duplex> => {
    const [ours, client] = pair()
    const [theirs, server] = pair()
    broker.handle(server)
    relay(ours, theirs, { number: ++connections, memory, breaking })
    return client
  }
  const target: Target = { dial, username: undefined, password: undefined, patienceMs: 300 }
  return { target, close: () => broker.close() }
}

/** Two ends of a connection: one that is destroyed ends the other, as with sockets. */
function pair(): [Duplex, Duplex] {
  const [one, other] = duplexPair()
  one.once('close', () => other.push(null))
  other.once('close', () => one.push(null))
  return [one, other]
}

interface Relay {
  readonly number: number
  readonly memory: Map<string, unknown>
  readonly breaking: Breaking
}

function relay(client: Duplex, server: Duplex, { number, memory, breaking }: Relay): void {
  let version = 4
  const bytesOf = (packets: (Packet | Uint8Array)[]): Buffer =>
    Buffer.concat(
      packets.map((one) =>
        one instanceof Uint8Array ? one : mqtt.generate(one, { protocolVersion: version }),
      ),
    )
  const between: Between = {
    number,
    memory,
    get version() {
      return version
    },
    toClient: (...packets) => void client.write(bytesOf(packets)),
    toServer: (...packets) => void server.write(bytesOf(packets)),
    close() {
      for (const side of [client, server]) side.end(() => side.destroy()) // destroy alone does not reach the other end
    },
  }
  const faults = breaking(between)
  split(client, server, {
    passed(passing) {
      if (passing.type === 1) version = versionOf(passing)
      if (faults.fromClient) faults.fromClient(passing)
      else server.write(passing.bytes)
    },
    version: () => version,
  })
  split(server, client, {
    passed(passing) {
      if (faults.fromServer) faults.fromServer(passing)
      else client.write(passing.bytes)
    },
    version: () => version,
  })
}

/** The version that a CONNECT names, also one that mqtt-packet cannot read. */
function versionOf({ packet, bytes }: Passing): number {
  if (packet?.cmd === 'connect') return packet.protocolVersion ?? 4
  return bytes[afterInteger(bytes, 1) + 6] === 5 ? 5 : 4
}

interface Splitting {
  passed(passing: Passing): void
  version(): number
}

/** Calls `passed` for each packet that comes from `from`; bytes that are no packets go to `to` as they are. */
function split(from: Duplex, to: Duplex, { passed, version }: Splitting): void {
  const framer = new Framer()
  let isBroken = false
  /** False if there is no other packet yet, or the bytes are no packets. */
  const next = (): boolean => {
    try {
      return framer.next()
    } catch {
      isBroken = true
      return false
    }
  }
  from.on('data', (chunk: Buffer) => {
    if (!isBroken) framer.push(Buffer.from(chunk))
    while (!isBroken && next()) {
      const bytes = Buffer.from(framer.bytes.subarray(framer.origin, framer.end))
      passed({ type: framer.header >> 4, bytes, packet: parsed(bytes, version()) })
    }
    if (isBroken) to.write(chunk)
  })
  from.on('error', () => {})
  from.on('end', () => to.end())
  from.on('close', () => to.destroy())
}

function parsed(bytes: Buffer, protocolVersion: number): Packet | undefined {
  let found: Packet | undefined
  const parser = mqtt.parser({ protocolVersion })
  parser.on('packet', (packet) => (found = packet))
  parser.on('error', () => {})
  parser.parse(bytes)
  return found
}
