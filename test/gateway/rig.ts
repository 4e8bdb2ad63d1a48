// A gateway on a port of this machine, and clients that are sockets.
import { createSocket, type Socket } from 'node:dgram'
import { onTestFinished } from 'vitest'
import { decodeMessage } from '../../src/codec/mqtt-sn.js'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import type { ConnectOptions } from '../../src/connection/options.js'
import { gatewayBeside } from '../../src/gateway/beside-broker.js'
import { type GatewayStart, startGateway } from '../../src/gateway/gateway.js'
import { parsePredefined } from '../../src/sn/predefined.js'
import { once } from '../helpers/wait.js'
import { messageBytes } from '../sn/gateway-rig.js'

const patienceMs = 20_000

/** Settings for a server on a port of this machine. */
export function connectTo(port: number, more: Partial<ConnectOptions> = {}): ConnectOptions {
  const { connect } = gatewayBeside({ handle() {} })
  return {
    ...connect,
    endpoint: { address: { host: '127.0.0.1', port }, noDelay: true },
    keepAlive: 60,
    ...more,
  }
}

export async function testGateway(options: Partial<GatewayStart> & Pick<GatewayStart, 'connect'>) {
  const lines: string[] = []
  const gateway = await startGateway({
    ...{ bind: '127.0.0.1', port: 0, gatewayId: 1, retryMs: 500, retries: 3 },
    predefined: parsePredefined('', ''),
    log: (line) => lines.push(line),
    ...options,
  })
  onTestFinished(() => gateway.close())
  return { gateway, lines, port: Number(/:(\d+)$/.exec(gateway.url)![1]) }
}

export class SnSocket {
  readonly received: SnMessage[] = []
  readonly #socket: Socket
  readonly #port: number

  private constructor(socket: Socket, port: number) {
    this.#socket = socket
    this.#port = port
    socket.on('message', (bytes) => this.received.push(decodeMessage(bytes) as SnMessage))
  }

  static async open(port: number): Promise<SnSocket> {
    const socket = createSocket('udp4')
    onTestFinished(() => void socket.close())
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    return new SnSocket(socket, port)
  }

  send(message: Parameters<typeof messageBytes>[0]): void {
    this.raw(messageBytes(message))
  }

  raw(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#port, '127.0.0.1')
  }

  /** The next message of a type; others stay. */
  async take<T extends SnMessage['type']>(type: T): Promise<Extract<SnMessage, { type: T }>> {
    const find = () => this.received.findIndex((message) => message.type === type)
    await once(() => find() >= 0, patienceMs).catch(() => {
      throw new Error(`no ${type} among ${JSON.stringify(this.received)}`)
    })
    const index = find()
    const [message] = this.received.splice(index, 1)
    return message as Extract<SnMessage, { type: T }>
  }

  async connect(clientId: string, more: object = {}): Promise<void> {
    this.send({ type: 'connect', clientId, ...more })
    await this.take('connack')
  }

  /** Subscribes, and answers the REGISTER that asks whether the address is right. */
  async subscribe(name: string, qos = 0): Promise<void> {
    this.send({ type: 'subscribe', topic: { kind: 'name', name }, qos, messageId: 1 })
    await this.take('suback')
  }

  /** The next PUBLISH, with its topic; REGISTER before it is answered. */
  async message(): Promise<{ topic: string; text: string; qos: number }> {
    for (;;) {
      await once(() => this.received.length > 0, patienceMs)
      const message = this.received.shift()!
      if (message.type === 'register') {
        this.#names.set(message.topicId, message.name)
        this.send({ ...message, type: 'regack', returnCode: 0 })
      } else if (message.type === 'publish') {
        const { topic, data, qos, messageId } = message
        if (qos === 1) this.send({ type: 'puback', messageId, returnCode: 0 })
        if (qos === 2) this.send({ type: 'pubrec', messageId })
        const name = topic.kind === 'short' ? topic.name : (this.#names.get(topic.id) ?? `#${topic.id}`)
        return { topic: name, text: Buffer.from(data).toString(), qos }
      } else if (message.type === 'pubrel') this.send({ type: 'pubcomp', messageId: message.messageId })
    }
  }

  readonly #names = new Map<number, string>()
}
