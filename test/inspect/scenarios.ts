// Runs an inspector on packets given with directions and times, without a network.
import mqtt, { type Packet as MqttPacket } from 'mqtt-packet'
import { type Direction, type Flow, type Instant, segmentOf } from '../../src/capture/stream.js'
import { Inspector, type InspectorOptions } from '../../src/inspect/inspector.js'
import type { Packet } from '../../src/inspect/packet.js'
import type { ConnectionFacts, LateViolation, Skipped, View } from '../../src/inspect/views/view.js'

/** `>` from the client, `<` from the server; bytes in hexadecimal or a packet; seconds since the start. */
export type Step = readonly [who: '>' | '<', what: string | Partial<MqttPacket>, at?: number]

export const flow: Flow = {
  id: 1,
  protocol: 'tcp',
  client: '192.0.2.1:50000',
  server: '192.0.2.2:1883',
  sawStart: true,
}

const base = 1_700_000_000

/** The time `at` seconds after the start. */
function instant(at: number): Instant {
  const micros = Math.round(at * 1e6)
  const second = Math.floor(micros / 1e6)
  return { second: base + second, nanos: (micros - second * 1e6) * 1000 }
}

export function bytesOf(what: string | Partial<MqttPacket>, version: number): Buffer {
  if (typeof what === 'string') return Buffer.from(what.replaceAll(' ', ''), 'hex')
  return mqtt.generate(what as MqttPacket, { protocolVersion: version })
}

export class Recorder implements View {
  readonly packets: Packet[] = []
  readonly skips: Skipped[] = []
  readonly late: LateViolation[] = []
  readonly connections: ConnectionFacts[] = []

  opened(connection: ConnectionFacts): void {
    this.connections.push(connection)
  }

  packet(packet: Packet): void {
    this.packets.push(packet)
  }

  skipped(_connection: ConnectionFacts, skipped: Skipped): void {
    this.skips.push(skipped)
  }

  closed(_connection: ConnectionFacts, _how: string, late: readonly LateViolation[]): void {
    this.late.push(...late)
  }

  /** Keys of the broken rules, without severity info. */
  get broken(): string[] {
    const all = [...this.packets.flatMap(({ violations }) => violations), ...this.late]
    return all.filter(({ severity }) => severity !== 'info').map(({ rule }) => rule.key)
  }
}

export interface StepOptions extends Partial<Omit<InspectorOptions, 'view'>> {
  readonly version?: number
  readonly flow?: Partial<Flow>
  readonly close?: 'fin' | 'rst' | 'timeout' | 'end'
  /** Forces the version (-V). */
  readonly forced?: number
  /** Direction with missing bytes. */
  readonly gap?: Direction
}

/** Inspects one connection from start to end. */
export function inspectSteps(steps: readonly Step[], options: StepOptions = {}): Recorder {
  const recorder = new Recorder()
  const inspector = new Inspector({ ...options, view: recorder, version: options.forced })
  feedSteps(inspector, steps, options)
  inspector.end()
  return recorder
}

export function feedSteps(inspector: Inspector, steps: readonly Step[], options: StepOptions = {}): void {
  const { version = 4, close = 'end', gap } = options
  const mine = { ...flow, ...options.flow }
  const offsets = { c2s: 0, s2c: 0 }
  inspector.open(mine)
  if (gap !== undefined) inspector.gap(mine, gap, 0, undefined, 'a test')
  let record = 0
  let last = 0
  for (const [who, what, at = last] of steps) {
    last = at
    const direction = who === '>' ? 'c2s' : 's2c'
    const bytes = bytesOf(what, version)
    record++
    inspector.data(
      mine,
      direction,
      segmentOf(bytes, offsets[direction], { record, fileOffset: record * 100, ...instant(at) }),
    )
    offsets[direction] += bytes.length
  }
  inspector.close(mine, close)
}

/**
 * An event on one of several connections to a server. `x` ends the connection, closed first by `by`; a reset has no answer.
 * `gap`: bytes from the client are missing.
 */
export type ScenarioEvent =
  | readonly [connection: string, who: '>' | '<', what: string | Partial<MqttPacket>, at?: number]
  | readonly [connection: string, who: 'x', how: 'fin' | 'rst', by: '>' | '<', at?: number]
  | readonly [connection: string, who: 'gap']

export interface ScenarioOptions {
  readonly version?: number
  /** Client addresses by connection; default 192.0.2.1. */
  readonly hosts?: Readonly<Record<string, string>>
  /** Connections whose start was not captured. */
  readonly joined?: readonly string[]
}

/** Inspects several connections to one server, in capture order. */
export function inspectScenario(
  acts: readonly ScenarioEvent[],
  { version = 4, hosts = {}, joined = [] }: ScenarioOptions = {},
): Recorder {
  const recorder = new Recorder()
  const inspector = new Inspector({ view: recorder })
  const flows = new Map<string, { flow: Flow; c2s: number; s2c: number }>()
  let last = 0
  let record = 0
  const origin = (at: number) => {
    last = at
    record++
    return { record, fileOffset: record * 100, ...instant(at) }
  }
  const flowOf = (name: string) => {
    const known = flows.get(name)
    if (known !== undefined) return known
    const id = flows.size + 1
    const client = `${hosts[name] ?? '192.0.2.1'}:${50_000 + id}`
    const made = { flow: { ...flow, id, client, sawStart: !joined.includes(name) }, c2s: 0, s2c: 0 }
    flows.set(name, made)
    inspector.open(made.flow)
    return made
  }
  for (const act of acts) {
    const one = flowOf(act[0])
    if (act[1] === 'gap') inspector.gap(one.flow, 'c2s', one.c2s, undefined, 'a test')
    else if (act[1] === 'x') {
      const [, , how, by, at = last] = act
      const first = by === '>' ? 'c2s' : 's2c'
      const direction = how === 'rst' ? first : first === 'c2s' ? 's2c' : 'c2s'
      inspector.close(one.flow, how, { direction, origin: origin(at) })
    } else {
      const [, who, what, at = last] = act
      const direction = who === '>' ? 'c2s' : 's2c'
      const bytes = bytesOf(what, version)
      inspector.data(one.flow, direction, segmentOf(bytes, one[direction], origin(at)))
      one[direction] += bytes.length
    }
  }
  inspector.end()
  return recorder
}
