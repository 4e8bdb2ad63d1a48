// Generates captures of valid MQTT conversations, with TCP sequence and acknowledgement numbers.
import mqtt, { type Packet as MqttPacket } from 'mqtt-packet'
import { pcap, timed, toClient, toServer } from '../helpers/capture-builder.js'
import type { Fixture } from './captures.js'

type Step = readonly [who: '>' | '<', ...packets: Partial<MqttPacket>[]]

interface Options {
  readonly version: 4 | 5
  readonly port?: number
  /** Include TCP acknowledgements of the receiver. */
  readonly acks?: boolean
  /** The connection existed before the capture. */
  readonly joined?: boolean
  /** Maximum segment size in bytes. */
  readonly size?: number
  readonly end?: 'fin' | 'rst' | 'none'
}

/** The frames of one connection. */
export function framesOf(steps: readonly Step[], options: Options): Buffer[] {
  const { version, port = 40_000, acks = false, joined = false, size = 1448, end = 'fin' } = options
  const ports = [port, 1883] as const
  const next = { '>': 0xfffffff0 + port, '<': 77_000 } // wraps on the way
  const frames: Buffer[] = []
  const send = (who: '>' | '<', flags: string, payload: Uint8Array = Buffer.alloc(0)): void => {
    const other = who === '>' ? '<' : '>'
    const ack = flags === 'S' ? 0 : next[other] >>> 0
    const segment = { ports, seq: next[who] >>> 0, ack, flags, payload }
    frames.push(who === '>' ? toServer(segment) : toClient(segment))
    next[who] += payload.length + (/[SF]/.test(flags) ? 1 : 0)
  }
  if (!joined) {
    send('>', 'S')
    send('<', 'SA')
    send('>', 'A')
  }
  for (const [who, ...packets] of steps) {
    const bytes = Buffer.concat(
      packets.map((packet) => mqtt.generate(packet as MqttPacket, { protocolVersion: version })),
    )
    for (let at = 0; at < bytes.length; at += size) send(who, 'PA', bytes.subarray(at, at + size))
    if (acks) send(who === '>' ? '<' : '>', 'A')
  }
  if (end === 'rst') send('>', 'R')
  if (end === 'fin') {
    send('>', 'FA')
    send('<', 'FA')
    send('>', 'A')
  }
  return frames
}

const flags = { dup: false, retain: false }

function qos(from: '>' | '<', level: 0 | 1 | 2, id: number, payload = 'x'.repeat(20 + id)): Step[] {
  const to = from === '>' ? '<' : '>'
  const publish = {
    cmd: 'publish',
    topic: 'plant/line',
    payload,
    qos: level,
    messageId: id,
    ...flags,
  } as const
  if (level === 0) return [[from, publish]]
  if (level === 1)
    return [
      [from, publish],
      [to, { cmd: 'puback', messageId: id }],
    ]
  return [
    [from, publish],
    [to, { cmd: 'pubrec', messageId: id }],
    [from, { cmd: 'pubrel', messageId: id }],
    [to, { cmd: 'pubcomp', messageId: id }],
  ]
}

function talk(version: 4 | 5, level: 0 | 1 | 2, clientId = 'c1'): Step[] {
  const five = version === 5
  return [
    ['>', { cmd: 'connect', clientId, protocolVersion: version, clean: true, keepalive: 60 }],
    [
      '<',
      five
        ? { cmd: 'connack', reasonCode: 0, sessionPresent: false }
        : { cmd: 'connack', returnCode: 0, sessionPresent: false },
    ],
    ['>', { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'plant/#', qos: 2 }] }],
    ['<', { cmd: 'suback', messageId: 1, granted: [2] }],
    ...qos('>', level, 2),
    ...qos('<', level, 1),
    ...qos('>', level, 3, 'y'.repeat(300)),
    ['>', { cmd: 'pingreq' }],
    ['<', { cmd: 'pingresp' }],
    ...qos('<', level, 2, 'z'.repeat(40)),
    ['>', { cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['plant/#'] }],
    ['<', { cmd: 'unsuback', messageId: 9, ...(five && { granted: [0] }) }],
    ['>', { cmd: 'disconnect' }],
  ]
}

/** Several messages in flight at a time. */
function pipelined(version: 4 | 5): Step[] {
  const [head, tail] = [talk(version, 1).slice(0, 4), talk(version, 1).slice(-1)]
  const ids = [10, 11, 12, 13]
  const publish = (id: number) => qos('>', 2, id)[0]![1]!
  return [
    ...head,
    ['>', publish(10), publish(11)],
    ['>', publish(12), publish(13)],
    ['<', ...ids.map((messageId) => ({ cmd: 'pubrec', messageId }) as const)],
    ...ids.map((messageId): Step => ['>', { cmd: 'pubrel', messageId }]),
    ['<', ...ids.map((messageId) => ({ cmd: 'pubcomp', messageId }) as const)],
    ...qos('<', 0, 0),
    ...tail,
  ]
}

function capture(...frames: Buffer[][]): Fixture {
  // Interleaves the connections.
  const mixed: Buffer[] = []
  for (let i = 0; frames.some((list) => i < list.length); i++) {
    for (const list of frames) if (i < list.length) mixed.push(list[i]!)
  }
  return { file: pcap(timed(mixed)) }
}

const both = [4, 5] as const

export const conversations: Readonly<Record<string, Fixture>> = Object.fromEntries(
  both.flatMap((version): [string, Fixture][] => [
    ...([0, 1, 2] as const).map((level): [string, Fixture] => {
      return [`version ${version}, QoS ${level}`, capture(framesOf(talk(version, level), { version }))]
    }),
    [`version ${version}, acknowledgements`, capture(framesOf(talk(version, 2), { version, acks: true }))],
    [`version ${version}, small segments`, capture(framesOf(talk(version, 1), { version, size: 48 }))],
    [`version ${version}, reset`, capture(framesOf(talk(version, 1), { version, end: 'rst' }))],
    [`version ${version}, joined`, capture(framesOf(talk(version, 2).slice(4), { version, joined: true }))],
    [`version ${version}, several under way`, capture(framesOf(pipelined(version), { version }))],
    [
      `version ${version}, two connections`,
      capture(
        framesOf(talk(version, 1), { version }),
        framesOf(talk(version, 2, 'c2'), { version, port: 40_002, acks: true }),
      ),
    ],
  ]),
)
