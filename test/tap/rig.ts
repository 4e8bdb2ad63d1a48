// Sessions with faults without sockets: bytes in, in any chunks, and what is to be done with them.
import mqtt, { type Packet } from 'mqtt-packet'
import { type Direction, parseFault } from '../../src/tap/fault-language.js'
import { FaultStream } from '../../src/tap/fault-stream.js'
import { type FaultedConnection, Faults } from '../../src/tap/faults.js'

export const bytesOf = (version: 4 | 5, ...packets: Packet[]): Buffer =>
  Buffer.concat(packets.map((packet) => mqtt.generate(packet, { protocolVersion: version })))

export const connect = (version: 4 | 5, clientId = 'c'): Packet => ({
  ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: version, clean: true, keepalive: 60, clientId },
})

export const publish = (topic: string, payload: string, messageId = 0, properties = {}): Packet => ({
  ...{ cmd: 'publish', topic, payload, qos: messageId > 0 ? 1 : 0, dup: false, retain: false, messageId },
  properties,
})

export const puback = (messageId: number): Packet => ({ cmd: 'puback', messageId, reasonCode: 0 }) as Packet

export const faultsOf = (rules: readonly string[], seed = 1): Faults =>
  new Faults(
    rules.map((rule) => parseFault(rule)),
    seed,
  )

export const newConnection = (id = 1): FaultedConnection => ({
  id,
  version: 0,
  clientId: undefined,
  draws: [],
})

/** Bytes in hexadecimal, joined if nothing stands between them, and other steps in words. */
export class Steps {
  readonly steps: string[] = []
  readonly streams: Record<Direction, FaultStream>
  readonly applied: string[] = []

  constructor(faults: Faults, connection = newConnection()) {
    const stream = (direction: Direction): FaultStream =>
      new FaultStream(direction, connection, () => faults, {
        send: (bytes, rate) => this.#bytes(`${direction}${rate === undefined ? '' : ` at ${rate}`}`, bytes),
        delay: (ms) => void this.steps.push(`${direction} delay ${ms}`),
        end: (how) => void this.steps.push(`${direction} ${how}`),
        answer: (connack) => void this.steps.push(`answer ${connack.toString('hex')}`),
        applied: ({ rule, type, offset, size }) =>
          void this.applied.push(`${rule.text}: ${type} at ${offset}, ${size}`),
      })
    this.streams = { c2s: stream('c2s'), s2c: stream('s2c') }
  }

  #bytes(label: string, bytes: Uint8Array): void {
    const hex = Buffer.from(bytes).toString('hex')
    const last = this.steps.at(-1)
    if (last?.startsWith(`${label}: `)) this.steps[this.steps.length - 1] = last + hex
    else this.steps.push(`${label}: ${hex}`)
  }

  push(direction: Direction, chunks: Iterable<Uint8Array>): this {
    for (const chunk of chunks) this.streams[direction].push(Buffer.from(chunk))
    return this
  }

  end(): string[] {
    this.streams.c2s.end()
    this.streams.s2c.end()
    return [...this.steps, ...this.applied]
  }
}
