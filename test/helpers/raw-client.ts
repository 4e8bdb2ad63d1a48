// A client that sends packets exactly as a test specifies, including invalid ones.
import { connect, type Socket } from 'node:net'
import mqtt, { type Packet } from 'mqtt-packet'
import { once } from './wait.js'

export class RawClient {
  readonly received: Packet[] = []
  readonly #socket: Socket
  readonly #version: number

  constructor(port: number, version: 3 | 4 | 5) {
    this.#version = version
    const parser = mqtt.parser({ protocolVersion: version })
    parser.on('packet', (packet: Packet) => this.received.push(packet))
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (chunk: Buffer) => void parser.parse(chunk)).on('error', () => {})
  }

  send(...packets: readonly object[]): void {
    for (const packet of packets) {
      this.#socket.write(mqtt.generate(packet as Packet, { protocolVersion: this.#version }))
    }
  }

  /** Waits for a number of packets of a type. */
  async got(cmd: Packet['cmd'], count = 1): Promise<void> {
    await once(() => this.all(cmd).length >= count)
  }

  all(cmd: Packet['cmd']): Packet[] {
    return this.received.filter((packet) => packet.cmd === cmd)
  }

  async connected(clientId: string, more: object = {}): Promise<this> {
    const protocolVersion = this.#version
    this.send({ cmd: 'connect', clientId, protocolVersion, clean: true, keepalive: 60, ...more })
    await this.got('connack')
    return this
  }

  async subscribed(...subscriptions: readonly object[]): Promise<void> {
    const count = this.all('suback').length + 1
    this.send({ cmd: 'subscribe', messageId: 100 + count, subscriptions })
    await this.got('suback', count)
  }

  /** Sends DISCONNECT and closes. */
  async left(): Promise<void> {
    this.send({ cmd: 'disconnect', reasonCode: 0 })
    await this.gone()
  }

  /** Closes without DISCONNECT; `reset` with RST. */
  async gone(reset = false): Promise<void> {
    if (reset) this.#socket.resetAndDestroy()
    else this.#socket.end()
    await once(() => this.#socket.closed)
  }
}
