// A Connection to a scripted server on a loopback port, and the correct answers of a server.
import { createServer, type Socket } from 'node:net'
import mqtt, { type Packet } from 'mqtt-packet'
import { onTestFinished } from 'vitest'
import {
  type ProtocolVersion,
  type PublishTemplate,
  publishTemplate,
  type QoS,
} from '../../src/codec/publish.js'
import { Connection } from '../../src/connection/connection.js'
import type { ConnectionEvents } from '../../src/connection/events.js'
import type { ConnectOptions } from '../../src/connection/options.js'

export function optionsFor(port: number, overrides: Partial<ConnectOptions> = {}): ConnectOptions {
  return {
    endpoint: { address: { host: '127.0.0.1', port }, noDelay: true },
    version: 4,
    clientId: 'test',
    cleanStart: true,
    keepAlive: 60,
    username: undefined,
    password: undefined,
    will: undefined,
    properties: {},
    sessionExpiry: 0,
    receiveMaximum: 20,
    maxInFlight: 20,
    connectTimeoutMs: 5000,
    retries: 0,
    reconnects: 0,
    ...overrides,
  }
}

/** A Connection that is destroyed at the end of the test. */
export function connectionTo(
  { port }: { port: number },
  overrides?: Partial<ConnectOptions>,
  events: ConnectionEvents = {},
): Connection {
  const connection = new Connection(optionsFor(port, overrides), events)
  onTestFinished(() => connection.destroy())
  return connection
}

export function template(qos: QoS, version: ProtocolVersion = 4): PublishTemplate {
  const properties = Buffer.alloc(version === 5 ? 1 : 0)
  return publishTemplate('t', { qos, retain: false, properties })
}

export function bytes(packet: Packet, version: ProtocolVersion = 4): Buffer {
  return mqtt.generate(packet, { protocolVersion: version })
}

export function publishBytes(qos: QoS, messageId: number, payload: string): Buffer {
  return bytes({ cmd: 'publish', topic: 't', payload, qos, messageId, dup: false, retain: false })
}

/** The correct answer of a server of MQTT 3.1.1; undefined if there is none. */
export function answerTo(packet: Packet): Packet | undefined {
  const { messageId = 0 } = packet
  switch (packet.cmd) {
    case 'connect':
      return { cmd: 'connack', returnCode: 0, sessionPresent: false }
    case 'publish':
      if (packet.qos === 0) return undefined
      return { cmd: packet.qos === 1 ? 'puback' : 'pubrec', messageId } as Packet
    case 'pubrec':
      return { cmd: 'pubrel', messageId } as Packet
    case 'pubrel':
      return { cmd: 'pubcomp', messageId } as Packet
    case 'subscribe':
      return { cmd: 'suback', messageId, granted: packet.subscriptions.map(({ qos }) => qos) }
    case 'unsubscribe':
      return { cmd: 'unsuback', messageId, granted: [] }
    case 'pingreq':
      return { cmd: 'pingresp' }
    default:
      return undefined
  }
}

/** A script for `scriptedServer` that answers correctly. */
export function oblige(packet: Packet, socket: Socket): void {
  const answer = answerTo(packet)
  if (answer !== undefined) socket.write(bytes(answer))
}

/** A script that accepts CONNECT and passes other packets to `then`. */
export function accepting(then: (packet: Packet, socket: Socket) => void) {
  return {
    packet: (packet: Packet, socket: Socket) =>
      packet.cmd === 'connect' ? oblige(packet, socket) : then(packet, socket),
  }
}

/** The error with which a promise rejects. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('the promise did not reject')
    },
    (error: Error) => error,
  )
}

/** The PUBLISH packets that a server has received. */
export const messages = (server: { received: readonly Packet[] }): Packet[] =>
  server.received.filter(({ cmd }) => cmd === 'publish')

/** A server with direct access to the socket. */
export async function bareServer(
  serve: (socket: Socket) => void,
  allowHalfOpen = false,
): Promise<{ port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return server.address() as { port: number }
}
